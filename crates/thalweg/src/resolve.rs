//! From a name and options by name to an algorithm that is ready to run.

mod describe;

pub use describe::{PublicAlgorithm, PublicOption, describe, public_algorithms};

use thalweg_core::{Algorithm, CatalogEntry, OptionError, OptionField, OptionValue, words};

use self::describe::general_spec;
use crate::algorithms;
use crate::error::{InvalidKind, OptimizeError};
use crate::limits::Limits;
use crate::names::{
    ALIASES, BESIDE_NATIVE, Default, MAXITER, NOT_YET, PRESETS, Preset, PresetOption, Target,
    Wording,
};

/// An algorithm under a public name, with its options.
#[derive(Debug)]
pub struct Resolved {
    /// The public name.
    pub name: String,
    /// The algorithm.
    pub algorithm: Box<dyn Algorithm>,
    /// The limits.
    pub limits: Limits,
    /// How many points of a batch may be evaluated at the same time.
    pub n_cores: usize,
    /// The seed of its random numbers.
    pub seed: u64,
    preset: Option<&'static Preset>,
    of_catalog: bool,
}

/// The algorithm of this name with its default options.
///
/// # Errors
/// There is no such algorithm; the message proposes near names, or says that a name of optimagic is not there yet.
pub fn resolve(name: &str) -> Result<Resolved, OptimizeError> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let preset = Preset::find(name);
    let native = preset.map_or(name, |preset| preset.native);
    let Some(entry) = algorithms::find(native) else {
        return Err(unknown_algorithm(name));
    };
    let mut resolved = with_limits(name, entry);
    resolved.preset = preset;
    for option in preset.map_or(&[][..], |preset| preset.options) {
        if let (Target::Native(target), Some(value)) = (option.target, option.default.value()) {
            resolved.set_native(target, &value)?;
        }
    }
    Ok(resolved)
}

/// The limits that an algorithm runs with by default.
fn with_limits(name: &str, entry: &CatalogEntry) -> Resolved {
    let mut limits = Limits::default();
    if entry.spec.features.global {
        limits.max_evaluations = words::MAXFUN_GLOBAL;
    }
    if let Some((_, max_iterations)) = MAXITER.iter().find(|(known, _)| *known == name) {
        limits.max_iterations = *max_iterations;
    }
    let algorithm = (entry.create)();
    let name = name.to_string();
    Resolved { name, algorithm, limits, n_cores: 1, seed: 0, preset: None, of_catalog: true }
}

fn unknown_algorithm(name: &str) -> OptimizeError {
    let message = if NOT_YET.contains(&name) {
        format!("The algorithm '{name}' of optimagic is not there yet in this version of thalweg.")
    } else {
        format!("Invalid algorithm: {name}. Did you mean {:?}?", proposals(name))
    };
    OptimizeError::invalid(InvalidKind::Algorithm, message)
}

/// The three public names that are most like `name`.
pub fn proposals(name: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> =
        algorithms::CATALOG.iter().map(|entry| entry.spec.name).collect();
    names.extend(PRESETS.iter().map(|preset| preset.name));
    nearest(name, names)
}

/// The three words of a list that are most like `name`, for messages about unknown names; in small letters and without hyphens, so
/// that "L-BFGS-B" is like "lbfgsb".
pub fn nearest<'a>(name: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let similarity = |candidate: &str| {
        let pairs = |word: &str| -> Vec<(char, char)> {
            let letters = word.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_');
            let letters: Vec<char> = letters.flat_map(char::to_lowercase).collect();
            letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
        };
        let (own, other) = (pairs(name), pairs(candidate));
        let shared = own.iter().filter(|pair| other.contains(pair)).count();
        (2000 * shared / (own.len() + other.len()).max(1)) as i64
    };
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_by_key(|candidate| -similarity(candidate));
    words.truncate(3);
    words
}

impl Clone for Resolved {
    fn clone(&self) -> Self {
        let name = self.name.clone();
        Resolved { name, algorithm: self.algorithm.boxed(), ..*self }
    }
}

impl Resolved {
    /// An algorithm of your own, with the default limits.
    pub fn custom(algorithm: Box<dyn Algorithm>) -> Self {
        let name = algorithm.spec().name.to_string();
        let mut limits = Limits::default();
        if algorithm.spec().features.global {
            limits.max_evaluations = words::MAXFUN_GLOBAL;
        }
        Resolved { name, algorithm, limits, n_cores: 1, seed: 0, preset: None, of_catalog: false }
    }

    /// Whether the algorithm is one of the catalog, made here, and not one that was handed in.
    pub(crate) fn is_of_catalog(&self) -> bool {
        self.of_catalog
    }

    /// The algorithm.
    pub fn algorithm(&self) -> &dyn Algorithm {
        &*self.algorithm
    }

    /// The algorithm alone.
    pub fn into_algorithm(self) -> Box<dyn Algorithm> {
        self.algorithm
    }

