//! The options of a multistart run, and their checks.

use std::fmt;
use std::sync::Arc;

use thalweg_space::{Bounds, Distribution};

use crate::error::{InvalidKind, OptimizeError};
use crate::objective::UserError;
use crate::resolve::Resolved;

/// The share of the sample from which local runs start, unless their number is given.
const SHARE: f64 = 0.1;
/// The number of sample points per free parameter, unless their number is given.
const SAMPLES_PER_PARAMETER: usize = 100;
/// The number of sample points per local run, if only the number of local runs is given.
const SAMPLES_PER_RUN: usize = 10;

/// How the start points of local runs are found, and when there were enough of them. See [`crate::multistart`] for the method.
///
/// ```
/// use thalweg::MultistartOptions;
/// let options = MultistartOptions { n_samples: Some(400), seed: Some(3), ..Default::default() };
/// assert_eq!(options.convergence_max_discoveries, 2);
/// ```
#[derive(Clone, Debug)]
pub struct MultistartOptions {
    /// The number of points of the sample, the start among them; by default 100 per free parameter, or 10 per local run if
    /// [`stopping_maxopt`](Self::stopping_maxopt) is given.
    pub n_samples: Option<usize>,
    /// The largest number of local runs; by default a [`share`](Self::share) of the sample.
    pub stopping_maxopt: Option<usize>,
    /// The share of the sample from which local runs start, unless their number is given.
    pub share: f64,
    /// How the sample is distributed between the sampling bounds.
    pub sampling_distribution: Distribution,
    /// How the sample is drawn.
    pub sampling_method: StartSampling,
    /// How many points of the sample, at most 3, are the minima of bowls that are fitted to the others. 0 for none, and for a
    /// search without suggestions by the local optima: by the formulas of tiktak alone.
    pub n_fitted_points: usize,
    /// Points to explore instead of a drawn sample, each in the order of the flat parameters.
    pub sample: Option<Vec<Vec<f64>>>,
    /// How much of the best point so far is mixed into the next start.
    pub mixing_weight: MixingWeight,
    /// The smallest and the largest weight of the best point.
    pub mixing_weight_bounds: (f64, f64),
    /// Two local optima are the same if they are not farther from each other than this, relative to max(|x|, 0.1).
    pub convergence_xtol_rel: f64,
    /// The search ends when the best optimum was found so often.
    pub convergence_max_discoveries: usize,
    /// The number of local runs that start from the same knowledge, and may run at the same time. It changes the search, and with
    /// it the result; how many workers there are does not. By default every run knows of all before it; where there are several
    /// workers, the next runs begin all the same, and begin again if a run before them changed what they should have known.
    pub batch_size: Option<usize>,
    /// How many points may be evaluated at the same time, if that is more than the run has.
    pub n_cores: usize,
    /// The seed of the sample; none means 0.
    pub seed: Option<u64>,
    /// Whether a local run that fails ends the search.
    pub error_handling: LocalErrors,
}

impl Default for MultistartOptions {
    fn default() -> Self {
        MultistartOptions {
            n_samples: None,
            stopping_maxopt: None,
            share: SHARE,
            sampling_distribution: Distribution::Uniform,
            sampling_method: StartSampling::Random,
            n_fitted_points: 3,
            sample: None,
            mixing_weight: MixingWeight::Tiktak,
            mixing_weight_bounds: (0.1, 0.995),
            convergence_xtol_rel: 0.01,
            convergence_max_discoveries: 2,
            batch_size: None,
            n_cores: 1,
            seed: None,
            error_handling: LocalErrors::Continue,
        }
    }
}

/// How a sample is drawn in the unit cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartSampling {
    /// Independent uniform points.
    Random,
    /// The plain Sobol sequence without its first point; the seed has no part in it.
    Sobol,
    /// The plain Halton sequence; the seed has no part in it.
    Halton,
    /// One random point in each of `n_samples` equal slices of every coordinate.
    LatinHypercube,
}

/// What happens when a local run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalErrors {
    /// The run is left out, and the search goes on.
    Continue,
    /// The search ends with the error.
    Raise,
}

/// A weight from the number of finished local runs, the number of all, the smallest and the largest weight.
pub type Weigh = dyn Fn(usize, usize, f64, f64) -> Result<f64, UserError> + Send + Sync;

