//! A trust-region step that is cut at the bounds variable by variable: those that meet a bound go as far as they may and stay there,
//! and the step of the others is found anew, until it keeps the bounds.
//!
//! Reference: F. Fröhlich, P. K. Sorger, Fides: Reliable trust-region optimization for parameter estimation of ordinary differential
//! equation models, PLoS Comput. Biol. 18 (2022), doi:10.1371/journal.pcbi.1010322.

use thalweg_linalg::{dot, nrm2};

use super::coleman_li::{keeps_bounds, step_to_bound};
use super::lsq_model::DenseModel;
use super::reflective_step::Place;

/// The model's step in some of the variables (their positions), for the gradient there and a radius.
pub type Solver<'a> = dyn Fn(&[usize], &[f64], f64) -> Vec<f64> + 'a;

/// Cuts `step`, in the scaled space, at the bounds, and solves for the variables that are left.
pub fn truncate(
    place: &Place<'_>,
    model: &DenseModel<'_>,
    mut step: Vec<f64>,
    solver: &Solver<'_>,
) -> Vec<f64> {
    let n = step.len();
    let mut held = vec![0.0; n];
    let mut free: Vec<usize> = (0..n).collect();
    while !free.is_empty() {
        let p = place.unscaled(&step);
        if keeps_bounds(place.x, &p, place.lower, place.upper) {
            return step;
        }
        // Every variable that leaves the bounds is held, the one that leaves them first among them.
        let room = |i: usize, p: &[f64]| {
            let one = i..=i;
            let (x, p) = (&place.x[one.clone()], &p[one.clone()]);
            step_to_bound(x, p, &place.lower[one.clone()], &place.upper[one])
        };
        let (now, later): (Vec<usize>, Vec<usize>) =
            free.iter().partition(|&&i| room(i, &p) <= 1.0);
        if now.is_empty() {
            break;
        }
        for i in now {
            held[i] = place.theta * room(i, &p) * step[i];
        }
        free = later;
        step.clone_from(&held);
        let radius = ((place.radius - nrm2(&held)).max(0.0) * (place.radius + nrm2(&held))).sqrt();
        if free.is_empty() || radius <= 0.0 {
            break;
        }
        let row = |i: usize| &model.matrix[i * n..(i + 1) * n];
        let gradient: Vec<f64> =
            free.iter().map(|&i| model.gradient[i] + dot(row(i), &held)).collect();
        for (&i, s) in free.iter().zip(solver(&free, &gradient, radius)) {
            step[i] = s;
        }
    }
    // What rounding leaves outside is cut as a whole.
    let p = place.unscaled(&step);
    let whole = (place.theta * step_to_bound(place.x, &p, place.lower, place.upper)).min(1.0);
    if !keeps_bounds(place.x, &p, place.lower, place.upper) {
        step.iter_mut().for_each(|s| *s *= whole);
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::trust_region_eigen::EigenRegion;

    #[test]
    fn the_others_go_on_where_one_is_held() {
        // min (s0 - 2)^2 / 2 + (s1 - 1)^2 / 2 + s0 s1 / 2, with s0 at most 0.5.
        let (matrix, gradient) = ([1.0, 0.5, 0.5, 1.0], [-2.0, -1.0]);
        let model = DenseModel { gradient: &gradient, matrix: &matrix };
        let place = Place {
            x: &[0.0; 2],
            lower: &[-9.0; 2],
            upper: &[0.5, 9.0],
            d: &[1.0; 2],
            radius: 5.0,
            theta: 0.9,
        };
        let solver = |free: &[usize], gradient: &[f64], radius: f64| {
            assert_eq!(free, [1]);
            EigenRegion::new(&[1.0], gradient).unwrap().step(radius)
        };
        let step = truncate(&place, &model, vec![2.0, 0.0], &solver);
        assert!((step[0] - 0.45).abs() < 1e-15 && (step[1] - 0.775).abs() < 1e-12, "{step:?}");
    }
}
