//! Products of the Hessian with vectors, by differences of gradients: `H d = (g(x + t d) - g(x)) / t`.
//!
//! The length t |d| of the difference is a millionth of `1 + |x|`. That is longer than what would be best for exact gradients
//! (1.5e-8): the error, 1e-6 in relative terms, does not matter where equations are solved to a few percent, and gradients that
//! are themselves differences, with errors of 1e-10, still give four digits. Within bounds the difference goes to whichever side
//! has room for it, or else is as long as the room.

use thalweg_core::{Problem, Stop};
use thalweg_linalg::nrm2;

/// The length of a difference, relative to one and the length of the point.
const RELATIVE_LENGTH: f64 = 1e-6;

/// The product of the Hessian at `x`, where the gradient is `gradient`, with `d`, into `product`. `moved` is room for a point.
///
/// `d` is not zero, and it does not leave the bounds from variables that are on them.
///
/// # Errors
/// [`Stop`] from the evaluation.
pub fn hessian_product(
    problem: &mut Problem<'_>,
    (x, gradient): (&[f64], &[f64]),
    d: &[f64],
    moved: &mut Vec<f64>,
    product: &mut Vec<f64>,
) -> Result<(), Stop> {
    let wanted = RELATIVE_LENGTH * (1.0 + nrm2(x)) / nrm2(d);
    let t = within_bounds(problem, x, d, wanted);
    moved.clear();
    moved.extend(x.iter().zip(d).map(|(x, d)| x + t * d));
    problem.clip(moved);
    problem.gradient(moved, product)?;
    for (p, g) in product.iter_mut().zip(gradient) {
        *p = (*p - g) / t;
    }
    Ok(())
}

/// `wanted`, `-wanted`, or the multiple of d that is as long as the longer of the two ways to a bound.
fn within_bounds(problem: &Problem<'_>, x: &[f64], d: &[f64], wanted: f64) -> f64 {
    let (mut forward, mut backward) = (f64::INFINITY, f64::INFINITY);
    for (i, &d) in d.iter().enumerate().filter(|(_, d)| **d != 0.0) {
        let (below, above) = (x[i] - problem.lower()[i], problem.upper()[i] - x[i]);
        let (ahead, behind) = if d > 0.0 { (above, below) } else { (below, above) };
        forward = forward.min(ahead / d.abs());
        backward = backward.min(behind / d.abs());
    }
    match (forward >= wanted, backward >= wanted) {
        (true, _) => wanted,
        (false, true) => -wanted,
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
        for (low, high) in [(-inf, inf), (-1.0, 0.0), (0.0, 1.0), (-1e-9, 1e-8)] {
            let mut oracle = FunctionOracle::scalar(|_| 0.0).with_gradient(gradient);
            let spec = ProblemSpec {
                lower: vec![-inf, low],
                upper: vec![inf, high],
                ..ProblemSpec::unconstrained(2)
            };
            let (mut moved, mut product) = (Vec::new(), Vec::new());
            let mut problem = Problem::new(&mut oracle, &spec);
            hessian_product(&mut problem, (&x, &g), &[1.0, 2.0], &mut moved, &mut product).unwrap();
            // The Hessian is [[12, 1], [1, 1]].
            assert!(
                (product[0] - 14.0).abs() < 1e-4 && (product[1] - 3.0).abs() < 1e-4,
                "{product:?}"
            );
            assert!((low..=high).contains(&moved[1]), "{moved:?} leaves [{low}, {high}]");
        }
    }
}
