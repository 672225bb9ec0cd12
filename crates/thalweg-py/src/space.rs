//! The space in which an algorithm moves, for Python: constraints and bounds are checked when it is made.

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use thalweg::{Bounds, BuildOptions, Constraint, ConstraintPlan, OptimizeError, Space as Core};

use crate::constraints::read;
use crate::numeric::{to_vec, vector};
use crate::outcome::specification_error;
use crate::solve::check_start;
use crate::tree::Tree;

/// Constraints and bounds on parameters, checked, with the way between parameters and the algorithm's vector.
#[pyclass(frozen, module = "thalweg._thalweg")]
pub(crate) struct Space {
    core: Core,
    constraints: Vec<Constraint>,
    options: BuildOptions,
}

impl Space {
    /// What a run with this space is specified by.
    pub(crate) fn specification(&self) -> (Vec<Constraint>, BuildOptions) {
        (self.constraints.clone(), self.options)
    }

    /// A space in which an algorithm moves already: for translations, not for the specification of a run.
    pub(crate) fn of(core: Core) -> Self {
        Space { core, constraints: Vec::new(), options: BuildOptions::default() }
    }
}

/// One side of the bounds, or none.
type Side<'py> = Option<Bound<'py, PyArray1<f64>>>;

#[pymethods]
impl Space {
    #[new]
    #[pyo3(signature = (tree, lower=None, upper=None, constraints=None, repair_start=false))]
    fn new(
        tree: &Bound<'_, Tree>,
        lower: Option<&Bound<'_, PyAny>>,
        upper: Option<&Bound<'_, PyAny>>,
        constraints: Option<&Bound<'_, PyAny>>,
        repair_start: bool,
    ) -> PyResult<Self> {
        let (py, tree) = (tree.py(), tree.get());
        check_start(tree).map_err(|wrong| specification_error(py, wrong))?;
        let bounds =
            Bounds { lower: lower.map(to_vec).transpose()?, upper: upper.map(to_vec).transpose()? };
        let constraints = constraints.map(read).transpose()?.unwrap_or_default();
        let options = BuildOptions { repair_start };
        let names = |position: usize| tree.name(py, position);
        let core = Core::build(tree.start(), &names, &bounds, &constraints, options)
            .map_err(|wrong| specification_error(py, OptimizeError::from(wrong)))?;
        Ok(Space { core, constraints, options })
    }

    /// The number of parameters.
    #[getter]
    fn n_user(&self) -> usize {
        self.core.n_user()
    }

    /// The number of free coordinates.
    #[getter]
    fn n_free(&self) -> usize {
        self.core.n_free()
    }

    /// The number of linear conditions that are left to the algorithm.
    #[getter]
    fn n_surplus_rows(&self) -> usize {
        self.core.surplus_rows().len()
    }

    /// The start values of the free coordinates.
    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.core.start())
    }

    /// The bounds on the free coordinates, None for a side without any.
    #[getter]
    fn sides<'py>(&self, py: Python<'py>) -> (Side<'py>, Side<'py>) {
        let side = |side: Option<&[f64]>| side.map(|side| vector(py, side));
        (side(self.core.lower()), side(self.core.upper()))
    }

    /// For each constraint its position in the user's list, its kind, how it is handled, and the same in words.
    #[getter]
    fn plan(&self) -> Plan {
        plan_for_python(self.core.plan())
    }

    /// The start values that were moved: name, before, after.
    #[getter]
    fn repairs(&self) -> Vec<(String, f64, f64)> {
        let repairs = self.core.repairs().iter();
        repairs.map(|repair| (repair.name.clone(), repair.from, repair.to)).collect()
    }

    /// The algorithm's vector for a flat vector of parameters.
    fn to_internal<'py>(&self, user: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let values = checked(user, self.core.n_user())?;
        Ok(vector(user.py(), &self.core.to_internal(&values)))
    }

    /// The flat vector of parameters for the algorithm's vector.
    fn to_user<'py>(&self, internal: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let internal_values = checked(internal, self.core.n_free())?;
        let mut user = vec![0.0; self.core.n_user()];
        self.core.to_user(&internal_values, &mut user, &mut self.core.workspace());
        Ok(vector(internal.py(), &user))
    }

    /// The gradient with respect to the algorithm's vector, from the one with respect to the parameters.
    fn pull_back<'py>(
        &self,
        internal: &Bound<'py, PyAny>,
        gradient: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let at = checked(internal, self.core.n_free())?;
        let outer = checked(gradient, self.core.n_user())?;
        let mut own = vec![0.0; self.core.n_free()];
        self.core.pull_back_gradient(&at, &outer, &mut own, &mut self.core.workspace());
        Ok(vector(internal.py(), &own))
    }
}

fn checked(vector: &Bound<'_, PyAny>, expected: usize) -> PyResult<Vec<f64>> {
    let values = to_vec(vector)?;
    if values.len() == expected {
        return Ok(values);
    }
    Err(PyValueError::new_err(format!("expected {expected} numbers, got {}", values.len())))
}

/// For each constraint its position in the user's list, its kind, how it is handled, and the same in words.
pub(crate) type Plan = Vec<(usize, String, &'static str, String)>;

pub(crate) fn plan_for_python(plan: &ConstraintPlan) -> Plan {
    let planned = plan.constraints.iter();
    planned
        .map(|entry| {
            let (word, text) = (entry.handling.word(), entry.handling.to_string());
            (entry.index, entry.kind.to_string(), word, text)
        })
        .collect()
}
