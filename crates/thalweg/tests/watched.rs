//! A run that nobody watches answers common requests in a straight line; a watched one takes the general way. Both are the same.

use std::cell::Cell;

use thalweg::core::{Event, Sink};
use thalweg::{Direction, ErrorHandling, FlatResult, OptimizeError, maximize, minimize};

struct Watcher;

impl Sink for Watcher {
    fn record(&mut self, _: &Event<'_>) {}
}

/// A run to be done twice.
#[derive(Clone, Copy)]
struct Case {
    algorithm: &'static str,
    direction: Direction,
    /// Whether there is a gradient in closed form.
    gradient: bool,
    /// The number of an evaluation whose value is infinite in the direction that is sought.
    unbounded_at: usize,
    /// The number of a gradient that is not finite.
    bad_gradient_at: usize,
    option: (&'static str, f64),
}

const NEVER: usize = usize::MAX;

impl Case {
    fn new(algorithm: &'static str, gradient: bool) -> Self {
        Case {
            algorithm,
            direction: Direction::Minimize,
            gradient,
            unbounded_at: NEVER,
            bad_gradient_at: NEVER,
            option: ("stopping_maxfun", 200.0),
        }
    }

    /// Rosenbrock's function, undefined or infinitely bad now and then.
    fn run(self, watched: bool) -> Result<FlatResult, OptimizeError> {
        let sign = if self.direction == Direction::Maximize { -1.0 } else { 1.0 };
        let (evaluations, gradients) = (Cell::new(0), Cell::new(0));
        let fun = |x: &Vec<f64>| {
            evaluations.set(evaluations.get() + 1);
            match evaluations.get() {
                k if k == self.unbounded_at => sign * f64::NEG_INFINITY,
                k if k % 29 == 17 => f64::NAN,
                k if k % 29 == 23 => sign * f64::INFINITY,
                _ => sign * (100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)),
            }
        };
        let gradient = |x: &Vec<f64>| {
            gradients.set(gradients.get() + 1);
            if gradients.get() == self.bad_gradient_at {
                return vec![f64::NAN, 1.0];
            }
            let a = x[1] - x[0] * x[0];
            vec![sign * (-400.0 * a * x[0] - 2.0 * (1.0 - x[0])), sign * 200.0 * a]
        };
        let mut watcher = Watcher;
        let start = vec![-1.2, 1.0];
        let mut run = match self.direction {
            Direction::Minimize => minimize(fun, start),
            Direction::Maximize => maximize(fun, start),
        }
        .algorithm(self.algorithm)
        .option(self.option.0, self.option.1)
        .error_handling(ErrorHandling::Continue);
        if self.gradient {
            run = run.gradient(gradient);
        }
        if watched {
            run = run.sink(&mut watcher);
        }
        run.run()
    }
}

fn assert_same(case: Case) {
    let (alone, watched) = (case.run(false), case.run(true));
    let (alone, watched) = match (alone, watched) {
        (Ok(alone), Ok(watched)) => (alone, watched),
        (Err(alone), Err(watched)) => return assert_eq!(alone.to_string(), watched.to_string()),
        (alone, watched) => panic!("{}: {alone:?} and {watched:?}", case.algorithm),
    };
    let [own, other] = [&alone, &watched].map(|result| result.history.as_ref().expect("collected"));
    assert!(own.params().eq(other.params()), "{}", case.algorithm);
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(own.values()), bits(other.values()), "{}", case.algorithm);
    assert_eq!(
        (own.tasks(), own.batches()),
        (other.tasks(), other.batches()),
        "{}",
        case.algorithm
    );
    for history in [own, other] {
        let times = history.start_times().iter().zip(history.stop_times());
        assert!(times.clone().all(|(start, stop)| start <= stop), "{}", case.algorithm);
        assert!(history.start_times().is_sorted(), "{}", case.algorithm);
    }
    let without = |result: FlatResult| FlatResult { history: None, ..result };
    assert_eq!(without(alone), without(watched));
}

const ALGORITHMS: [(&str, bool); 8] = [
    ("neldermead", false),
    ("bobyqa", false),
    ("cobyla", false),
    ("powell", false),
    ("lbfgsb", true),
    ("bfgs", true),
    ("newton_cg", true),
    ("lbfgsb", false),
];

#[test]
fn watching_a_run_changes_nothing() {
    for (algorithm, gradient) in ALGORITHMS {
        for direction in [Direction::Minimize, Direction::Maximize] {
            assert_same(Case { direction, ..Case::new(algorithm, gradient) });
        }
    }
}

#[test]
fn runs_end_at_the_same_place_for_the_same_reason() {
    for (algorithm, gradient) in ALGORITHMS {
        let case = Case::new(algorithm, gradient);
        let targets = [("convergence_target_value", 1.0), ("convergence_target_value", -1.0)];
        for option in
            targets.into_iter().chain([("stopping_maxfun", 9.0), ("stopping_maxfun", 1.0)])
        {
            assert_same(Case { option, ..case });
        }
        let negative = ("convergence_target_value", -1.0);
        assert_same(Case { direction: Direction::Maximize, option: negative, ..case });
        assert_same(Case { unbounded_at: 7, ..case });
        assert_same(Case { unbounded_at: 7, direction: Direction::Maximize, ..case });
        assert_same(Case { bad_gradient_at: 5, ..case });
    }
}
