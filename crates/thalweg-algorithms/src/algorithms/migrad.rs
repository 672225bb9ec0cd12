//! MIGRAD: the variable metric method of Minuit, which ends by the estimated distance to the minimum.
//!
//! *When to use*: likelihoods and sums of squares with up to some tens of parameters, whose value has a scale of its own
//! (`errordef`: 0.5 for a negative log-likelihood, 1 for a chi-square), when the covariance of the parameters is wanted as much as
//! their values. It ends as soon as the objective is within a small part of `errordef` of its minimum, which is a loose test for an
//! optimizer and a sensible one for an estimate. `bfgs` and `lbfgsb` go on to more digits.
//!
//! *How it works*: bounds become a change of variables (sine and square root). Second derivatives along the coordinates, by
//! differences, are the first metric V, an approximation of the inverse Hessian. Each iteration
//! 1. searches along `-V g` by parabolas, with values only;
//! 2. takes the gradient at the new point, and the step with its change into V (Davidon-Fletcher-Powell, with Fletcher's switch);
//! 3. tests the estimated distance to the minimum, `g'V g / 2`, enlarged as long as V still changes much.
//!
//! When the test is met by a V that is not settled, the Hessian is computed by differences and its inverse takes the place of V: if
//! the distance turns out to be larger, the iterations go on.
//!
//! *Differences from the reference* (Minuit2):
//! * trials without a finite value make the search back off;
//! * a search that finds nothing better restarts from the Hessian, `n_restarts` times; then there is no further progress, and no
//!   success;
//! * starts on a bound are moved off it by at most a forty-thousandth of the range, since no slope leads away from it;
//! * Minuit's own limit of 200 + 100 n + 5 n^2 evaluations is not kept: `stopping_maxfun` is.
//!
//! *Cost per iteration* with n variables: one gradient, some two values, 6 n^2 operations. The start costs 2 n values, the Hessian
//! n (n + 3) / 2 and O(n^3) operations.
//!
//! References:
//! * F. James, M. Roos, Minuit: a system for function minimization and analysis of the parameter errors and correlations, Comput.
//!   Phys. Commun. 10 (1975), <https://doi.org/10.1016/0010-4655(75)90039-9>
//! * R. Fletcher, A new approach to variable metric algorithms, Comput. J. 13 (1970), <https://doi.org/10.1093/comjnl/13.3.317>

use thalweg_core::{Algorithm, Extra, Finish, Problem, Stop, Test, Verdict};
use thalweg_linalg::{all_finite, dot};
use thalweg_macros::Options;

use crate::pieces::davidon_fletcher::DavidonFletcher;
use crate::pieces::descent::{NO_BETTER_POINT, NOT_FINITE};
use crate::pieces::parabola_search::parabola_search;
use crate::pieces::sine_bounds::SineBounds;

/// The part of `tolerance * errordef` that the distance to the minimum may have at the end.
const OF_THE_ERROR: f64 = 0.002;
/// V is settled when its last changes were below this part of it.
const SETTLED: f64 = 0.05;
/// The most evaluations of a line search.
const SEARCH: usize = 12;
/// The most Hessians, after which V is trusted.
const HESSIANS: usize = 10;
/// Steps of the first second derivatives, as a part of the coordinate.
const FIRST_STEP: f64 = 1e-3;

/// Variable metric method that ends by the estimated distance to the minimum (MIGRAD).
#[derive(Clone, Debug, Options)]
#[algorithm(name = "migrad", kind = Scalar, needs(gradient), supports(bounds))]
pub struct Migrad {
    /// Stop when the estimated distance to the minimum is at most 0.002 times this times `errordef`.
    #[option(default = 0.1, above = 0.0)]
    pub tolerance: f64,
    /// By how much the objective grows one standard error away from the minimum: 1 for a chi-square, 0.5 for a negative
    /// log-likelihood.
    #[option(default = 1.0, above = 0.0)]
    pub errordef: f64,
    /// Whether the Hessian confirms the end: 0 never, 1 unless the metric is settled, 2 always.
    #[option(default = 1, max = 2)]
    pub strategy: usize,
    /// How often the search may begin again when it finds no better point.
    #[option(shared, min = 1)]
    pub n_restarts: usize,
}

