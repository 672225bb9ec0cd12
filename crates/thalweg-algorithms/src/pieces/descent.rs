//! A point that moves along directions: the part that line-search methods share.
//!
//! Holds the point with its value and gradient, the direction, and the point before. A search either moves the point and keeps
//! where it came from, or fails and leaves everything as it was.

use thalweg_core::{Finish, OptionError, Problem, Stop, Test, Verdict};
use thalweg_linalg::{all_finite, dot, nrm2};
use thalweg_macros::Choice;

use super::hager_zhang::HagerZhang;
use super::more_thuente::{Ending, MoreThuente, Searched};
use super::rounding::lost_in_rounding;
use super::wolfe_search::WolfeSearch;
use super::zoom_search::{Trial, ZoomSearch};

/// The largest step of a line search, as a multiple of its direction.
const LARGEST_STEP: f64 = 1e10;

/// The end of a run whose start is of no use.
pub const NOT_FINITE: &str = "the objective or its gradient is not finite at the start";
/// The end of a run that cannot go on.
pub const NO_BETTER_POINT: &str = "no better point along steepest descent";

/// What a step has to fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum Conditions {
    /// Sufficient decrease and a small slope, whatever its sign.
    StrongWolfe,
    /// Sufficient decrease and a slope that is not much below zero.
    Wolfe,
}

/// Refuse conditions of Wolfe that no step need fulfil.
///
/// # Errors
/// [`OptionError::Conflict`] for this algorithm.
pub fn check_wolfe(
    algorithm: &'static str,
    armijo_condition: f64,
    curvature_condition: f64,
) -> Result<(), OptionError> {
    OptionError::unless_less(
        algorithm,
        ("armijo_condition", armijo_condition),
        ("curvature_condition", curvature_condition),
    )
}

/// How the step along a direction is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LineSearch {
    /// Strong Wolfe conditions; the value falls in every step.
    MoreThuente(MoreThuente),
    /// Wolfe conditions or approximate ones; the value may rise by the slack of the search.
    HagerZhang(HagerZhang),
    /// Wolfe conditions; the value falls in every step.
    Wolfe(WolfeSearch),
}

impl LineSearch {
    /// The part of the decrease predicted by the slope that a step has to attain.
    pub fn sufficient_decrease(&self) -> f64 {
        match self {
            LineSearch::MoreThuente(search) => search.sufficient_decrease,
            LineSearch::HagerZhang(search) => search.sufficient_decrease,
            LineSearch::Wolfe(search) => search.sufficient_decrease,
        }
    }
}

/// The point, the direction in which it is to move, and the point before.
#[derive(Clone, Debug, Default)]
pub struct Descent {
    /// The point.
    pub x: Vec<f64>,
    /// The objective there.
    pub value: f64,
    /// The gradient there.
    pub gradient: Vec<f64>,
    /// The direction of the next, or the last, search.
    pub direction: Vec<f64>,
    /// The point before the last search that moved it.
    pub x_old: Vec<f64>,
    /// The gradient before.
    pub gradient_old: Vec<f64>,
    bounded: bool,
    /// The size of the objective at the start.
    size_at_start: f64,
}

impl Descent {
    /// Begin at `x0`, with the direction of steepest descent.
    ///
    /// # Errors
    /// [`Stop`] from the evaluation.
    pub fn start(problem: &mut Problem<'_>, x0: &[f64]) -> Result<Self, Stop> {
        let (x, zero) = (x0.to_vec(), vec![0.0; x0.len()]);
        let mut gradient = zero.clone();
        let value = problem.value_and_gradient(&x, &mut gradient)?;
        let mut start = Descent {
            x_old: x.clone(),
            gradient_old: zero.clone(),
            x,
            value,
            gradient,
            direction: zero,
            bounded: problem.is_bounded(),
            size_at_start: value.abs(),
        };
        start.turn_downhill();
        Ok(start)
    }

    /// Whether value and gradient are finite.
    pub fn is_finite(&self) -> bool {
        self.value.is_finite() && all_finite(&self.gradient)
    }

    /// Take the direction of steepest descent.
    pub fn turn_downhill(&mut self) {
        for (d, g) in self.direction.iter_mut().zip(&self.gradient) {
            *d = -g;
        }
    }

    /// The slope along the direction.
    pub fn slope(&self) -> f64 {
        dot(&self.gradient, &self.direction)
    }

    /// After a search that found no better point along the step of a model that knows the curvature: whether the decrease that it
    /// promises is lost in rounding.
    pub fn lost_in_rounding(&self) -> Option<Test> {
        lost_in_rounding(-0.5 * self.slope(), self.size_at_start.max(self.value.abs()))
    }

