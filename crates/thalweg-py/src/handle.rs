//! The problem as an algorithm that is written in Python sees it.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, ThreadId};

use numpy::PyArray1;
use pyo3::exceptions::{PyBaseException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyList};
use thalweg::Space as Core;
use thalweg::core::{Manner, Problem, SolverKind, Stop, Values, Want};

use crate::algorithm::misuse;
use crate::numeric::{new_array, to_vec, vector};
use crate::objective::Cores;
use crate::space::Space;

pyo3::create_exception!(
    _thalweg,
    RunStopped,
    PyBaseException,
    "Ends a user-defined algorithm from within an evaluation. Not to be caught."
);

/// The objective, its derivative and the bounds, during a run. All values are to be minimized.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct ProblemHandle {
    slot: Mutex<Slot>,
    /// The thread that evaluates at the moment.
    busy: Mutex<Option<ThreadId>>,
    terms: Terms,
    dim: usize,
    lower: Option<Vec<f64>>,
    upper: Option<Vec<f64>>,
    constraints: Constraints,
}

/// The nonlinear constraints: lower and upper limit, tolerance of each value, and how many values each constraint has.
struct Constraints {
    lower: Vec<f64>,
    upper: Vec<f64>,
    tolerances: Vec<f64>,
    sizes: Vec<usize>,
}

/// What a user-defined algorithm and its run agree on.
pub(crate) struct Terms {
    /// What the algorithm's values are.
    pub(crate) kind: SolverKind,
    /// What the user does.
    pub(crate) maximize: bool,
    /// The cores that the algorithm asks for.
    pub(crate) cores: Cores,
    /// The space in which the algorithm moves.
    pub(crate) space: Option<Core>,
}

struct Slot {
    /// The problem; null after the run.
    problem: *mut Problem<'static>,
    stop: Option<Stop>,
}

// SAFETY: the pointer is only followed under the lock, and is null as soon as the loan ends.
unsafe impl Send for Slot {}

impl ProblemHandle {
    /// Lend `problem` to Python code. Returns what the code returned, and the stop that ended the run, if any.
    pub(crate) fn lend<'py, T>(
        py: Python<'py>,
        problem: &mut Problem<'_>,
        terms: Terms,
        run: impl FnOnce(Bound<'py, ProblemHandle>) -> PyResult<T>,
    ) -> (PyResult<T>, Option<Stop>) {
        let finite =
            |side: &[f64]| side.iter().any(|bound| bound.is_finite()).then(|| side.to_vec());
        let handle = ProblemHandle {
            terms,
            dim: problem.dim(),
            lower: finite(problem.lower()),
            upper: finite(problem.upper()),
            constraints: Constraints {
                lower: problem.constraint_limits().iter().map(|limits| limits.0).collect(),
                upper: problem.constraint_limits().iter().map(|limits| limits.1).collect(),
                tolerances: problem.constraint_tolerances().to_vec(),
                sizes: problem.constraint_sizes().to_vec(),
            },
            busy: Mutex::new(None),
            // The lifetimes are forgotten here; the pointer is taken back below, before they end.
            slot: Mutex::new(Slot { problem: std::ptr::from_mut(problem).cast(), stop: None }),
        };
        let handle = match Bound::new(py, handle) {
            Ok(handle) => handle,
            Err(error) => return (Err(error), None),
        };
        let returned = run(handle.clone());
        // Another thread of the user may still be evaluating: wait for it without holding the interpreter.
        let inner = handle.get();
        let stop = py.detach(|| {
            let mut slot = inner.slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.problem = std::ptr::null_mut();
            slot.stop.take()
        });
        (returned, stop)
    }

