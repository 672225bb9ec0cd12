//! Options of algorithms: declared once as fields of a struct, then read, written and listed by name.

use crate::{Algorithm, AlgorithmSpec, OptionFunction, Signature};

/// The value of an option, without its type.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// No value.
    None,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A real number.
    Float(f64),
    /// Words.
    Text(String),
    /// Several real numbers.
    List(Vec<f64>),
    /// A function that gives the value in the course of the run.
    Function(OptionFunction),
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OptionValue::None => write!(f, "none"),
            OptionValue::Bool(value) => write!(f, "{value}"),
            OptionValue::Integer(value) => write!(f, "{value}"),
            OptionValue::Float(value) => write!(f, "{value:?}"),
            OptionValue::Text(value) => write!(f, "\"{value}\""),
            OptionValue::List(values) => write!(f, "{values:?}"),
            OptionValue::Function(function) => write!(f, "function {}", function.name()),
        }
    }
}

impl From<bool> for OptionValue {
    fn from(value: bool) -> Self {
        OptionValue::Bool(value)
    }
}

impl From<f64> for OptionValue {
    fn from(value: f64) -> Self {
        OptionValue::Float(value)
    }
}

/// Numbers beyond the largest `i64` become that one: `u64::MAX` as a limit means "none" all the same.
macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for OptionValue {
            fn from(value: $integer) -> Self {
                OptionValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
            }
        }
    )*};
}
from_integers!(i32, i64, u32, u64, usize);

impl From<OptionFunction> for OptionValue {
    fn from(function: OptionFunction) -> Self {
        OptionValue::Function(function)
    }
}

impl From<&str> for OptionValue {
    fn from(word: &str) -> Self {
        OptionValue::Text(word.to_string())
    }
}

impl From<String> for OptionValue {
    fn from(word: String) -> Self {
        OptionValue::Text(word)
    }
}

impl From<Vec<f64>> for OptionValue {
    fn from(numbers: Vec<f64>) -> Self {
        OptionValue::List(numbers)
    }
}

impl From<(f64, f64)> for OptionValue {
    fn from(interval: (f64, f64)) -> Self {
        interval.to_value()
    }
}

impl<T: Into<OptionValue>> From<Option<T>> for OptionValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(OptionValue::None, Into::into)
    }
}

/// The type of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// A real number.
    Float,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any word.
    Text,
    /// A real number, or a list of this many.
    Interval,
    /// A value of the given kind, or none.
    Optional(&'static OptionKind),
    /// A value of the given kind, or a function that gives it in the course of the run.
    OrFunction(&'static OptionKind, Signature),
}

impl OptionKind {
    /// Whether only whole numbers from 0 are meant.
    fn is_count(&self) -> bool {
        match self {
            OptionKind::Integer => true,
            OptionKind::Optional(kind) | OptionKind::OrFunction(kind, _) => kind.is_count(),
            _ => false,
        }
    }

    /// What is expected, in words.
    pub fn expectation(&self) -> String {
        match self {
            OptionKind::Bool => "true or false".into(),
            OptionKind::Integer => "a whole number".into(),
            OptionKind::Float => "a number".into(),
            OptionKind::Choice(words) => format!("one of {words:?}"),
            OptionKind::Text => "a word".into(),
            OptionKind::Interval => "a number or a pair of numbers".into(),
            OptionKind::Optional(kind) => format!("{} or none", kind.expectation()),
            OptionKind::OrFunction(kind, signature) => {
                format!("{} or a function of {}", kind.expectation(), signature.arguments())
            }
        }
    }
}

/// The range that a number has to lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The smallest value.
    pub min: f64,
    /// Whether `min` itself is excluded.
    pub above: bool,
    /// The largest value.
    pub max: f64,
    /// Whether `max` itself is excluded.
    pub below: bool,
}

impl Range {
    /// Any number but NaN.
    pub const ALL: Range =
        Range { min: f64::NEG_INFINITY, above: false, max: f64::INFINITY, below: false };

    /// Whether infinity is the only number that is too large: `below = f64::INFINITY`.
    pub fn is_finite_only(&self) -> bool {
        self.below && self.max == f64::INFINITY
    }

