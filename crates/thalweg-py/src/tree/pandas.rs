//! Series and DataFrames as leaves: a template with the user's index and other columns, from which each evaluation's
//! object is made.
//!
//! Since pandas 3 objects share data and copy on write, so a frame can be put together from the template's own blocks
//! and one new block for the values, some 40 times faster than through the public methods. These inner parts of pandas
//! are used only if, when the template is made, they give the same object as the public methods do; otherwise the
//! public methods are used.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::numeric::{new_array, to_f64_array};

/// Classes of pandas and JAX, if the user has imported them. They are never imported from here.
pub(crate) struct Interop<'py> {
    series: Option<Bound<'py, PyAny>>,
    frame: Option<Bound<'py, PyAny>>,
    jax_array: Option<Bound<'py, PyAny>>,
}

impl<'py> Interop<'py> {
    pub(crate) fn find(py: Python<'py>) -> PyResult<Self> {
        let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
        let modules = modules.cast_into::<PyDict>()?;
        let class = |module: &str, name: &str| -> PyResult<Option<Bound<'py, PyAny>>> {
            Ok(modules.get_item(module)?.and_then(|module| module.getattr(name).ok()))
        };
        Ok(Interop {
            series: class("pandas", "Series")?,
            frame: class("pandas", "DataFrame")?,
            jax_array: class("jax", "Array")?,
        })
    }

    pub(crate) fn is_series(&self, object: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.series.as_ref().map_or(Ok(false), |class| object.is_instance(class))
    }

    pub(crate) fn is_frame(&self, object: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.frame.as_ref().map_or(Ok(false), |class| object.is_instance(class))
    }

    pub(crate) fn is_jax(&self, object: &Bound<'py, PyAny>) -> PyResult<bool> {
        self.jax_array.as_ref().map_or(Ok(false), |class| object.is_instance(class))
    }
}

/// The `pandas` module; only called when one of its objects is at hand.
fn pandas(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("pandas")
}

fn copies_on_write(py: Python<'_>) -> PyResult<bool> {
    let version: String = pandas(py)?.getattr("__version__")?.extract()?;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    Ok(major.is_some_and(|major| major >= 3))
}

/// Numbers of a Series (missing values become NaN).
pub(crate) fn series_values(series: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let py = series.py();
    // Extension dtypes (Float64, Int64) know pd.NA, which plain numpy conversion refuses.
    let numpy_dtype = series.getattr("dtype")?.getattr("isnative").is_ok();
    let values = if numpy_dtype {
        series.call_method0("to_numpy")?
    } else {
        let options = PyDict::new(py);
        options.set_item("na_value", f64::NAN)?;
        options.set_item("dtype", "float64")?;
        let kind = series.getattr("dtype")?.getattr("kind")?.extract::<char>()?;
        if !"biuf".contains(kind) {
            return Err(PyValueError::new_err("the dtype is not a real number"));
        }
        series.call_method("to_numpy", (), Some(&options))?
    };
    let values = to_f64_array(&values)?;
    Ok(numpy::PyArrayMethods::to_vec(&values)?)
}

/// How to make a Series like the user's.
pub(crate) struct SeriesTemplate {
    index: Py<PyAny>,
    name: Py<PyAny>,
    fast: Option<FastSeries>,
}

struct FastSeries {
    make_block: Py<PyAny>,
    manager: Py<PyAny>,
    construct: Py<PyAny>,
    axes: Py<PyAny>,
}

impl SeriesTemplate {
    pub(crate) fn new(series: &Bound<'_, PyAny>, values: &[f64]) -> PyResult<Self> {
        let py = series.py();
        let index = series.getattr("index")?.call_method0("view")?.unbind();
        let mut template =
            SeriesTemplate { index, name: series.getattr("name")?.unbind(), fast: None };
        if copies_on_write(py)? {
            let safe = template.build(py, values)?;
            template.fast = FastSeries::of(&safe, template.index.bind(py)).ok();
            if !template.build(py, values).and_then(|fast| same(&fast, &safe)).unwrap_or(false) {
                template.fast = None;
            }
        }
        Ok(template)
    }

    /// The labels of the entries.
    pub(crate) fn index<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.index.bind(py)
    }

    /// A fresh Series.
    pub(crate) fn build<'py>(
        &self,
        py: Python<'py>,
        values: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        let array = new_array(py, values, &[values.len()]);
        match &self.fast {
            Some(fast) => {
                let block = fast.make_block.bind(py).call1((array,))?;
                let manager = fast.manager.bind(py).call1((block, &self.index))?;
                let series = fast.construct.bind(py).call1((manager, &fast.axes))?;
                if !self.name.is_none(py) {
                    series.setattr(pyo3::intern!(py, "_name"), &self.name)?;
                }
                Ok(series)
            }
            None => new_series(py, array, &self.index, Some(&self.name)),
        }
    }
}

