//! Products of the Hessian with vectors, by differences of gradients: `H d = (g(x + t d) - g(x)) / t`.
//!
//! Within bounds the difference goes to whichever side has room for it, or else is as long as the room. Where there is hardly any
//! on either side, it is taken all the same and cut off at the bounds: the product is then that with the rest of d.

use thalweg_core::{Problem, Stop};
use thalweg_linalg::nrm2;

/// A length of differences of closed-form gradients, relative to one and the length of the point, that suits equations solved to a few
/// percent. It is longer than what would be best (1.5e-8): its error of about 1e-4 does not matter there.
pub const RELATIVE_LENGTH: f64 = 1e-4;
/// The same for gradients that are differences themselves: their errors matter less in longer ones.
const LENGTH_FOR_ROUGH_GRADIENTS: f64 = 5e-4;
/// The part of the wanted length below which a way to the bounds is too short.
const TOO_SHORT: f64 = 1e-3;

/// Where the Hessian is to be had, and by which differences.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The point.
    pub x: &'a [f64],
    /// The gradient there.
    pub gradient: &'a [f64],
    /// The length of the difference, relative to one and the length of the point.
    pub relative_length: f64,
}

/// A length of differences that suits the gradients of this problem.
pub fn relative_length(problem: &Problem<'_>) -> f64 {
    if problem.has_rough_gradient() { LENGTH_FOR_ROUGH_GRADIENTS } else { RELATIVE_LENGTH }
}

/// The product of the Hessian at a place with `d`, which is not zero, into `product`. `moved` is room for a point.
///
/// # Errors
/// [`Stop`] from the evaluation.
pub fn hessian_product(
    problem: &mut Problem<'_>,
    Place { x, gradient, relative_length }: Place<'_>,
    d: &[f64],
    moved: &mut Vec<f64>,
    product: &mut Vec<f64>,
) -> Result<(), Stop> {
    let wanted = relative_length * (1.0 + nrm2(x)) / nrm2(d);
    let bounds = |i: usize| (problem.lower()[i], problem.upper()[i]);
    let t = length_within_bounds(x, d, wanted, bounds);
    moved.clear();
    moved.extend(x.iter().zip(d).map(|(x, d)| x + t * d));
    problem.clip(moved);
    problem.gradient(moved, product)?;
    for (p, g) in product.iter_mut().zip(gradient) {
        *p = (*p - g) / t;
    }
    Ok(())
}

/// `wanted` or `-wanted`, or the multiple of d that is as long as the longer of the two ways to a bound.
pub fn length_within_bounds(
    x: &[f64],
    d: &[f64],
    wanted: f64,
    bounds: impl Fn(usize) -> (f64, f64),
) -> f64 {
    let (mut forward, mut backward) = (f64::INFINITY, f64::INFINITY);
    for (i, &d) in d.iter().enumerate().filter(|(_, d)| **d != 0.0) {
        let (lower, upper) = bounds(i);
        let (below, above) = (x[i] - lower, upper - x[i]);
        let (ahead, behind) = if d > 0.0 { (above, below) } else { (below, above) };
        forward = forward.min(ahead / d.abs());
        backward = backward.min(behind / d.abs());
    }
    match (forward >= wanted, backward >= wanted) {
        (true, _) => wanted,
        (false, true) => -wanted,
        _ if forward.max(backward) < TOO_SHORT * wanted => wanted,
        (false, false) if forward >= backward => forward,
        (false, false) => -backward,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    #[test]
    fn agrees_with_the_hessian_on_either_side_of_a_bound() {
        let gradient = |x: &[f64], g: &mut [f64]| {
            g.copy_from_slice(&[x[0].powi(3) + x[1], x[0] + x[1].exp()]);
        };
        let x = [2.0, 0.0];
        let mut g = [0.0; 2];
        gradient(&x, &mut g);
        let inf = f64::INFINITY;
        for (low, high) in [(-inf, inf), (-1.0, 0.0), (0.0, 1.0), (-1e-7, 1e-6)] {
            let mut oracle = FunctionOracle::scalar(|_| 0.0).with_gradient(gradient);
            let spec = ProblemSpec {
                lower: vec![-inf, low],
                upper: vec![inf, high],
                ..ProblemSpec::unconstrained(2)
            };
            let (mut moved, mut product) = (Vec::new(), Vec::new());
            let mut problem = Problem::new(&mut oracle, &spec);
            let place = Place { x: &x, gradient: &g, relative_length: RELATIVE_LENGTH };
            hessian_product(&mut problem, place, &[1.0, 2.0], &mut moved, &mut product).unwrap();
            // The Hessian is [[12, 1], [1, 1]].
            assert!(
                (product[0] - 14.0).abs() < 1e-3 && (product[1] - 3.0).abs() < 1e-3,
                "{product:?}"
            );
            assert!((low..=high).contains(&moved[1]), "{moved:?} leaves [{low}, {high}]");
        }
    }

    #[test]
    fn between_two_bounds_the_rest_of_the_vector_counts() {
        // x = (0, 1) in the corner of the box: (-1, -1) leaves it on the one side, (1, 1) on the other.
        let mut oracle = FunctionOracle::scalar(|_| 0.0)
            .with_gradient(|x, g| g.copy_from_slice(&[2.0 * x[0] + x[1], x[0] + 4.0 * x[1]]));
        let spec = ProblemSpec {
            lower: vec![0.0, 0.0],
            upper: vec![1.0, 1.0],
            ..ProblemSpec::unconstrained(2)
        };
        let (x, gradient) = ([0.0, 1.0], [1.0, 4.0]);
        let place = Place { x: &x, gradient: &gradient, relative_length: RELATIVE_LENGTH };
        let (mut moved, mut product) = (Vec::new(), Vec::new());
        let mut problem = Problem::new(&mut oracle, &spec);
        hessian_product(&mut problem, place, &[1.0, 1.0], &mut moved, &mut product).unwrap();
        assert!((product[0] - 2.0).abs() < 1e-6 && (product[1] - 1.0).abs() < 1e-6, "{product:?}");
    }
}
