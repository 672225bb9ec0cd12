//! Numbers in JSON, which knows neither infinity nor NaN: these are the strings "Infinity", "-Infinity" and "NaN".

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number that may be infinite or NaN.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub f64);

/// The string for a number that is not finite.
pub(super) fn word(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The number that a string stands for.
pub(super) fn of_word(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { to.serialize_f64(self.0) } else { to.serialize_str(word(self.0)) }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Read)
    }
}

struct Read;

impl Visitor<'_> for Read {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        let unknown = || E::invalid_value(de::Unexpected::Str(text), &self);
        of_word(text).map(Number).ok_or_else(unknown)
    }
}

pub(super) fn wrapped(values: &[f64]) -> Vec<Number> {
    values.iter().copied().map(Number).collect()
}

pub(super) fn plain(values: Vec<Number>) -> Vec<f64> {
    values.into_iter().map(|Number(value)| value).collect()
}
