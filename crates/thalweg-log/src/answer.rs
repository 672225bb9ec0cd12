//! What an objective answered to one batch, as compact bytes.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | what was wanted: [`Wanted`] |
//! | varint | the number k of points |
//! | 4 varints | how many numbers there are per point: outputs, derivatives (second ones or products, where these were wanted), constraint values, their derivatives |
//! | varint, varints | at the start: how many nonlinear constraints there are, and how many values each has |
//! | 8 k | the hashes of the points (with their directions, of products), [`crate::point_hash`], little-endian |
//! | 8 each | the numbers of every point, in the order of the widths, little-endian |
//! | rest | at the start: what the objective learnt about itself, in its own words. Later: failures as JSON: `[[index, what, function or null, message], ..]`; nothing without failures |

use serde_json::Value;

/// What was wanted of an objective, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wanted(pub u8);

impl Wanted {
    /// Outputs.
    pub const OUTPUTS: Wanted = Wanted(1);
    /// Closed-form derivatives.
    pub const DERIVATIVES: Wanted = Wanted(2);
    /// Values of the nonlinear constraints.
    pub const CONSTRAINTS: Wanted = Wanted(4);
    /// Closed-form derivatives of the nonlinear constraints.
    pub const CONSTRAINT_DERIVATIVES: Wanted = Wanted(8);
    /// The evaluation at the start, in which the objective is learnt about.
    pub const START: Wanted = Wanted(16);
    /// Hessians of the value.
    pub const HESSIANS: Wanted = Wanted(64);
    /// Products of Hessians with directions.
    pub const PRODUCTS: Wanted = Wanted(128);
    /// Asked for after the algorithm had ended, to say more of its result.
    pub const FINAL: Wanted = Wanted(32);

    /// Whether all of `other` is in this set.
    pub fn contains(self, other: Wanted) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set with all of `other`, if `condition` holds.
    #[must_use]
    pub fn with(self, other: Wanted, condition: bool) -> Wanted {
        if condition { Wanted(self.0 | other.0) } else { self }
    }

    /// This set without `other`.
    #[must_use]
    pub fn without(self, other: Wanted) -> Wanted {
        Wanted(self.0 & !other.0)
    }
}

/// What an objective answered to k points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerBatch {
    /// What was wanted.
    pub wanted: Wanted,
    /// The hashes of the points; where products with directions were wanted, of each point with its direction behind it.
    pub keys: Vec<u64>,
    /// Numbers per point: outputs, derivatives (of the order that was wanted), constraint values, their derivatives.
    pub widths: [usize; 4],
    /// How many values each nonlinear constraint has; at the start only.
    pub sizes: Vec<usize>,
    /// The numbers of every point in the order of the widths.
    pub numbers: Vec<f64>,
    /// Points that failed; none at the start.
    pub failures: Vec<LoggedFailure>,
    /// What the objective learnt about itself at the start, in its own words.
    pub description: String,
}

/// A failure at one point, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedFailure {
    /// The point's number in the batch.
    pub index: usize,
    /// Which function failed.
    pub what: String,
    /// Which one exactly, where there are several.
    pub function: Option<String>,
    /// What happened.
    pub message: String,
}

impl AnswerBatch {
    /// How many numbers each point has.
    pub fn width(&self) -> usize {
        self.widths.iter().sum()
    }

