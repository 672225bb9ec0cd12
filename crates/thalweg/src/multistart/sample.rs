//! The sample: points of the space from which the exploration picks the starts of local runs.

use thalweg_algorithms::pieces::sampling::{
    SOBOL_DIMENSIONS, SamplingMethod, halton_sequence, sobol_sequence,
};
use thalweg_core::Rng;
use thalweg_space::{Bounds, Space};

use super::options::{MultistartOptions, SamplingDistribution, StartSampling};
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
    /// How many points are still to come, from what the exploration of the others says.
    pub n_fitted: usize,
    pub warnings: Vec<String>,
}

/// Between what the sample is drawn, per coordinate of the algorithm's space.
struct Range {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// The points of the user, or the start and `count` - 1 that are drawn.
pub(super) fn sample(
    options: &MultistartOptions,
    soft: &Bounds,
    space: &Space,
    names: &dyn Fn(usize) -> String,
    count: usize,
) -> Result<Sample, OptimizeError> {
    if let Some(given) = &options.sample {
        return given_sample(given, space, names);
    }
    let name = |i: usize| names(space.user_position(i));
    let sampled = sampling_box(soft, space, &name)?;
    let warnings = outside(&sampled, space, &name).into_iter().collect();
    let n = space.n_free();
    let mut points = Vec::with_capacity(count * n);
    points.extend_from_slice(space.start());
    let n_fitted = options.n_fitted_points.min(count.saturating_sub(1) / FEW);
    for unit in unit_points(options, count - 1 - n_fitted, n)?.chunks_exact(n) {
        for (i, &u) in unit.iter().enumerate() {
            let (lower, upper) = (sampled.lower[i], sampled.upper[i]);
            let x = match options.sampling_distribution {
                SamplingDistribution::Uniform => lower + u * (upper - lower),
                SamplingDistribution::Triangular => triangular(u, lower, upper, space.start()[i]),
            };
            points.push(x.clamp(lower, upper));
        }
    }
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

/// The inverse of the triangular distribution function on [lower, upper] with its mode at `mode` (moved into the interval):
/// with c = (mode - lower) / w and w = upper - lower, lower + sqrt(u c) w for u < c, else lower + (1 - sqrt((1 - u)(1 - c))) w.
fn triangular(u: f64, lower: f64, upper: f64, mode: f64) -> f64 {
    let width = upper - lower;
    let c = (mode.clamp(lower, upper) - lower) / width;
    if u < c {
        lower + (u * c).sqrt() * width
    } else {
        lower + (1.0 - ((1.0 - u) * (1.0 - c)).sqrt()) * width
    }
}

/// The tighter of bounds and soft bounds, which have to be finite and leave room.
fn sampling_box(
    soft: &Bounds,
    space: &Space,
    name: &dyn Fn(usize) -> String,
) -> Result<Range, OptimizeError> {
    for (side, bounds) in [("lower", &soft.lower), ("upper", &soft.upper)] {
        if let Some(found) = bounds.as_ref().map(Vec::len).filter(|&len| len != space.n_user()) {
            let message = format!(
                "There are {found} soft {side} bounds, but {} parameters.",
                space.n_user()
            );
            return Err(OptimizeError::invalid(InvalidKind::Bounds, message));
        }
    }
    let n = space.n_free();
    let at = |side: Option<&[f64]>, i: usize, none: f64| {
        side.map(|side| side[i]).filter(|bound| !bound.is_nan()).unwrap_or(none)
    };
    let none = f64::INFINITY;
    let (lower, upper): (Vec<f64>, Vec<f64>) = (0..n)
        .map(|i| {
            let user = space.user_position(i);
            let lower = at(space.lower(), i, -none).max(at(soft.lower.as_deref(), user, -none));
            let upper = at(space.upper(), i, none).min(at(soft.upper.as_deref(), user, none));
            (lower, upper)
        })
        .unzip();
    for (side, bounds) in [("lower", &lower), ("upper", &upper)] {
        let open = (0..n).filter(|&i| !bounds[i].is_finite());
        let open: Vec<String> = listed(open, name);
        if !open.is_empty() {
            let message = format!(
                "Multistart draws its sample between finite bounds, but these parameters have no {side} bound: {}. Give \
                 bounds or soft bounds on both sides, or a sample of your own.",
                open.join(", ")
            );
            return Err(OptimizeError::invalid(InvalidKind::IncompleteBounds, message));
        }
    }
    if let Some(i) = (0..n).find(|&i| lower[i] > upper[i]) {
        let message = format!(
            "The sampling bounds of parameter '{}' leave no room: the larger of lower bound and soft lower bound is {:?}, the \
             smaller of upper bound and soft upper bound is {:?}.",
            name(i),
            lower[i],
            upper[i]
        );
        return Err(OptimizeError::invalid(InvalidKind::Bounds, message));
    }
    Ok(Range { lower, upper })
}

/// A warning if the start lies outside the range of the sample.
fn outside(sampled: &Range, space: &Space, name: &dyn Fn(usize) -> String) -> Option<String> {
    let start = space.start();
    let is_outside = |&i: &usize| !(sampled.lower[i]..=sampled.upper[i]).contains(&start[i]);
    let list = listed((0..start.len()).filter(is_outside), name);
    (!list.is_empty()).then(|| {
        format!(
            "The start values of these parameters lie outside the soft bounds, which the sample keeps: {}.",
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
    let mut list: Vec<String> = positions.by_ref().take(LISTED).map(name).collect();
    let rest = positions.count();
    if rest > 0 {
        list.push(format!("and {rest} more"));
    }
    list
}

fn wrong(message: String) -> OptimizeError {
    OptimizeError::invalid(InvalidKind::Multistart, message)
}

#[cfg(test)]
mod tests {
    use super::triangular;

    /// The distribution function of the triangular distribution.
    fn below(x: f64, lower: f64, upper: f64, mode: f64) -> f64 {
        if x < mode {
            (x - lower).powi(2) / ((upper - lower) * (mode - lower))
        } else {
            1.0 - (upper - x).powi(2) / ((upper - lower) * (upper - mode))
        }
    }

    #[test]
    fn triangular_inverts_the_distribution_function() {
        for mode in [-1.5, 0.0, 2.9] {
            for u in [0.0, 0.1, 0.25, 0.5, 0.75, 0.999] {
                let x = triangular(u, -2.0, 3.0, mode);
                assert!((below(x, -2.0, 3.0, mode) - u).abs() < 1e-12, "{mode} {u} {x}");
            }
        }
        // A mode outside the interval counts as its end.
        assert_eq!(triangular(0.75, 0.0, 1.0, -4.0), 0.5);
        assert_eq!(triangular(0.25, 0.0, 1.0, 4.0), 0.5);
    }
}
