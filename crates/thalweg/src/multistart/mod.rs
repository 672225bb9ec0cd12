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
//! Results depend on the seed and the options, and not on how many workers there are.
//!
//! Arnoud, Guvenen, Kleineberg 2019: Benchmarking global optimizers, <https://doi.org/10.3386/w26340>

mod builder;
mod explore;
mod fitted;
mod info;
mod local;
mod notes;
mod options;
mod sample;
mod search;

use std::time::Instant;

use thalweg_core::SolverKind;
use thalweg_space::Space;

use self::explore::Exploration;
use self::search::Search;
use crate::aggregate::Aggregate;
use crate::error::OptimizeError;
use crate::pipeline::{Specification, check_start, start_of};
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
) -> Result<FlatResult, OptimizeError> {
    let Multistart { options, soft_bounds, of_catalog } = multistart;
    options.check()?;
    let n_cores = spec.n_cores.max(spec.numerical_derivatives.n_cores).max(options.n_cores);
    let sizes = options.sizes(space.n_free(), n_cores);
    let count = sizes.n_samples;
    let sample = sample::sample(&options, &spec.bounds, &soft_bounds, space, spec.names, count)?;

    let clock = Instant::now();
    let start_params = start_of(&spec, space);
    let start = spec.objective.start(&start_params).map_err(OptimizeError::Start)?;
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