    fn lock<'a>(&'a self, py: Python<'_>) -> PyResult<MutexGuard<'a, Slot>> {
        let me = thread::current().id();
        let guard = match self.slot.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let owner = *self.busy.lock().unwrap_or_else(PoisonError::into_inner);
                if owner == Some(me) {
                    return Err(misuse("the problem was evaluated from within its own objective"));
                }
                let lock = py.detach(|| {
                    Unattached(self.slot.lock().unwrap_or_else(PoisonError::into_inner))
                });
                lock.0
            }
        };
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = Some(me);
        Ok(guard)
    }

    /// Evaluate at points given one after the other, and read the answers.
    fn evaluate<T>(
        &self,
        py: Python<'_>,
        (want, manner): (Want, Manner),
        points: &[f64],
        read: impl FnOnce(&Values) -> T,
    ) -> PyResult<T> {
        let mut slot = self.lock(py)?;
        if slot.stop.is_some() {
            return Err(RunStopped::new_err("the run has been stopped"));
        }
        // SAFETY: not null during the loan, and the lock makes this the only reference.
        let problem = unsafe { slot.problem.as_mut() };
        let Some(problem) = problem else { return Err(misuse("the run is over")) };
        let answer = problem.batch_in(manner, want, points).map(read);
        answer.map_err(|stop| {
            let message = stop.to_string();
            slot.stop = Some(stop);
            RunStopped::new_err(message)
        })
    }

    fn wants(&self) -> (Want, Want) {
        match self.terms.kind {
            SolverKind::Scalar => (Want::VALUE, Want::GRADIENT),
            SolverKind::LeastSquares => (Want::RESIDUALS, Want::JACOBIAN),
            SolverKind::Likelihood => (Want::CONTRIBUTIONS, Want::SCORES),
        }
    }

    fn point(&self, x: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let x = to_vec(x)?;
        if x.len() == self.dim {
            return Ok(x);
        }
        Err(PyValueError::new_err(format!("expected {} numbers, got {}", self.dim, x.len())))
    }

    fn all(&self, xs: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
        let mut points = Vec::new();
        for x in xs.try_iter()? {
            points.extend(self.point(&x?)?);
        }
        Ok(points)
    }

    /// Item `i` of `k` of the column of values, residuals or contributions.
    fn value<'py>(
        &self,
        py: Python<'py>,
        values: &Values,
        i: usize,
        k: usize,
    ) -> Bound<'py, PyAny> {
        let column = match self.terms.kind {
            SolverKind::Scalar => return PyFloat::new(py, values.values[i]).into_any(),
            SolverKind::LeastSquares => &values.residuals,
            SolverKind::Likelihood => &values.contributions,
        };
        let width = column.len() / k;
        vector(py, &column[i * width..(i + 1) * width]).into_any()
    }

    fn derivative<'py>(
        &self,
        py: Python<'py>,
        values: &Values,
        i: usize,
        k: usize,
    ) -> Bound<'py, PyAny> {
        let column = match self.terms.kind {
            SolverKind::Scalar => &values.gradients,
            SolverKind::LeastSquares => &values.jacobians,
            SolverKind::Likelihood => &values.scores,
        };
        let width = column.len() / k;
        let data = &column[i * width..(i + 1) * width];
        match self.terms.kind {
            SolverKind::Scalar => vector(py, data).into_any(),
            _ => new_array(py, data, &[width / self.dim, self.dim]),
        }
    }

    fn batch<'py>(
        &self,
        xs: &Bound<'py, PyAny>,
        n_cores: usize,
        (want, manner): (Want, Manner),
        item: impl Fn(&Values, usize, usize) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = xs.py();
        let points = self.all(xs)?;
        if points.is_empty() {
            return Ok(PyList::empty(py));
        }
        let k = points.len() / self.dim;
        self.terms.cores.store(n_cores, Ordering::Relaxed);
        let items = self.evaluate(py, (want, manner), &points, |values| {
            (0..k).map(|i| item(values, i, k)).collect::<PyResult<Vec<_>>>()
        })?;
        PyList::new(py, items?)
    }
}

/// The question, to be taken as the run says.
fn plainly(want: Want) -> (Want, Manner) {
    (want, Manner::default())
}

/// Lower limits, upper limits, tolerances, sizes.
type Limits<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Vec<usize>);

/// A guard that waits for its lock without the interpreter; it is taken by the thread that asked for it.
struct Unattached<T>(T);

// SAFETY: `Python::detach` runs its closure in the same thread; nothing moves between threads.
unsafe impl<T> Send for Unattached<T> {}

