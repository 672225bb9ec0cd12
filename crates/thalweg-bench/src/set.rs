//! The sets by name, with noise and scaling.

use std::fmt;

use thalweg::core::Rng;
use thalweg::nearest;

use crate::cartis_roberts::cartis_roberts;
use crate::estimagic::estimagic;
use crate::example::example;
use crate::global::global;
use crate::hock_schittkowski::hock_schittkowski;
use crate::more_wild::more_wild;
use crate::nist::nist;
use crate::noise::{MultiplicativeNoiseOptions, Noise, NoiseOptions};
use crate::problem::BenchmarkProblem;
use crate::scaling::ScalingOptions;

/// A set that [`get_benchmark_problems`] knows.
#[derive(Clone, Copy, Debug)]
pub struct ProblemSet {
    /// The name.
    pub name: &'static str,
    /// What the problems are, in a sentence or two.
    pub about: &'static str,
    /// The problems, as they are.
    pub problems: fn() -> Vec<BenchmarkProblem>,
}

/// All sets.
pub const SETS: &[ProblemSet] = &[
    ProblemSet {
        name: "cartis_roberts",
        about: "The medium-sized nonlinear systems and least-squares problems of CUTEst on which Cartis and Roberts (2019) compare \
                methods, in the form that they have in optimagic.",
        problems: cartis_roberts,
    },
    ProblemSet {
        name: "estimagic",
        about: "Problems of `more_wild` and `cartis_roberts` with which estimagic compares algorithms. Those with steps are evaluated \
                at parameters that are rounded to three decimals.",
        problems: estimagic,
    },
    ProblemSet {
        name: "example",
        about: "Ten problems of `more_wild`, for examples that shall be over soon.",
        problems: example,
    },
    ProblemSet {
        name: "global",
        about: "Classic functions on boxes, with many minima or one that is hard to find. Those with a number in their name exist in \
                any number of parameters.",
        problems: global,
    },
    ProblemSet {
        name: "hock_schittkowski",
        about: "Problems with bounds and constraints of the collection of Hock and Schittkowski (1981); their numbers are those of the \
                book.",
        problems: hock_schittkowski,
    },
    ProblemSet {
        name: "more_wild",
        about: "The least-squares problems with which Moré and Wild (2009) compare methods without derivatives: 22 functions in \
                several dimensions, from usual (good) and ten times as far (bad) starts.",
        problems: more_wild,
    },
    ProblemSet {
        name: "nist",
        about: "The nonlinear regressions of NIST's Statistical Reference Datasets with certified parameters and sums of squares, from \
                a far start (1) and a near one (2).",
        problems: nist,
    },
];

/// What is done to the problems of a set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetOptions {
    /// Noise that is added to the residuals.
    pub additive_noise: Option<NoiseOptions>,
    /// Noise in proportion to the residuals, added as well.
    pub multiplicative_noise: Option<MultiplicativeNoiseOptions>,
    /// Bad scaling of the parameters.
    pub scaling: Option<ScalingOptions>,
    /// The seed of the noise.
    pub seed: u64,
    /// Names of problems to leave out.
    pub exclude: Vec<String>,
}

/// The problems of a set.
///
/// ```
/// use thalweg_bench::{NoiseOptions, SetOptions, get_benchmark_problems};
///
/// let noise = NoiseOptions { std: 0.1, ..NoiseOptions::default() };
/// let options = SetOptions { additive_noise: Some(noise), seed: 1, ..SetOptions::default() };
/// let problems = get_benchmark_problems("example", &options)?;
/// let rosenbrock = &problems[0];
/// assert_ne!(rosenbrock.value(&[1.0, 1.0]), 0.0);
///
/// let unknown = get_benchmark_problems("more_wilde", &options).unwrap_err();
/// assert!(unknown.to_string().contains("more_wild"));
/// # Ok::<(), thalweg_bench::SetError>(())
/// ```
///
/// # Errors
/// There is no such set, no such problem to leave out, or an option is out of its range.
pub fn get_benchmark_problems(
    name: &str,
    options: &SetOptions,
) -> Result<Vec<BenchmarkProblem>, SetError> {
    let Some(set) = SETS.iter().find(|set| set.name == name) else {
        return Err(SetError::unknown("benchmark set", name, SETS.iter().map(|set| set.name)));
    };
    options.check()?;
    let problems = (set.problems)();
    for excluded in &options.exclude {
        if !problems.iter().any(|problem| problem.name == *excluded) {
            let names = problems.iter().map(|problem| problem.name.as_str());
            return Err(SetError::unknown("problem to exclude", excluded, names));
        }
    }
    let left = problems.into_iter().filter(|problem| !options.exclude.contains(&problem.name));
    Ok(left.map(|problem| options.apply(problem)).collect())
}

impl SetOptions {
    /// A problem with what these options do to one.
    ///
    /// # Errors
    /// An option is out of its range.
    pub fn applied_to(&self, problem: BenchmarkProblem) -> Result<BenchmarkProblem, SetError> {
        self.check()?;
        Ok(self.apply(problem))
    }

    fn check(&self) -> Result<(), SetError> {
        self.additive_noise.map_or(Ok(()), |noise| noise.check("additive"))?;
        self.multiplicative_noise.map_or(Ok(()), |noise| noise.check())?;
        self.scaling.map_or(Ok(()), |scaling| scaling.check())
    }

    /// Noise first: it depends on the unscaled point, so that scaling does not change it.
    fn apply(&self, mut problem: BenchmarkProblem) -> BenchmarkProblem {
        if self.additive_noise.is_some() || self.multiplicative_noise.is_some() {
            let all = Rng::new(self.seed);
            let noise = Noise {
                additive: self.additive_noise,
                multiplicative: self.multiplicative_noise,
                rng: problem.name.bytes().fold(all, |rng, byte| rng.stream(byte.into())),
            };
            problem.function = noise.wrap(&problem.function);
            problem.noisy = true;
        }
        match self.scaling {
            Some(scaling) => scaling.apply(problem),
            None => problem,
        }
    }
}

/// Why there is no such set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError(String);

impl SetError {
    pub(crate) fn invalid(message: String) -> Self {
        SetError(message)
    }

    /// A choice among words, with proposals.
    pub(crate) fn unknown<'a>(
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        SetError(format!("There is no {what} '{name}'. Did you mean {:?}?", nearest(name, known)))
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetError {}
