//! The two radii of a model-based search: Delta, to which steps are limited and which follows the model's success, and its lower
//! limit rho, the resolution, with what is known of the model's errors there.

/// The state of the trust region, in terms of the first radius.
pub struct Radii {
    /// The radius.
    pub delta: f64,
    /// Its lower limit.
    pub rho: f64,
    /// The last lower limit.
    pub last: f64,
    /// The lengths of the last three steps at this rho.
    pub lengths: [f64; 3],
    /// The errors of the model there.
    pub errors: [f64; 3],
    /// How often in a row the updated model looked worse than the least one.
    pub suspicions: usize,
    /// The next rho, and Delta then, relative to the rho before.
    shrink: (f64, f64),
}

impl Radii {
    /// The first radii, with the last one and the factors by which the next rho, and Delta with it, are smaller.
    pub fn new(last: f64, shrink: (f64, f64)) -> Self {
        Radii {
            delta: 1.0,
            rho: 1.0,
            last,
            lengths: [f64::INFINITY; 3],
            errors: [f64::INFINITY; 3],
            suspicions: 0,
            shrink,
        }
    }

    /// Delta, which is rho where it comes near.
    pub fn set_delta(&mut self, delta: f64) {
        self.delta = if delta <= 1.5 * self.rho { self.rho } else { delta };
    }

    /// Remember the length of a step and the error of the model there.
    pub fn record(&mut self, length: f64, error: f64) {
        self.lengths = [length, self.lengths[0], self.lengths[1]];
        self.errors = [error, self.errors[0], self.errors[1]];
    }

    /// The next rho, without a jump at the end.
    pub fn reduce(&mut self) {
        let left = self.rho / self.last;
        let next = if left <= 16.0 {
            self.last
        } else if left <= 250.0 {
            left.sqrt() * self.last
        } else {
            self.shrink.0 * self.rho
        };
        self.delta = (self.shrink.1 * self.rho).max(next);
        self.start_at(next);
    }

    /// Begin again with this radius.
    pub fn restart(&mut self, radius: f64) {
        self.delta = radius;
        self.start_at(radius);
    }

    fn start_at(&mut self, rho: f64) {
        self.rho = rho;
        self.lengths = [f64::INFINITY; 3];
        self.errors = [f64::INFINITY; 3];
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
    fn a_restart_forgets_what_was_seen_at_the_old_radius() {
        let mut radii = Radii::new(1e-4, (0.1, 0.5));
        radii.record(0.5, 0.25);
        radii.reduce();
        radii.restart(1.1);
        assert_eq!((radii.rho, radii.delta, radii.lengths[0]), (1.1, 1.1, f64::INFINITY));
    }
}
