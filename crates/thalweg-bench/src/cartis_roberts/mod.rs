//! The 60 medium-sized systems and least-squares problems of Cartis and Roberts, from the CUTEst collection: n from 25 to 120.
//!
//! One family per file, one line per problem in [`cartis_roberts`]. Names, sizes, starts and residuals are those of optimagic 0.5, so
//! that counts compare; where that set differs from CUTEst, the family's file says how. Minimizers are given to full precision,
//! also where that set has none, and these target values are corrected:
//! * `penalty_1` (there 9.025e-9) and `chandheq` (there 0): the least values of the functions, by formula, are greater;
//! * `luksan12` (none there) and `drcavty1` (there 0, which nobody has seen): the least values that we know;
//! * `drcavty3` (there 0): the value at the minimizer that is stored there, 7.9e-8.
//!
//! References:
//! * C. Cartis, L. Roberts, A derivative-free Gauss-Newton method, Math. Prog. Comp. 11 (2019),
//!   <https://doi.org/10.1007/s12532-019-00161-7>
//! * N. I. M. Gould, D. Orban, Ph. L. Toint, CUTEst, Comput. Optim. Appl. 60 (2015),
//!   <https://doi.org/10.1007/s10589-014-9687-3>
//! * J. J. Moré, A collection of nonlinear model problems, Lectures in Applied Mathematics 26 (1990)
//! * J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing unconstrained optimization software, ACM Trans. Math. Softw. 7
//!   (1981), <https://doi.org/10.1145/355934.355936>

mod artificial;
mod arwhead;
mod boundary_value;
mod bratu;
mod broyden;
mod chain;
mod chained_rosenbrock;
mod chandrasekhar;
mod chemical_reactor;
mod distillation;
mod driven_cavity;
mod eigenvalues;
mod families;
mod freudenstein_roth;
mod hatfield;
mod integral_equation;
mod luksan_chains;
mod luksan_sparse;
mod matrix_root;
mod natural_convection;
mod oscillating_gradient;
mod penalty;
mod powell_singular;
mod pseudo_stochastic;
mod qr;
mod semiconductor;
mod trigonometric;
mod variable_dimension;

pub(crate) use families::FAMILIES;

use crate::more_wild::{brown_almost_linear, linear, watson};
use crate::points::stored_point;
use crate::{BenchmarkProblem, Function, ResidualFunction, Solution};
use Minimizer::{All, First, Stored};

/// Starts and minimizers that are no formula.
const POINTS: &str = include_str!("../../data/cartis_roberts_points.tsv");

/// Where the minimizer comes from.
enum Minimizer {
    /// All parameters equal.
    All(f64),
    /// One parameter that is not zero.
    First(f64),
    /// The table of points.
    Stored,
}

