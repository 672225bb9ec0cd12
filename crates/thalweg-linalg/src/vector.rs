//! Level-1 operations on slices. Two slices of different length are used up to the shorter one.

/// The inner product of `x` and `y`.
///
/// Four partial sums: the compiler may use vector registers, and the order of summation is fixed.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let len = x.len().min(y.len());
    let (x, y) = (&x[..len], &y[..len]);
    let (x4, y4) = (x.chunks_exact(4), y.chunks_exact(4));
    let tail: f64 = x4.remainder().iter().zip(y4.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in x4.zip(y4) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + tail
}

/// `y += alpha x`.
pub fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    for (yi, xi) in y.iter_mut().zip(x) {
        *yi += alpha * xi;
    }
}

/// `x *= alpha`.
pub fn scale(alpha: f64, x: &mut [f64]) {
    for xi in x {
        *xi *= alpha;
    }
}

/// The Euclidean norm, without overflow or underflow in between; NaN when `x` holds a NaN.
pub fn nrm2(x: &[f64]) -> f64 {
    // Where squares would overflow or vanish, a power of two moves them to safety without rounding.
    const DOWN: f64 = 1.0 / UP;
    const UP: f64 = f64::from_bits((1023 + 600) << 52); // 2^600
    let square = dot(x, x);
    if square > 1e-280 && square < 1e280 {
        return square.sqrt();
    }
    if nrm_inf(x) == f64::INFINITY {
        return f64::INFINITY;
    }
    let factor = if square < 1.0 { UP } else { DOWN };
    x.iter().map(|xi| (xi * factor).powi(2)).sum::<f64>().sqrt() / factor
}

/// The Euclidean norm of the products `scale[i] * x[i]`, with the safety of [`nrm2`].
pub fn nrm2_scaled(scale: &[f64], x: &[f64]) -> f64 {
    let square: f64 = scale.iter().zip(x).map(|(d, x)| (d * x) * (d * x)).sum();
    if square > 1e-280 && square < 1e280 {
        return square.sqrt();
    }
    nrm2(&scale.iter().zip(x).map(|(d, x)| d * x).collect::<Vec<_>>())
}

/// The largest absolute value, 0 for an empty slice; NaN when `x` holds a NaN.
pub fn nrm_inf(x: &[f64]) -> f64 {
    let mut largest = 0.0_f64;
    for xi in x {
        if xi.is_nan() {
            return f64::NAN;
        }
        largest = largest.max(xi.abs());
    }
    largest
}

/// Whether `x` holds neither an infinity nor a NaN.
pub fn all_finite(x: &[f64]) -> bool {
    // No early exit: without branches the loop vectorises.
    x.iter().fold(true, |finite, xi| finite & xi.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norm_survives_extreme_magnitudes() {
        assert!((nrm2(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert!((nrm2(&[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(nrm2(&[5e-324]), 5e-324);
        assert_eq!(nrm2(&[]), 0.0);
        assert_eq!(nrm2(&[f64::NEG_INFINITY, 1.0]), f64::INFINITY);
        assert!(nrm2(&[f64::INFINITY, f64::NAN]).is_nan());
        assert_eq!(nrm2_scaled(&[1.5, 4.0], &[2.0, 1.0]), 5.0);
        assert_eq!(nrm2_scaled(&[f64::MAX, 0.0], &[1.0, 1.0]), f64::MAX);
    }

    #[test]
    fn finiteness_is_exact() {
        assert!(all_finite(&[f64::MAX, f64::MIN, 0.0, -0.0]));
        assert!(!all_finite(&[1.0, f64::INFINITY]));
        assert!(!all_finite(&[f64::NAN, 1.0]));
    }

    proptest::proptest! {
        #[test]
        fn dot_is_the_sum_of_products(x in proptest::collection::vec(-1e3..1e3, 0..40)) {
            let plain: f64 = x.iter().map(|v| v * v).sum();
            proptest::prop_assert!((dot(&x, &x) - plain).abs() <= 1e-12 * plain.max(1.0));
            proptest::prop_assert!((nrm2(&x) - plain.sqrt()).abs() <= 1e-12 * plain.max(1.0));
        }
    }
}