impl Algorithm for Migrad {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let bounds = SineBounds::new(problem.lower(), problem.upper());
        let mut point = Point::start(problem, bounds, x0)?;
        if !point.is_finite() {
            return Ok(point.finish(Verdict::Stalled(NOT_FINITE.into()), None));
        }
        let goal = OF_THE_ERROR * self.tolerance * self.errordef;
        let mut metric = point.first_metric(problem)?;
        let (mut unsettled, mut hessians, mut restarts) = (1.0, 0, 0);
        loop {
            let distance = metric.distance(&point.gradient);
            if distance * (1.0 + 3.0 * unsettled) <= goal {
                let confirmed = match self.strategy {
                    0 => true,
                    1 => unsettled <= SETTLED,
                    _ => hessians > 0 && unsettled == 0.0,
                };
                if confirmed || hessians >= HESSIANS {
                    return Ok(
                        point.finish(Verdict::Converged(self.test(distance, goal)), Some(metric))
                    );
                }
                hessians += 1;
                metric = point.hessian_metric(problem, &metric, self.errordef)?.unwrap_or(metric);
                unsettled = 0.0;
                continue;
            }
            let Some(Advance { step, change }) = point.advance(problem, &metric)? else {
                if restarts == self.n_restarts {
                    return Ok(point.finish(Verdict::Stalled(NO_BETTER_POINT.into()), Some(metric)));
                }
                restarts += 1;
                metric = match point.hessian_metric(problem, &metric, self.errordef)? {
                    Some(metric) => metric,
                    None => point.first_metric(problem)?,
                };
                unsettled = 0.0;
                continue;
            };
            problem.iteration(&point.x, point.value)?;
            unsettled = 0.5 * (unsettled + metric.update(&step, &change).unwrap_or(1.0));
        }
    }
}

impl Migrad {
    fn test(&self, distance: f64, goal: f64) -> Test {
        Test {
            measure: "estimated distance to the minimum",
            value: distance,
            tolerance: goal,
            option: "tolerance",
        }
    }
}

/// A step in free coordinates and the change of the gradient along it.
struct Advance {
    step: Vec<f64>,
    change: Vec<f64>,
}

/// The point in free coordinates, with value and gradient there.
struct Point<'b> {
    bounds: SineBounds<'b>,
    t: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// The same point within the bounds, with its own gradient.
    x: Vec<f64>,
    own_gradient: Vec<f64>,
    slopes: Vec<f64>,
}

impl<'b> Point<'b> {
    fn start(problem: &mut Problem<'_>, bounds: SineBounds<'b>, x0: &[f64]) -> Result<Self, Stop> {
        let n = x0.len();
        let t = bounds.inside(x0);
        let mut x = vec![0.0; n];
        bounds.point(&t, &mut x);
        let is_same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b.abs().max(1e-12);
        if x.iter().zip(x0).all(is_same) {
            x.copy_from_slice(x0); // known there to the last bit
        }
        let (mut own_gradient, gradient, slopes) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let value = problem.value_and_gradient(&x, &mut own_gradient)?;
        let mut point = Point { bounds, t, value, gradient, x, own_gradient, slopes };
        point.pull_back();
        Ok(point)
    }

    /// The gradient with respect to the free coordinates.
    fn pull_back(&mut self) {
        self.bounds.slopes(&self.t, &mut self.slopes);
        for (g, (own, slope)) in
            self.gradient.iter_mut().zip(self.own_gradient.iter().zip(&self.slopes))
        {
            *g = own * slope;
        }
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && all_finite(&self.gradient)
    }

