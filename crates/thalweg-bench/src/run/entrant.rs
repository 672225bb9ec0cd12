//! An algorithm that takes part in a benchmark.

use thalweg::core::OptionValue;
use thalweg::{AlgorithmChoice, Resolved, nearest, resolve};

use crate::error::BenchmarkError;
use crate::run::{RunOptions, general_options};

/// An algorithm that takes part in a benchmark, with its options and the label under which its results stand.
///
/// Made of a name, of an algorithm with options, or of a label with one of both:
///
/// ```
/// use thalweg::algorithms::lbfgsb::Lbfgsb;
/// use thalweg_bench::Entrant;
///
/// let by_name = Entrant::from("neldermead").option("adaptive", true);
/// let own = Entrant::labelled("short memory", Lbfgsb { limited_memory_storage_length: 3, ..Lbfgsb::default() });
/// assert_eq!((by_name.label.as_str(), own.label.as_str()), ("neldermead", "short memory"));
/// ```
#[derive(Debug)]
pub struct Entrant {
    /// The label.
    pub label: String,
    algorithm: AlgorithmChoice,
    options: Vec<(String, OptionValue)>,
}

impl<T: Into<AlgorithmChoice>> From<T> for Entrant {
    fn from(algorithm: T) -> Self {
        let algorithm = algorithm.into();
        let label = match &algorithm {
            AlgorithmChoice::Name(name) => name.clone(),
            AlgorithmChoice::Value(algorithm) => algorithm.spec().name.to_string(),
        };
        Entrant { label, algorithm, options: Vec::new() }
    }
}

impl Entrant {
    /// An algorithm under a label of your own.
    pub fn labelled(label: impl Into<String>, algorithm: impl Into<AlgorithmChoice>) -> Self {
        Entrant { label: label.into(), ..Entrant::from(algorithm) }
    }

    /// Set an option by its public name.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<OptionValue>) -> Self {
        self.options.push((name.to_string(), value.into()));
        self
    }

    /// The algorithm with all options, its own and those of the benchmark.
    pub(super) fn resolve(&self, options: &RunOptions<'_>) -> Result<Resolved, BenchmarkError> {
        let mut resolved = match &self.algorithm {
            AlgorithmChoice::Name(name) => resolve(name)?,
            AlgorithmChoice::Value(algorithm) => Resolved::custom(algorithm.boxed()),
        };
        let is_value = matches!(self.algorithm, AlgorithmChoice::Value(_));
        for (name, value) in general_options(options) {
            // The fields of an algorithm that was handed in are the user's choice.
            let is_chosen = is_value && name.starts_with("convergence_");
            if !is_chosen && resolved.get(name).is_some() {
                resolved.set(name, &value)?;
            }
        }
        for (name, value) in &self.options {
            let known = resolved.option_names();
            let underscored = name.replace('.', "_");
            // An entry of a dictionary of options has a value, but no place among the names.
            if !known.contains(&underscored.as_str()) && resolved.get(&underscored).is_none() {
                let message = format!(
                    "'{}' has no option '{name}'. Did you mean {:?}?",
                    self.label,
                    nearest(&underscored, known)
                );
                return Err(BenchmarkError::Option(message));
            }
            resolved.set(name, value)?;
        }
        Ok(resolved)
    }
}

/// Results are told apart by their labels.
pub(super) fn check_labels(entrants: &[Entrant]) -> Result<(), BenchmarkError> {
    for (i, entrant) in entrants.iter().enumerate() {
        if entrants[..i].iter().any(|other| other.label == entrant.label) {
            let label = &entrant.label;
            let message = format!(
                "two algorithms have the label '{label}': give one of them a label of its own."
            );
            return Err(BenchmarkError::invalid(message));
        }
    }
    Ok(())
}