    /// Search along the direction, beginning with the step `first`. Nothing when there is no better point on the way.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    pub fn search(
        &mut self,
        problem: &mut Problem<'_>,
        line_search: &LineSearch,
        first: f64,
    ) -> Result<Option<Searched>, Stop> {
        self.search_up_to(problem, line_search, first.min(LARGEST_STEP), LARGEST_STEP)
    }

    /// Search along the direction with steps of at most `largest`, which keeps within the bounds but for rounding. A search of
    /// Hager and Zhang knows no largest step.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    pub fn search_up_to(
        &mut self,
        problem: &mut Problem<'_>,
        line_search: &LineSearch,
        first: f64,
        largest: f64,
    ) -> Result<Option<Searched>, Stop> {
        let start = (self.value, self.slope());
        if !(start.1 < 0.0 && start.1.is_finite() && first > 0.0) {
            return Ok(None);
        }
        self.remember();
        let (x, x_old, gradient) = (&mut self.x, &self.x_old, &mut self.gradient);
        let (direction, bounded) = (&self.direction, self.bounded);
        let evaluate = |step: f64| -> Result<(f64, f64), Stop> {
            for ((x, from), d) in x.iter_mut().zip(x_old).zip(direction) {
                *x = from + step * d;
            }
            if bounded {
                problem.clip(x);
            }
            let value = problem.value_and_gradient(x, gradient)?;
            Ok((value, dot(gradient, direction)))
        };
        let (searched, rise) = match line_search {
            LineSearch::MoreThuente(search) => {
                (search.search(start, first, largest, evaluate)?, 0.0)
            }
            LineSearch::Wolfe(search) => (search.search(start, first, largest, evaluate)?, 0.0),
            LineSearch::HagerZhang(search) => {
                (search.search(start, first, evaluate)?, search.slack * start.0.abs())
            }
        };

        let better =
            if rise > 0.0 { searched.value <= start.0 + rise } else { searched.value < start.0 };
        if searched.ending == Ending::Exhausted || !better || !all_finite(&self.gradient) {
            self.go_back();
            return Ok(None);
        }
        self.value = searched.value;
        Ok(Some(searched))
    }

    /// Search again from where the last search began, `(value, slope)`, for a point that is welcome. `last` is what that search found;
    /// its trial is not repeated. Nothing when there is no such point on the way: then the point is where the search began.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    pub fn search_again(
        &mut self,
        problem: &mut Problem<'_>,
        (line_search, first): (&ZoomSearch, f64),
        (value, slope): (f64, f64),
        last: Option<Searched>,
        is_welcome: impl Fn(&Descent, f64) -> bool,
    ) -> Result<Option<Searched>, Stop> {
        if last.is_none() {
            self.remember();
        }
        let mut last = last;
        let searched = line_search.search((value, slope), first, LARGEST_STEP, |step| {
            let (value, slope) = match last.take() {
                Some(known) if known.step == step => (known.value, known.slope),
                _ => {
                    for ((x, from), d) in self.x.iter_mut().zip(&self.x_old).zip(&self.direction) {
                        *x = from + step * d;
                    }
                    let value = problem.value_and_gradient(&self.x, &mut self.gradient)?;
                    (value, self.slope())
                }
            };
            Ok(Trial { value, slope, is_welcome: is_welcome(self, slope) })
        })?;
        if searched.ending == Ending::Exhausted {
            self.go_back();
            self.value = value;
            return Ok(None);
        }
        self.value = searched.value;
        Ok(Some(searched))
    }

    /// Go to the end of the direction, moved onto the bounds where it leaves them, if that gives a sufficient part of the
    /// decrease that the slope on the way there promises. Costs one evaluation.
    ///
    /// # Errors
    /// [`Stop`] from the evaluation.
    pub fn step_within_bounds(
        &mut self,
        problem: &mut Problem<'_>,
        sufficient_decrease: f64,
    ) -> Result<bool, Stop> {
        self.remember();
        for ((x, from), d) in self.x.iter_mut().zip(&self.x_old).zip(&self.direction) {
            *x = from + d;
        }
        problem.clip(&mut self.x);
        let promised: f64 = (self.x.iter().zip(&self.x_old))
            .zip(&self.gradient_old)
            .map(|((x, from), g)| g * (x - from))
            .sum();
        if promised < 0.0 {
            let value = problem.value_and_gradient(&self.x, &mut self.gradient)?;
            if value <= self.value + sufficient_decrease * promised && all_finite(&self.gradient) {
                self.value = value;
                return Ok(true);
            }
        }
        self.go_back();
        Ok(false)
    }

    fn remember(&mut self) {
        std::mem::swap(&mut self.x, &mut self.x_old);
        std::mem::swap(&mut self.gradient, &mut self.gradient_old);
    }

    fn go_back(&mut self) {
        self.remember();
    }

    /// The first step of a method that knows nothing of the curvature: one unit, or the whole gradient if it is shorter.
    pub fn unit_step(&self) -> f64 {
        (1.0 / nrm2(&self.direction)).min(1.0)
    }

    /// The step that gains a bit more than `gain`, if the slope falls off to zero evenly on the way (Nocedal and Wright, 3.60).
    pub fn step_to_gain(&self, gain: f64) -> f64 {
        2.0 * 1.01 * gain / -self.slope()
    }

    /// End here.
    pub fn finish(self, verdict: Verdict) -> Finish {
        let Descent { x, value, gradient, .. } = self;
        Finish { x, value, verdict, extras: Vec::new() }.with("gradient", gradient)
    }

    /// End here without success.
    pub fn stalled(self, reason: impl Into<String>) -> Finish {
        self.finish(Verdict::Stalled(reason.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    const SEARCH: LineSearch = LineSearch::MoreThuente(MoreThuente {
        sufficient_decrease: 1e-4,
        curvature: 0.9,
        width: 1e-14,
        max_evaluations: 20,
    });

    #[test]
    fn moves_and_keeps_where_it_came_from() {
        let mut oracle = FunctionOracle::scalar(|x| x[0] * x[0] + 4.0 * x[1] * x[1])
            .with_gradient(|x, g| g.copy_from_slice(&[2.0 * x[0], 8.0 * x[1]]));
        let spec = ProblemSpec::unconstrained(2);
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut point = Descent::start(&mut problem, &[3.0, 0.0]).unwrap();
        assert_eq!((point.value, point.slope(), point.unit_step()), (9.0, -36.0, 1.0 / 6.0));
        assert!((point.step_to_gain(9.0) - 0.505).abs() < 1e-15);
        let step = point.search(&mut problem, &SEARCH, 0.5).unwrap().unwrap();
        assert_eq!((step.step, point.value, point.x[0]), (0.5, 0.0, 0.0));
        assert_eq!((&point.x_old[..], &point.gradient_old[..]), (&[3.0, 0.0][..], &[6.0, 0.0][..]));
    }

    #[test]
    fn a_step_beyond_the_bounds_ends_on_them() {
        let mut oracle = FunctionOracle::scalar(|x| (x[0] - 9.0).powi(2) + (x[1] - 1.0).powi(2))
            .with_gradient(|x, g| g.copy_from_slice(&[2.0 * (x[0] - 9.0), 2.0 * (x[1] - 1.0)]));
        let spec = ProblemSpec {
            lower: vec![0.0, 0.0],
            upper: vec![5.0, 5.0],
            ..ProblemSpec::unconstrained(2)
        };
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut point = Descent::start(&mut problem, &[3.0, 3.0]).unwrap();
        point.direction = vec![6.0, -2.0];
        assert!(point.step_within_bounds(&mut problem, 1e-4).unwrap());
        assert_eq!((&point.x[..], point.value), (&[5.0, 1.0][..], 16.0));
        // From here everything better is outside.
        point.turn_downhill();
        assert!(!point.step_within_bounds(&mut problem, 1e-4).unwrap());
        point.direction = vec![0.0, 8.0];
        assert!(!point.step_within_bounds(&mut problem, 1e-4).unwrap());
        assert_eq!((&point.x[..], point.value, oracle.n_evaluations), (&[5.0, 1.0][..], 16.0, 2));
    }

    #[test]
    fn stays_where_it_is_when_nothing_is_better() {
        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
        let spec = ProblemSpec::unconstrained(1);
        let mut problem = Problem::new(&mut oracle, &spec);
        let mut point = Descent::start(&mut problem, &[1.0]).unwrap();
        assert_eq!(point.search(&mut problem, &SEARCH, 1.0), Ok(None));
        assert_eq!((point.x[0], point.value, point.gradient[0]), (1.0, 1.0, -1.0));
        // Uphill: not even tried.
        point.direction[0] = -1.0;
        assert_eq!(point.search(&mut problem, &SEARCH, 1.0), Ok(None));
        assert_eq!(oracle.n_evaluations, 21);
    }
}
