//! The first points, and later on new ones around the best one.

use thalweg_core::{Problem, Stop};

use super::{Known, LinearSet};

/// How often a first point without finite values is tried again, half as far away on the other side.
const ATTEMPTS: usize = 8;

impl<'a> LinearSet<'a> {
    /// Replace all points but the best one by points `radius` away from it. `false` when there are no finite values near it.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn renew(&mut self, problem: &mut Problem<'a>, radius: f64) -> Result<bool, Stop> {
        self.points = self.best_point().to_vec();
        self.known.truncate(1);
        self.surround(problem, radius)
    }

    /// Add points to the only one, which is evaluated unless it is known: for each coordinate in turn, one a step away from the best
    /// point so far (Powell 1994, section 2).
    pub(super) fn surround(
        &mut self,
        problem: &mut Problem<'a>,
        radius: f64,
    ) -> Result<bool, Stop> {
        if self.known.is_empty() {
            self.known.push(Known::at(problem, self.best_point())?);
        }
        self.violations = vec![self.violation(&self.known[0])];
        self.lagrange.clear();
        if !self.known[0].is_finite() {
            return Ok(false);
        }
        for i in 0..self.n {
            let (x, known) = self.neighbour(problem, i, radius)?;
            let violation = self.violation(&known);
            let better = known.value < self.best().value;
            self.points.extend(x);
            self.known.push(known);
            self.violations.push(violation);
            if better {
                self.lead(i + 1);
            }
        }
        Ok(self.known.iter().all(Known::is_finite) && self.refresh())
    }

    /// A point with another coordinate `i` than the best one, nearer or on the other side while there are no finite values.
    fn neighbour(
        &self,
        problem: &mut Problem<'a>,
        i: usize,
        radius: f64,
    ) -> Result<(Vec<f64>, Known), Stop> {
        let mut step = self.first_step(i, radius);
        let mut attempts = 0;
        loop {
            let x = self.along(i, step);
            let known = Known::at(problem, &x)?;
            if known.is_finite() || attempts == ATTEMPTS {
                return Ok((x, known));
            }
            let (low, high) = self.room_of(i, 0);
            step = (-0.5 * step).max(low).min(high);
            attempts += 1;
        }
    }

    /// A step of this length in coordinate `i`, in the direction of its first step, or to the side with more room.
    fn first_step(&self, i: usize, radius: f64) -> f64 {
        let (low, high) = self.room_of(i, 0);
        let upward = if self.is_downward[i] {
            -low < radius && -low < high
        } else {
            high >= radius || high >= -low
        };
        if upward { radius.min(high) } else { (-radius).max(low) }
    }

    /// The best point with another coordinate `i`.
    fn along(&self, i: usize, step: f64) -> Vec<f64> {
        let mut x = self.best_point().to_vec();
        x[i] = (x[i] + step * self.scale[i]).max(self.lower[i]).min(self.upper[i]);
        x
    }
}
