//! Requests of an algorithm that are to be taken in another manner than the run's.

use thalweg::core::{Algorithm, Finish, Manner, Problem, Stop, Want};
use thalweg::{ErrorHandling, OptimizeError, Options, Status, minimize};

/// Evaluate points in a row, some batches of which are of another size, or may fail.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "manners", kind = Scalar, crate = thalweg::core)]
struct Manners {
    /// Whether failures are tolerated; none for what the run says.
    #[option(default = None)]
    goes_on: Option<bool>,
}

impl Algorithm for Manners {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let points = |count: usize| (0..count).map(|i| x0[0] + i as f64).collect::<Vec<f64>>();
        let want = Want::VALUE;
        problem.batch(want, &points(3))?;
        problem.batch_in(Manner { batch_size: 4, ..Manner::default() }, want, &points(7))?;
        problem.batch_in(Manner { batch_size: 9, ..Manner::default() }, want, &points(2))?;
        let manner = Manner { batch_size: 2, goes_on: self.goes_on, ..Manner::default() };
        let values = problem.batch_in(manner, want, &[-1.0, 2.0, -2.0])?.values.clone();
        Ok(Finish::stalled(x0.to_vec(), values[1], format!("{values:?}")))
    }
}

/// A search of two steps, between which others are evaluated that the history is not to tell of.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "aside", kind = Scalar, crate = thalweg::core)]
struct Aside {
    /// Where the search ends.
    #[option(default = 1.0)]
    last: f64,
}

impl Algorithm for Aside {
    fn solve(&self, problem: &mut Problem<'_>, _: &[f64]) -> Result<Finish, Stop> {
        let unlisted = Manner { batch_size: 2, unlisted: true, ..Manner::default() };
        problem.value(&[4.0])?;
        problem.batch_in(unlisted, Want::VALUE, &[9.0, 16.0, 25.0])?;
        problem.batch_in(unlisted, Want::VALUE, &[36.0])?;
        let value = problem.value(&[self.last])?;
        Ok(Finish::stalled(vec![self.last], value, "the second step is the last".to_string()))
    }
}

#[test]
fn what_is_unlisted_counts_and_is_not_in_the_history() {
    let result = minimize(root, [4.0]).algorithm(Aside::default()).run().unwrap();
    let history = result.history.as_ref().unwrap();
    assert_eq!((history.values(), history.batches()), (&[2.0, 1.0][..], &[0, 1][..]));
    assert_eq!(result.n_fun_evals, 6);
    let limited = minimize(root, [4.0])
        .algorithm(Aside::default())
        .option("stopping_maxfun", 4_u64)
        .run()
        .unwrap();
    assert_eq!((limited.n_fun_evals, limited.status), (4, Status::MaxEvaluations));
}

/// Fails at negative points.
fn root(x: &[f64; 1]) -> Result<f64, String> {
    if x[0] < 0.0 { Err(format!("no root of {}", x[0])) } else { Ok(x[0].sqrt()) }
}

#[test]
fn batches_of_the_history_are_as_large_as_is_asked_for() {
    let algorithm = Manners { goes_on: Some(true) };
    let result = minimize(root, [1.0]).algorithm(algorithm).run().unwrap();
    let batches = result.history.as_ref().unwrap().batches().to_vec();
    // One at a time, four, nine, two.
    assert_eq!(batches, [0, 1, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7]);
}

#[test]
fn a_request_may_tolerate_failures_or_not_whatever_the_run_does() {
    let run = |goes_on, error_handling| {
        let algorithm = Manners { goes_on };
        minimize(root, [1.0]).algorithm(algorithm).error_handling(error_handling).run()
    };
    for (goes_on, error_handling) in
        [(Some(true), ErrorHandling::Raise), (None, ErrorHandling::Continue)]
    {
        let result = run(goes_on, error_handling).unwrap();
        assert_eq!(result.n_fun_evals, 15, "{goes_on:?}");
        // Penalties on both sides of the square root of two.
        assert!(result.message.contains(", 1.4142135623730951, "), "{}", result.message);
    }
    for (goes_on, error_handling) in
        [(Some(false), ErrorHandling::Continue), (None, ErrorHandling::Raise)]
    {
        let error = run(goes_on, error_handling).unwrap_err();
        assert!(error.to_string().ends_with("no root of -1"), "{error}");
        let OptimizeError::User { partial, .. } = error else { panic!("{error}") };
        assert_eq!(partial.fun, 1.0);
    }
}

/// A search whose arithmetic overflows.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "overflowing", kind = Scalar, crate = thalweg::core)]
struct Overflowing {
    /// Where it leads.
    #[option(default = f64::INFINITY)]
    endless: f64,
}

impl Algorithm for Overflowing {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let mut gradient = vec![0.0];
        problem.value_and_gradient(x0, &mut gradient)?;
        let value = problem.value_and_gradient(&[self.endless], &mut gradient)?;
        Ok(Finish::stalled(x0.to_vec(), 2.0, format!("{value} there")))
    }
}

#[test]
fn what_comes_of_points_that_are_not_finite_is_no_failure_of_the_user() {
    // No root at minus infinity and no derivative at infinity.
    for endless in [f64::INFINITY, f64::NEG_INFINITY] {
        let result = minimize(root, [4.0]).algorithm(Overflowing { endless }).run().unwrap();
        assert_eq!((result.fun, result.params), (2.0, [4.0]));
        assert!(result.message.contains("inf there"), "{}", result.message);
    }
}
