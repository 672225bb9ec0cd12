//! The dogleg step within a box: of least squares with a rectangular trust region.
//!
//! The path goes from the origin down the gradient to the minimum of the model there (the Cauchy point), and from there straight to the
//! Gauss-Newton step. The step is its last point in the box, which is that of the bounds cut with that of the trust region: a box in a
//! box is a box again, so that bounds need no treatment of their own.
//!
//! Reference: C. Voglis, I. E. Lagaris, A rectangular trust region dogleg approach for unconstrained and bound constrained nonlinear
//! optimization, WSEAS International Conference on Applied Mathematics, Corfu (2004).

use super::coleman_li::step_to_bound;
use super::lsq_model::{LsqModel, Quadratic};

/// The step from the origin, which is in the box: `newton` is the Gauss-Newton step, `low` and `high` are the sides of the box.
pub fn dogleg(model: &LsqModel<'_>, newton: &[f64], low: &[f64], high: &[f64]) -> Vec<f64> {
    let n = newton.len();
    if (0..n).all(|i| (low[i]..=high[i]).contains(&newton[i])) {
        return newton.to_vec();
    }
    let downhill: Vec<f64> = model.gradient.iter().map(|g| -g).collect();
    let reach = step_to_bound(&vec![0.0; n], &downhill, low, high);
    let (t, _) = model.ray(&downhill).minimize(0.0, reach);
    let cauchy: Vec<f64> = (0..n).map(|i| (t * downhill[i]).max(low[i]).min(high[i])).collect();
    let way: Vec<f64> =
        newton.iter().zip(&cauchy).map(|(newton, cauchy)| newton - cauchy).collect();
    let t = step_to_bound(&cauchy, &way, low, high).min(1.0);
    if !t.is_finite() {
        return cauchy;
    }
    (0..n).map(|i| (cauchy[i] + t * way[i]).max(low[i]).min(high[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// min (s0 - 2)^2 / 2 + (2 s1 - 2)^2 / 2, whose Gauss-Newton step is (2, 1).
    const JACOBIAN: [f64; 4] = [1.0, 0.0, 0.0, 2.0];
    const GRADIENT: [f64; 2] = [-2.0, -4.0];

    fn step(half: [f64; 2]) -> Vec<f64> {
        let model = LsqModel { jacobian: &JACOBIAN, gradient: &GRADIENT, diagonal: &[0.0; 2] };
        dogleg(&model, &[2.0, 1.0], &half.map(|h| -h), &half)
    }

    #[test]
    fn the_path_has_two_legs() {
        assert_eq!(step([3.0, 1.0]), [2.0, 1.0]);
        // The minimum along the gradient is at t = 20 / 68: (10, 20) / 17, from where the second leg goes on.
        let second = step([1.0, 5.0]);
        let share = (1.0 - 10.0 / 17.0) / (2.0 - 10.0 / 17.0);
        assert_eq!(second[0], 1.0);
        assert!((second[1] - (20.0 / 17.0 + share * (1.0 - 20.0 / 17.0))).abs() < 1e-12);
        // The first leg ends at the side of the box, along which nothing is left.
        assert_eq!(step([5.0, 0.2]), [0.1, 0.2]);
    }

    proptest! {
        #[test]
        fn steps_stay_in_the_box_and_lower_the_model(
            jacobian in proptest::array::uniform4(-2.0f64..2.0),
            residuals in proptest::array::uniform2(-2.0f64..2.0),
            half in proptest::array::uniform4(0.01f64..2.0),
        ) {
            let [a, b, c, d] = jacobian;
            let determinant = a * d - b * c;
            prop_assume!(determinant.abs() > 0.05);
            let gradient = [a * residuals[0] + c * residuals[1], b * residuals[0] + d * residuals[1]];
            let newton = [
                -(d * residuals[0] - b * residuals[1]) / determinant,
                -(a * residuals[1] - c * residuals[0]) / determinant,
            ];
            let model = LsqModel { jacobian: &jacobian, gradient: &gradient, diagonal: &[0.0; 2] };
            let (low, high) = ([-half[0], -half[1]], [half[2], half[3]]);
            let s = dogleg(&model, &newton, &low, &high);
            prop_assert!((0..2).all(|i| (low[i]..=high[i]).contains(&s[i])));
            prop_assert!(model.value(&s) <= 1e-12);
        }
    }
}
