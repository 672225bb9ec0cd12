//! The functions of a benchmark problem as Python functions, at native speed.

use std::sync::Arc;

use numpy::{PyArray1, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat};
use thalweg_bench::{BenchmarkProblem, Function, VectorFunction};

use crate::benchmark::problems::problem_of;
use crate::numeric::{as_f64_array, new_array, to_f64_array, vector};

type Side<'py> = Bound<'py, PyArray1<f64>>;

/// Which of a problem's functions this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Fun,
    Jac,
    NoiseFree,
    Constraints,
    ConstraintsJac,
}

const ROLES: [(&str, Role); 5] = [
    ("fun", Role::Fun),
    ("jac", Role::Jac),
    ("noise_free_fun", Role::NoiseFree),
    ("constraints", Role::Constraints),
    ("constraints_jac", Role::ConstraintsJac),
];

impl Role {
    fn word(self) -> &'static str {
        ROLES.iter().find(|(_, role)| *role == self).map_or("", |(word, _)| word)
    }
}

/// A function of a benchmark problem. It is called with a vector of parameters, and pickles as the names of its set, its
/// problem and itself.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct BenchmarkFunction {
    set: String,
    options: Py<PyDict>,
    role: Role,
    problem: Arc<BenchmarkProblem>,
}

impl BenchmarkFunction {
    pub(crate) fn problem(&self) -> &Arc<BenchmarkProblem> {
        &self.problem
    }

    fn objective(&self) -> &Function {
        match self.role {
            Role::NoiseFree => &self.problem.noise_free,
            _ => &self.problem.function,
        }
    }

    /// What writes the answer, and its rows and columns.
    fn writer(&self) -> PyResult<(&VectorFunction, Vec<usize>)> {
        let n = self.problem.n_params();
        let constraints = || {
            let constraints = self.problem.constraints.as_ref();
            constraints.ok_or_else(|| {
                PyValueError::new_err(format!("{} has no constraints", self.problem.name))
            })
        };
        Ok(match (self.role, self.objective()) {
            (Role::Constraints, _) => {
                let constraints = constraints()?;
                (&constraints.values, vec![constraints.lower.len()])
            }
            (Role::ConstraintsJac, _) => {
                let constraints = constraints()?;
                (&constraints.jacobian, vec![constraints.lower.len(), n])
            }
            (Role::Jac, Function::LeastSquares { n_residuals, jacobian, .. }) => {
                (jacobian, vec![*n_residuals, n])
            }
            (Role::Jac, Function::Scalar { gradient, .. }) => (gradient, vec![n]),
            (_, Function::LeastSquares { n_residuals, residuals, .. }) => {
                (residuals, vec![*n_residuals])
            }
            (_, Function::Scalar { .. }) => {
                return Err(PyValueError::new_err("a plain number is not written"));
            }
        })
    }

    fn answer<'py>(&self, py: Python<'py>, x: &[f64]) -> PyResult<Bound<'py, PyAny>> {
        let n = self.problem.n_params();
        if x.len() != n {
            return Err(PyValueError::new_err(format!(
                "{} has {n} parameters, but got {} numbers",
                self.problem.name,
                x.len()
            )));
        }
        if let (Role::Fun | Role::NoiseFree, Function::Scalar { value, .. }) =
            (self.role, self.objective())
        {
            return Ok(PyFloat::new(py, value(x)).into_any());
        }
        let (write, shape) = self.writer()?;
        let mut out = vec![0.0; shape.iter().product()];
        write(x, &mut out);
        Ok(new_array(py, &out, &shape))
    }
}

#[pymethods]
impl BenchmarkFunction {
    /// The function `role` ("fun", "jac", "noise_free_fun", "constraints", "constraints_jac") of `problem` in `set` with `options`.
    #[new]
    pub(crate) fn new(
        py: Python<'_>,
        set: &str,
        options: Bound<'_, PyDict>,
        problem: &str,
        role: &str,
    ) -> PyResult<Self> {
        let found = problem_of(py, set, &options, problem)?;
        Ok(BenchmarkFunction::of(set, options.unbind(), found, role))
    }

    fn __call__<'py>(&self, params: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Some((x, [_])) = as_f64_array(params) {
            return self.answer(params.py(), x);
        }
        let array = to_f64_array(params)?;
        if array.ndim() != 1 {
            let name = &self.problem.name;
            let text = format!(
                "the parameters of {name} are a vector, not of {} dimensions",
                array.ndim()
            );
            return Err(PyValueError::new_err(text));
        }
        self.answer(params.py(), &numpy::PyArrayMethods::to_vec(&array)?)
    }

    /// The mark: which kind of objective this is.
    #[getter]
    fn _problem_type(&self) -> &'static str {
        match (self.role, self.objective()) {
            (Role::Constraints | Role::ConstraintsJac, _) | (_, Function::Scalar { .. }) => {
                "scalar"
            }
            _ => "least_squares",
        }
    }

    /// Which of the problem's functions this is.
    #[getter]
    fn role(&self) -> &'static str {
        self.role.word()
    }

    /// The problem's lower and upper bounds.
    #[getter]
    fn bounds<'py>(&self, py: Python<'py>) -> (Option<Side<'py>>, Option<Side<'py>>) {
        let bounds = &self.problem.bounds;
        let side = |side: &Option<Vec<f64>>| side.as_ref().map(|side| vector(py, side));
        (side(&bounds.lower), side(&bounds.upper))
    }

    /// How many of the two, bounds and constraints, the problem has.
    #[getter]
    fn n_parts(&self) -> usize {
        let bounds = &self.problem.bounds;
        usize::from(bounds.lower.is_some() || bounds.upper.is_some())
            + usize::from(self.problem.constraints.is_some())
    }

    /// The problem's name.
    #[getter]
    fn problem_name(&self) -> &str {
        &self.problem.name
    }

    /// The name of the set.
    #[getter]
    fn set_name(&self) -> &str {
        &self.set
    }

    #[getter]
    fn __name__(&self) -> String {
        match self.role {
            Role::Fun => self.problem.name.clone(),
            role => format!("{}_{}", self.problem.name, role.word()),
        }
    }

    /// Whether this is a function of the same problem, with the same noise and scaling.
    fn belongs_to(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok(self.set == other.set
            && self.problem.name == other.problem.name
            && self.options.bind(py).eq(other.options.bind(py))?)
    }

    fn __repr__(&self) -> String {
        format!("<{} of the benchmark problem {}>", self.role.word(), self.problem.name)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let (py, own) = (slf.py(), slf.get());
        let role = own.role.word();
        let arguments = (&own.set, own.options.clone_ref(py), &own.problem.name, role);
        Ok((slf.get_type().into_any(), arguments.into_pyobject(py)?.into_any()))
    }
}

impl BenchmarkFunction {
    pub(super) fn of(
        set: &str,
        options: Py<PyDict>,
        problem: Arc<BenchmarkProblem>,
        role: &str,
    ) -> Self {
        let role =
            ROLES.iter().find(|(word, _)| *word == role).map_or(Role::Fun, |(_, role)| *role);
        BenchmarkFunction { set: set.to_string(), options, role, problem }
    }
}