impl FastSeries {
    fn of(series: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyResult<Self> {
        let manager = series.getattr("_mgr")?;
        let block = manager.getattr("blocks")?.get_item(0)?;
        Ok(FastSeries {
            make_block: block.getattr("make_block_same_class")?.unbind(),
            manager: manager.get_type().into_any().unbind(),
            construct: series.getattr("_constructor_from_mgr")?.unbind(),
            axes: vec![index.clone()].into_pyobject(series.py())?.unbind(),
        })
    }
}

/// How to make a DataFrame like the user's.
pub(crate) struct FrameTemplate {
    /// Column "value" has been replaced by floats in a block of its own; nobody else sees this object.
    frame: Py<PyAny>,
    /// The position of column "value"; `None` if all cells are parameters.
    column: Option<usize>,
    fast: Option<FastFrame>,
}

struct FastFrame {
    make_block: Py<PyAny>,
    /// Methods that make a shallow copy of each block, except that of the values.
    others: Vec<Option<Py<PyAny>>>,
    manager: Py<PyAny>,
    construct: Py<PyAny>,
    axes: Py<PyAny>,
    options: Py<PyDict>,
    shallow: Py<PyDict>,
}

impl FrameTemplate {
    /// A template of a frame with a column "value".
    pub(crate) fn with_value(
        frame: &Bound<'_, PyAny>,
        column: usize,
        values: &[f64],
    ) -> PyResult<Self> {
        let py = frame.py();
        let options = PyDict::new(py);
        options.set_item("deep", true)?;
        let own = frame.call_method("copy", (), Some(&options))?;
        own.call_method1("isetitem", (column, new_array(py, values, &[values.len()])))?;
        let mut template =
            FrameTemplate { frame: own.clone().unbind(), column: Some(column), fast: None };
        if copies_on_write(py)? {
            let safe = template.build(py, values)?;
            template.fast = FastFrame::of(&own, column).ok();
            if !template.build(py, values).and_then(|fast| same(&fast, &safe)).unwrap_or(false) {
                template.fast = None;
            }
        }
        Ok(template)
    }

    /// A template of a frame whose every cell is a parameter.
    pub(crate) fn of_cells(frame: &Bound<'_, PyAny>) -> PyResult<Self> {
        let options = PyDict::new(frame.py());
        options.set_item("deep", true)?;
        let own = frame.call_method("copy", (), Some(&options))?.unbind();
        Ok(FrameTemplate { frame: own, column: None, fast: None })
    }

    /// The template itself: not to be handed to the user.
    pub(crate) fn frame<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.frame.bind(py)
    }

    /// The labels of the rows.
    pub(crate) fn index<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.frame.bind(py).getattr("index")
    }

    /// The labels of the columns.
    pub(crate) fn columns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.frame.bind(py).getattr("columns")
    }

    /// A fresh DataFrame.
    pub(crate) fn build<'py>(
        &self,
        py: Python<'py>,
        values: &[f64],
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(column) = self.column else {
            let (index, columns) = (self.index(py)?, self.columns(py)?);
            let shape = [index.len()?, columns.len()?];
            return new_frame(py, new_array(py, values, &shape), Some(&index), Some(&columns));
        };
        let Some(fast) = &self.fast else {
            let frame = self.frame.bind(py).call_method0("copy")?;
            frame.call_method1("isetitem", (column, new_array(py, values, &[values.len()])))?;
            return Ok(frame);
        };
        let mut blocks = Vec::with_capacity(fast.others.len());
        for other in &fast.others {
            blocks.push(match other {
                Some(copy) => copy.bind(py).call((), Some(fast.shallow.bind(py)))?,
                None => {
                    fast.make_block.bind(py).call1((new_array(py, values, &[1, values.len()]),))?
                }
            });
        }
        let arguments = (PyTuple::new(py, blocks)?, &fast.axes);
        let manager = fast.manager.bind(py).call(arguments, Some(fast.options.bind(py)))?;
        fast.construct.bind(py).call1((manager, &fast.axes))
    }
}

impl FastFrame {
    fn of(frame: &Bound<'_, PyAny>, column: usize) -> PyResult<Self> {
        let py = frame.py();
        let manager = frame.getattr("_mgr")?;
        let (mut make_block, mut others) = (None, Vec::new());
        for block in manager.getattr("blocks")?.try_iter()? {
            let block = block?;
            let columns: Vec<usize> = block.getattr("mgr_locs")?.getattr("as_array")?.extract()?;
            if columns == [column] {
                make_block = Some(block.getattr("make_block_same_class")?.unbind());
                others.push(None);
            } else {
                others.push(Some(block.getattr("copy")?.unbind()));
            }
        }
        let options = PyDict::new(py);
        options.set_item("verify_integrity", false)?;
        let shallow = PyDict::new(py);
        shallow.set_item("deep", false)?;
        Ok(FastFrame {
            make_block: make_block.ok_or_else(|| PyValueError::new_err("no block of its own"))?,
            others,
            manager: manager.get_type().into_any().unbind(),
            construct: frame.getattr("_constructor_from_mgr")?.unbind(),
            axes: manager.getattr("axes")?.unbind(),
            options: options.unbind(),
            shallow: shallow.unbind(),
        })
    }
}