    /// Search along `-V g` and go to the best point, if there is a better one.
    fn advance(
        &mut self,
        problem: &mut Problem<'_>,
        metric: &DavidonFletcher,
    ) -> Result<Option<Advance>, Stop> {
        let mut direction = vec![0.0; self.t.len()];
        metric.direction(&self.gradient, &mut direction);
        let slope = dot(&self.gradient, &direction);
        if !(slope < 0.0 && slope.is_finite()) {
            return Ok(None);
        }
        let (mut trial, mut x) = (self.t.clone(), self.x.clone());
        let found = parabola_search(self.value, slope, SEARCH, |step| {
            for ((trial, t), d) in trial.iter_mut().zip(&self.t).zip(&direction) {
                *trial = t + step * d;
            }
            self.bounds.point(&trial, &mut x);
            problem.value(&x)
        })?;
        let Some((step, value)) = found else { return Ok(None) };
        let (from, before) = (self.t.clone(), self.gradient.clone());
        for (t, d) in self.t.iter_mut().zip(&direction) {
            *t += step * d;
        }
        self.bounds.point(&self.t, &mut self.x);
        problem.gradient(&self.x, &mut self.own_gradient)?;
        self.pull_back();
        if !all_finite(&self.gradient) || self.t == from {
            (self.t, self.gradient) = (from, before);
            self.bounds.point(&self.t, &mut self.x);
            return Ok(None);
        }
        self.value = value;
        let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Ok(Some(Advance { step: minus(&self.t, &from), change: minus(&self.gradient, &before) }))
    }

    /// The metric of second derivatives along the coordinates; where they are not positive, a step of a tenth of the coordinate.
    fn first_metric(&self, problem: &mut Problem<'_>) -> Result<DavidonFletcher, Stop> {
        let steps: Vec<f64> = self.t.iter().map(|t| FIRST_STEP * t.abs().max(0.1)).collect();
        let values = self.along_the_axes(problem, &steps)?;
        let curvature = |i: usize| {
            let second = (values[2 * i] - 2.0 * self.value + values[2 * i + 1]) / steps[i].powi(2);
            let cautious = self.gradient[i].abs() / (0.1 * self.t[i].abs().max(1.0));
            match (second > 0.0 && second.is_finite(), cautious > 0.0) {
                (true, _) => second,
                (false, true) => cautious,
                (false, false) => 1.0,
            }
        };
        Ok(DavidonFletcher::from_curvatures(&(0..self.t.len()).map(curvature).collect::<Vec<_>>()))
    }

    /// The metric of the Hessian by differences, if it is of use.
    fn hessian_metric(
        &self,
        problem: &mut Problem<'_>,
        metric: &DavidonFletcher,
        errordef: f64,
    ) -> Result<Option<DavidonFletcher>, Stop> {
        let n = self.t.len();
        // A hundredth of the standard error, as far as it is known, but neither far nor lost in the digits.
        let step = |i: usize| {
            let size = self.t[i].abs().max(0.1);
            let error = (2.0 * errordef * metric.matrix()[i * n + i]).sqrt();
            (0.01 * error).clamp(1e-4 * size, 1e-2 * size)
        };
        let steps: Vec<f64> = (0..n).map(step).collect();
        let axes = self.along_the_axes(problem, &steps)?;
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
        let corners = pairs.iter().map(|&(i, j)| {
            let mut t = self.t.clone();
            t[i] += steps[i];
            t[j] += steps[j];
            t
        });
        let corners = self.values(problem, corners)?;
        let mut hessian = vec![0.0; n * n];
        for i in 0..n {
            hessian[i * n + i] =
                (axes[2 * i] - 2.0 * self.value + axes[2 * i + 1]) / (steps[i] * steps[i]);
        }
        for (&(i, j), corner) in pairs.iter().zip(&corners) {
            let mixed = (corner - axes[2 * i] - axes[2 * j] + self.value) / (steps[i] * steps[j]);
            hessian[i * n + j] = mixed;
            hessian[j * n + i] = mixed;
        }
        Ok(DavidonFletcher::from_hessian(&hessian, n))
    }

    /// The values one step up and one step down each coordinate.
    fn along_the_axes(&self, problem: &mut Problem<'_>, steps: &[f64]) -> Result<Vec<f64>, Stop> {
        let points = (0..2 * self.t.len()).map(|k| {
            let mut t = self.t.clone();
            t[k / 2] += if k % 2 == 0 { steps[k / 2] } else { -steps[k / 2] };
            t
        });
        self.values(problem, points)
    }

    fn values(
        &self,
        problem: &mut Problem<'_>,
        points: impl Iterator<Item = Vec<f64>>,
    ) -> Result<Vec<f64>, Stop> {
        let (mut all, mut x) = (Vec::new(), self.x.clone());
        for t in points {
            self.bounds.point(&t, &mut x);
            all.extend_from_slice(&x);
        }
        Ok(problem.values(&all)?.to_vec())
    }

