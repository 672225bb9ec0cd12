//! Further outputs of algorithms: numbers, counts and words as they are, arrays with their shape.

use serde_json::{Value, json};
use thalweg_core::Extra;

use super::numbers::{of_word, word};

pub(super) fn write(extra: &Extra) -> Value {
    match extra {
        Extra::Number(value) if value.is_finite() => json!(value),
        Extra::Number(value) => json!({ "number": word(*value) }),
        Extra::Count(value) => json!(value),
        Extra::Vector(values) => array(values, &[values.len()]),
        Extra::Matrix(values, columns) => {
            array(values, &[values.len() / (*columns).max(1), *columns])
        }
        Extra::Text(text) => json!(text),
    }
}

fn array(values: &[f64], shape: &[usize]) -> Value {
    let number = |&value: &f64| if value.is_finite() { json!(value) } else { json!(word(value)) };
    json!({ "values": values.iter().map(number).collect::<Vec<_>>(), "shape": shape })
}

/// What Rust has no form for, such as the lists that an algorithm in Python returns, becomes words: its JSON.
pub(super) fn read(value: &Value) -> Extra {
    match value {
        Value::String(text) => Extra::Text(text.clone()),
        Value::Number(number) => match number.as_u64() {
            Some(count) => Extra::Count(count),
            None => Extra::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        _ => special(value).unwrap_or_else(|| Extra::Text(value.to_string())),
    }
}

fn special(value: &Value) -> Option<Extra> {
    if let Some(word) = value.get("number") {
        return Some(Extra::Number(of_word(word.as_str()?)?));
    }
    let number = |value: &Value| value.as_f64().or_else(|| of_word(value.as_str()?));
    let values: Option<Vec<f64>> = value.get("values")?.as_array()?.iter().map(number).collect();
    let shape: Option<Vec<u64>> =
        value.get("shape")?.as_array()?.iter().map(Value::as_u64).collect();
    let values = values?;
    match shape?.as_slice() {
        [n] if *n == values.len() as u64 => Some(Extra::Vector(values)),
        [m, n] if m * n == values.len() as u64 => {
            Some(Extra::Matrix(values, usize::try_from(*n).ok()?))
        }
        _ => None,
    }
}