    /// The numbers of one point.
    pub fn of_point(&self, i: usize) -> &[f64] {
        &self.numbers[i * self.width()..(i + 1) * self.width()]
    }

    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_into(&mut bytes);
        bytes
    }

    /// Append the bytes to others.
    pub(crate) fn encode_into(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(16 + 8 * (self.keys.len() + self.numbers.len()));
        bytes.push(self.wanted.0);
        push_varint(bytes, self.keys.len());
        self.widths.iter().for_each(|&width| push_varint(bytes, width));
        if self.wanted.contains(Wanted::START) {
            push_varint(bytes, self.sizes.len());
            self.sizes.iter().for_each(|&size| push_varint(bytes, size));
        }
        self.keys.iter().for_each(|key| bytes.extend_from_slice(&key.to_le_bytes()));
        self.numbers.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
        if self.wanted.contains(Wanted::START) {
            bytes.extend_from_slice(self.description.as_bytes());
        } else if !self.failures.is_empty() {
            let list: Vec<Value> = self.failures.iter().map(LoggedFailure::to_value).collect();
            bytes.extend_from_slice(Value::from(list).to_string().as_bytes());
        }
    }

    /// From bytes; `None` if they are no answer.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&wanted, mut rest) = bytes.split_first()?;
        let wanted = Wanted(wanted);
        let k = take_varint(&mut rest)?;
        let mut widths = [0; 4];
        for width in &mut widths {
            *width = take_varint(&mut rest)?;
        }
        let mut sizes = Vec::new();
        if wanted.contains(Wanted::START) {
            for _ in 0..take_varint(&mut rest)? {
                sizes.push(take_varint(&mut rest)?);
            }
        }
        let keys = take_words(&mut rest, k)?.map(u64::from_le_bytes).collect();
        let count = k.checked_mul(widths.iter().sum())?;
        let numbers = take_words(&mut rest, count)?.map(f64::from_le_bytes).collect();
        let mut description = String::new();
        let failures = match rest {
            text if wanted.contains(Wanted::START) => {
                description = String::from_utf8(text.to_vec()).ok()?;
                Vec::new()
            }
            [] => Vec::new(),
            text => serde_json::from_slice::<Vec<Value>>(text)
                .ok()?
                .iter()
                .map(LoggedFailure::from_value)
                .collect::<Option<_>>()?,
        };
        Some(AnswerBatch { wanted, keys, widths, sizes, numbers, failures, description })
    }
}

impl LoggedFailure {
    fn to_value(&self) -> Value {
        serde_json::json!([self.index, self.what, self.function, self.message])
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(LoggedFailure {
            index: usize::try_from(value.get(0)?.as_u64()?).ok()?,
            what: value.get(1)?.as_str()?.to_string(),
            function: value.get(2)?.as_str().map(str::to_string),
            message: value.get(3)?.as_str()?.to_string(),
        })
    }
}

/// Seven bits per byte, the lowest first; the highest bit says that there is more.
fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 128 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 127) << shift;
        if byte < 128 {
            return Some(number);
        }
    }
    None
}

fn take_words<'a>(
    bytes: &mut &'a [u8],
    count: usize,
) -> Option<impl Iterator<Item = [u8; 8]> + use<'a>> {
    let (words, rest) = bytes.split_at_checked(count.checked_mul(8)?)?;
    *bytes = rest;
    Some(words.chunks_exact(8).map(|word| {
        let mut own = [0; 8];
        own.copy_from_slice(word);
        own
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> AnswerBatch {
        AnswerBatch {
            wanted: Wanted::OUTPUTS.with(Wanted::CONSTRAINTS, true),
            keys: vec![1, u64::MAX],
            widths: [300, 0, 1, 0],
            sizes: Vec::new(),
            numbers: (0..602).map(|i| f64::from(i) - 0.1).collect(),
            description: String::new(),
            failures: vec![LoggedFailure {
                index: 1,
                what: "fun".into(),
                function: None,
                message: "a \"quoted\" one".into(),
            }],
        }
    }

    #[test]
    fn answers_survive_their_bytes() {
        let whole = answer();
        assert_eq!(AnswerBatch::decode(&whole.encode()), Some(whole.clone()));
        let start = AnswerBatch {
            wanted: Wanted::OUTPUTS.with(Wanted::START, true),
            sizes: vec![2, 130],
            numbers: vec![f64::NAN; 602],
            failures: Vec::new(),
            description: "residuals, née résidus".into(),
            ..whole
        };
        let back = AnswerBatch::decode(&start.encode()).unwrap();
        assert_eq!((&back.sizes, &back.keys), (&start.sizes, &start.keys));
        assert_eq!(back.description, start.description);
        assert!(back.numbers.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn bytes_that_are_cut_are_no_answer() {
        let bytes = answer().encode();
        for length in (0..bytes.len()).filter(|length| length % 7 == 0) {
            let cut = AnswerBatch::decode(&bytes[..length]);
            // Where only the failures are missing, nothing shows.
            assert!(cut.is_none_or(|cut| cut.failures.is_empty()), "{length}");
        }
    }

    #[test]
    fn a_plain_stencil_costs_sixteen_bytes_a_point() {
        let stencil = AnswerBatch {
            wanted: Wanted::OUTPUTS,
            keys: vec![7; 100],
            widths: [1, 0, 0, 0],
            numbers: vec![0.5; 100],
            ..AnswerBatch::default()
        };
        assert!(stencil.encode().len() <= 16 * 100 + 8);
    }
}
