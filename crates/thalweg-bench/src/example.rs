//! Ten problems of Moré and Wild, for examples that shall be over soon.

use crate::more_wild;
use crate::problem::BenchmarkProblem;

const NAMES: [&str; 10] = [
    "rosenbrock_good_start",
    "helical_valley_good_start",
    "powell_singular_good_start",
    "freudenstein_roth_good_start",
    "bard_good_start",
    "box_3d",
    "brown_dennis_good_start",
    "chebyquad_6",
    "bdqrtic_8",
    "mancino_5_good_start",
];

/// The problems of the set.
pub fn example() -> Vec<BenchmarkProblem> {
    NAMES.iter().filter_map(|name| more_wild::by_name(name)).collect()
}
