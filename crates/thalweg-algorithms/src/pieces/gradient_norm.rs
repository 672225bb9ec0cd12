//! The test on the gradient in a norm of the user's choice, shared by the line-search methods without bounds.

use thalweg_core::Test;
use thalweg_linalg::{nrm_inf, nrm2};

/// The p-norm `(sum |v_i|^p)^(1/p)`; the largest absolute entry for p = infinity. Does not overflow on the way.
pub fn p_norm(v: &[f64], p: f64) -> f64 {
    let largest = nrm_inf(v);
    if p == f64::INFINITY || largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    if p == 2.0 {
        return nrm2(v);
    }
    largest * v.iter().map(|v| (v.abs() / largest).powf(p)).sum::<f64>().powf(1.0 / p)
}

/// The test whether the p-norm of the gradient is at most `convergence_gtol_abs`.
pub fn gradient_test(gradient: &[f64], p: f64, tolerance: f64) -> Option<Test> {
    let size = p_norm(gradient, p);
    (size <= tolerance).then_some(Test {
        measure: if p == f64::INFINITY {
            "largest entry of the gradient"
        } else {
            "norm of the gradient"
        },
        value: size,
        tolerance,
        option: "convergence_gtol_abs",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_every_order() {
        let v = [3.0, -4.0];
        for (p, norm) in [(1.0, 7.0), (2.0, 5.0), (f64::INFINITY, 4.0), (3.0, 91f64.cbrt())] {
            assert!((p_norm(&v, p) - norm).abs() < 1e-14, "{p}");
        }
        assert_eq!(p_norm(&[0.0, 0.0], 3.0), 0.0);
        assert!((p_norm(&[1e200, 1e200], 4.0) / 1e200 - 2f64.powf(0.25)).abs() < 1e-14);
        assert!(p_norm(&[f64::NAN, 1.0], 1.0).is_nan());
    }

    #[test]
    fn the_test_says_which_norm_was_small() {
        assert_eq!(gradient_test(&[1.0], f64::INFINITY, 0.5), None);
        let texts =
            [(f64::INFINITY, "largest entry of the gradient"), (1.0, "norm of the gradient")];
        for (p, measure) in texts {
            let test = gradient_test(&[1e-6], p, 1e-5).unwrap();
            let expected = format!("{measure} 1.000e-6 <= 1.000e-5 (convergence_gtol_abs)");
            assert_eq!(test.to_string(), expected);
        }
        assert_eq!(gradient_test(&[f64::NAN], 2.0, 1.0), None);
    }
}
