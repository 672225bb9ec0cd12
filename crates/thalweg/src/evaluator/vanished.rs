//! Numerical derivatives that vanish at the start, because the objective is computed in 32 bits, in whose digits their steps are lost: no
//! algorithm can tell that from a minimum.

use thalweg_core::{Manner, Oracle, Request, SolverKind, Values, Want};

use super::Evaluator;

/// How far the objective is looked at around the start, relative to the larger of one and the parameter.
const STEP: f64 = 1e-3;
/// A difference above this part of the objective is no rounding, in 32 bits neither.
const ROUNDING: f64 = 1e-6;
/// A number of 32 bits with at most this many significant digits may well be one of 64.
const SIMPLE: u32 = 12;
/// The largest number of parameters along which it is looked at.
const MOST: usize = 50;

impl Evaluator<'_> {
    /// Note the first derivative if all of its entries are exactly zero and the outputs have 32 bits.
    pub(super) fn note_vanished(
        &mut self,
        x: &[f64],
        outputs: &[f64],
        derivative: &[f64],
        solver: SolverKind,
    ) {
        let is_first = self.counts.jac == 0;
        if is_first && derivative.iter().all(|entry| *entry == 0.0) && have_32_bits(outputs) {
            self.scratch.vanished = Some((solver, x.to_vec()));
        }
    }

    /// Why a run that met a convergence test where the first numerical derivative had vanished found no minimum there: the objective is
    /// lower at a point next to it. To know that takes up to two evaluations per parameter.
    pub(crate) fn why_not_flat(&mut self, x: &[f64]) -> Option<&'static str> {
        let (solver, first) = self.scratch.vanished.take()?;
        if x != first || !self.constraints.is_empty() {
            return None;
        }
        let want = match solver {
            SolverKind::Scalar => Want::VALUE,
            SolverKind::LeastSquares => Want::RESIDUALS,
            SolverKind::Likelihood => Want::CONTRIBUTIONS,
        };
        let value = self.best.value;
        let manner = Manner { goes_on: Some(true), ..Manner::default() };
        let points = self.points_around(x);
        for pair in points.chunks(2 * x.len()) {
            let mut values = Values::default();
            let request = Request { manner, points: pair, ..Request::one(want, x) };
            self.answer(&request, &mut values).ok()?;
            let lowest = values.values.iter().copied().fold(f64::INFINITY, f64::min);
            if value - lowest > ROUNDING * value.abs() {
                return Some(
                    "the differences of the objective for its numerical derivative at the start are exactly zero, but it \
                     is smaller a thousandth away: it seems to be computed in 32 bits, in which steps this short are \
                     lost; longer ones, or a closed form, are needed",
                );
            }
        }
        None
    }

    /// Points on both sides of this one along the first parameters, where they are within the bounds.
    fn points_around(&self, x: &[f64]) -> Vec<f64> {
        let mut points = Vec::new();
        for i in 0..x.len().min(MOST) {
            for sign in [1.0, -1.0] {
                let mut point = x.to_vec();
                point[i] += sign * STEP * x[i].abs().max(1.0);
                if self.is_within_bounds(&point) {
                    points.extend(point);
                }
            }
        }
        points
    }
}

/// Whether all numbers are such of 32 bits, and not all of them so simple that they may well be numbers of 64.
fn have_32_bits(numbers: &[f64]) -> bool {
    let is_simple =
        |number: &f64| number.to_bits().trailing_zeros() >= f64::MANTISSA_DIGITS - SIMPLE;
    numbers.iter().all(|number| f64::from(*number as f32) == *number)
        && !numbers.iter().all(is_simple)
}

#[cfg(test)]
mod tests {
    use super::have_32_bits;

    #[test]
    fn numbers_of_32_bits_are_known_by_their_digits() {
        assert!(have_32_bits(&[f64::from(1.7_f32)]));
        assert!(have_32_bits(&[1.0, f64::from(0.1_f32)]));
        for of_64 in [&[1.7][..], &[215.0], &[1.0, -0.5, 0.0], &[0.1, f64::from(0.1_f32)], &[]] {
            assert!(!have_32_bits(of_64), "{of_64:?}");
        }
    }
}
