//! The two radii of a model-based search: Delta, to which steps are limited and which follows the model's success, and its lower
//! limit rho, the resolution, with what is known of the model's errors there.

/// Delta is rho when it is not above this many times rho.
pub(super) const NEARLY: f64 = 1.5;

/// The state of the trust region, in terms of the first radius.
pub struct Radii {
    /// The radius.
    pub delta: f64,
    /// Its lower limit.
    pub rho: f64,
    /// The last lower limit.
    pub last: f64,
    /// The length of the last trust-region step.
    pub length: f64,
    /// The errors of the model at the last three points.
    errors: [f64; 3],
    /// How many points were evaluated since a step was longer than rho.
    calm: usize,
    /// The next rho, and Delta then, relative to the rho before.
    shrink: (f64, f64),
}

impl Radii {
    /// The first radii, with the last one and the factors by which the next rho, and Delta with it, are smaller.
    pub fn new(last: f64, shrink: (f64, f64)) -> Self {
        Radii { delta: 1.0, rho: 1.0, last, length: 0.0, errors: [0.0; 3], calm: 0, shrink }
    }

    /// Delta, which is rho where it comes near.
    pub fn set_delta(&mut self, delta: f64) {
        self.delta = at_least(delta, self.rho);
    }

    /// Remember the error of the model at a point.
    pub fn record(&mut self, error: f64) {
        self.errors = [error.abs(), self.errors[0], self.errors[1]];
        self.calm = if self.length > self.rho { 0 } else { self.calm + 1 };
    }

    /// The largest error at the last three points, if all of them came after steps of at most rho.
    pub fn recent_error(&self) -> Option<f64> {
        (self.calm >= 3).then(|| self.errors.iter().fold(0.0, |largest, e| e.max(largest)))
    }

    /// The next rho, without a jump at the end.
    pub fn reduce(&mut self) {
        let next = next_stage(self.rho, self.last, self.shrink.0);
        self.delta = (self.shrink.1 * self.rho).max(next);
        self.rho = next;
        self.calm = 0;
    }

    /// Begin again with this radius, and a last one that is different by this factor.
    pub fn restart(&mut self, radius: f64, last_factor: f64) {
        (self.delta, self.rho, self.calm) = (radius, radius, 0);
        self.last = (self.last * last_factor).min(radius);
    }
}

/// Delta, which is rho where it comes near.
pub(super) fn at_least(delta: f64, rho: f64) -> f64 {
    if delta <= NEARLY * rho { rho } else { delta }
}

/// The next rho on the way to the last one: smaller by the factor `shrink` while it is far above that, and without a jump at the end.
pub(super) fn next_stage(rho: f64, last: f64, shrink: f64) -> f64 {
    let left = rho / last;
    if left <= 16.0 {
        last
    } else if left <= 250.0 {
        left.sqrt() * last
    } else {
        shrink * rho
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rho_goes_down_by_tenths_and_ends_without_a_jump() {
        let mut radii = Radii::new(1e-4, (0.1, 0.5));
        let mut seen = Vec::new();
        while radii.rho > radii.last {
            radii.reduce();
            seen.push(radii.rho);
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        assert_eq!((seen[0], seen[3]), (0.1, 1e-4));
    }

    #[test]
    fn errors_after_long_steps_say_nothing_of_this_rho() {
        let mut radii = Radii::new(1e-4, (0.1, 0.5));
        for (length, known) in [(0.5, false), (1.0, false), (0.7, true), (1.1, false)] {
            radii.length = length;
            radii.record(-0.25);
            assert_eq!(radii.recent_error(), known.then_some(0.25));
        }
    }

    #[test]
    fn a_restart_forgets_what_was_seen_at_the_old_radius() {
        let mut radii = Radii::new(1e-4, (0.1, 0.5));
        (0..3).for_each(|i| radii.record(f64::from(i)));
        assert_eq!(radii.recent_error(), Some(2.0));
        radii.reduce();
        assert_eq!(radii.recent_error(), None);
        radii.restart(1.1, 0.5);
        assert_eq!((radii.rho, radii.delta, radii.recent_error()), (1.1, 1.1, None));
        assert_eq!(radii.last, 0.5e-4);
    }
}
