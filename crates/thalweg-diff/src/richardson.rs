//! Richardson extrapolation of difference quotients to step zero.
//!
//! *How it works.* Differences with steps h, h r, h r^2, ... differ from the derivative by a
//! polynomial in `h^a` without constant term (a = 1 one-sided, a = 2 central). Neville's recursion
//! removes one term after the other: with `T_0` the raw differences, longest step first,
//! `T_m[i] = T_{m-1}[i+1] + (T_{m-1}[i+1] - T_{m-1}[i]) / (r^(a m) - 1)`. For two terms, r = 2 and
//! central differences these are the weights 0.0222, -0.4444, 1.4222. The entry with the smallest
//! error estimate is the result.
//!
//! *Error estimate* (Ridders): the larger distance of an entry from its two parents, plus the rounding
//! error of the function, `eps |f| / h`, at the shortest step that takes part.
//!
//! *Differences from optimagic.* Only the requested method's differences take part; there, the best
//! of forward, backward and central is taken. Its error estimate compares limits of the same order
//! only, judges the highest order by raw differences and therefore seldom selects it; Ridders' rule
//! gains three digits with four one-sided steps on the functions of `tests/accuracy.rs`.
//!
//! References: Richardson (1911), doi:10.1098/rsta.1911.0009; Ridders (1982),
//! doi:10.1016/S0141-1195(82)80057-0.

/// A limit and the estimate of its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub value: f64,
    pub error: f64,
}

impl Limit {
    pub(crate) const NONE: Self = Self { value: f64::NAN, error: f64::NAN };

    /// The other one if its error is smaller.
    fn better(self, other: Self) -> Self {
        // A comparison with the NaN of `NONE` is false: the first finite limit is taken.
        let is_worse = self.error <= other.error;
        if other.error.is_finite() && !is_worse { other } else { self }
    }
}

/// What the differences have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence {
    /// Ratio r of neighbouring steps.
    pub ratio: f64,
    /// The distance a of the orders of the error terms.
    pub order: i32,
    /// Rounding error of the difference with the shortest step.
    pub noise: f64,
}

impl Sequence {
    /// Extrapolate `table`, the differences from the longest to the shortest step; overwritten. NaN
    /// spoils what is computed from it, and nothing else. [`Limit::NONE`] if nothing is left. The best
    /// limits with one, two, ... terms removed go to `limits`.
    pub(crate) fn extrapolate(&self, table: &mut [f64], limits: &mut Vec<Limit>) -> Limit {
        let count = table.len();
        let growth = self.ratio.powi(self.order);
        limits.clear();
        let mut power = growth;
        for terms in 1..count {
            let mut best = Limit::NONE;
            for i in 0..count - terms {
                let (longer, shorter) = (table[i], table[i + 1]);
                let value = shorter + (shorter - longer) / (power - 1.0);
                let longer_steps = (count - 1 - i - terms) as i32;
                let noise = self.noise * self.ratio.powi(-longer_steps);
                let error = (value - longer).abs().max((value - shorter).abs()) + noise;
                best = best.better(Limit { value, error });
                table[i] = value;
            }
            limits.push(best);
            power *= growth;
        }
        limits.iter().fold(Limit::NONE, |best, &limit| best.better(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(order: i32) -> Sequence {
        Sequence { ratio: 2.0, order, noise: 0.0 }
    }

    fn extrapolate(sequence: Sequence, table: &mut [f64]) -> Limit {
        sequence.extrapolate(table, &mut Vec::new())
    }

    #[test]
    fn weights_are_those_of_the_literature() {
        for (k, expected) in [1.0, -20.0, 64.0].into_iter().enumerate() {
            let mut table = [0.0; 3];
            table[k] = 45.0;
            extrapolate(sequence(2), &mut table);
            assert!((table[0] - expected).abs() < 1e-13, "{table:?}");
        }
    }

    #[test]
    fn polynomials_in_the_step_are_extrapolated_exactly() {
        let difference = |h: f64| 3.0 + 2.0 * h - h * h + 0.5 * h.powi(3);
        let mut table: Vec<f64> = (0..4).map(|k| difference(0.5_f64.powi(k))).collect();
        extrapolate(sequence(1), &mut table);
        assert!((table[0] - 3.0).abs() < 1e-13);
    }

    #[test]
    fn a_failed_difference_spoils_only_what_is_computed_from_it() {
        let difference = |h: f64| 1.0 + h * h;
        let mut table: Vec<f64> = (0..4).map(|k| difference(0.5_f64.powi(k))).collect();
        table[0] = f64::NAN;
        assert!((extrapolate(sequence(2), &mut table).value - 1.0).abs() < 1e-14);
        assert!(extrapolate(sequence(2), &mut [f64::NAN; 4]).value.is_nan());
        assert!(extrapolate(sequence(2), &mut [1.0]).value.is_nan());
    }

    #[test]
    fn noise_counts_less_with_longer_steps() {
        let noisy = Sequence { noise: 1.0, ..sequence(1) };
        let limit = extrapolate(noisy, &mut [1.0, 1.0, 1.0]);
        assert_eq!(limit, Limit { value: 1.0, error: 0.5 });
    }

    #[test]
    fn the_result_is_the_best_of_the_limits() {
        let mut limits = Vec::new();
        let mut table: Vec<f64> = (0..5).map(|k| 0.5_f64.powi(k).exp()).collect();
        let best = sequence(1).extrapolate(&mut table, &mut limits);
        assert_eq!(limits.len(), 4);
        assert!(limits.contains(&best));
        assert!(limits.iter().all(|limit| best.error <= limit.error));
    }
}
