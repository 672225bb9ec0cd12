//! Line searches by parabolas, with an estimate of the curvature that is carried from search to search; random steps; and the same
//! search along a parabola in space.
//!
//! References:
//! * R. P. Brent, Algorithms for Minimization without Derivatives (1973), sections 7.3 to 7.7

use thalweg_core::{Problem, Stop};

/// The square of the machine precision: what is smaller is nothing.
pub const TINY: f64 = f64::EPSILON * f64::EPSILON;
/// How much worse than the best value one counts that is not finite, in terms of the best value's size or 1.
const WORSE: f64 = 1e3;

/// The size of parameters that are all zero, in terms of the largest step.
const SIZE_OF_ZERO: f64 = 1e-3;

/// The objective around the best point.
pub struct Lines<'p, 'a> {
    problem: &'p mut Problem<'a>,
    /// The best point.
    pub x: Vec<f64>,
    /// The value there.
    pub value: f64,
    /// The length of recent steps.
    pub progress: f64,
    /// The curvature to assume where none is known.
    pub least_curvature: f64,
    /// Whether any value but the start's was finite.
    pub defined: bool,
    largest_step: f64,
    n_searches: usize,
}

/// Three points in space: the ends of the last two cycles and the present one.
#[derive(Clone, Debug)]
pub struct Curve {
    first: Vec<f64>,
    second: Vec<f64>,
    value_at_second: f64,
    /// The distance between the first and the second.
    distance: f64,
}

impl Curve {
    /// All three points at the start.
    pub fn new(x: &[f64], value: f64) -> Self {
        Curve { first: x.to_vec(), second: x.to_vec(), value_at_second: value, distance: 0.0 }
    }
}

/// What a search moves along.
enum Path<'a> {
    Straight(&'a [f64]),
    /// The parabola through `first` at -`before`, the best point at 0, and `last` at `after`.
    Parabola {
        first: &'a [f64],
        last: &'a [f64],
        before: f64,
        after: f64,
    },
}

impl Path<'_> {
    fn point(&self, x: &[f64], step: f64) -> Vec<f64> {
        match self {
            Path::Straight(direction) => {
                x.iter().zip(*direction).map(|(x, v)| x + step * v).collect()
            }
            Path::Parabola { first, last, before, after } => {
                let of_first = step * (step - after) / (before * (before + after));
                let of_x = (step + before) * (after - step) / (before * after);
                let of_last = step * (step + before) / (after * (before + after));
                (first.iter().zip(x).zip(*last))
                    .map(|((first, x), last)| of_first * first + of_x * x + of_last * last)
                    .collect()
            }
        }
    }
}

impl<'p, 'a> Lines<'p, 'a> {
    /// Searches from `x`, whose value is known, with steps of at most `largest_step`.
    pub fn new(problem: &'p mut Problem<'a>, x: &[f64], value: f64, largest_step: f64) -> Self {
        let largest_step = largest_step.max(100.0 * TINY);
        Lines {
            problem,
            x: x.to_vec(),
            value,
            progress: largest_step,
            least_curvature: TINY,
            defined: false,
            largest_step,
            n_searches: 0,
        }
    }

