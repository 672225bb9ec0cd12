//! Benchmark problems, runs and reports for Python.

mod function;
mod problems;
mod results;
mod run;

use pyo3::prelude::*;
use thalweg_bench::{BenchmarkError, SetError};

pub(crate) use self::function::BenchmarkFunction;
pub(crate) use self::problems::{benchmark_problems, benchmark_sets, scalable_names};
pub(crate) use self::results::BenchmarkResults;
pub(crate) use self::run::run_benchmark;

use crate::errors::{Kind, error};
use crate::outcome::specification_error;

fn set_error(py: Python<'_>, wrong: SetError) -> PyErr {
    error(py, Kind::Argument, wrong.to_string())
}

fn benchmark_error(py: Python<'_>, wrong: BenchmarkError) -> PyErr {
    match wrong {
        BenchmarkError::Algorithm(wrong) => specification_error(py, wrong),
        BenchmarkError::Option(message) => error(py, Kind::AlgoOption, message),
        wrong => error(py, Kind::Argument, wrong.to_string()),
    }
}
