//! How often points are evaluated in the course of a search: a fixed number of times, or as a function of the user's says, which is asked
//! before the first points, at the begin of every iteration and after every restart.

use thalweg_core::{Problem, Repeats, SearchState, Stop};

/// The option of the searches that evaluate points more than once.
const OPTION: &str = "noise_n_evals_per_point";

/// How often, and where the search stands.
#[derive(Clone, Debug)]
pub struct Repetition {
    repeats: Repeats,
    n_iterations: u64,
    n_resets: u64,
}

impl Repetition {
    /// At the begin of a search; none for once.
    pub fn new(option: Option<&Repeats>) -> Self {
        let repeats = option.cloned().unwrap_or(Repeats::Count(1));
        Repetition { repeats, n_iterations: 0, n_resets: 0 }
    }

    /// How often points are evaluated now, at these radii: that of the trust region and its lower limit.
    ///
    /// # Errors
    /// [`Stop`] when the function fails.
    pub fn copies(
        &self,
        problem: &mut Problem<'_>,
        (delta, rho): (f64, f64),
    ) -> Result<usize, Stop> {
        let state = SearchState {
            upper_trustregion_radius: delta,
            lower_trustregion_radius: rho,
            n_iterations: self.n_iterations,
            n_resets: self.n_resets,
        };
        self.repeats.count(problem, OPTION, state)
    }

    /// Another iteration begins.
    pub fn begin_iteration(&mut self) {
        self.n_iterations += 1;
    }

    /// The search has begun again.
    pub fn begin_again(&mut self) {
        self.n_resets += 1;
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    #[test]
    fn the_function_is_told_where_the_search_stands() {
        let spec = ProblemSpec::unconstrained(1);
        let mut oracle = FunctionOracle::scalar(|x| x[0]);
        let mut problem = Problem::new(&mut oracle, &spec);
        assert_eq!(Repetition::new(None).copies(&mut problem, (1.0, 1.0)), Ok(1));
        let repeats = Repeats::by(|state| {
            let radii =
                state.upper_trustregion_radius * 100.0 + state.lower_trustregion_radius * 10.0;
            1000 * state.n_resets + 10_000 * state.n_iterations + radii as u64
        });
        let mut repetition = Repetition::new(Some(&repeats));
        assert_eq!(repetition.copies(&mut problem, (2.0, 0.5)), Ok(205));
        repetition.begin_iteration();
        repetition.begin_iteration();
        repetition.begin_again();
        assert_eq!(repetition.copies(&mut problem, (0.5, 0.5)), Ok(21_055));
    }
}
