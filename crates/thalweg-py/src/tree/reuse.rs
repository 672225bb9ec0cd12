//! Objects that were built for the user once, and are written to again while nobody else holds any part of them.
//!
//! Whoever keeps params, or a number or an array out of them, finds them unchanged: what is held elsewhere is not written to.

use numpy::npyffi::{
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_WRITEABLE, PyArrayObject,
};
use numpy::{PyArrayDyn, PyArrayMethods};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat};

use super::node::{Leaf, LeafKind, Node};

/// Who holds an object that is free to be written to: the container that it is in, and we.
const HOLDERS: ffi::Py_ssize_t = 2;

/// A built object, or a part of one: an array, a number, or a dict, list or tuple of such.
pub(crate) struct Reuse {
    object: Py<PyAny>,
    kind: Kind,
}

enum Kind {
    /// A float, whose number is at `offset` of the flat vector.
    Number {
        offset: usize,
    },
    Array {
        offset: usize,
        memory: Memory,
    },
    /// A dict, and its keys and values in order.
    Dict(Vec<(Py<PyAny>, Reuse)>),
    List(Vec<Reuse>),
    Tuple(Vec<Reuse>),
}

/// The memory, type and shape that an array was made with.
struct Memory {
    data: *mut f64,
    descr: usize,
    shape: Box<[isize]>,
    len: usize,
}

// SAFETY: the pointer is only used while attached to the interpreter, and only if the array that is kept beside still has it.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// A float of Python. Its layout is the same in all versions; `floats_can_be_written` makes sure.
#[repr(C)]
struct FloatObject {
    head: ffi::PyObject,
    value: f64,
}

impl Reuse {
    /// How to use `object` again, which was just built for `node`; `None` if that is not possible.
    pub(super) fn of(node: &Node, object: Bound<'_, PyAny>) -> Option<Self> {
        let kind = match node {
            Node::Leaf(Leaf { kind: LeafKind::Scalar, offset, .. }) => {
                let possible =
                    object.is_exact_instance_of::<PyFloat>() && floats_can_be_written(object.py());
                possible.then_some(Kind::Number { offset: *offset })?
            }
            Node::Leaf(Leaf { kind: LeafKind::Array { shape }, offset, size }) => Kind::Array {
                offset: *offset,
                memory: Memory::of(object.cast::<PyArrayDyn<f64>>().ok()?, shape, *size),
            },
            Node::Dict { keys, children, template: None } => {
                let dict = object.cast::<PyDict>().ok()?;
                let items = keys.iter().zip(children).map(|(key, child)| {
                    let value = dict.get_item(key).ok()??;
                    Some((key.clone_ref(dict.py()), Reuse::of(child, value)?))
                });
                Kind::Dict(items.collect::<Option<_>>()?)
            }
            Node::List(children) => Kind::List(Self::of_all(children, &object)?),
            Node::Tuple(children) => Kind::Tuple(Self::of_all(children, &object)?),
            // Other classes may keep what they computed of their fields.
            _ => return None,
        };
        Some(Reuse { object: object.unbind(), kind })
    }

    fn of_all(children: &[Node], sequence: &Bound<'_, PyAny>) -> Option<Vec<Self>> {
        let parts = children.iter().enumerate();
        parts.map(|(i, child)| Reuse::of(child, sequence.get_item(i).ok()?)).collect()
    }

    /// Write the flat vector `point` into the object, if nobody else holds it or a part of it and it is as it was made. False
    /// if not all of it could be written: nobody but the caller has seen what was.
    pub(crate) fn renew(&self, _: Python<'_>, point: &[f64]) -> bool {
        self.write(point)
    }

    fn write(&self, point: &[f64]) -> bool {
        let object = self.object.as_ptr();
        // SAFETY: `renew` is called while attached, and we hold the object.
        if unsafe { ffi::Py_REFCNT(object) } != HOLDERS {
            return false;
        }
        match &self.kind {
            Kind::Number { offset } => {
                // SAFETY: a float that no one can see but through the container, whose layout was checked.
                unsafe { (*object.cast::<FloatObject>()).value = point[*offset] };
                true
            }
            Kind::Array { offset, memory } => {
                memory.write(object.cast(), &point[*offset..*offset + memory.len])
            }
            Kind::Dict(items) => write_items(object, items, point),
            // SAFETY: a live list, attached; nothing runs in between that could change it.
            Kind::List(parts) => unsafe {
                ffi::PyList_Size(object) == parts.len() as ffi::Py_ssize_t
                    && parts.iter().enumerate().all(|(i, part)| {
                        ffi::PyList_GetItem(object, i as ffi::Py_ssize_t) == part.object.as_ptr()
                            && part.write(point)
                    })
            },
            // What is in a tuple stays in it.
            Kind::Tuple(parts) => parts.iter().all(|part| part.write(point)),
        }
    }
}

/// Write to the values of a dict that still has the items that it was made with, in their order.
fn write_items(dict: *mut ffi::PyObject, items: &[(Py<PyAny>, Reuse)], point: &[f64]) -> bool {
    let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: a live dict, attached; nothing runs in between that could change it.
    let size = unsafe { ffi::PyDict_Size(dict) };
    size == items.len() as ffi::Py_ssize_t
        && items.iter().all(|(own, part)| {
            // SAFETY: as above; the key and value are only compared.
            (unsafe { ffi::PyDict_Next(dict, &mut position, &mut key, &mut value) }) != 0
                && key == own.as_ptr()
                && value == part.object.as_ptr()
                && part.write(point)
        })
}

impl Memory {
    fn of(array: &Bound<'_, PyArrayDyn<f64>>, shape: &[usize], len: usize) -> Self {
        use numpy::PyUntypedArrayMethods;
        // SAFETY: a live array.
        let descr = unsafe { (*array.as_array_ptr()).fields.descr } as usize;
        let shape = shape.iter().map(|&entries| entries as isize).collect();
        Memory { data: array.data(), descr, shape, len }
    }

    /// Write `values` to `array` if it still has this memory.
    fn write(&self, array: *mut PyArrayObject, values: &[f64]) -> bool {
        const FLAGS: std::ffi::c_int =
            NPY_ARRAY_WRITEABLE | NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
        // SAFETY: a live array that the caller alone can write to. Memory, type and shape are those that it was made with,
        // so that there is room for `len` numbers.
        unsafe {
            let found = &(*array).fields;
            let unchanged = found.data.cast() == self.data
                && found.descr as usize == self.descr
                && found.nd as usize == self.shape.len()
                && self
                    .shape
                    .iter()
                    .enumerate()
                    .all(|(i, &entries)| *found.dimensions.add(i) == entries)
                && found.flags & FLAGS == FLAGS;
            if unchanged {
                std::ptr::copy_nonoverlapping(values.as_ptr(), self.data, self.len);
            }
            unchanged
        }
    }
}

/// Whether the number of a float lies where we look for it, tried once.
fn floats_can_be_written(py: Python<'_>) -> bool {
    static TRIED: PyOnceLock<bool> = PyOnceLock::new();
    *TRIED.get_or_init(py, || {
        let (before, after) = (1.234_567_89e67, -9.876_543_21e-45);
        let float = PyFloat::new(py, before);
        // SAFETY: a float of our own, and no smaller than a head and a number.
        unsafe {
            let number = &raw mut (*float.as_ptr().cast::<FloatObject>()).value;
            number.read() == before && {
                number.write(after);
                float.value() == after
            }
        }
    })
}
