//! Values that the objective answered and whose evaluations were not told yet: most of the time, the row of the evaluation says it all.

use std::collections::VecDeque;

use crate::answer::{AnswerBatch, Wanted};
use crate::hash::point_hash;

/// The widths of an answer that is one number.
const PLAIN: [usize; 4] = [1, 0, 0, 0];

/// Values that no evaluation has said yet.
#[derive(Default)]
pub(crate) struct Pending {
    /// The hashes of points and the values there, in the order of the answers.
    hashed: VecDeque<(u64, f64)>,
    /// The value of the last answer, if that was to one point; a comparison of the numbers is cheaper than their hash.
    last: Option<f64>,
    /// The point of the last answer.
    point: Vec<f64>,
    /// How many answers came, ever.
    pub n_answers: u64,
    /// The number of the answer with which they began.
    first: u64,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.last.is_none() && self.hashed.is_empty()
    }

    /// Whether some of them have been there since there were so many answers.
    pub fn are_as_old_as(&self, n_answers: u64) -> bool {
        !self.is_empty() && self.first <= n_answers
    }

    /// The objective answered with these values at these points.
    pub fn add(&mut self, points: &[f64], values: &[f64]) {
        self.n_answers += 1;
        if self.is_empty() {
            self.first = self.n_answers;
        }
        self.hash_last();
        if let &[value] = values {
            self.point.clear();
            self.point.extend_from_slice(points);
            self.last = Some(value);
        } else if !values.is_empty() {
            let points = points.chunks_exact((points.len() / values.len()).max(1));
            self.hashed.extend(points.map(point_hash).zip(values.iter().copied()));
        }
    }

    /// An evaluation was told; says whether its row is one of the answers. SQLite does not tell the two zeros from each other, so
    /// that a row cannot say -0.
    pub fn take(&mut self, params: &[f64], value: f64) -> bool {
        if value.to_bits() == NEGATIVE_ZERO {
            return false;
        }
        if !self.hashed.is_empty() {
            let key = point_hash(params);
            let is_said = |&(known, answer): &(u64, f64)| known == key && is_same(answer, value);
            if let Some(place) = self.hashed.iter().position(is_said) {
                return self.hashed.remove(place).is_some();
            }
        }
        let is_last = self.last.is_some_and(|answer| is_same(answer, value))
            && self.point.len() == params.len()
            && are_same(&self.point, params);
        if is_last {
            self.last = None;
        }
        is_last
    }

    /// All values, as an answer that is written down; nothing is pending then.
    pub fn settle(&mut self) -> AnswerBatch {
        self.hash_last();
        let (keys, numbers) = self.hashed.drain(..).unzip();
        AnswerBatch {
            wanted: Wanted::OUTPUTS,
            keys,
            widths: PLAIN,
            numbers,
            ..AnswerBatch::default()
        }
    }

    fn hash_last(&mut self) {
        if let Some(value) = self.last.take() {
            self.hashed.push_back((point_hash(&self.point), value));
        }
    }
}

const NEGATIVE_ZERO: u64 = 1 << 63;

fn is_same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// Looks at all bits, which is quicker than to stop at the first that differs: most of the time, none does.
fn are_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a.to_bits() ^ b.to_bits())) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_an_answer_once() {
        let mut pending = Pending::default();
        pending.add(&[1.0, 2.0], &[5.0]);
        assert!(!pending.take(&[1.0, 2.5], 5.0) && !pending.take(&[1.0, 2.0], 4.0));
        assert!(pending.take(&[1.0, 2.0], 5.0));
        assert!(!pending.take(&[1.0, 2.0], 5.0) && pending.is_empty());
    }

    #[test]
    fn what_no_row_says_is_settled_in_order() {
        let mut pending = Pending::default();
        pending.add(&[1.0, 2.0], &[5.0]);
        pending.add(&[3.0, 4.0, 5.0, 6.0], &[7.0, -0.0]);
        pending.add(&[8.0, 9.0], &[f64::NAN]);
        assert!(!pending.take(&[5.0, 6.0], -0.0), "a row cannot say -0");
        assert!(pending.take(&[3.0, 4.0], 7.0));
        let answer = pending.settle();
        assert_eq!(answer.keys, [[1.0, 2.0], [5.0, 6.0], [8.0, 9.0]].map(|x| point_hash(&x)));
        let bits: Vec<u64> = answer.numbers.iter().map(|x| x.to_bits()).collect();
        assert_eq!(bits, [5.0, -0.0, f64::NAN].map(f64::to_bits));
        assert!(pending.is_empty() && pending.n_answers == 3);
    }
}
