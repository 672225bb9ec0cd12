//! Values of a noisy objective: each is the mean of several evaluations at its point.
//!
//! The mean of k evaluations has a noise that is sqrt(k) times smaller.

use thalweg_core::{Problem, Stop};

/// The objective at each of the points, the mean of this many evaluations, all in one batch. A value that is not finite makes the mean
/// one.
///
/// # Errors
/// [`Stop`] when the run has to end.
pub fn averages(
    problem: &mut Problem<'_>,
    points: &[f64],
    copies: usize,
) -> Result<Vec<f64>, Stop> {
    if copies == 1 {
        return Ok(problem.values(points)?.to_vec());
    }
    let n = problem.dim();
    let all: Vec<f64> = points.chunks_exact(n).flat_map(|x| x.repeat(copies)).collect();
    let values = problem.values(&all)?;
    Ok(values
        .chunks_exact(copies)
        .map(|of_point| of_point.iter().sum::<f64>() / copies as f64)
        .collect())
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    #[test]
    fn a_value_is_the_mean_of_evaluations_at_the_same_point() {
        let mut calls = 0.0;
        let mut counting = |x: &[f64]| {
            calls += 1.0;
            x[0] + calls
        };
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(&mut counting);
        let mut problem = Problem::new(&mut oracle, &spec);
        assert_eq!(averages(&mut problem, &[10.0, 20.0], 1).unwrap(), [11.0, 22.0]);
        assert_eq!(averages(&mut problem, &[10.0, 20.0], 3).unwrap(), [14.0, 27.0]);
        let asked: Vec<f64> = oracle.trace.iter().map(|(_, x)| x[0]).collect();
        assert_eq!(asked, [10.0, 20.0, 10.0, 10.0, 10.0, 20.0, 20.0, 20.0]);
    }

    #[test]
    fn one_value_that_is_not_finite_is_enough() {
        let mut calls = 0;
        let mut failing = |_: &[f64]| {
            calls += 1;
            if calls == 2 { f64::NAN } else { 1.0 }
        };
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(&mut failing);
        let mut problem = Problem::new(&mut oracle, &spec);
        assert!(!averages(&mut problem, &[0.0], 2).unwrap()[0].is_finite());
    }
}
