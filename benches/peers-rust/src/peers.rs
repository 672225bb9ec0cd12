//! The same runs by `basin` and by `argmin`.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Instant;

use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

use crate::run::{Count, GRADIENT_TOLERANCE, PAIRS, Run, VALUE_TOLERANCE, rosenbrock};

/// The problem in the words of the other crates.
#[derive(Clone, Default)]
struct Rosenbrock {
    count: Rc<Cell<Count>>,
}

impl Rosenbrock {
    fn evaluate(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let value = rosenbrock(x, gradient);
        let mut count = self.count.get();
        count.note(value);
        self.count.set(count);
        value
    }
}

impl basin::CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Infallible;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Infallible> {
        Ok(self.evaluate(x, &mut vec![0.0; x.len()]))
    }
}

impl basin::Gradient for Rosenbrock {
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Infallible> {
        let mut gradient = vec![0.0; x.len()];
        rosenbrock(x, &mut gradient);
        Ok(gradient)
    }

    fn cost_and_gradient(&self, x: &Vec<f64>) -> Result<(f64, Vec<f64>), Infallible> {
        let mut gradient = vec![0.0; x.len()];
        Ok((self.cost_and_gradient_into(x, &mut gradient)?, gradient))
    }

    fn cost_and_gradient_into(&self, x: &Vec<f64>, out: &mut Vec<f64>) -> Result<f64, Infallible> {
        out.resize(x.len(), 0.0);
        Ok(self.evaluate(x, out))
    }
}

pub fn basin(x0: &[f64]) -> Run {
    let problem = Rosenbrock::default();
    let solver = basin::Lbfgsb::new()
        .with_m_capacity(PAIRS)
        .with_absolute_projected_gradient_tolerance(GRADIENT_TOLERANCE)
        .with_relative_cost_reduction_tolerance(VALUE_TOLERANCE)
        .unbounded();
    let state = basin::FirstOrderState::new(x0.to_vec());
    let begun = Instant::now();
    let result = basin::Executor::new(problem.clone(), solver, state).max_iter(1_000_000).run();
    let time = begun.elapsed();
    let result = result.expect("nothing fails");
    Run::new(time, problem.count.get(), result.iter(), result.cost())
}

impl argmin::core::CostFunction for Rosenbrock {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        Ok(self.evaluate(x, &mut vec![0.0; x.len()]))
    }
}

impl argmin::core::Gradient for Rosenbrock {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, argmin::core::Error> {
        let mut gradient = vec![0.0; x.len()];
        rosenbrock(x, &mut gradient);
        Ok(gradient)
    }
}

pub fn argmin(x0: &[f64]) -> Run {
    use argmin::core::State;
    let line_search = MoreThuenteLineSearch::new().with_c(1e-3, 0.9).expect("valid constants");
    let solver = LBFGS::new(line_search, PAIRS)
        .with_tolerance_grad(GRADIENT_TOLERANCE)
        .and_then(|solver| solver.with_tolerance_cost(VALUE_TOLERANCE))
        .expect("valid tolerances");
    let problem = Rosenbrock::default();
    let begun = Instant::now();
    let result = argmin::core::Executor::new(problem.clone(), solver)
        .configure(|state| state.param(x0.to_vec()).max_iters(1_000_000))
        .timer(false)
        .run();
    let time = begun.elapsed();
    let result = result.expect("nothing fails");
    let state = result.state();
    Run::new(time, problem.count.get(), state.get_iter(), state.get_best_cost())
}