/// How much of the best point so far is mixed into the next start, after c of K local runs.
#[derive(Clone)]
pub enum MixingWeight {
    /// sqrt(c / K), within the bounds.
    Tiktak,
    /// From the smallest to the largest weight in proportion to c / K.
    Linear,
    /// A function of c, K, the smallest and the largest weight.
    Custom(Arc<Weigh>),
}

impl MixingWeight {
    /// A function that does not fail.
    pub fn custom(weigh: impl Fn(usize, usize, f64, f64) -> f64 + Send + Sync + 'static) -> Self {
        MixingWeight::Custom(Arc::new(move |c, k, low, high| Ok(weigh(c, k, low, high))))
    }
}

impl fmt::Debug for MixingWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MixingWeight::Tiktak => "Tiktak",
            MixingWeight::Linear => "Linear",
            MixingWeight::Custom(_) => "Custom(..)",
        })
    }
}

/// What makes a run a search from many starts.
#[derive(Clone, Debug)]
pub struct Multistart {
    pub(super) options: MultistartOptions,
    pub(super) soft_bounds: Bounds,
    pub(super) of_catalog: bool,
}

impl Multistart {
    /// A search with `resolved` as its local algorithm. The soft bounds narrow the range from which the sample is drawn.
    pub fn new(options: MultistartOptions, soft_bounds: Bounds, resolved: &Resolved) -> Self {
        Multistart { options, soft_bounds, of_catalog: resolved.is_of_catalog() }
    }

    /// The options of the search.
    pub fn options(&self) -> &MultistartOptions {
        &self.options
    }

    pub(crate) fn soft_bounds(&self) -> &Bounds {
        &self.soft_bounds
    }

    pub(crate) fn local_errors(&self) -> LocalErrors {
        self.options.error_handling
    }

    /// Every option that the search depends on, by name and in words.
    pub(crate) fn identify(&self, tell: &mut dyn FnMut(&str, String)) {
        let options = &self.options;
        let fields: [(&str, &dyn fmt::Debug); 13] = [
            ("n_samples", &options.n_samples),
            ("stopping_maxopt", &options.stopping_maxopt),
            ("share", &options.share),
            ("sampling_distribution", &options.sampling_distribution),
            ("sampling_method", &options.sampling_method),
            ("n_fitted_points", &options.n_fitted_points),
            ("sample", &options.sample),
            ("mixing_weight", &options.mixing_weight),
            ("mixing_weight_bounds", &options.mixing_weight_bounds),
            ("convergence_xtol_rel", &options.convergence_xtol_rel),
            ("convergence_max_discoveries", &options.convergence_max_discoveries),
            ("batch_size", &options.batch_size),
            ("seed", &options.seed),
        ];
        fields.into_iter().for_each(|(name, value)| tell(name, format!("{value:?}")));
        tell("error_handling", format!("{:?}", options.error_handling));
    }
}

/// The sizes that follow from the options and the number of free parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// The number N of sample points.
    pub n_samples: usize,
    /// The number K of local runs.
    pub n_runs: usize,
    /// The number B of local runs that start from the same knowledge, if it is given.
    pub batch: Option<usize>,
}

