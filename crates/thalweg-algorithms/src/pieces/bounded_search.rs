//! Moving along a direction within bounds: which variables to hold, and how far to go.
//!
//! Variables that are on a bound and would leave it along steepest descent are held. The others may reach their bounds on the way:
//! the whole direction, moved onto the bounds where it leaves them, is tried first; where it does not bring enough, a line search
//! goes as far as the first bound. Many bounds can be met in one iteration so, and one is met at the least.
//!
//! Reference: D. P. Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM J. Control Optim.
//! 20 (1982), <https://doi.org/10.1137/0320018>

use thalweg_core::{Problem, Stop};
use thalweg_linalg::nrm2;

use super::box_model::Bounds;
use super::descent::{Descent, LineSearch};

/// The largest step of a line search, as a multiple of its direction.
const LARGEST_STEP: f64 = 1e10;

/// Whether `x` is on the bound towards which `d` points, or so near that rounding makes the difference.
fn leaves(x: f64, d: f64, low: f64, high: f64) -> bool {
    let bound = if d < 0.0 { low } else { high };
    let rounding = 4.0 * f64::EPSILON * bound.abs();
    d != 0.0 && bound.is_finite() && (bound - x).abs() <= rounding
}

/// Mark the variables that would leave their bound along steepest descent.
pub fn hold(point: &Descent, bounds: &Bounds<'_>, held: &mut [bool]) {
    for (i, (held, g)) in held.iter_mut().zip(&point.gradient).enumerate() {
        *held = leaves(point.x[i], -g, bounds.lower[i], bounds.upper[i]);
    }
}

/// Zero for variables that are held.
pub fn leave_out(held: &[bool], vector: &mut [f64]) {
    for (v, held) in vector.iter_mut().zip(held) {
        if *held {
            *v = 0.0;
        }
    }
}

/// Take from the direction what leads out of bounds that have been met.
pub fn turn_away_from_bounds(point: &mut Descent, bounds: &Bounds<'_>) {
    for (i, d) in point.direction.iter_mut().enumerate() {
        if leaves(point.x[i], *d, bounds.lower[i], bounds.upper[i]) {
            *d = 0.0;
        }
    }
}

/// How far the direction leads before it meets a bound.
fn room(point: &Descent, bounds: &Bounds<'_>) -> f64 {
    let mut room = f64::INFINITY;
    if bounds.any {
        for (i, &d) in point.direction.iter().enumerate().filter(|(_, d)| **d != 0.0) {
            let bound = if d < 0.0 { bounds.lower[i] } else { bounds.upper[i] };
            room = room.min((bound - point.x[i]) / d);
        }
    }
    room
}

/// A line search within bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundedSearch {
    /// The search along the direction.
    pub line_search: LineSearch,
    /// The longest step, or 0 for no limit.
    pub longest: f64,
}

impl BoundedSearch {
    /// Move the point along its direction; false, and nothing has moved, when there is no better point on the way. The first trial
    /// of a line search is at most `first`.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    pub fn search(
        &self,
        problem: &mut Problem<'_>,
        point: &mut Descent,
        bounds: &Bounds<'_>,
        first: f64,
    ) -> Result<bool, Stop> {
        let longest =
            if self.longest > 0.0 { self.longest / nrm2(&point.direction) } else { LARGEST_STEP };
        let room = room(point, bounds);
        if room < 1.0
            && longest >= 1.0
            && point.step_within_bounds(problem, self.line_search.sufficient_decrease())?
        {
            return Ok(true);
        }
        let (line_search, largest) = (&self.line_search, room.min(longest));
        Ok(point.search_up_to(problem, line_search, first.min(largest), largest)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::wolfe_search::WolfeSearch;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    #[test]
    fn a_variable_on_whichever_side_of_its_interval_leaves_it_outwards() {
        assert!(leaves(1.0, 0.5, 0.0, 1.0) && leaves(0.0, -0.5, 0.0, 1.0));
        assert!(leaves(1.0 - 1e-16, 0.5, 0.0, 1.0));
        assert!(!leaves(1.0, -0.5, 0.0, 1.0) && !leaves(0.9, 0.5, 0.0, 1.0));
        assert!(!leaves(1.0, 0.0, 0.0, 1.0));
        assert!(!leaves(1.0, 1.0, f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn goes_as_far_as_the_bounds_the_limit_and_the_function_allow() {
        // A valley along x, downhill to x = 9; steep across.
        let value = |x: &[f64]| (x[0] - 9.0).powi(2) + 50.0 * (x[1] - 1.0).powi(2);
        let spec = ProblemSpec {
            lower: vec![0.0, -9.0],
            upper: vec![5.0, 5.0],
            ..ProblemSpec::unconstrained(2)
        };
        let usual = BoundedSearch {
            line_search: LineSearch::Wolfe(WolfeSearch {
                sufficient_decrease: 1e-4,
                curvature: 0.25,
                max_evaluations: 20,
            }),
            longest: 0.0,
        };
        let cases = [
            // Onto the bound and along it; uphill; only as far as the bound; as far as the limit.
            (usual, [6.0, -2.0], Some([5.0, 1.0])),
            (usual, [2.5, 5.0], None),
            (usual, [8.0, -6.0], Some([5.0, 1.5])),
            (BoundedSearch { longest: 1.0, ..usual }, [3.0, 0.0], Some([4.0, 3.0])),
        ];
        for (search, direction, end) in cases {
            let mut oracle = FunctionOracle::scalar(value).with_gradient(|x, g| {
                g.copy_from_slice(&[2.0 * (x[0] - 9.0), 100.0 * (x[1] - 1.0)]);
            });
            let mut problem = Problem::new(&mut oracle, &spec);
            let bounds = Bounds::new(problem.lower(), problem.upper());
            let mut point = Descent::start(&mut problem, &[3.0, 3.0]).unwrap();
            point.direction = direction.to_vec();
            let moved = search.search(&mut problem, &mut point, &bounds, 1.0).unwrap();
            assert_eq!(moved, end.is_some(), "{direction:?}");
            assert_eq!(point.x, end.unwrap_or([3.0, 3.0]), "{direction:?}");
        }
    }

    #[test]
    fn holds_what_would_leave_and_turns_the_rest_away() {
        let mut oracle = FunctionOracle::scalar(|_| 0.0)
            .with_gradient(|_, g| g.copy_from_slice(&[1.0, -1.0, 1.0]));
        let spec = ProblemSpec {
            lower: vec![0.0; 3],
            upper: vec![5.0; 3],
            ..ProblemSpec::unconstrained(3)
        };
        let mut problem = Problem::new(&mut oracle, &spec);
        let bounds = Bounds::new(problem.lower(), problem.upper());
        let mut point = Descent::start(&mut problem, &[0.0, 0.0, 1.0]).unwrap();
        let mut held = [false; 3];
        hold(&point, &bounds, &mut held);
        assert_eq!(held, [true, false, false]);
        let mut vector = [1.0, 2.0, 3.0];
        leave_out(&held, &mut vector);
        assert_eq!(vector, [0.0, 2.0, 3.0]);
        point.direction = vec![-1.0, -1.0, -1.0];
        turn_away_from_bounds(&mut point, &bounds);
        assert_eq!(point.direction, [0.0, 0.0, -1.0]);
    }
}