    /// Whether the options go with each other.
    ///
    /// # Errors
    /// The message names both options, their values, and what would be right.
    pub fn check(&self) -> Result<(), OptimizeError> {
        check_together(&*self.algorithm, &self.name, self.wording())
    }

    /// How the end of a run is told under this name.
    pub fn wording(&self) -> Wording {
        self.preset.map_or_else(Wording::default, Wording::of)
    }

    /// Set an option by its public name; dots may stand for underscores. An option in a dictionary of options has the name of both,
    /// as in `trustregion_reset_options.reset_type`.
    ///
    /// # Errors
    /// There is no such option, the value has the wrong type or lies outside its range, or the algorithm cannot do that.
    pub fn set(&mut self, name: &str, value: &OptionValue) -> Result<(), OptimizeError> {
        let name = name.replace('.', "_");
        let Some((target, default)) = self.target(&name) else {
            return Err(self.unknown_option(&name));
        };
        match target {
            Target::Native(target) => (self.set_native(target, value))
                .map_err(|error| in_public_words(error, &self.name, &name)),
            Target::NoEffect => Ok(()),
            Target::Group(_) if *value == OptionValue::None => Ok(()),
            Target::Group(entries) => {
                let keys: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
                let message = format!(
                    "option '{name}' of {} is {value}, but has to be a dictionary with some of the keys {}, or none",
                    self.name,
                    keys.join(", ")
                );
                Err(OptimizeError::invalid(InvalidKind::AlgorithmOption, message))
            }
            Target::Refused(why) => {
                let default = default.and_then(Default::value).unwrap_or(OptionValue::None);
                if *value == default {
                    return Ok(());
                }
                let message = format!(
                    "option '{name}' of {} is {value}, but has to be {default}: {why}",
                    self.name
                );
                Err(OptimizeError::invalid(InvalidKind::AlgorithmOption, message))
            }
        }
    }

    fn unknown_option(&self, name: &str) -> OptimizeError {
        let names = self.public_options();
        let in_group = names.iter().find_map(|(group, target)| match target {
            Target::Group(entries) => {
                Some((*group, name.strip_prefix(group)?.strip_prefix('_')?, *entries))
            }
            _ => None,
        });
        let message = if let Some((group, key, entries)) = in_group {
            let near = nearest(key, entries.iter().map(|entry| entry.name));
            format!(
                "The option '{group}' of {} has no key '{key}'. Did you mean {near:?}?",
                self.name
            )
        } else {
            let known = self.option_names().join(", ");
            format!("{} has no option '{name}'. Its options are {known}.", self.name)
        };
        OptimizeError::invalid(InvalidKind::AlgorithmOption, message)
    }

    /// The value of an option by its public name.
    pub fn get(&self, name: &str) -> Option<OptionValue> {
        let (target, default) = self.target(name)?;
        self.value_of(target, default)
    }

    fn value_of(&self, target: Target, default: Option<Default>) -> Option<OptionValue> {
        let Target::Native(target) = target else { return default?.value() };
        match target {
            "stopping_maxfun" => Some(self.limits.max_evaluations.into()),
            "stopping_maxiter" => Some(self.limits.max_iterations.into()),
            "stopping_maxtime" => Some(self.limits.max_seconds.to_value()),
            "convergence_target_value" => Some(self.limits.target.to_value()),
            "seed" => Some(OptionValue::None),
            "n_cores" => Some(self.n_cores.into()),
            _ => self.algorithm.option(target),
        }
    }