    /// End here, with V in terms of the parameters: `(dx/dt) V (dx/dt)`.
    fn finish(self, verdict: Verdict, metric: Option<DavidonFletcher>) -> Finish {
        let n = self.t.len();
        let distance = metric.clone().map(|mut metric| metric.distance(&self.gradient));
        let mut finish = Finish { x: self.x, value: self.value, verdict, extras: Vec::new() }
            .with("gradient", self.own_gradient);
        if let (Some(metric), Some(distance)) = (metric, distance) {
            let inverse: Vec<f64> = (metric.matrix().iter().enumerate())
                .map(|(k, entry)| self.slopes[k / n] * entry * self.slopes[k % n])
                .collect();
            finish = finish
                .with("hessian_inverse", Extra::Matrix(inverse, n))
                .with("estimated_distance", distance);
        }
        finish
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::ProblemSpec;
    use thalweg_core::testing::FunctionOracle;

    fn run(oracle: &mut FunctionOracle<'_>, spec: &ProblemSpec, x0: &[f64]) -> Finish {
        Migrad::default().solve(&mut Problem::new(oracle, spec), x0).unwrap()
    }

    fn extra<'f>(finish: &'f Finish, name: &str) -> &'f Extra {
        &finish.extras.iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// A chi-square with correlated parameters of different sizes.
    fn correlated(x: &[f64]) -> f64 {
        let (a, b) = (x[0] - 3.0, 100.0 * (x[1] - 0.05));
        2.0 * a * a + a * b + b * b
    }

    fn correlated_gradient(x: &[f64], g: &mut [f64]) {
        let (a, b) = (x[0] - 3.0, 100.0 * (x[1] - 0.05));
        g.copy_from_slice(&[4.0 * a + b, 100.0 * (a + 2.0 * b)]);
    }

    #[test]
    fn ends_with_the_covariance() {
        let mut oracle = FunctionOracle::scalar(correlated).with_gradient(correlated_gradient);
        let finish = run(&mut oracle, &ProblemSpec::unconstrained(2), &[0.0, 0.0]);
        let Verdict::Converged(test) = &finish.verdict else { panic!("{}", finish.verdict) };
        assert!(test.option == "tolerance" && test.value <= 2e-4 && finish.value < 1e-3);
        // The Hessian is [[4, 100], [100, 20000]].
        let Extra::Matrix(inverse, 2) = extra(&finish, "hessian_inverse") else { panic!() };
        for (entry, expected) in inverse.iter().zip([2e4, -100.0, -100.0, 4.0]) {
            assert!((entry * 70_000.0 / expected - 1.0).abs() < 0.01, "{inverse:?}");
        }
        assert!(oracle.n_evaluations < 30, "{}", oracle.n_evaluations);
    }

    #[test]
    fn comes_to_a_bound_and_leaves_one() {
        let mut oracle = FunctionOracle::scalar(correlated).with_gradient(correlated_gradient);
        let spec = ProblemSpec {
            lower: vec![0.0, 0.06],
            upper: vec![10.0, f64::INFINITY],
            ..ProblemSpec::unconstrained(2)
        };
        let finish = run(&mut oracle, &spec, &[10.0, 0.5]);
        // The second parameter ends on its bound, b = 1, and the first at a = -1/4.
        assert!(finish.verdict.is_success(), "{}", finish.verdict);
        assert!((finish.x[0] - 2.75).abs() < 0.03 && finish.x[1] < 0.0602, "{:?}", finish.x);
    }

    #[test]
    fn a_wrong_gradient_and_an_undefined_start_are_no_success() {
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_gradient(|_, g| g[0] = -1.0);
        let finish = run(&mut oracle, &spec, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NO_BETTER_POINT.into()));
        let mut oracle = FunctionOracle::scalar(|_| f64::NAN).with_gradient(|_, g| g[0] = f64::NAN);
        let finish = run(&mut oracle, &spec, &[0.0]);
        assert_eq!(finish.verdict, Verdict::Stalled(NOT_FINITE.into()));
    }
}
