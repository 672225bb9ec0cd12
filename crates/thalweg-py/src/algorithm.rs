//! Algorithms that are written in Python.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use thalweg::core::{
    AlgorithmSpec, Configure, Extra, Features, Finish, OptionError, OptionValue, Problem,
    SolverKind, Stop, Test, Verdict,
};
use thalweg::{Algorithm, Space};

use crate::errors::{Kind, error};
use crate::handle::{ProblemHandle, Terms};
use crate::interrupt::{Flag, is_ctrl_c};
use crate::numeric::{describe, number, to_vec, vector};
use crate::objective::{Cores, kind_from_word};

/// What a user-defined algorithm reports about its own run.
#[derive(Default)]
pub(crate) struct Reported {
    pub(crate) message: Option<String>,
    pub(crate) status: Option<Py<PyAny>>,
    /// Whether it says itself that it was a success.
    pub(crate) success: Option<bool>,
    pub(crate) n_iterations: Option<u64>,
    pub(crate) n_hess_evals: Option<u64>,
    /// Derivatives that are no arrays, by name: "jac", "hess", "hess_inv".
    pub(crate) opaque: Vec<(&'static str, Py<PyAny>)>,
    pub(crate) info: Option<Py<PyDict>>,
}

/// What comes out of a user-defined algorithm besides its point.
#[derive(Default)]
pub(crate) struct Aside {
    pub(crate) reported: Option<Reported>,
    /// The algorithm's own exception.
    pub(crate) error: Option<PyErr>,
}

/// The space in which a run's algorithm moves, from when it is known.
pub(crate) type FoundSpace = Arc<OnceLock<Space>>;

/// A callable `(handle, x0) -> dict` with a name and features.
#[derive(Clone)]
pub(crate) struct PythonAlgorithm {
    callable: Arc<Py<PyAny>>,
    spec: &'static AlgorithmSpec,
    maximize: bool,
    aside: Arc<Mutex<Aside>>,
    cores: Cores,
    space: FoundSpace,
    interrupted: Flag,
}

impl PythonAlgorithm {
    pub(crate) fn new(
        algorithm: &Bound<'_, PyAny>,
        maximize: bool,
        interrupted: &Flag,
    ) -> PyResult<Self> {
        let name: String = algorithm.getattr("name")?.extract()?;
        let features = algorithm.getattr("features")?.cast_into::<PyDict>()?;
        let flag = |key: &str| -> PyResult<bool> {
            features.get_item(key)?.map_or(Ok(false), |value| value.is_truthy())
        };
        let kind = match features.get_item("solver_type")? {
            Some(kind) => kind_from_word(Some(kind.extract()?))?,
            None => None,
        };
        let features = Features {
            kind: kind.unwrap_or(SolverKind::Scalar),
            global: flag("is_global")?,
            needs_gradient: flag("needs_jac")?,
            needs_hessian: flag("needs_hess")?,
            // An internal problem hands out values and first derivatives only.
            uses_hessian: false,
            needs_bounds: flag("needs_bounds")?,
            bounds: flag("supports_bounds")?,
            infinite_bounds: flag("supports_infinite_bounds")?,
            linear_constraints: flag("supports_linear_constraints")?,
            nonlinear_constraints: flag("supports_nonlinear_constraints")?,
            parallel: flag("supports_parallelism")?,
        };
        Ok(PythonAlgorithm {
            callable: Arc::new(algorithm.clone().unbind()),
            spec: interned_spec(name, features),
            maximize,
            aside: Arc::default(),
            cores: Cores::default(),
            space: FoundSpace::default(),
            interrupted: Arc::clone(interrupted),
        })
    }

    pub(crate) fn lines(&self) -> Lines {
        Lines {
            aside: Arc::clone(&self.aside),
            cores: Arc::clone(&self.cores),
            space: Arc::clone(&self.space),
        }
    }
}

/// The ends of the lines between a user-defined algorithm and its run.
#[derive(Default)]
pub(crate) struct Lines {
    /// What does not fit into [`Finish`].
    pub(crate) aside: Arc<Mutex<Aside>>,
    /// The cores that it asks for.
    pub(crate) cores: Cores,
    /// Where it looks for the space in which it moves.
    pub(crate) space: FoundSpace,
}

/// Declarations live as long as the program: one for each name and set of features.
fn interned_spec(name: String, features: Features) -> &'static AlgorithmSpec {
    static SPECS: Mutex<Vec<&'static AlgorithmSpec>> = Mutex::new(Vec::new());
    let mut specs = SPECS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = specs.iter().find(|spec| spec.name == name && spec.features == features) {
        return known;
    }
    let spec: &'static AlgorithmSpec = Box::leak(Box::new(AlgorithmSpec {
        name: Box::leak(name.into_boxed_str()),
        struct_name: "PythonAlgorithm",
        doc: "An algorithm written in Python.",
        features,
        options: &[],
    }));
    specs.push(spec);
    spec
}

impl fmt::Debug for PythonAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PythonAlgorithm({})", self.spec.name)
    }
}

impl Configure for PythonAlgorithm {
    fn spec(&self) -> &'static AlgorithmSpec {
        self.spec
    }

    fn option(&self, _name: &str) -> Option<OptionValue> {
        None
    }

    fn set_option(&mut self, name: &str, _value: &OptionValue) -> Result<(), OptionError> {
        Err(OptionError::Unknown { algorithm: self.spec.name, name: name.to_string() })
    }

    fn boxed(&self) -> Box<dyn Algorithm> {
        Box::new(self.clone())
    }
}