/// The problems of the set, in the order of optimagic's.
#[rustfmt::skip]
pub fn cartis_roberts() -> Vec<BenchmarkProblem> {
    vec![
        problem("arglale",   linear::FULL_RANK,              400, vec![1.0; 100],                         300.0, All(-1.0)),
        problem("arglble",   linear::RANK_ONE,               400, vec![1.0; 100],                         400.0 * 399.0 / 1602.0, First(3.0 / 801.0)),
        problem("argtrig",   trigonometric::FUNCTION,        100, vec![0.01; 100],                        0.0, All(0.0)),
        problem("artif",     artificial::FUNCTION,           100, vec![1.0; 100],                         0.0, All(0.0)),
        problem("arwhdne",   arwhead::FUNCTION,              198, vec![1.0; 100],                         27.66202993716599, Stored),
        built("bdvalues",    boundary_value::function(boundary_value::BDVALUES, 100),  boundary_value::start(1000.0, 100),     0.0, Stored),
        built("bratu_2d",    bratu::square(4.0, 8),               vec![0.0; 64],                          0.0, Stored),
        built("bratu_2d_t",  bratu::square(6.80812, 8),           vec![0.0; 64],                          1.8534736245758762e-5, Stored),
        built("bratu_3d",    bratu::cube(6.80812, 3),             vec![0.0; 27],                          0.0, Stored),
        problem("brownale",  brown_almost_linear::FUNCTION,  100, vec![0.5; 100],                         0.0, All(1.0)),
        problem("broydn_3d", broyden::TRIDIAGONAL,           100, vec![-1.0; 100],                        0.0, Stored),
        built("cbratu_2d",   bratu::complex_square(5.0, 5),       vec![0.0; 50],                          0.0, Stored),
        problem("broydn_bd", broyden::BANDED,                100, vec![1.0; 100],                         0.0, All(0.0)),
        problem("chandheq",  chandrasekhar::FUNCTION,        100, chandrasekhar::start(100),              6.25, All(0.505)),
        problem("chemrcta",  chemical_reactor::TWO_FIELDS,   100, vec![1.0; 100],                         0.0, Stored),
        problem("chemrctb",  chemical_reactor::TEMPERATURE,  100, vec![1.0; 100],                         1.4044239811240352e-3, Stored),
        problem("chnrsbne",  chained_rosenbrock::FUNCTION,    98, vec![-1.0; 50],                         0.0, All(1.0)),
        built("drcavty1",    driven_cavity::function(500.0, 10),  vec![0.0; 100],                         1.6253090066514406e-3, Stored),
        built("drcavty2",    driven_cavity::function(1000.0, 10), vec![0.0; 100],                         3.988377812340576e-4, Stored),
        built("drcavty3",    driven_cavity::function(4500.0, 10), vec![0.0; 100],                         7.925000879398832e-8, Stored),
        built("eigena",      eigenvalues::diagonal(10),           eigenvalues::start(10),                 0.0, Stored),
        built("eigenb",      eigenvalues::bidiagonal(10),         eigenvalues::start(10),                 1.5565428424473233, Stored),
        built("flosp2hh",    natural_convection::function(natural_convection::FLUX, 1e7),        vec![0.0; 59], 1.0 / 3.0, Stored),
        built("flosp2hl",    natural_convection::function(natural_convection::FLUX, 1e3),        vec![0.0; 59], 1.0 / 3.0, Stored),
        built("flosp2hm",    natural_convection::function(natural_convection::FLUX, 1e5),        vec![0.0; 59], 1.0 / 3.0, Stored),
        built("flosp2th",    natural_convection::function(natural_convection::TEMPERATURE, 1e7), vec![0.0; 59], 0.0, Stored),
        built("flosp2tl",    natural_convection::function(natural_convection::TEMPERATURE, 1e3), vec![0.0; 59], 0.0, Stored),
        built("flosp2tm",    natural_convection::function(natural_convection::TEMPERATURE, 1e5), vec![0.0; 59], 0.0, Stored),
        problem("freurone",  freudenstein_roth::FUNCTION,    198, freudenstein_roth_start(100),           11964.577348654188, Stored),
        problem("hatfldg",   hatfield::FUNCTION,              25, vec![1.0; 25],                          0.0, Stored),
        built("hydcar20",    distillation::hydrocarbons(20, 9),   stored("hydcar20", "start"),            0.0, Stored),
        built("hydcar6",     distillation::hydrocarbons(6, 2),    stored("hydcar6", "start"),             0.0, Stored),
        problem("integreq",  integral_equation::FUNCTION,    100, boundary_value::start(1.0, 100),        0.0, Stored),
        problem("luksan11",  luksan_chains::SERPENTINE,      198, vec![-0.8; 100],                        0.0, All(1.0)),
        problem("luksan12",  luksan_chains::TWELVE,          192, vec![-1.0; 98],                         4292.196891406494, Stored),
        problem("luksan13",  luksan_chains::THIRTEEN,        224, vec![-1.0; 98],                         24949.670405036857, Stored),
        problem("luksan14",  luksan_chains::FOURTEEN,        224, vec![-1.0; 98],                         123.9235407645032, Stored),
        problem("luksan15",  luksan_sparse::SIGNOMIAL,       196, luksan_sparse::start(100),              3.569697051173893, Stored),
        problem("luksan16",  luksan_sparse::EXPONENTIAL,     196, luksan_sparse::start(100),              3.569697051173895, Stored),
        problem("luksan17",  luksan_sparse::TRIGONOMETRIC,   196, luksan_sparse::start(100),              0.49316129032256734, Stored),
        built("luksan21",    boundary_value::function(boundary_value::LUKSAN, 100),  boundary_value::start(1.0, 100),        0.0, Stored),
        problem("luksan22",  luksan_chains::ATTRACTING,      198, luksan22_start(100),                    872.9229558893818, Stored),
        built("methanb8",    distillation::methanol(),            stored("methanb8", "start"),            0.0, Stored),
        built("methanl8",    distillation::methanol(),            stored("methanl8", "start"),            0.0, Stored),
        built("morebvne",    boundary_value::function(boundary_value::MOREBVNE, 100),  boundary_value::start(1.0, 100),        0.0, Stored),
        built("msqrta",      matrix_root::dense(10),              matrix_root::dense_start(10, false),    0.0, All(0.0)),
        built("msqrtb",      matrix_root::dense(10),              matrix_root::dense_start(10, true),     0.0, All(0.0)),
        problem("oscigrne",  oscillating_gradient::FUNCTION, 100, oscillating_gradient_start(100),        0.0, All(1.0)),
        problem("penalty_1", penalty::ONE,                   101, (1..=100).map(f64::from).collect(),     3.8024619901979974e-3, Stored),
        problem("penalty_2", penalty::TWO,                   200, vec![0.5; 100],                         0.9809376762588506, Stored),
        problem("powellse",  powell_singular::FUNCTION,      100, [3.0, -1.0, 0.0, 1.0].repeat(25),       0.0, All(0.0)),
        built("qr3d",        qr::function(5, false),              qr::start(5, false),                    0.0, Stored),
        built("qr3dbd",      qr::function(5, true),               qr::start(5, true),                     0.0, Stored),
        built("spmsqrt",     matrix_root::tridiagonal(34),        matrix_root::tridiagonal_start(34),     0.0, Stored),
        problem("semicn2u",  semiconductor::FUNCTION,        100, vec![0.0; 100],                         0.0, Stored),
        problem("semicon2",  semiconductor::FUNCTION,        100, vec![0.0; 100],                         0.0, Stored),
        problem("vardimne",  variable_dimension::FUNCTION,   102, variable_dimension::start(100),         0.0, All(1.0)),
        problem("watsonne",  watson::FUNCTION,                31, vec![0.0; 31],                          0.0, Stored),
        built("yatpsq_1",    pseudo_stochastic::one(10),          pseudo_stochastic::start(6.0, 10),      0.0, Stored),
        built("yatpsq_2",    pseudo_stochastic::two(10),          pseudo_stochastic::start(10.0, 10),     0.0, Stored),
    ]
}

