//! One radius for everything, and a simplex that is mended before the next step: the iteration of Powell's paper, without constraints.
//!
//! Every step is as long as rho. A simplex is acceptable when no point is farther than 2.1 rho from the best one, and none nearer than
//! rho / 4 to the face opposite to it. A step that gains less than a tenth of what the model promised is followed by an exchange of
//! the worst point, if the simplex was not acceptable, and by half of rho otherwise. What NLopt's COBYLA adds, as its points show:
//! * rho is doubled when a step from an acceptable simplex gains what the model promised, up to a tenth;
//! * the step of an exchange has, in each coordinate, a length of its own between a hundredth and all of that in the paper, from a
//!   sequence of numbers that begins with the number of variables and finite bounds.
//!
//! References:
//! * M. J. D. Powell, A direct search optimization method that models the objective and constraint functions by linear interpolation
//!   (1994), section 2, <https://doi.org/10.1007/978-94-015-8330-5_4>
//! * NLopt's manual, on what its COBYLA changes, <https://nlopt.readthedocs.io/en/latest/NLopt_Algorithms/#cobyla>
//! * ISO/IEC 9899:1990, section 7.10.2.2, for the sequence

use thalweg_core::{Finish, Problem, Stop};
use thalweg_linalg::{dot, nrm2};

use super::{GEOMETRY, LinearSearch, Outcome};
use crate::pieces::linear_rules::GOOD;
use crate::pieces::linear_set::{LinearModel, LinearSet, SAME};

/// Points farther from the best one than this many radii are to be moved.
const FAR: f64 = 2.1;
/// So are those nearer to the face opposite to them than this part of the radius.
const FLAT: f64 = 0.25;
/// A point goes for being far away beyond this many radii.
const LONG_EDGE: f64 = 1.1;
/// A step shorter than this part of the radius is not evaluated.
const SHORT: f64 = 0.5;
/// A step whose gain differs from what was promised by at most this part doubles the radius.
const FORESEEN: f64 = 0.1;
/// The least of the factors by which coordinates are shortened.
const LEAST_FACTOR: f64 = 0.01;

/// What the iteration remembers.
#[derive(Clone, Debug)]
pub(super) struct Simplex {
    /// Whether the last step asked for a better simplex.
    to_mend: bool,
    factors: Factors,
}

/// A fixed sequence of numbers between a hundredth and one.
#[derive(Clone, Debug)]
struct Factors(u32);

impl Simplex {
    pub(super) fn new(problem: &Problem<'_>) -> Self {
        let bounds = problem.lower().iter().chain(problem.upper());
        let size = problem.lower().len() + bounds.filter(|bound| bound.is_finite()).count();
        Simplex { to_mend: false, factors: Factors(u32::try_from(size).unwrap_or(u32::MAX)) }
    }
}

impl Factors {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let share = f64::from(self.0) / (f64::from(u32::MAX) + 1.0);
        LEAST_FACTOR + (1.0 - LEAST_FACTOR) * share
    }
}

impl<'a> LinearSearch<'a> {
    /// A step, and an exchange or half of rho after it where it disappoints. The end of the run, if it is one.
    pub(super) fn simplex_iteration(
        &mut self,
        problem: &mut Problem<'a>,
        model: &LinearModel,
    ) -> Result<Option<Finish>, Stop> {
        let rho = self.radii.rho;
        let worst = self.worst(rho);
        if std::mem::take(&mut self.simplex.to_mend)
            && let Some(t) = worst
        {
            self.mend(problem, model, t)?;
            return Ok(None);
        }
        let Outcome { ratio, converged } = self.simplex_step(problem, model)?;
        if let Some(test) = converged {
            return Ok(Some(self.end_by_value(test)));
        }
        if ratio >= GOOD {
            if worst.is_none() && (ratio - 1.0).abs() <= FORESEEN {
                self.radii.set_both(2.0 * rho);
            }
            return Ok(None);
        }
        if worst.is_some() {
            self.simplex.to_mend = true;
            return Ok(None);
        }
        if rho > self.last_radius(problem) {
            self.reduce(problem);
            self.radii.set_both(self.radii.rho);
            return Ok(None);
        }
        Ok(Some(self.converged(problem)))
    }

    /// The point that makes the simplex unacceptable.
    fn worst(&self, rho: f64) -> Option<usize> {
        let ((far, distance), (flat, height)) = (self.set.farthest(), self.set.flattest());
        if distance > FAR * rho * SAME {
            Some(far)
        } else if height * SAME < FLAT * rho {
            Some(flat)
        } else {
            None
        }
    }

