//! The sample: points of the space from which the exploration picks the starts of local runs.

use thalweg_algorithms::pieces::sampling::{
    SOBOL_DIMENSIONS, SamplingMethod, halton_sequence, sobol_sequence,
};
use thalweg_core::Rng;
use thalweg_space::{Bounds, SamplingError, Space};

use super::local::user_point;
use super::options::{MultistartOptions, StartSampling};
use crate::error::{InvalidKind, OptimizeError};

/// The most names of parameters that a message lists.
const LISTED: usize = 10;
/// Of so many points, one may be a fitted one.
const FEW: usize = 10;

/// The points to explore, one after the other in the algorithm's space, and warnings about them.
pub(super) struct Sample {
    pub points: Vec<f64>,
    /// Whether the first point is the start, whose value is known.
    pub begins_with_start: bool,
    /// How many of the last points give way to points that the exploration of the others suggests.
    pub n_fitted: usize,
    pub warnings: Vec<String>,
}

/// The points of the user, or the start and `count` - 1 that are drawn.
pub(super) fn sample(
    options: &MultistartOptions,
    bounds: &Bounds,
    soft: &Bounds,
    space: &Space,
    names: &dyn Fn(usize) -> String,
    count: usize,
) -> Result<Sample, OptimizeError> {
    if let Some(given) = &options.sample {
        return given_sample(given, space, names);
    }
    let sampled = tighter(bounds, soft, space.n_user())?;
    space.check_sampling(&sampled, names).map_err(|error| {
        let kind = match error {
            SamplingError::Missing(_) => InvalidKind::IncompleteBounds,
            SamplingError::Empty(_) => InvalidKind::Bounds,
        };
        OptimizeError::invalid(kind, format!("Multistart: {error}"))
    })?;
    let n = space.n_free();
    let mut points = Vec::with_capacity(count * n);
    points.extend_from_slice(space.start());
    let distribution = options.sampling_distribution;
    for unit in unit_points(options, count - 1, n)?.chunks_exact(n) {
        if let (true, Some(lower), Some(upper)) =
            (space.is_identity(), &sampled.lower, &sampled.upper)
        {
            // What `draw` does where there is nothing to transform, without its preparations for every point.
            let axes = unit.iter().zip(lower.iter().zip(upper)).zip(space.start());
            points
                .extend(axes.map(|((&u, (&l, &b)), &start)| distribution.quantile(u, l, b, start)));
        } else {
            // Numbers beyond all bounds are possible where a recipe of a constraint draws; such a point is left out.
            points.extend(space.draw(unit, &sampled, distribution).into_iter().flatten());
        }
    }
    let warnings = outside(&sampled, space, names).into_iter().collect();
    let n_fitted = options.n_fitted_points.min(points.len() / n / FEW);
    Ok(Sample { points, begins_with_start: true, n_fitted, warnings })
}

/// Points in the unit cube by the chosen method.
fn unit_points(
    options: &MultistartOptions,
    count: usize,
    n: usize,
) -> Result<Vec<f64>, OptimizeError> {
    let rng = &mut Rng::new(options.seed.unwrap_or(0));
    let points = match options.sampling_method {
        StartSampling::Random => SamplingMethod::Random.sample(count, n, rng),
        StartSampling::LatinHypercube => SamplingMethod::LatinHypercube.sample(count, n, rng),
        StartSampling::Halton => Some(halton_sequence(count, n)),
        StartSampling::Sobol => sobol_sequence(count, n),
    };
    points.ok_or_else(|| {
        wrong(format!(
            "Invalid multistart options: sampling_method is sobol, which has points for up to {SOBOL_DIMENSIONS} free \
             parameters, but there are {n}. Use random, halton or latin_hypercube."
        ))
    })
}

/// The tighter of bounds and soft bounds.
fn tighter(bounds: &Bounds, soft: &Bounds, n: usize) -> Result<Bounds, OptimizeError> {
    for (side, given) in [("lower", &soft.lower), ("upper", &soft.upper)] {
        if let Some(found) = given.as_ref().map(Vec::len).filter(|&len| len != n) {
            let message = format!("There are {found} soft {side} bounds, but {n} parameters.");
            return Err(OptimizeError::invalid(InvalidKind::Bounds, message));
        }
    }
    // NaN, which stands for no bound, never wins.
    let both =
        |a: &Option<Vec<f64>>, b: &Option<Vec<f64>>, tighter: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(&a, &b)| tighter(a, b)).collect()),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
    let lower = both(&bounds.lower, &soft.lower, f64::max);
    Ok(Bounds { lower, upper: both(&bounds.upper, &soft.upper, f64::min) })
}

/// A warning if the start lies outside the range of the sample.
fn outside(sampled: &Bounds, space: &Space, names: &dyn Fn(usize) -> String) -> Option<String> {
    let start = user_point(space, space.start());
    let at = |side: &Option<Vec<f64>>, i: usize| side.as_ref().map_or(f64::NAN, |side| side[i]);
    let is_outside =
        |&i: &usize| start[i] < at(&sampled.lower, i) || start[i] > at(&sampled.upper, i);
    let free = (0..space.n_free()).map(|i| space.user_position(i));
    let list = listed(free.filter(is_outside), names);
    (!list.is_empty()).then(|| {
        format!(
            "The start values of these parameters lie outside the soft bounds, between which the sample is drawn: {}.",
            list.join(", ")
        )
    })
}

/// The user's points in the algorithm's space.
fn given_sample(
    given: &[Vec<f64>],
    space: &Space,
    names: &dyn Fn(usize) -> String,
) -> Result<Sample, OptimizeError> {
    let mut points = Vec::with_capacity(given.len() * space.n_free());
    for (number, point) in given.iter().enumerate() {
        if point.len() != space.n_user() {
            return Err(wrong(format!(
                "Invalid multistart options: point {number} of sample has {} numbers, but there are {} parameters.",
                point.len(),
                space.n_user()
            )));
        }
        if let Some(i) = point.iter().position(|x| !x.is_finite()) {
            return Err(wrong(format!(
                "Invalid multistart options: parameter '{}' of point {number} of sample is {:?}, but has to be finite.",
                names(i),
                point[i]
            )));
        }
        let internal = space.to_internal(point);
        for (i, &x) in internal.iter().enumerate() {
            let lower = space.lower().map_or(f64::NEG_INFINITY, |lower| lower[i]);
            let upper = space.upper().map_or(f64::INFINITY, |upper| upper[i]);
            if !(lower..=upper).contains(&x) {
                return Err(wrong(format!(
                    "Invalid multistart options: parameter '{}' of point {number} of sample is {x:?}, outside its bounds \
                     [{lower:?}, {upper:?}].",
                    names(space.user_position(i))
                )));
            }
        }
        points.extend(internal);
    }
    Ok(Sample { points, begins_with_start: false, n_fitted: 0, warnings: Vec::new() })
}

fn listed(
    mut positions: impl Iterator<Item = usize>,
    name: &dyn Fn(usize) -> String,
) -> Vec<String> {
    let quoted = |i: usize| format!("'{}'", name(i));
    let mut list: Vec<String> = positions.by_ref().take(LISTED).map(quoted).collect();
    let rest = positions.count();
    if rest > 0 {
        list.push(format!("and {rest} more"));
    }
    list
}

fn wrong(message: String) -> OptimizeError {
    OptimizeError::invalid(InvalidKind::Multistart, message)
}