    /// The public names of all options.
    pub fn option_names(&self) -> Vec<&'static str> {
        self.public_options().into_iter().map(|(name, _)| name).collect()
    }

    /// What a public name stands for, and its default under this name, if the name is that of a table.
    fn target(&self, name: &str) -> Option<(Target, Option<Default>)> {
        let rows = self.rows();
        let direct = rows.iter().find(|row| row.name == name);
        let in_group = || {
            rows.iter().find_map(|row| {
                let Target::Group(entries) = row.target else { return None };
                let key = name.strip_prefix(row.name)?.strip_prefix('_')?;
                entries.iter().find(|entry| entry.name == key)
            })
        };
        if let Some(row) = direct {
            return Some((row.target, Some(row.default)));
        }
        let general = self.public_options().into_iter().find(|(known, _)| *known == name);
        let general = general.map(|(_, target)| (target, None));
        general.or_else(|| in_group().map(|entry| (entry.target, Some(entry.default))))
    }

    /// The table's rows for this name.
    fn rows(&self) -> &'static [PresetOption] {
        let beside =
            || BESIDE_NATIVE.iter().find(|(name, _)| self.of_catalog && *name == self.name);
        self.preset.map_or_else(|| beside().map_or(&[][..], |(_, rows)| rows), |p| p.options)
    }

    fn set_native(&mut self, target: &str, value: &OptionValue) -> Result<(), OptionError> {
        match target {
            "stopping_maxfun" => self.limits.max_evaluations = self.read(target, 1.0, value)?,
            "stopping_maxiter" => self.limits.max_iterations = self.read(target, 1.0, value)?,
            "stopping_maxtime" => {
                let seconds: Option<f64> = self.read(target, 0.0, value)?;
                self.limits.max_seconds = seconds.filter(|seconds| seconds.is_finite());
            }
            "convergence_target_value" => {
                self.limits.target = self.read(target, f64::NEG_INFINITY, value)?;
            }
            "seed" => {
                let seed: Option<u64> = self.read(target, 0.0, value)?;
                self.seed = seed.unwrap_or(0);
            }
            "n_cores" => {
                self.n_cores = self.read(target, 1.0, value)?;
                if self.algorithm.option(target).is_some() {
                    self.algorithm.set_option(target, value)?;
                }
            }
            _ => self.algorithm.set_option(target, value)?,
        }
        Ok(())
    }

    fn read<T: OptionField>(
        &self,
        name: &str,
        min: f64,
        value: &OptionValue,
    ) -> Result<T, OptionError> {
        let spec = general_spec(name, T::KIND, min);
        thalweg_core::options::read_field(self.algorithm.spec().name, &spec, value)
    }
}

/// Whether the options of an algorithm go with each other.
pub(crate) fn check_together(
    algorithm: &dyn Algorithm,
    name: &str,
    wording: Wording,
) -> Result<(), OptimizeError> {
    algorithm.check().map_err(|error| {
        let OptionError::Conflict { name: option, .. } = error else { return error.into() };
        let option = wording.public_name(option).unwrap_or_else(|| option.to_string());
        in_public_words(error, name, &option)
    })
}

/// The error of an option as the user knows the algorithm and the option.
fn in_public_words(error: OptionError, algorithm: &str, name: &str) -> OptimizeError {
    let (value, expected) = match error {
        OptionError::Type { value, expected, .. }
        | OptionError::Conflict { value, expected, .. } => (value, expected),
        OptionError::Range { value, range, .. } => (value, range.to_string()),
        OptionError::Unknown { .. } => return error.into(),
    };
    let message = format!("option '{name}' of {algorithm} is {value}, but has to be {expected}");
    OptimizeError::invalid(InvalidKind::AlgorithmOption, message)
}

/// The ranges of an algorithm's options, for one whose fields were set without a check.
pub(crate) fn check_options(algorithm: &dyn Algorithm) -> Result<(), OptionError> {
    let mut copy = algorithm.boxed();
    for option in algorithm.spec().options {
        if let Some(value) = algorithm.option(option.name) {
            copy.set_option(option.name, &value)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_in_capitals_and_wrong_ones_are_named() {
        let mut fides = resolve("fides").unwrap();
        for (given, word) in [("BFGS", "bfgs"), ("Bb", "bb"), ("broyden", "broyden")] {
            fides.set("hessian_update_strategy", &given.into()).unwrap();
            assert_eq!(fides.get("hessian_update_strategy"), Some(word.into()));
        }
        fides.set("trustregion_subspace_dimension", &"2d".into()).unwrap();
        assert_eq!(fides.get("trustregion_subspace_dimension"), Some("2D".into()));
        let error = fides.set("trustregion_subspace_dimension", &"3D".into()).unwrap_err();
        let expected = "option 'trustregion_subspace_dimension' of fides is \"3D\", but has to be one of \
                        [\"full\", \"2D\", \"scg\"]";
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn errors_name_algorithm_and_option_as_the_user_does() {
        for (value, expected) in [(OptionValue::from(-1.0), "at least 0"), ("x".into(), "a number")]
        {
            let mut newton_cg = resolve("scipy_newton_cg").unwrap();
            let error = newton_cg.set("convergence_xtol_rel", &value).unwrap_err().to_string();
            let begin = format!(
                "option 'convergence_xtol_rel' of scipy_newton_cg is {value}, but has to be "
            );
            assert!(error.contains(&begin) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_share_of_dfp_is_an_option_under_the_name_of_fides() {
        let mut fides = resolve("fides").unwrap();
        fides.set("broyden_phi", &0.3.into()).unwrap();
        assert_eq!(fides.get("broyden_phi"), Some(0.3.into()));
        assert!(fides.set("broyden_phi", &2.0.into()).is_err());
    }

    #[test]
    fn names_of_optimagics_own_algorithms_have_its_limits() {
        let iterations = |name: &str| resolve(name).unwrap().get("stopping_maxiter");
        assert_eq!(iterations("bhhh"), Some(200_u64.into()));
        assert_eq!(iterations("pounders"), Some(2000_u64.into()));
        assert_eq!(iterations("neldermead_parallel"), Some(1_000_000_u64.into()));
    }
}
