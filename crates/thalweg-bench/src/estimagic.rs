//! The 32 problems with which estimagic compares algorithms: of Moré and Wild, and of Cartis and Roberts, three of them with steps.

use std::sync::Arc;

use crate::cartis_roberts::cartis_roberts;
use crate::function::Function;
use crate::more_wild::more_wild;
use crate::problem::BenchmarkProblem;

const NAMES: [&str; 32] = [
    "linear_full_rank_bad_start",
    "rosenbrock_good_start_with_steps",
    "chebyquad_6",
    "chebyquad_7",
    "chebyquad_8",
    "chebyquad_9",
    "chebyquad_10",
    "chebyquad_10_with_steps",
    "chebyquad_11",
    "osborne_two_bad_start",
    "bdqrtic_8",
    "bdqrtic_10",
    "bdqrtic_11",
    "bdqrtic_12",
    "cube_5",
    "cube_5_with_steps",
    "cube_6",
    "cube_8",
    "mancino_5_bad_start",
    "mancino_8",
    "mancino_10",
    "mancino_12_bad_start",
    "heart_eight_bad_start",
    "arglale",
    "arglble",
    "bratu_2d",
    "bratu_3d",
    "cbratu_2d",
    "chnrsbne",
    "hatfldg",
    "penalty_1",
    "vardimne",
];

/// What the name of a problem with steps ends with.
const STEPS: &str = "_with_steps";

/// The problems of the set.
pub fn estimagic() -> Vec<BenchmarkProblem> {
    let mut all = more_wild();
    all.extend(cartis_roberts());
    let named = |name: &str| all.iter().find(|problem| problem.name == name).cloned();
    let problem = |name: &&str| match name.strip_suffix(STEPS) {
        Some(smooth) => named(smooth).map(|problem| with_steps(name, problem)),
        None => named(name),
    };
    NAMES.iter().filter_map(problem).collect()
}

/// The problem at parameters that are rounded to three decimals: constant between steps, so that the derivatives are zero almost
/// everywhere. What is known of start and solution is that of the smooth problem.
fn with_steps(name: &str, mut problem: BenchmarkProblem) -> BenchmarkProblem {
    if let Function::LeastSquares { residuals, jacobian, .. } = &mut problem.function {
        let smooth = residuals.clone();
        *residuals = Arc::new(move |x, r| {
            let rounded: Vec<f64> = x.iter().map(|x| (1e3 * x).round_ties_even() / 1e3).collect();
            smooth(&rounded, r);
        });
        *jacobian = Arc::new(|_, jac| jac.fill(0.0));
    }
    problem.noise_free = problem.function.clone();
    problem.name = name.into();
    problem
}