    /// Whether `value` lies in the range.
    pub fn contains(&self, value: f64) -> bool {
        let low = if self.above { value > self.min } else { value >= self.min };
        let high = if self.below { value < self.max } else { value <= self.max };
        low && high
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.min > f64::NEG_INFINITY {
            parts.push(format!("{} {:?}", if self.above { "above" } else { "at least" }, self.min));
        }
        if self.max < f64::INFINITY {
            parts.push(format!("{} {:?}", if self.below { "below" } else { "at most" }, self.max));
        }
        if self.is_finite_only() {
            parts.push("finite".to_string());
        }
        f.write_str(if parts.is_empty() { "any number" } else { "" })?;
        f.write_str(&parts.join(" and "))
    }
}

/// One option of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionSpec {
    /// The field's name.
    pub name: &'static str,
    /// The field's doc comment.
    pub doc: &'static str,
    /// The type.
    pub kind: OptionKind,
    /// The range of numbers.
    pub range: Range,
    /// Why the default differs from the shared one of the same name, if it does.
    pub overrides: &'static str,
}

/// Why an option could not be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptionError {
    /// There is no such option.
    #[error("{algorithm} has no option '{name}'")]
    Unknown {
        /// The algorithm.
        algorithm: &'static str,
        /// The option asked for.
        name: String,
    },
    /// The value has another type.
    #[error("option '{name}' of {algorithm} is {value}, but has to be {expected}")]
    Type {
        /// The algorithm.
        algorithm: &'static str,
        /// The option.
        name: &'static str,
        /// The value given.
        value: OptionValue,
        /// What it should be.
        expected: String,
    },
    /// The value lies outside its range.
    #[error("option '{name}' of {algorithm} is {value}, but has to be {range}")]
    Range {
        /// The algorithm.
        algorithm: &'static str,
        /// The option.
        name: &'static str,
        /// The value given.
        value: OptionValue,
        /// The range.
        range: Range,
    },
    /// The value is within its range, but does not go with that of another option.
    #[error("option '{name}' of {algorithm} is {value}, but has to be {expected}")]
    Conflict {
        /// The algorithm.
        algorithm: &'static str,
        /// The option.
        name: &'static str,
        /// The value given.
        value: OptionValue,
        /// What it should be, with the name and the value of the other option.
        expected: String,
    },
}

