//! Searches from many starts: the tiktak algorithm.
//!
//! 1. *Sample*: the start and N - 1 points between the bounds (or soft bounds).
//! 2. *Explore*: the objective at all of them, in one batch. Points where it fails or is not finite are left out.
//! 3. *Search*: local runs from the K best points x_j, in batches of B. With c runs done and the best point x* so far, the next
//!    start is w x* + (1 - w) x_j, with the weight w = sqrt(c / K) within its bounds: at first the sample decides, in the end the
//!    neighbourhood of the best optimum.
//! 4. *Stop* after K runs, or when the best optimum was found often enough: an optimum x is the best one if
//!    ||(x - x*) / max(|x*|, 0.1)|| is at most the tolerance.
//!
//! Runs of a batch are suspended runs in lockstep, whose batches are merged: there is one level of parallelism, the objective's.
//! Results depend on the seed and the options, and not on how many workers there are: without a given B, every run knows of all
//! before it. Workers that would wait begin the next runs as if nothing new would be known; what they find is thrown away if
//! something is.
//!
//! *Differences from tiktak*, which find more and save runs (`n_fitted_points = 0` turns them off):
//! * Up to three points of the sample are the minima of bowls that are fitted to the others (`fitted.rs`).
//! * Points next to better ones wait until all others were starts (`apart.rs`).
//! * Before each batch the local optima suggest points: the minima of bowls fitted to them, and the best optimum with single
//!   coordinates of others (`crossed.rs`). The best suggestion takes the place of the next start if it beats the best optimum.
//! * Once there are enough other optima, one run starts where a bowl that is fitted to them has its minimum. If it ends in the best
//!   optimum, that is a discovery like any other, and one that owes nothing to the best optimum itself. Where it would only repeat an
//!   earlier run (`apart.rs`), it is left out; with half as many others more it is tried again.
//! * Where different optima were found, the search does not end before 2n + 2 runs (a bowl needs 2n + 1), or while a suggestion
//!   is better than the best optimum.
//!
//! With default options (n = 2, 5; L-BFGS-B and Nelder-Mead) 239 of 240 searches find the minimum of Ackley's, Griewank's or Rastrigin's
//! function, where optimagic finds it in 91, at 0.52 to 0.94 times its evaluations (`benches/multistart.py`).
//!
//! Arnoud, Guvenen, Kleineberg 2019: Benchmarking global optimizers, <https://doi.org/10.3386/w26340>

mod apart;
mod builder;
mod crossed;
mod explore;
mod finish;
mod fitted;
mod info;
mod local;
mod notes;
mod options;
mod sample;
mod search;
mod suggest;

use thalweg_core::SolverKind;
use thalweg_space::Space;

use self::explore::Exploration;
use self::search::Search;
use crate::aggregate::Aggregate;
use crate::error::OptimizeError;
use crate::objective::StartValues;
use crate::pipeline::{Specification, check_start, start_of, start_params};
use crate::result::{Direction, FlatResult};

pub use self::info::MultistartInfo;
pub use self::options::{
    LocalErrors, MixingWeight, Multistart, MultistartOptions, StartSampling, Weigh,
};

/// Search from many starts in a space with free parameters.
pub(crate) fn search(
    mut spec: Specification<'_>,
    space: &Space,
    multistart: Multistart,
    start: Option<StartValues>,
) -> Result<FlatResult, OptimizeError> {
    let Multistart { options, soft_bounds, of_catalog } = multistart;
    options.check()?;
    let n_cores = spec.n_cores.max(spec.numerical_derivatives.n_cores).max(options.n_cores);
    let sizes = options.sizes(space.n_free());
    let count = sizes.n_samples;
    let sample = sample::sample(&options, &spec.bounds, &soft_bounds, space, spec.names, count)?;

    let clock = spec.clock.clone();
    let params = start_params(&spec, space);
    let start = start_of(&mut spec, &params, start)?;
    let aggregate = Aggregate {
        objective: spec.objective.kind(),
        solver: SolverKind::Scalar,
        maximize: spec.direction == Direction::Maximize,
        m: spec.objective.n_outputs(),
    };
    for (limits, values) in spec.nonlinear.iter_mut().zip(&start.constraints) {
        limits.n_values = values.len();
    }
    let start_fun = check_start(aggregate, &start, spec.start.len())?;
    let exploration = Exploration { space, n_cores, clock, aggregate, start_fun };
    let explored = exploration.run(&mut spec, &sample);
    let mut search = Search::new(spec, &exploration, &options, sample.warnings, explored);
    search.check_exploration()?;
    search.run_locally(sizes, of_catalog)?;
    search.finish()
}