impl MultistartOptions {
    /// Check all options.
    ///
    /// # Errors
    /// One of them has an impossible value.
    pub fn check(&self) -> Result<(), OptimizeError> {
        for (name, value) in [
            ("n_samples", self.n_samples),
            ("stopping_maxopt", self.stopping_maxopt),
            ("batch_size", self.batch_size),
            ("convergence_max_discoveries", Some(self.convergence_max_discoveries)),
            ("n_cores", Some(self.n_cores)),
        ] {
            if value == Some(0) {
                return Err(wrong(name, "0", "a positive number"));
            }
        }
        if let (Some(samples), Some(runs)) = (self.n_samples, self.stopping_maxopt)
            && samples < runs
        {
            let message = format!(
                "Invalid multistart options: n_samples ({samples}) has to be at least as large as stopping_maxopt ({runs}): \
                 every local run needs a point of the sample."
            );
            return Err(OptimizeError::invalid(InvalidKind::Multistart, message));
        }
        let (low, high) = self.mixing_weight_bounds;
        if !(0.0 <= low && low <= high && high <= 1.0) {
            let found = format!("({low:?}, {high:?})");
            return Err(wrong(
                "mixing_weight_bounds",
                &found,
                "two numbers with 0 <= lower <= upper <= 1",
            ));
        }
        let tolerance = self.convergence_xtol_rel;
        if tolerance.is_nan() || tolerance < 0.0 {
            return Err(wrong("convergence_xtol_rel", &format!("{tolerance:?}"), "at least 0"));
        }
        if !(0.0..=1.0).contains(&self.share) {
            return Err(wrong("share", &format!("{:?}", self.share), "a number from 0 to 1"));
        }
        if let Some(batch) = self.batch_size
            && batch < self.n_cores
        {
            let expected = format!("at least n_cores ({})", self.n_cores);
            return Err(wrong("batch_size", &batch.to_string(), &expected));
        }
        if self.sample.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("sample", "empty", "a list of at least one point"));
        }
        Ok(())
    }

    /// The sizes for `n` free parameters.
    pub(super) fn sizes(&self, n: usize) -> Sizes {
        let n_samples = match (&self.sample, self.n_samples, self.stopping_maxopt) {
            (Some(sample), _, _) => sample.len(),
            (None, Some(n_samples), _) => n_samples,
            (None, None, Some(runs)) => runs.saturating_mul(SAMPLES_PER_RUN),
            (None, None, None) => n.saturating_mul(SAMPLES_PER_PARAMETER),
        };
        let share = ((n_samples as f64 * self.share) as usize).max(1);
        let n_runs = self.stopping_maxopt.unwrap_or(share);
        Sizes { n_samples, n_runs, batch: self.batch_size }
    }

    /// The weight of the best point after `c` of `k` local runs.
    pub(super) fn weight(&self, c: usize, k: usize) -> Result<f64, WeightError> {
        let (low, high) = self.mixing_weight_bounds;
        let share = c as f64 / k as f64;
        match &self.mixing_weight {
            MixingWeight::Tiktak => Ok(share.sqrt().clamp(low, high)),
            MixingWeight::Linear => Ok(low + share * (high - low)),
            MixingWeight::Custom(weigh) => {
                let weight = weigh(c, k, low, high).map_err(WeightError::Failed)?;
                if (0.0..=1.0).contains(&weight) {
                    Ok(weight)
                } else {
                    Err(WeightError::Range(weight, c))
                }
            }
        }
    }
}

/// Why there is no weight.
pub(super) enum WeightError {
    /// The user's function failed.
    Failed(UserError),
    /// It returned this after so many local runs.
    Range(f64, usize),
}

fn wrong(name: &str, found: &str, expected: &str) -> OptimizeError {
    let message =
        format!("Invalid multistart options: {name} is {found}, but has to be {expected}.");
    OptimizeError::invalid(InvalidKind::Multistart, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_what_is_given() {
        let sizes = |options: MultistartOptions| {
            let Sizes { n_samples, n_runs, batch } = options.sizes(3);
            (n_samples, n_runs, batch)
        };
        let none = MultistartOptions::default;
        assert_eq!(sizes(none()), (300, 30, None));
        assert_eq!(sizes(MultistartOptions { n_samples: Some(7), ..none() }), (7, 1, None));
        assert_eq!(sizes(MultistartOptions { stopping_maxopt: Some(4), ..none() }), (40, 4, None));
        let sample = Some(vec![vec![0.0; 3]; 25]);
        assert_eq!(
            sizes(MultistartOptions { sample, batch_size: Some(5), ..none() }),
            (25, 2, Some(5))
        );
    }

    #[test]
    fn weights_follow_their_formulas() {
        let weight = |mixing_weight, c| {
            let options = MultistartOptions { mixing_weight, ..Default::default() };
            options.weight(c, 16).ok().unwrap()
        };
        assert_eq!([0, 4, 16].map(|c| weight(MixingWeight::Tiktak, c)), [0.1, 0.5, 0.995]);
        assert_eq!([0, 16].map(|c| weight(MixingWeight::Linear, c)), [0.1, 0.995]);
        assert!((weight(MixingWeight::Linear, 8) - 0.5475).abs() < 1e-15);
        let custom = MixingWeight::custom(|c, k, low, high| low + high * c as f64 / (2 * k) as f64);
        assert_eq!(weight(custom, 8), 0.1 + 0.995 / 4.0);
    }
}
