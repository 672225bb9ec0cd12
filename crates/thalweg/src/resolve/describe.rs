//! What users can read of every algorithm: its names, features and options.

use thalweg_core::{
    AlgorithmSpec, Features, OptionField, OptionKind, OptionSpec, OptionValue, Range, words,
};

use super::{Resolved, resolve};
use crate::algorithms;
use crate::names::{CLASS_NAMES, LISTED_AS_GLOBAL, PRESETS, Target};

/// One option under a public name.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicOption {
    /// The name.
    pub name: &'static str,
    /// What it means.
    pub doc: String,
    /// Its type.
    pub kind: OptionKind,
    /// The range of numbers.
    pub range: Range,
    /// Its default.
    pub default: OptionValue,
    /// The options in it, if it is a dictionary of options.
    pub entries: Vec<PublicOption>,
}

/// One algorithm under a public name.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicAlgorithm {
    /// The name.
    pub name: &'static str,
    /// The name of its class in Python.
    pub class_name: &'static str,
    /// The native algorithm.
    pub native: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What it needs and supports.
    pub features: Features,
    /// Its options.
    pub options: Vec<PublicOption>,
}

/// Every algorithm under every public name: thalweg's own in alphabetical order, then the presets.
pub fn public_algorithms() -> Vec<PublicAlgorithm> {
    let own = algorithms::CATALOG.iter().filter_map(|entry| describe(entry.spec.name));
    own.chain(PRESETS.iter().filter_map(|preset| describe(preset.name))).collect()
}

/// The description of one public name.
pub fn describe(name: &str) -> Option<PublicAlgorithm> {
    let resolved = resolve(name).ok()?;
    let spec = resolved.algorithm.spec();
    let (name, class_name) = match resolved.preset {
        Some(preset) => (preset.name, preset.class_name),
        None => (spec.name, class_name(spec)),
    };
    let options = resolved.public_options();
    let options = options.into_iter().filter_map(|(name, target)| {
        let default = resolved.get(name)?;
        let mut option = resolved.describe_option(name, target, default);
        if let Target::Group(entries) = target {
            option.entries = entries
                .iter()
                .filter_map(|entry| {
                    let default = resolved.value_of(entry.target, Some(entry.default))?;
                    Some(resolved.describe_option(entry.name, entry.target, default))
                })
                .collect();
        }
        Some(option)
    });
    Some(PublicAlgorithm {
        name,
        class_name,
        native: spec.name,
        doc: spec.doc,
        features: Features {
            global: spec.features.global || LISTED_AS_GLOBAL.contains(&name),
            ..spec.features
        },
        options: options.collect(),
    })
}

/// The name of the class in Python of a native algorithm.
fn class_name(spec: &AlgorithmSpec) -> &'static str {
    let other = CLASS_NAMES.iter().find(|(name, _)| *name == spec.name);
    other.map_or(spec.struct_name, |(_, class_name)| class_name)
}

impl Resolved {
    /// The options that a user of this name may set.
    pub(super) fn public_options(&self) -> Vec<(&'static str, Target)> {
        let spec = self.algorithm.spec();
        let mut options: Vec<(&'static str, Target)> = match self.preset {
            Some(preset) => {
                preset.options.iter().map(|option| (option.name, option.target)).collect()
            }
            None => {
                let own = spec.options.iter().map(|o| (o.name, Target::Native(o.name)));
                own.chain(self.rows().iter().map(|row| (row.name, row.target))).collect()
            }
        };
        let mut general: Vec<&'static str> = words::LIMITS.iter().map(|word| word.name).collect();
        if spec.features.global {
            general.push("seed");
        }
        if spec.features.parallel {
            general.push("n_cores");
        }
        for name in general {
            if !options.iter().any(|(known, _)| *known == name) {
                options.push((name, Target::Native(name)));
            }
        }
        options
    }

    fn describe_option(
        &self,
        name: &'static str,
        target: Target,
        default: OptionValue,
    ) -> PublicOption {
        let (doc, kind, range) = self.declaration(target, &default);
        PublicOption { name, doc, kind, range, default, entries: Vec::new() }
    }

    /// Doc, type and range of an option.
    fn declaration(&self, target: Target, default: &OptionValue) -> (String, OptionKind, Range) {
        let (doc, kind) = match target {
            Target::Native(name) => return self.native_declaration(name),
            Target::NoEffect => {
                ("Accepted for compatibility; it has no effect.".into(), kind_of(default))
            }
            Target::Group(_) => ("A dictionary of options.".into(), kind_of(default)),
            Target::Refused(why) => {
                (format!("Accepted as {default} only: {why}."), kind_of(default))
            }
        };
        (doc, kind, Range::ALL)
    }

    fn native_declaration(&self, name: &str) -> (String, OptionKind, Range) {
        if let Some(spec) = self.algorithm.spec().options.iter().find(|spec| spec.name == name) {
            return (spec.doc.to_string(), spec.kind, spec.range);
        }
        let spec = match name {
            "stopping_maxfun" | "stopping_maxiter" => general_spec(name, u64::KIND, 1.0),
            "stopping_maxtime" => general_spec(name, <Option<f64>>::KIND, 0.0),
            "seed" => general_spec(name, <Option<u64>>::KIND, 0.0),
            "n_cores" => general_spec(name, usize::KIND, 1.0),
            _ => general_spec(name, <Option<f64>>::KIND, f64::NEG_INFINITY),
        };
        (spec.doc.to_string(), spec.kind, spec.range)
    }
}

/// The declaration of an option that the pipeline keeps for every algorithm.
pub(super) fn general_spec(name: &str, kind: OptionKind, min: f64) -> OptionSpec {
    const GENERAL: [(&str, &str); 2] = [
        ("seed", "The seed of the random numbers; none means 0. The same seed gives the same run."),
        ("n_cores", "How many points of a batch may be evaluated at the same time."),
    ];
    let known = GENERAL.iter().copied();
    let limits = words::LIMITS.iter().map(|word| (word.name, word.meaning));
    let (name, doc) =
        known.chain(limits).find(|(known, _)| *known == name).unwrap_or(("option", ""));
    OptionSpec { name, doc, kind, range: Range { min, ..Range::ALL }, overrides: "" }
}

fn kind_of(value: &OptionValue) -> OptionKind {
    match value {
        OptionValue::Bool(_) => OptionKind::Bool,
        OptionValue::Integer(_) => OptionKind::Integer,
        OptionValue::Float(_) => OptionKind::Float,
        OptionValue::Text(_) => OptionKind::Text,
        _ => OptionKind::Optional(&OptionKind::Float),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_optimagic_have_its_flags_and_classes() {
        let is_global = |name: &str| describe(name).unwrap().features.global;
        assert!(is_global("pygmo_compass_search") && !is_global("compass_search"));
        assert_eq!(describe("bhhh").unwrap().class_name, "BHHH");
    }
}