    /// Report the end of an iteration.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn report(&mut self) -> Result<(), Stop> {
        self.problem.iteration(&self.x, self.value)
    }

    fn value_at(&mut self, path: &Path<'_>, step: f64) -> Result<f64, Stop> {
        let x = path.point(&self.x, step);
        self.value_of(&x)
    }

    fn value_of(&mut self, x: &[f64]) -> Result<f64, Stop> {
        let value =
            if x.iter().all(|x| x.is_finite()) { self.problem.value(x)? } else { f64::INFINITY };
        self.defined |= value.is_finite() && x != self.x;
        let worst = self.value + WORSE * self.value.abs().max(1.0);
        Ok(if value.is_finite() { value } else { worst })
    }

    /// Go to the minimum along the direction, as parabolas see it, halving steps that fail at most `n_halvings` times. `curvature` is half
    /// the second derivative along the direction, 0 if unknown. The value at one step may be `known`. Returns the step.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn search(
        &mut self,
        direction: &[f64],
        curvature: &mut f64,
        n_halvings: usize,
        known: Option<(f64, f64)>,
    ) -> Result<f64, Stop> {
        let path = Path::Straight(direction);
        let step = self.search_path(&path, curvature, n_halvings, known)?;
        self.x = path.point(&self.x, step);
        Ok(step)
    }

    /// The search without the move: the value is that at the step, the point is left behind.
    fn search_path(
        &mut self,
        path: &Path<'_>,
        curvature: &mut f64,
        n_halvings: usize,
        known: Option<(f64, f64)>,
    ) -> Result<f64, Stop> {
        let at_zero = self.value;
        let mut unknown = *curvature < f64::EPSILON;
        let smallest = self.probing_step(*curvature, unknown);
        let mut best = (0.0, at_zero);
        let keep_better = |best: &mut (f64, f64), step: f64, value: f64| {
            if value <= best.1 {
                *best = (step, value);
            }
        };
        if let Some((step, value)) = known {
            keep_better(&mut best, step, value);
        }
        let (step, value) = match known {
            Some(known) if known.0.abs() >= smallest => known,
            _ => {
                let sign = if known.is_some_and(|(step, _)| step <= 0.0) { -1.0 } else { 1.0 };
                (sign * smallest, self.value_at(path, sign * smallest)?)
            }
        };
        keep_better(&mut best, step, value);

        // `bent` is the second derivative from the values at zero, `step` and another point.
        let bent = |other: f64, at_other: f64| {
            (other * (value - at_zero) - step * (at_other - at_zero))
                / (step * other * (step - other))
        };
        let mut failures = 0;
        let mut target;
        loop {
            if unknown {
                let other = if at_zero < value { -step } else { 2.0 * step };
                let at_other = self.value_at(path, other)?;
                keep_better(&mut best, other, at_other);
                *curvature = bent(other, at_other);
            }
            let slope = (value - at_zero) / step - step * *curvature;
            unknown = true;
            target = if *curvature <= TINY {
                if slope < 0.0 { self.largest_step } else { -self.largest_step }
            } else {
                (-0.5 * slope / *curvature).clamp(-self.largest_step, self.largest_step)
            };
            let mut at_target = self.value_at(path, target)?;
            let mut again = false;
            while failures < n_halvings && at_target > at_zero {
                failures += 1;
                if at_zero < value && step * target > 0.0 {
                    again = true; // The curvature that was assumed is wrong.
                    break;
                }
                target *= 0.5;
                at_target = self.value_at(path, target)?;
            }
            if !again {
                keep_better(&mut best, target, at_target);
                break;
            }
        }
        self.n_searches += 1;
        let (to, at_end) = best;
        if (to * (to - step)).abs() > TINY {
            *curvature = bent(to, at_end);
        } else if failures > 0 {
            *curvature = 0.0;
        }
        if curvature.is_nan() || *curvature <= TINY {
            *curvature = TINY;
        }
        self.value = at_end;
        Ok(to)
    }

    /// The first step of a search: where rounding is no matter, and the parabola is still near.
    fn probing_step(&self, curvature: f64, unknown: bool) -> f64 {
        let root = f64::EPSILON.sqrt();
        let size = thalweg_linalg::nrm2(&self.x);
        let bend = if unknown { self.least_curvature } else { curvature };
        let by_value = (self.value.abs() / bend + size * self.progress).sqrt();
        let mut step = root.sqrt() * by_value + root * self.progress;
        // A start at zero has no size (Brent leaves such a scale to the caller).
        let by_size = root.sqrt() * size.max(SIZE_OF_ZERO * self.largest_step);
        if unknown {
            step = step.min(by_size);
        }
        step.max(TINY).min(0.01 * self.largest_step)
    }

    /// Step at random along each direction, farther when progress was small `idle` times. Returns the steps.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn random_step(&mut self, directions: &[Vec<f64>], idle: i32) -> Result<Vec<f64>, Stop> {
        let precision = f64::EPSILON.sqrt() * thalweg_linalg::nrm2(&self.x) + TINY;
        let width = 0.1 * self.progress + precision * 10.0_f64.powi(idle);
        let steps: Vec<f64> =
            directions.iter().map(|_| width * (self.problem.rng().uniform() - 0.5)).collect();
        let mut x = self.x.clone();
        for (step, direction) in steps.iter().zip(directions) {
            x.iter_mut().zip(direction).for_each(|(x, v)| *x += step * v);
        }
        self.value = self.value_of(&x)?;
        self.x = x;
        Ok(steps)
    }

    /// Go to the minimum along the parabola through the ends of the last two cycles and this one.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn follow_curve(&mut self, curve: &mut Curve) -> Result<(), Stop> {
        let n = self.x.len();
        // The search starts at the end of the last cycle; that of the present one lies ahead.
        std::mem::swap(&mut self.x, &mut curve.second);
        std::mem::swap(&mut self.value, &mut curve.value_at_second);
        let way: Vec<f64> = curve.second.iter().zip(&self.x).map(|(l, x)| l - x).collect();
        let ahead = thalweg_linalg::nrm2(&way);
        let end = if curve.distance > 0.0 && ahead > 0.0 && self.n_searches >= 3 * n * n {
            let path = Path::Parabola {
                first: &curve.first,
                last: &curve.second,
                before: curve.distance,
                after: ahead,
            };
            let known = Some((ahead, curve.value_at_second));
            let step = self.search_path(&path, &mut 0.0, 2, known)?;
            path.point(&self.x, step)
        } else {
            self.value = curve.value_at_second;
            curve.second.clone()
        };
        curve.distance = ahead;
        curve.first = std::mem::replace(&mut self.x, end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    fn with_lines<R>(
        oracle: &mut FunctionOracle<'_>,
        x: &[f64],
        test: impl FnOnce(&mut Lines<'_, '_>) -> R,
    ) -> R {
        let spec = ProblemSpec::unconstrained(x.len());
        let mut problem = Problem::new(oracle, &spec);
        let value = problem.value(x).unwrap();
        test(&mut Lines::new(&mut problem, x, value, 10.0))
    }

    #[test]
    fn a_parabola_is_minimized_at_once_and_its_curvature_is_learnt() {
        let mut oracle = FunctionOracle::scalar(|x| 3.0 * (x[0] - 2.0).powi(2) + x[1]);
        let mut curvature = 0.0;
        let step = with_lines(&mut oracle, &[0.5, 1.0], |lines| {
            let step = lines.search(&[1.0, 0.0], &mut curvature, 2, None).unwrap();
            assert!((lines.x[0] - 2.0).abs() < 1e-5 && (lines.value - 1.0).abs() < 1e-9);
            step
        });
        assert!((step - 1.5).abs() < 1e-5 && (curvature - 3.0).abs() < 1e-3, "{step} {curvature}");
        assert_eq!(oracle.n_evaluations, 1 + 3);
    }

    #[test]
    fn a_search_never_makes_it_worse_and_no_step_is_too_long() {
        for f in [|x: &[f64]| -x[0], |x: &[f64]| x[0].abs().sqrt(), |x: &[f64]| (5.0 * x[0]).sin()]
        {
            for start in [-3.0, 0.1, 1.0] {
                let mut oracle = FunctionOracle::scalar(f);
                with_lines(&mut oracle, &[start], |lines| {
                    let step = lines.search(&[1.0], &mut 0.0, 2, None).unwrap();
                    assert!(lines.value <= f(&[start]) && step.abs() <= 10.0);
                    assert_eq!(lines.value, f(&lines.x));
                });
            }
        }
    }

    #[test]
    fn the_parabola_in_space_goes_through_its_points() {
        let path =
            Path::Parabola { first: &[1.0, 0.0], last: &[0.0, 2.0], before: 0.5, after: 2.0 };
        let x = [3.0, 3.0];
        assert_eq!(path.point(&x, -0.5), [1.0, 0.0]);
        assert_eq!(path.point(&x, 0.0), x);
        assert_eq!(path.point(&x, 2.0), [0.0, 2.0]);
    }

    #[test]
    fn undefined_values_are_backed_away_from() {
        let mut oracle =
            FunctionOracle::scalar(|x| if x[0] > 1.0 { f64::NAN } else { (x[0] - 0.9).powi(2) });
        with_lines(&mut oracle, &[0.0], |lines| {
            for _ in 0..5 {
                lines.search(&[1.0], &mut 0.0, 2, None).unwrap();
            }
            assert!(lines.value < 1e-6, "{}", lines.value);
        });
    }
}