/// Whether two objects of pandas are equal in type, labels, names and values.
fn same(left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<bool> {
    let equal = left.get_type().is(right.get_type())
        && left.call_method1("equals", (right,))?.extract::<bool>()?;
    let names = |object: &Bound<'_, PyAny>| -> PyResult<String> {
        let name = object
            .getattr("name")
            .map_or_else(|_| Ok(String::new()), |n| n.repr().map(|n| n.to_string()));
        Ok(format!("{}{}", object.getattr("index")?.getattr("names")?.repr()?, name?))
    };
    // A frame's own column may be called "name": comparing its text is then merely one more comparison of values.
    Ok(equal && names(left)? == names(right)?)
}

/// `pandas.Series(array, index=index, name=name)` without a copy of the array.
pub(crate) fn new_series<'py>(
    py: Python<'py>,
    array: Bound<'py, PyAny>,
    index: &Py<PyAny>,
    name: Option<&Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(py);
    options.set_item("index", index)?;
    options.set_item("name", name)?;
    options.set_item("copy", false)?;
    pandas(py)?.getattr("Series")?.call((array,), Some(&options))
}

/// `pandas.DataFrame(array, index=index, columns=columns)` without a copy of the array.
pub(crate) fn new_frame<'py>(
    py: Python<'py>,
    array: Bound<'py, PyAny>,
    index: Option<&Bound<'py, PyAny>>,
    columns: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(py);
    options.set_item("index", index)?;
    options.set_item("columns", columns)?;
    options.set_item("copy", false)?;
    pandas(py)?.getattr("DataFrame")?.call((array,), Some(&options))
}

/// The position of column "value", if the frame has exactly one.
pub(crate) fn value_column(frame: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let columns = frame.getattr("columns")?;
    if columns.getattr("nlevels")?.extract::<usize>()? != 1 || !columns.contains("value")? {
        return Ok(None);
    }
    columns.call_method1("get_loc", ("value",))?.extract().map(Some).map_err(|_: PyErr| {
        PyValueError::new_err("the DataFrame has several columns named 'value'")
    })
}

/// The labels of an index as path parts: one part per entry, several for a MultiIndex.
pub(crate) fn labels(index: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<String>>> {
    let multi = index.getattr("nlevels")?.extract::<usize>()? > 1;
    let mut labels = Vec::with_capacity(index.len()?);
    for entry in index.try_iter()? {
        let entry = entry?;
        if multi || entry.is_instance_of::<PyTuple>() {
            let parts = entry.try_iter()?.map(|part| Ok(super::node::text(&part?)));
            labels.push(parts.collect::<PyResult<Vec<_>>>()?);
        } else {
            labels.push(vec![super::node::text(&entry)]);
        }
    }
    Ok(labels)
}

/// The values of `series` in the order of `index`, or an explanation why they do not fit.
pub(crate) fn aligned_values(
    series: &Bound<'_, PyAny>,
    index: &Bound<'_, PyAny>,
) -> PyResult<Result<Vec<f64>, String>> {
    let own = series.getattr("index")?;
    if own.is(index) || own.call_method1("equals", (index,))?.extract::<bool>()? {
        return series_values(series).map(Ok);
    }
    if !has_same_labels(&own, index)? {
        return Ok(Err("its index has other labels than the params".to_string()));
    }
    series_values(&series.call_method1("reindex", (index,))?).map(Ok)
}

/// A Series or DataFrame with its labels in the order of `axes` (`None`: an axis without labels), or an explanation why they
/// do not fit. Labels that merely count rows or columns are not compared; any other object is returned as it is.
pub(crate) fn aligned<'py>(
    object: &Bound<'py, PyAny>,
    axes: &[Option<Bound<'py, PyAny>>],
) -> PyResult<Result<Bound<'py, PyAny>, String>> {
    let mut ordered = object.clone();
    if !object.hasattr("iloc")? || object.getattr("ndim")?.extract::<usize>()? != axes.len() {
        return Ok(Ok(ordered));
    }
    for (axis, labels) in ["index", "columns"].into_iter().zip(axes) {
        let Some(labels) = labels else { continue };
        let own = ordered.getattr(axis)?;
        if own.call_method1("equals", (labels,))?.extract::<bool>()?
            || own.get_type().name()? == "RangeIndex"
        {
            continue;
        }
        if !has_same_labels(&own, labels)? {
            return Ok(Err(format!(
                "the labels of its {axis} are not those of the params or outputs"
            )));
        }
        let options = PyDict::new(object.py());
        options.set_item(axis, labels)?;
        ordered = ordered.call_method("reindex", (), Some(&options))?;
    }
    Ok(Ok(ordered))
}

/// Whether two indices have the same labels, each of them once.
fn has_same_labels(own: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(own.len()? == index.len()?
        && own.getattr("is_unique")?.extract::<bool>()?
        && index.call_method1("isin", (own,))?.call_method0("all")?.extract::<bool>()?)
}