/// A problem of a family of any size.
fn problem(
    name: &str,
    function: ResidualFunction,
    n_residuals: usize,
    start: Vec<f64>,
    value: f64,
    minimizer: Minimizer,
) -> BenchmarkProblem {
    built(name, Function::least_squares(function, n_residuals), start, value, minimizer)
}

/// A problem with a function that is made for it.
fn built(
    name: &str,
    function: Function,
    start: Vec<f64>,
    value: f64,
    minimizer: Minimizer,
) -> BenchmarkProblem {
    let params = match minimizer {
        All(value) => vec![value; start.len()],
        First(value) => {
            let mut params = vec![0.0; start.len()];
            params[0] = value;
            params
        }
        Stored => stored(name, "solution"),
    };
    let solution = Solution { params: Some(params), value: Some(value) };
    BenchmarkProblem::new(name, function, start, solution)
}

fn stored(name: &str, what: &str) -> Vec<f64> {
    stored_point(POINTS, name, what)
}

/// 0.5, -2, then zeros.
fn freudenstein_roth_start(n: usize) -> Vec<f64> {
    let mut start = vec![0.0; n];
    start[..2].copy_from_slice(&[0.5, -2.0]);
    start
}

/// -1.2, 1, and so on.
fn luksan22_start(n: usize) -> Vec<f64> {
    [-1.2, 1.0].into_iter().cycle().take(n).collect()
}

/// -2, then ones.
fn oscillating_gradient_start(n: usize) -> Vec<f64> {
    let mut start = vec![1.0; n];
    start[0] = -2.0;
    start
}
