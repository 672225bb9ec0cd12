//! Problems of the sets at any size.

use crate::cartis_roberts;
use crate::function::Function;
use crate::global;
use crate::more_wild;
use crate::problem::{BenchmarkProblem, Solution};
use crate::set::SetError;

/// A least-squares problem that exists at many sizes.
pub(crate) struct Family {
    /// The name, which is that of the problems of the sets without size and start.
    pub name: &'static str,
    /// The smallest and the largest number of parameters.
    pub sizes: (usize, usize),
    /// What the number of parameters has to be a multiple of.
    pub multiple_of: usize,
    /// The problem at a size that is allowed: function, start and solution.
    pub build: fn(usize) -> (Function, Vec<f64>, Solution),
}

/// No largest size.
pub(crate) const ANY: usize = usize::MAX;

fn families() -> impl Iterator<Item = &'static Family> {
    more_wild::FAMILIES.iter().chain(cartis_roberts::FAMILIES)
}

/// The names that [`scalable_problem`] knows.
pub fn scalable_problems() -> impl Iterator<Item = &'static str> {
    let global = global::FAMILIES.iter().map(|family| family.name);
    families().map(|family| family.name).chain(global)
}

/// The problem of a family with `n` parameters, from its usual start. Its name is that of the family and the size.
///
/// ```
/// let problem = thalweg_bench::scalable_problem("chebyquad", 50)?;
/// assert_eq!((problem.name.as_str(), problem.n_params()), ("chebyquad_50", 50));
/// # Ok::<(), thalweg_bench::SetError>(())
/// ```
///
/// # Errors
/// There is no such family, or it has no problem of that size.
pub fn scalable_problem(name: &str, n: usize) -> Result<BenchmarkProblem, SetError> {
    if let Some(family) = global::FAMILIES.iter().find(|family| family.name == name) {
        check(name, (2, ANY), family.multiple_of, n)?;
        return Ok(family.problem(n));
    }
    let Some(family) = families().find(|family| family.name == name) else {
        return Err(SetError::unknown("scalable problem", name, scalable_problems()));
    };
    check(name, family.sizes, family.multiple_of, n)?;
    let (function, start, solution) = (family.build)(n);
    Ok(BenchmarkProblem::new(format!("{name}_{n}"), function, start, solution))
}

fn check(name: &str, sizes: (usize, usize), multiple_of: usize, n: usize) -> Result<(), SetError> {
    let (smallest, largest) = sizes;
    if (smallest..=largest).contains(&n) && n.is_multiple_of(multiple_of) {
        return Ok(());
    }
    let range = match largest {
        ANY => format!("at least {smallest}"),
        _ => format!("from {smallest} to {largest}"),
    };
    let multiple = match multiple_of {
        1 => String::new(),
        factor => format!(" and a multiple of {factor}"),
    };
    Err(SetError::invalid(format!("n of {name} is {n}; it must be {range}{multiple}.")))
}

/// A root, all parameters of which are the same.
pub(crate) fn root(value: f64, n: usize) -> Solution {
    Solution { params: Some(vec![value; n]), value: Some(0.0) }
}

/// A value, the minimizers of which are not known or not unique.
pub(crate) fn value(value: f64) -> Solution {
    Solution { params: None, value: Some(value) }
}