#[pymethods]
impl ProblemHandle {
    /// The nonlinear constraints: lower limits, upper limits and tolerances of their values, and how many values each has.
    #[getter]
    fn constraint_limits<'py>(&self, py: Python<'py>) -> Limits<'py> {
        let Constraints { lower, upper, tolerances, sizes } = &self.constraints;
        (vector(py, lower), vector(py, upper), vector(py, tolerances), sizes.clone())
    }

    /// The values of all nonlinear constraints at x.
    fn constraints<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, point) = (x.py(), self.point(x)?);
        self.evaluate(py, plainly(Want::CONSTRAINTS), &point, |values| {
            vector(py, &values.constraints).into_any()
        })
    }

    /// The Jacobian of all nonlinear constraints at x.
    fn constraint_jacobian<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, point) = (x.py(), self.point(x)?);
        self.evaluate(py, plainly(Want::CONSTRAINT_JACOBIAN), &point, |values| {
            let jacobian = &values.constraint_jacobians;
            new_array(py, jacobian, &[jacobian.len() / self.dim, self.dim])
        })
    }

    /// The objective at x: a number, or the vector of residuals or contributions.
    #[pyo3(signature = (x, goes_on=None, unlisted=false))]
    fn fun<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let point = self.point(x)?;
        let manner = Manner { batch_size: 0, goes_on, unlisted };
        self.evaluate(py, (self.wants().0, manner), &point, |values| self.value(py, values, 0, 1))
    }

    /// Its derivative at x: the gradient, or the Jacobian.
    #[pyo3(signature = (x, goes_on=None, unlisted=false))]
    fn jac<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = x.py();
        let point = self.point(x)?;
        let manner = Manner { batch_size: 0, goes_on, unlisted };
        self.evaluate(py, (self.wants().1, manner), &point, |values| {
            self.derivative(py, values, 0, 1)
        })
    }

    /// Both at x.
    #[pyo3(signature = (x, goes_on=None, unlisted=false))]
    fn fun_and_jac<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let py = x.py();
        let point = self.point(x)?;
        let (value, derivative) = self.wants();
        let want = (value | derivative, Manner { batch_size: 0, goes_on, unlisted });
        self.evaluate(py, want, &point, |values| {
            (self.value(py, values, 0, 1), self.derivative(py, values, 0, 1))
        })
    }

    /// The objective at several points.
    #[pyo3(signature = (x_list, n_cores=1, batch_size=1, goes_on=None, unlisted=false))]
    fn batch_fun<'py>(
        &self,
        x_list: &Bound<'py, PyAny>,
        n_cores: usize,
        batch_size: usize,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = x_list.py();
        let manner = Manner { batch_size, goes_on, unlisted };
        self.batch(x_list, n_cores, (self.wants().0, manner), |values, i, k| {
            Ok(self.value(py, values, i, k))
        })
    }

    /// The derivative at several points.
    #[pyo3(signature = (x_list, n_cores=1, batch_size=1, goes_on=None, unlisted=false))]
    fn batch_jac<'py>(
        &self,
        x_list: &Bound<'py, PyAny>,
        n_cores: usize,
        batch_size: usize,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = x_list.py();
        let manner = Manner { batch_size, goes_on, unlisted };
        self.batch(x_list, n_cores, (self.wants().1, manner), |values, i, k| {
            Ok(self.derivative(py, values, i, k))
        })
    }

    /// Both at several points: a list of pairs.
    #[pyo3(signature = (x_list, n_cores=1, batch_size=1, goes_on=None, unlisted=false))]
    fn batch_fun_and_jac<'py>(
        &self,
        x_list: &Bound<'py, PyAny>,
        n_cores: usize,
        batch_size: usize,
        goes_on: Option<bool>,
        unlisted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = x_list.py();
        let (value, derivative) = self.wants();
        let manner = Manner { batch_size, goes_on, unlisted };
        self.batch(x_list, n_cores, (value | derivative, manner), |values, i, k| {
            let pair = (self.value(py, values, i, k), self.derivative(py, values, i, k));
            Ok(pair.into_pyobject(py)?.into_any())
        })
    }

    /// The lower bounds, or None if there are none.
    #[getter]
    fn lower<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.lower.as_ref().map(|lower| vector(py, lower))
    }

    /// The upper bounds, or None if there are none.
    #[getter]
    fn upper<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<f64>>> {
        self.upper.as_ref().map(|upper| vector(py, upper))
    }

    /// The space in which the algorithm moves, constraints and scaling included.
    #[getter]
    fn space(&self) -> Option<Space> {
        self.terms.space.clone().map(Space::of)
    }

    /// "minimize" or "maximize": what the user does.
    #[getter]
    fn direction(&self) -> &'static str {
        if self.terms.maximize { "maximize" } else { "minimize" }
    }

    /// The number of variables.
    #[getter]
    fn dim(&self) -> usize {
        self.dim
    }
}
