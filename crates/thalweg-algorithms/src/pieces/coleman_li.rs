//! The geometry of interior-point trust regions within bounds (Coleman and Li 1996).
//!
//! Distances to the bounds that the gradient points at scale the variables, so that steps bend away from them; iterates
//! stay strictly inside.
//!
//! Reference: T. F. Coleman, Y. Li, SIAM J. Optim. 6 (1996) 418-445, doi:10.1137/0806023.

/// For each variable the distance v to the bound towards which the objective falls, and its derivative dv; where there
/// is no such bound v = 1 and dv = 0.
pub fn scaling(x: &[f64], gradient: &[f64], lower: &[f64], upper: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let one = |i: usize| {
        if gradient[i] < 0.0 && upper[i].is_finite() {
            (upper[i] - x[i], -1.0)
        } else if gradient[i] > 0.0 && lower[i].is_finite() {
            (x[i] - lower[i], 1.0)
        } else {
            (1.0, 0.0)
        }
    };
    (0..x.len()).map(one).unzip()
}

/// The largest t >= 0 for which x + t s keeps the bounds; infinite when no bound is met.
pub fn step_to_bound(x: &[f64], s: &[f64], lower: &[f64], upper: &[f64]) -> f64 {
    (0..x.len()).map(|i| coordinate_step(i, x, s, lower, upper)).fold(f64::INFINITY, f64::min)
}

/// The bound that the i-th variable meets along s.
fn coordinate_step(i: usize, x: &[f64], s: &[f64], lower: &[f64], upper: &[f64]) -> f64 {
    if s[i] == 0.0 {
        f64::INFINITY
    } else {
        ((lower[i] - x[i]) / s[i]).max((upper[i] - x[i]) / s[i])
    }
}

/// Turns round the entries of `direction` whose variables meet their bound first along s, `t` being that step.
pub fn reflect(t: f64, x: &[f64], s: &[f64], lower: &[f64], upper: &[f64], direction: &mut [f64]) {
    for i in 0..x.len() {
        if s[i] != 0.0 && coordinate_step(i, x, s, lower, upper) == t {
            direction[i] = -direction[i];
        }
    }
}

/// Whether x + s keeps the bounds.
pub fn keeps_bounds(x: &[f64], s: &[f64], lower: &[f64], upper: &[f64]) -> bool {
    (0..x.len()).all(|i| (lower[i]..=upper[i]).contains(&(x[i] + s[i])))
}

/// Moves x strictly inside the bounds: away from a bound that is closer than `margin` relative to its magnitude.
///
/// With a margin of 0 only points on or beyond a bound move, to the next number inside. Where the bounds are too close
/// together for that, x goes to the middle.
pub fn move_inside(x: &mut [f64], lower: &[f64], upper: &[f64], margin: f64) {
    for i in 0..x.len() {
        let (low, high) = (lower[i], upper[i]);
        let (below, above) = (x[i] - low, high - x[i]);
        let room = |bound: f64| margin * bound.abs().max(1.0);
        if low.is_finite() && below <= above.min(room(low)) {
            x[i] = if margin == 0.0 { low.next_up() } else { low + room(low) };
        } else if high.is_finite() && above <= below.min(room(high)) {
            x[i] = if margin == 0.0 { high.next_down() } else { high - room(high) };
        }
        if !(low..=high).contains(&x[i]) {
            x[i] = low + 0.5 * (high - low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn step_ends_on_a_bound(
            x in proptest::array::uniform3(-0.9f64..0.9),
            s in proptest::array::uniform3(-2.0f64..2.0),
        ) {
            let (lower, upper) = ([-1.0; 3], [1.0, f64::INFINITY, 1.0]);
            let t = step_to_bound(&x, &s, &lower, &upper);
            if t.is_finite() {
                let end: Vec<f64> = (0..3).map(|i| x[i] + t * s[i]).collect();
                let on = (0..3).any(|i| (end[i] - lower[i]).abs() < 1e-12 || (end[i] - upper[i]).abs() < 1e-12);
                prop_assert!(on);
                let mut direction = s;
                reflect(t, &x, &s, &lower, &upper, &mut direction);
                prop_assert!(direction != s);
            }
        }

        #[test]
        fn moves_strictly_inside(x in -3.0f64..3.0, low in -2.0f64..0.0, width in 1e-12f64..2.0) {
            for margin in [0.0, 1e-10] {
                let mut point = [x];
                move_inside(&mut point, &[low], &[low + width], margin);
                prop_assert!(point[0] >= low && point[0] <= low + width);
            }
        }
    }

    #[test]
    fn scaling_follows_the_gradient() {
        let (lower, upper) = ([0.0, 0.0, f64::NEG_INFINITY], [1.0, 1.0, 1.0]);
        let (v, dv) = scaling(&[0.25; 3], &[-1.0, 1.0, 1.0], &lower, &upper);
        assert_eq!((v, dv), (vec![0.75, 0.25, 1.0], vec![-1.0, 1.0, 0.0]));
    }
}
