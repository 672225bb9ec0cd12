//! The 54 least-squares problems of Moré and Wild: 22 functions in several dimensions and from good and bad starts.
//!
//! Conventions: the objective is the plain sum of squares; "bad start" means ten times the usual start; the target
//! values are the published ones. One function per file, one line per problem in [`TABLE`].
//!
//! Names, starts and target values are those of optimagic 0.5, so that counts compare, with these corrections:
//! * minimizers are given to full precision, and `watson_12` has one that attains its target value (the one stored
//!   there does not, and lies at a distance of 16 from it);
//! * the start values of `mancino` belong to the start that is used there, whose factor is rounded to 8.711e-4 (Moré and
//!   Wild: 8.710996e-4); they differ in the sixth digit.
//!
//! `brown_almost_linear_medium` (n = 100) is the one case that Moré and Wild do not have.
//!
//! References:
//! * J. J. Moré, S. M. Wild, Benchmarking derivative-free optimization algorithms, SIAM J. Optim. 20 (2009),
//!   <https://doi.org/10.1137/080724083>
//! * J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing unconstrained optimization software, ACM Trans. Math. Softw. 7
//!   (1981), <https://doi.org/10.1145/355934.355936>

mod bard;
mod bdqrtic;
mod box_3d;
pub(crate) mod brown_almost_linear;
mod brown_dennis;
mod chebyquad;
mod cube;
mod families;
mod freudenstein_roth;
mod heart_eight;
mod helical_valley;
mod jennrich_sampson;
mod kowalik_osborne;
pub(crate) mod linear;
mod mancino;
mod meyer;
mod osborne;
mod powell_singular;
mod rosenbrock;
mod solutions;
pub(crate) mod watson;

pub(crate) use families::FAMILIES;

use crate::{BenchmarkProblem, Function, ResidualFunction, Solution};
use Point::{All, At, From};
use solutions as known;