    /// Move a point to half of rho from the best one, away from the face opposite to it, each coordinate by less.
    fn mend(
        &mut self,
        problem: &mut Problem<'a>,
        model: &LinearModel,
        t: usize,
    ) -> Result<(), Stop> {
        let lagrange = self.set.lagrange(t);
        let length = GEOMETRY * self.radii.rho / nrm2(lagrange);
        let downhill = if dot(&model.gradient, lagrange) > 0.0 { -length } else { length };
        let factors = &mut self.simplex.factors;
        let d: Vec<f64> = lagrange.iter().map(|l| downhill * l * factors.next()).collect();
        let (low, high) = self.set.room();
        let inside =
            |d: &[f64]| d.iter().zip(low.iter().zip(&high)).all(|(d, (l, h))| l <= d && d <= h);
        let back: Vec<f64> = d.iter().map(|d| -d).collect();
        let d = [d, back].into_iter().find(|d| inside(d));
        let d = d.unwrap_or_else(|| self.geometry_step(t, GEOMETRY * self.radii.rho));
        self.exchange(problem, t, d)?;
        Ok(())
    }

    /// Evaluate a step, if it is not too short, and take the point into the simplex.
    fn simplex_step(
        &mut self,
        problem: &mut Problem<'a>,
        model: &LinearModel,
    ) -> Result<Outcome, Stop> {
        let (d, rho) = (self.step(model), self.radii.rho);
        let promised = -dot(&model.gradient, &d);
        let mut outcome = Outcome::failed();
        if nrm2(&d) < SHORT * rho || promised <= 0.0 {
            return Ok(outcome);
        }
        let x = self.set.after(&d);
        let known = self.evaluate(problem, &x)?;
        let (old, new) = (self.set.best().value, known.value);
        let leaving = leaving(&self.set, &d, new < old, rho).filter(|_| known.is_finite());
        if let Some(t) = leaving
            && (self.set.replace(t, &x, known) || self.renew(problem)?)
        {
            outcome.ratio = (old - new) / promised;
            outcome.converged = self.tests.foreseen_gain(outcome.ratio, old, new);
        }
        self.set.choose_best(self.mu);
        problem.iteration(self.set.best_point(), self.set.best().value)?;
        Ok(outcome)
    }
}

/// The point that goes: one that is far from the best point afterwards and leaves the simplex in good shape, or else the one whose
/// exchange makes the simplex largest; none when the step is no gain and none makes it larger.
fn leaving(set: &LinearSet<'_>, d: &[f64], better: bool, rho: f64) -> Option<usize> {
    let growth = |k: usize| dot(set.lagrange(k), d).abs();
    let (mut chosen, mut most) = (None, if better { 0.0 } else { 1.0 });
    for k in set.others().filter(|&k| growth(k) > 0.0) {
        if growth(k) > most * SAME {
            (chosen, most) = (Some(k), growth(k));
        }
    }
    let mut longest = LONG_EDGE * rho;
    for k in set.others() {
        let mut way = set.way(set.point(k));
        if better {
            way.iter_mut().zip(d).for_each(|(way, d)| *way -= d);
        }
        let (edge, factor) = (nrm2(&way), growth(k));
        let sound = factor * SAME >= 1.0 || factor * set.height(k) >= FLAT * rho;
        if sound && edge > longest * SAME {
            (chosen, longest) = (Some(k), edge);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    #[test]
    fn factors_are_the_same_for_every_run_and_neither_small_nor_large() {
        let mut factors = Factors(3);
        let first: Vec<f64> = (0..4).map(|_| factors.next()).collect();
        // Of NLopt's first two exchanges for three variables, from its points.
        let seen = [0.773_091, 0.117_373, 0.166_581, 0.630_572];
        assert!(first.iter().zip(seen).all(|(f, s)| (f - s).abs() < 1e-6), "{first:?}");
        assert!((0..1000).map(|_| factors.next()).all(|f| (0.01..1.0).contains(&f)));
    }

    #[test]
    fn a_far_point_goes_before_the_one_that_makes_the_simplex_largest() {
        let mut oracle = FunctionOracle::scalar(|x| x[0] + x[1]);
        let spec = ProblemSpec::unconstrained(2);
        let mut problem = Problem::new(&mut oracle, &spec);
        let set = LinearSet::evaluate(&mut problem, &[0.0; 2], &[1.0; 2]).unwrap().unwrap();
        let d = [-0.8, -0.4];
        // Edges of 1.84 and 1.61 afterwards; without far points the larger growth of the volume counts.
        assert_eq!(leaving(&set, &d, true, 1.0), Some(1));
        assert_eq!(leaving(&set, &[-0.4, -0.8], true, 1.0), Some(2));
        assert_eq!(leaving(&set, &d, true, 10.0), Some(1));
        assert_eq!(leaving(&set, &d, false, 10.0), None, "no gain, and none makes it larger");
        // As near as 1.1 radii without a gain, and equal: the first one.
        assert_eq!(leaving(&set, &[1.5, 1.5], false, 0.5), Some(1));
    }
}
