//! Ratios of shares to a reference share, in coordinates that suit derivatives.
//!
//! When the reference share goes to zero, the ratios grow without limit, `z ~ 1 / p`, and derivatives with respect to them die
//! away like `p^2`: a test of the gradient is met long before the objective has settled. With
//!
//! `z = sinh w`, `dz/dw = cosh w = sqrt(1 + z^2)`
//!
//! they die away like `p`, as slowly as what is left to gain. Where no ratio is large, `w` is nearly `z`.

/// Beyond it nothing changes any more, as the reference share is below 1e-130; the square of a ratio is still finite.
const LARGEST: f64 = 300.0;

/// The ratio of a coordinate.
#[inline]
pub(super) fn ratio(coordinate: f64) -> f64 {
    coordinate.min(LARGEST).sinh()
}

/// The coordinate of a ratio.
#[inline]
pub(super) fn coordinate(ratio: f64) -> f64 {
    ratio.asinh()
}

/// The derivative of a ratio by its coordinate.
#[inline]
pub(super) fn slope(ratio: f64) -> f64 {
    (1.0 + ratio * ratio).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_coordinates_belong_together() {
        for z in [0.0, 1e-20, 0.5, 1.0, 30.0, 1e12] {
            assert!((ratio(coordinate(z)) - z).abs() <= 1e-14 * z);
            let (w, h) = (coordinate(z), 1e-6);
            let numerical = (ratio(w + h) - ratio(w - h)) / (2.0 * h);
            assert!((numerical / slope(z) - 1.0).abs() < 1e-8, "{z}");
        }
    }

    #[test]
    fn large_coordinates_do_not_overflow() {
        assert!(ratio(1e4).powi(2).is_finite());
    }
}