impl Algorithm for PythonAlgorithm {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        Python::attach(|py| {
            let kind = self.spec.features.kind;
            let terms = Terms {
                kind,
                maximize: self.maximize,
                cores: Arc::clone(&self.cores),
                space: self.space.get().cloned(),
            };
            let (returned, stop) = ProblemHandle::lend(py, problem, terms, |handle| {
                self.callable.bind(py).call1((handle, vector(py, x0)))
            });
            if let Some(stop) = stop {
                // Whatever Python made of it on the way: the run has been ended.
                return Err(stop);
            }
            let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
            let finish =
                returned.and_then(|returned| finish(&returned, kind, x0.len(), &mut aside));
            finish.map_err(|error| {
                if is_ctrl_c(py, &error, &self.interrupted) {
                    return Stop::Interrupted;
                }
                let message = error.to_string();
                aside.error = Some(error);
                Stop::Failed(message)
            })
        })
    }
}

/// What an algorithm says that calls its run a success.
pub(crate) const OWN_TEST: &str = "the algorithm's own test was met";

/// Read what the algorithm returned.
fn finish(
    returned: &Bound<'_, PyAny>,
    kind: SolverKind,
    n: usize,
    aside: &mut Aside,
) -> PyResult<Finish> {
    let py = returned.py();
    let returned = returned
        .cast::<PyDict>()
        .map_err(|_| PyTypeError::new_err("a user-defined algorithm has to return a dict"))?;
    let get = |key: &str| -> PyResult<Option<Bound<'_, PyAny>>> {
        Ok(returned.get_item(key)?.filter(|value| !value.is_none()))
    };
    let Some(x) = get("x")? else {
        return Err(error(py, Kind::Internal, "The algorithm returned no x."));
    };
    let Ok(x) = to_vec(&x) else {
        let text = format!(
            "The algorithm returned {} as x, which has to be a vector of {n} numbers, one for each free parameter.",
            describe(&x)
        );
        return Err(error(py, Kind::Function, text));
    };
    if x.len() != n {
        let text = format!(
            "The algorithm returned an x with {} entries, but the problem has {n} free parameters.",
            x.len()
        );
        return Err(error(py, Kind::Function, text));
    }
    let value = match get("fun")? {
        None => f64::INFINITY,
        Some(fun) => match number(&fun) {
            Ok(value) => value,
            Err(_) if kind == SolverKind::LeastSquares => {
                to_vec(&fun)?.iter().map(|residual| residual * residual).sum()
            }
            Err(_) => to_vec(&fun)?.iter().sum(),
        },
    };
    let success = get("success")?.map(|success| success.is_truthy()).transpose()?;
    let message: Option<String> = get("message")?.map(|message| message.extract()).transpose()?;
    let info = get("info")?.map(|info| info.cast_into::<PyDict>()).transpose()?;
    aside.reported = Some(Reported {
        message: message.clone(),
        status: get("status")?.map(Bound::unbind),
        success,
        n_iterations: get("n_iterations")?.map(|n| n.extract()).transpose()?,
        n_hess_evals: get("n_hess_evals")?.map(|n| n.extract()).transpose()?,
        opaque: Vec::new(),
        info: info.map(Bound::unbind),
    });
    let verdict = if success.unwrap_or(true) {
        Verdict::Converged(Test {
            measure: OWN_TEST,
            value: f64::NAN,
            tolerance: f64::NAN,
            option: "",
        })
    } else {
        Verdict::Stalled(message.unwrap_or_else(|| "the algorithm reports no success".to_string()))
    };
    let (mut extras, mut opaque) = (Vec::new(), Vec::new());
    let jac = if kind == SolverKind::Scalar { "gradient" } else { "jacobian" };
    for (key, name) in [("jac", jac), ("hess", "hessian"), ("hess_inv", "hessian_inverse")] {
        let Some(derivative) = get(key)? else { continue };
        match derivative_of(&derivative, name == "gradient") {
            Ok(extra) => {
                check_size(&derivative, key, name, &extra, n)?;
                extras.push((name, extra));
            }
            // An operator, for instance.
            Err(_) => opaque.push((key, derivative.unbind())),
        }
    }
    if let Some(reported) = &mut aside.reported {
        reported.opaque = opaque;
    }
    Ok(Finish { x, value, verdict, extras })
}

/// A derivative that the algorithm reports: a vector or a matrix.
fn derivative_of(derivative: &Bound<'_, PyAny>, is_vector: bool) -> PyResult<Extra> {
    let array = derivative.py().import("numpy")?.call_method1("asarray", (derivative,))?;
    let shape: Vec<usize> = array.getattr("shape")?.extract()?;
    let numbers = to_vec(&array.call_method0("ravel")?)?;
    Ok(match shape[..] {
        [_, columns] if !is_vector => Extra::Matrix(numbers, columns),
        _ => Extra::Vector(numbers),
    })
}

/// Whether a derivative that the algorithm reports fits n free parameters.
fn check_size(
    derivative: &Bound<'_, PyAny>,
    key: &str,
    name: &str,
    extra: &Extra,
    n: usize,
) -> PyResult<()> {
    let (fits, wanted) = match (name, extra) {
        ("gradient", Extra::Vector(entries)) => (entries.len() == n, "a vector for"),
        ("jacobian", Extra::Matrix(_, columns)) => {
            (*columns == n, "a matrix with a column for each of")
        }
        (_, Extra::Matrix(entries, columns)) => {
            (*columns == n && entries.len() == n * n, "a square matrix for")
        }
        _ => (false, "a matrix for"),
    };
    if fits {
        return Ok(());
    }
    let text = format!(
        "The algorithm returned {} as {key}, which has to be {wanted} {n} free parameters.",
        describe(derivative)
    );
    Err(error(derivative.py(), Kind::Function, text))
}

/// An exception for a handle that is used in a way that cannot work.
pub(crate) fn misuse(text: &str) -> PyErr {
    PyRuntimeError::new_err(text.to_string())
}