/// How the table writes down a point.
#[derive(Clone, Copy)]
enum Point {
    /// All parameters equal.
    All(f64),
    /// These values.
    At(&'static [f64]),
    /// A formula in n.
    From(fn(usize) -> Vec<f64>),
}

impl Point {
    fn build(self, n: usize) -> Vec<f64> {
        match self {
            All(value) => vec![value; n],
            At(values) => values.to_vec(),
            From(formula) => formula(n),
        }
    }
}

/// Name, function, n, m, usual start, factor of the start, value at the solution, solution.
struct Row(&'static str, ResidualFunction, usize, usize, Point, f64, f64, Option<Point>);

const BROWN_DENNIS: Point = At(&[25.0, 5.0, -5.0, -1.0]);
const FREUDENSTEIN_ROTH: Point = At(&[0.5, -2.0]);
const HEART_EIGHT: Point = At(&[-0.3, -0.39, 0.3, -0.344, -1.2, 2.69, 1.59, -1.5]);
const HELICAL_VALLEY: Point = At(&[-1.0, 0.0, 0.0]);
const KOWALIK_OSBORNE: Point = At(&[0.25, 0.39, 0.415, 0.39]);
const OSBORNE_TWO: Point = At(&[1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5]);
const POWELL_SINGULAR: Point = At(&[3.0, -1.0, 0.0, 1.0]);
const ROSENBROCK: Point = At(&[-1.2, 1.0]);

/// m (m - 1) / (2 (2m + 1)) for m = 35.
const RANK_ONE_VALUE: f64 = 35.0 * 34.0 / 142.0;
/// (m^2 + 3m - 6) / (2 (2m - 3)) for m = 35.
const RANK_ONE_ZERO_VALUE: f64 = 1324.0 / 134.0;

#[rustfmt::skip]
const TABLE: [Row; 54] = [
    Row("linear_full_rank_good_start",                  linear::FULL_RANK,                9,  45, All(1.0),                          1.0,                36.0, Some(All(-1.0))),
    Row("linear_full_rank_bad_start",                   linear::FULL_RANK,                9,  45, All(1.0),                         10.0,                36.0, Some(All(-1.0))),
    Row("linear_rank_one_good_start",                   linear::RANK_ONE,                 7,  35, All(1.0),                          1.0,      RANK_ONE_VALUE, None),
    Row("linear_rank_one_bad_start",                    linear::RANK_ONE,                 7,  35, All(1.0),                         10.0,      RANK_ONE_VALUE, None),
    Row("linear_rank_one_zero_columns_rows_good_start", linear::RANK_ONE_ZERO,            7,  35, All(1.0),                          1.0, RANK_ONE_ZERO_VALUE, None),
    Row("linear_rank_one_zero_columns_rows_bad_start",  linear::RANK_ONE_ZERO,            7,  35, All(1.0),                         10.0, RANK_ONE_ZERO_VALUE, None),
    Row("rosenbrock_good_start",                        rosenbrock::FUNCTION,             2,   2, ROSENBROCK,                        1.0,                 0.0, Some(All(1.0))),
    Row("rosenbrock_bad_start",                         rosenbrock::FUNCTION,             2,   2, ROSENBROCK,                       10.0,                 0.0, Some(All(1.0))),
    Row("helical_valley_good_start",                    helical_valley::FUNCTION,         3,   3, HELICAL_VALLEY,                    1.0,                 0.0, Some(At(&[1.0, 0.0, 0.0]))),
    Row("helical_valley_bad_start",                     helical_valley::FUNCTION,         3,   3, HELICAL_VALLEY,                   10.0,                 0.0, Some(At(&[1.0, 0.0, 0.0]))),
    Row("powell_singular_good_start",                   powell_singular::FUNCTION,        4,   4, POWELL_SINGULAR,                   1.0,                 0.0, Some(All(0.0))),
    Row("powell_singular_bad_start",                    powell_singular::FUNCTION,        4,   4, POWELL_SINGULAR,                  10.0,                 0.0, Some(All(0.0))),
    Row("freudenstein_roth_good_start",                 freudenstein_roth::FUNCTION,      2,   2, FREUDENSTEIN_ROTH,                 1.0,   48.98425367924001, Some(At(&known::FREUDENSTEIN_ROTH))),
    Row("freudenstein_roth_bad_start",                  freudenstein_roth::FUNCTION,      2,   2, FREUDENSTEIN_ROTH,                10.0,   48.98425367924001, Some(At(&known::FREUDENSTEIN_ROTH))),
    Row("bard_good_start",                              bard::FUNCTION,                   3,  15, All(1.0),                          1.0, 0.00821487730657897, Some(At(&known::BARD))),
    Row("bard_bad_start",                               bard::FUNCTION,                   3,  15, All(1.0),                         10.0, 0.00821487730657897, Some(At(&known::BARD))),
    Row("kowalik_osborne",                              kowalik_osborne::FUNCTION,        4,  11, KOWALIK_OSBORNE,                   1.0, 0.00030750560384924, Some(At(&known::KOWALIK_OSBORNE))),
    Row("meyer",                                        meyer::FUNCTION,                  3,  16, At(&[0.02, 4000.0, 250.0]),        1.0,   87.94585517039583, Some(At(&known::MEYER))),
    Row("watson_6_good_start",                          watson::FUNCTION,                 6,  31, All(0.5),                          1.0, 0.00228767005355236, Some(At(&known::WATSON_6))),
    Row("watson_6_bad_start",                           watson::FUNCTION,                 6,  31, All(0.5),                         10.0, 0.00228767005355236, Some(At(&known::WATSON_6))),
    Row("watson_9_good_start",                          watson::FUNCTION,                 9,  31, All(0.5),                          1.0, 1.39976013809887e-6, Some(At(&known::WATSON_9))),
    Row("watson_9_bad_start",                           watson::FUNCTION,                 9,  31, All(0.5),                         10.0, 1.39976013809887e-6, Some(At(&known::WATSON_9))),
    Row("watson_12_good_start",                         watson::FUNCTION,                12,  31, All(0.5),                          1.0,    4.7223811077e-10, Some(At(&known::WATSON_12))),
    Row("watson_12_bad_start",                          watson::FUNCTION,                12,  31, All(0.5),                         10.0,    4.7223811077e-10, Some(At(&known::WATSON_12))),
    Row("box_3d",                                       box_3d::FUNCTION,                 3,  10, At(&[0.0, 10.0, 20.0]),            1.0,                 0.0, Some(At(&[1.0, 10.0, 1.0]))),
    Row("jennrich_sampson",                             jennrich_sampson::FUNCTION,       2,  10, At(&[0.3, 0.4]),                   1.0,   124.3621823556148, Some(At(&known::JENNRICH_SAMPSON))),
    Row("brown_dennis_good_start",                      brown_dennis::FUNCTION,           4,  20, BROWN_DENNIS,                      1.0,      85822.20162635, Some(At(&known::BROWN_DENNIS))),
    Row("brown_dennis_bad_start",                       brown_dennis::FUNCTION,           4,  20, BROWN_DENNIS,                     10.0,      85822.20162635, Some(At(&known::BROWN_DENNIS))),
    Row("chebyquad_6",                                  chebyquad::FUNCTION,              6,   6, From(chebyquad::start),            1.0,                 0.0, Some(At(&known::CHEBYQUAD_6))),
    Row("chebyquad_7",                                  chebyquad::FUNCTION,              7,   7, From(chebyquad::start),            1.0,                 0.0, Some(At(&known::CHEBYQUAD_7))),
    Row("chebyquad_8",                                  chebyquad::FUNCTION,              8,   8, From(chebyquad::start),            1.0,   0.003516873725677, Some(At(&known::CHEBYQUAD_8))),
    Row("chebyquad_9",                                  chebyquad::FUNCTION,              9,   9, From(chebyquad::start),            1.0,                 0.0, Some(At(&known::CHEBYQUAD_9))),
    Row("chebyquad_10",                                 chebyquad::FUNCTION,             10,  10, From(chebyquad::start),            1.0, 0.00477271369637536, Some(At(&known::CHEBYQUAD_10))),
    Row("chebyquad_11",                                 chebyquad::FUNCTION,             11,  11, From(chebyquad::start),            1.0, 0.00279976155186576, Some(At(&known::CHEBYQUAD_11))),
    Row("brown_almost_linear",                          brown_almost_linear::FUNCTION,   10,  10, All(0.5),                          1.0,                 0.0, Some(All(1.0))),
    Row("osborne_one",                                  osborne::ONE,                     5,  33, At(&[0.5, 1.5, 1.0, 0.01, 0.02]),  1.0,   5.464894697483e-5, Some(At(&known::OSBORNE_ONE))),
    Row("osborne_two_good_start",                       osborne::TWO,                    11,  65, OSBORNE_TWO,                       1.0,  0.0401377362935477, Some(At(&known::OSBORNE_TWO))),
    Row("osborne_two_bad_start",                        osborne::TWO,                    11,  65, OSBORNE_TWO,                      10.0,  0.0401377362935477, Some(At(&known::OSBORNE_TWO))),
    Row("bdqrtic_8",                                    bdqrtic::FUNCTION,                8,   8, All(1.0),                          1.0,    10.2389734213174, Some(At(&known::BDQRTIC_8))),
    Row("bdqrtic_10",                                   bdqrtic::FUNCTION,               10,  12, All(1.0),                          1.0,   18.28116175359353, Some(At(&known::BDQRTIC_10))),
    Row("bdqrtic_11",                                   bdqrtic::FUNCTION,               11,  14, All(1.0),                          1.0,  22.260591734883818, Some(At(&known::BDQRTIC_11))),
    Row("bdqrtic_12",                                   bdqrtic::FUNCTION,               12,  16, All(1.0),                          1.0,    26.2727663967939, Some(At(&known::BDQRTIC_12))),
    Row("cube_5",                                       cube::FUNCTION,                   5,   5, All(0.5),                          1.0,                 0.0, Some(All(1.0))),
    Row("cube_6",                                       cube::FUNCTION,                   6,   6, All(0.5),                          1.0,                 0.0, Some(All(1.0))),
    Row("cube_8",                                       cube::FUNCTION,                   8,   8, All(0.5),                          1.0,                 0.0, Some(All(1.0))),
    Row("mancino_5_good_start",                         mancino::FUNCTION,                5,   5, From(mancino::start),              1.0,                 0.0, Some(At(&known::MANCINO_5))),
    Row("mancino_5_bad_start",                          mancino::FUNCTION,                5,   5, From(mancino::start),             10.0,                 0.0, Some(At(&known::MANCINO_5))),
    Row("mancino_8",                                    mancino::FUNCTION,                8,   8, From(mancino::start),              1.0,                 0.0, Some(At(&known::MANCINO_8))),
    Row("mancino_10",                                   mancino::FUNCTION,               10,  10, From(mancino::start),              1.0,                 0.0, Some(At(&known::MANCINO_10))),
    Row("mancino_12_good_start",                        mancino::FUNCTION,               12,  12, From(mancino::start),              1.0,                 0.0, Some(At(&known::MANCINO_12))),
    Row("mancino_12_bad_start",                         mancino::FUNCTION,               12,  12, From(mancino::start),             10.0,                 0.0, Some(At(&known::MANCINO_12))),
    Row("heart_eight_good_start",                       heart_eight::FUNCTION,            8,   8, HEART_EIGHT,                       1.0,                 0.0, Some(At(&known::HEART_EIGHT))),
    Row("heart_eight_bad_start",                        heart_eight::FUNCTION,            8,   8, HEART_EIGHT,                      10.0,                 0.0, Some(At(&known::HEART_EIGHT))),
    Row("brown_almost_linear_medium",                   brown_almost_linear::FUNCTION,  100, 100, All(0.5),                          1.0,                 0.0, Some(All(1.0))),
];

/// The problems of the set, in the order of its tables.
pub fn more_wild() -> Vec<BenchmarkProblem> {
    TABLE.iter().map(build).collect()
}

/// The problem of that name, or `None` if the set has no such problem.
pub fn by_name(name: &str) -> Option<BenchmarkProblem> {
    TABLE.iter().find(|row| row.0 == name).map(build)
}

fn build(row: &Row) -> BenchmarkProblem {
    let &Row(name, function, n, m, start, factor, value, solution) = row;
    let start = start.build(n).into_iter().map(|x| factor * x).collect();
    let solution = Solution { params: solution.map(|point| point.build(n)), value: Some(value) };
    BenchmarkProblem::new(name, Function::least_squares(function, m), start, solution)
}