impl OptionError {
    /// Refuse an option that is not less than another one of the same algorithm.
    ///
    /// # Errors
    /// [`OptionError::Conflict`] that names both.
    pub fn unless_less(
        algorithm: &'static str,
        (name, value): (&'static str, f64),
        (other, bound): (&'static str, f64),
    ) -> Result<(), OptionError> {
        if value < bound {
            return Ok(());
        }
        let expected = format!("less than {other}, which is {bound:?}");
        Err(OptionError::Conflict { algorithm, name, value: value.into(), expected })
    }
}

/// A type that a field of options can have.
pub trait OptionField: Sized {
    /// The kind that users are told.
    const KIND: OptionKind;

    /// The field's value, without its type.
    fn to_value(&self) -> OptionValue;

    /// The field for a value, or `None` when the value has another type.
    fn from_value(value: &OptionValue) -> Option<Self>;

    /// The numbers whose range is to be checked.
    fn numbers(&self) -> Vec<f64> {
        Vec::new()
    }
}

impl OptionField for bool {
    const KIND: OptionKind = OptionKind::Bool;

    fn to_value(&self) -> OptionValue {
        OptionValue::Bool(*self)
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::Bool(value) => Some(*value),
            OptionValue::Integer(0) => Some(false),
            OptionValue::Integer(1) => Some(true),
            OptionValue::Text(text) => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "1" => Some(true),
                "no" | "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

impl OptionField for f64 {
    const KIND: OptionKind = OptionKind::Float;

    fn to_value(&self) -> OptionValue {
        OptionValue::Float(*self)
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        let number = match value {
            OptionValue::Float(value) => *value,
            OptionValue::Integer(value) => *value as f64,
            OptionValue::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (!number.is_nan()).then_some(number)
    }

    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

macro_rules! integer_field {
    ($($integer:ty),*) => {$(
        impl OptionField for $integer {
            const KIND: OptionKind = OptionKind::Integer;

            fn to_value(&self) -> OptionValue {
                (*self).into()
            }

            fn from_value(value: &OptionValue) -> Option<Self> {
                match value {
                    OptionValue::Integer(value) => Self::try_from(*value).ok(),
                    _ => {
                        let number = f64::from_value(value)?;
                        let whole = number.fract() == 0.0 && number.abs() <= 9e15;
                        if whole { Self::try_from(number as i64).ok() } else { None }
                    }
                }
            }

            fn numbers(&self) -> Vec<f64> {
                vec![*self as f64]
            }
        }
    )*};
}
integer_field!(usize, u64, u32, i64);

impl<T: OptionField> OptionField for Option<T> {
    const KIND: OptionKind = OptionKind::Optional(&T::KIND);

    fn to_value(&self) -> OptionValue {
        self.as_ref().map_or(OptionValue::None, OptionField::to_value)
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::None => Some(None),
            // optimagic writes `False` for a tolerance that is switched off.
            OptionValue::Bool(false) if !matches!(T::KIND, OptionKind::Bool) => Some(None),
            other => T::from_value(other).map(Some),
        }
    }

    fn numbers(&self) -> Vec<f64> {
        self.as_ref().map_or_else(Vec::new, OptionField::numbers)
    }
}

/// A number, or the interval from which it is drawn anew each time: `(0.5, 1.0)`.
impl OptionField for (f64, f64) {
    const KIND: OptionKind = OptionKind::Interval;

    fn to_value(&self) -> OptionValue {
        if self.0 == self.1 {
            OptionValue::Float(self.0)
        } else {
            OptionValue::List(vec![self.0, self.1])
        }
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::List(values) => match values[..] {
                [low, high] if low <= high => Some((low, high)),
                _ => None,
            },
            other => f64::from_value(other).map(|number| (number, number)),
        }
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.0, self.1]
    }
}

/// An option with a fixed set of words; made by `#[derive(Choice)]` on an enum without fields.
pub trait Choice: Sized + Copy + 'static {
    /// The words, in the order of the variants.
    const WORDS: &'static [&'static str];

    /// The variant for a word.
    fn from_word(word: &str) -> Option<Self>;

    /// The word for the variant.
    fn word(self) -> &'static str;
}

impl<C: Choice> OptionField for C {
    const KIND: OptionKind = OptionKind::Choice(C::WORDS);

    fn to_value(&self) -> OptionValue {
        OptionValue::Text(self.word().to_string())
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            // Libraries spell their words in capitals or not: "BFGS", "2d".
            OptionValue::Text(text) => {
                let known = C::WORDS.iter().find(|word| word.eq_ignore_ascii_case(text.trim()));
                C::from_word(known?)
            }
            _ => None,
        }
    }
}

/// Options by name; implemented by `#[derive(Options)]`.
pub trait Configure {
    /// What the algorithm declares.
    fn spec(&self) -> &'static AlgorithmSpec;

    /// The value of an option, or `None` when there is no such option.
    fn option(&self, name: &str) -> Option<OptionValue>;

    /// Set an option.
    ///
    /// # Errors
    /// The option does not exist, or the value has the wrong type or lies outside its range.
    fn set_option(&mut self, name: &str, value: &OptionValue) -> Result<(), OptionError>;

    /// A copy behind a new box.
    fn boxed(&self) -> Box<dyn Algorithm>;
}

/// Read `value` for the option `spec` of `algorithm` and check its type and range; used by `#[derive(Options)]`.
///
/// # Errors
/// The value has the wrong type or lies outside the range.
pub fn read_field<T: OptionField>(
    algorithm: &'static str,
    spec: &OptionSpec,
    value: &OptionValue,
) -> Result<T, OptionError> {
    let (name, value_of) = (spec.name, || value.clone());
    let out_of = |range| OptionError::Range { algorithm, name, value: value_of(), range };
    match T::from_value(value) {
        Some(field) if field.numbers().iter().all(|&number| spec.range.contains(number)) => {
            Ok(field)
        }
        Some(_) => Err(out_of(spec.range)),
        // Counts have no sign: -1 is a whole number, but too small.
        None if spec.kind.is_count() && i64::from_value(value).is_some_and(|i| i < 0) => {
            Err(out_of(Range { min: spec.range.min.max(0.0), ..spec.range }))
        }
        None => {
            let expected = spec.kind.expectation();
            Err(OptionError::Type { algorithm, name, value: value_of(), expected })
        }
    }
}
