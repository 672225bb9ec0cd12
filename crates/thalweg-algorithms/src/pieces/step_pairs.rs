//! The last steps of a limited-memory method with the changes of the gradient along them, and passes over all of them.
//!
//! Every pass goes through the vectors in chunks that fit into the first-level cache together with what they are combined with,
//! and does all it can with a vector while it is there: for large n the time is that of reading the pairs once.

use std::ops::Range;

use multiversion::multiversion;

/// Entries of each vector that are handled together.
const CHUNK: usize = 1024;
/// Partial sums of an inner product.
const LANES: usize = 8;
/// From so many entries on, the widest registers of the processor are worth their begin and end.
pub(super) const LONG: usize = 32;

/// At most `capacity` pairs of step s = x' - x and gradient change y = g' - g, oldest first.
#[derive(Clone, Debug)]
pub struct StepPairs {
    dim: usize,
    capacity: usize,
    len: usize,
    oldest: usize,
    steps: Vec<f64>,
    changes: Vec<f64>,
}

/// A step and what changed along it.
#[derive(Clone, Copy, Debug)]
pub struct NewPair<'a> {
    /// The length of the step as a multiple of `direction`.
    pub step: f64,
    /// The search direction.
    pub direction: &'a [f64],
    /// The gradient at the end of the step.
    pub gradient: &'a [f64],
    /// The gradient at its beginning.
    pub previous_gradient: &'a [f64],
    /// s'y, which is positive. A line search knows it from its slopes.
    pub curvature: f64,
}

/// The inner products of all pairs with a vector: one entry per pair, oldest first.
#[derive(Clone, Debug)]
pub struct Products {
    /// s_j'u.
    pub steps: Vec<f64>,
    /// y_j'u.
    pub changes: Vec<f64>,
}

impl Products {
    /// Room for `capacity` pairs.
    pub fn new(capacity: usize) -> Self {
        Products { steps: vec![0.0; capacity], changes: vec![0.0; capacity] }
    }

    fn clear(&mut self, len: usize) {
        self.steps[..len].fill(0.0);
        self.changes[..len].fill(0.0);
    }
}

impl StepPairs {
    /// Room for `capacity` pairs of `dim` entries.
    pub fn new(dim: usize, capacity: usize) -> Self {
        let empty = vec![0.0; dim * capacity];
        StepPairs { dim, capacity, len: 0, oldest: 0, steps: empty.clone(), changes: empty }
    }

    /// The number of pairs held.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no pair.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the next pair takes the place of the oldest.
    pub fn is_full(&self) -> bool {
        self.len == self.capacity
    }

    /// The number of entries of each vector.
    #[inline]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The largest number of pairs.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forget all pairs.
    pub fn clear(&mut self) {
        (self.len, self.oldest) = (0, 0);
    }

    /// The `j`-th step, the oldest being the 0th.
    #[inline]
    pub fn step(&self, j: usize) -> &[f64] {
        &self.steps[self.range(j, 0..self.dim)]
    }

    /// The `j`-th change of the gradient.
    #[inline]
    pub fn change(&self, j: usize) -> &[f64] {
        &self.changes[self.range(j, 0..self.dim)]
    }

    #[inline]
    fn range(&self, j: usize, part: Range<usize>) -> Range<usize> {
        let slot = self.oldest + j;
        let slot = if slot < self.capacity { slot } else { slot - self.capacity };
        slot * self.dim + part.start..slot * self.dim + part.end
    }

    /// Add a pair, in place of the oldest when all places are taken. Returns y'y.
    pub fn push(&mut self, new: &NewPair<'_>) -> f64 {
        if self.is_full() {
            self.oldest = (self.oldest + 1) % self.capacity;
        } else {
            self.len += 1;
        }
        let newest = self.range(self.len - 1, 0..self.dim);
        let (s, y) = (&mut self.steps[newest.clone()], &mut self.changes[newest]);
        if self.dim < LONG { write_pair::<false>(new, s, y) } else { write_long_pair(new, s, y) }
    }

    /// The inner product of the newest change with the step before its own; 0 if there is none.
    pub fn across(&self) -> f64 {
        match self.len {
            0 | 1 => 0.0,
            len if self.dim < LONG => dot::<false>(self.step(len - 2), self.change(len - 1)),
            len => long_dot(self.step(len - 2), self.change(len - 1)),
        }
    }

    /// The inner products of all pairs with `u`.
    pub fn project(&self, u: &[f64], onto_u: &mut Products) {
        if self.dim < LONG {
            self.project_in::<false>(u, onto_u)
        } else {
            project_long(self, u, onto_u)
        }
    }

    #[inline(always)] // into code for the processor at hand
    fn project_in<const WIDE: bool>(&self, u: &[f64], onto_u: &mut Products) {
        onto_u.clear(self.len);
        for part in chunks(self.dim) {
            let u = &u[part.clone()];
            for j in 0..self.len {
                let range = self.range(j, part.clone());
                onto_u.steps[j] += dot::<WIDE>(&self.steps[range.clone()], u);
                onto_u.changes[j] += dot::<WIDE>(&self.changes[range], u);
            }
        }
    }

    /// The inner products of all pairs with `u` and with `v`, in one pass.
    pub fn project_two(&self, u: &[f64], v: &[f64], onto_u: &mut Products, onto_v: &mut Products) {
        if self.dim < LONG {
            self.project_two_in::<false>(u, v, onto_u, onto_v);
        } else {
            project_two_long(self, u, v, onto_u, onto_v);
        }
    }

    #[inline(always)] // into code for the processor at hand
    fn project_two_in<const WIDE: bool>(
        &self,
        u: &[f64],
        v: &[f64],
        onto_u: &mut Products,
        onto_v: &mut Products,
    ) {
        onto_u.clear(self.len);
        onto_v.clear(self.len);
        for part in chunks(self.dim) {
            let (u, v) = (&u[part.clone()], &v[part.clone()]);
            for j in 0..self.len {
                let range = self.range(j, part.clone());
                let (s, y) = (&self.steps[range.clone()], &self.changes[range]);
                onto_u.steps[j] += dot::<WIDE>(s, u);
                onto_v.steps[j] += dot::<WIDE>(s, v);
                onto_u.changes[j] += dot::<WIDE>(y, u);
                onto_v.changes[j] += dot::<WIDE>(y, v);
            }
        }
    }

    /// `target = factor u + sum_j (a_j s_j + b_j y_j)`. Returns `target'u`.
    pub fn combine(&self, factor: f64, u: &[f64], a: &[f64], b: &[f64], target: &mut [f64]) -> f64 {
        if self.dim < LONG {
            self.combine_in::<false>(factor, u, (a, b), target)
        } else {
            combine_long(self, factor, u, (a, b), target)
        }
    }

    #[inline(always)] // into code for the processor at hand
    fn combine_in<const WIDE: bool>(
        &self,
        factor: f64,
        u: &[f64],
        (a, b): (&[f64], &[f64]),
        target: &mut [f64],
    ) -> f64 {
        let mut along_u = 0.0;
        for part in chunks(self.dim) {
            let (u, target) = (&u[part.clone()], &mut target[part.clone()]);
            for (t, u) in target.iter_mut().zip(u) {
                *t = factor * u;
            }
            for j in 0..self.len {
                let range = self.range(j, part.clone());
                let (s, y) = (&self.steps[range.clone()], &self.changes[range]);
                for ((t, s), y) in target.iter_mut().zip(s).zip(y) {
                    *t += a[j] * s + b[j] * y;
                }
            }
            along_u += dot::<WIDE>(target, u);
        }
        along_u
    }

    /// The entries at `i` of all pairs: `s_j[i]` into `steps`, `y_j[i]` into `changes`.
    pub fn row(&self, i: usize, steps: &mut [f64], changes: &mut [f64]) {
        for j in 0..self.len {
            let at = self.range(j, i..i + 1).start;
            steps[j] = self.steps[at];
            changes[j] = self.changes[at];
        }
    }
}

// With the widest registers of the processor, to the same bits as without.

#[multiversion(targets("x86_64+avx2"))]
fn project_long(pairs: &StepPairs, u: &[f64], onto_u: &mut Products) {
    pairs.project_in::<true>(u, onto_u);
}

#[multiversion(targets("x86_64+avx2"))]
fn project_two_long(
    pairs: &StepPairs,
    u: &[f64],
    v: &[f64],
    onto_u: &mut Products,
    onto_v: &mut Products,
) {
    pairs.project_two_in::<true>(u, v, onto_u, onto_v);
}

#[multiversion(targets("x86_64+avx2"))]
fn combine_long(
    pairs: &StepPairs,
    factor: f64,
    u: &[f64],
    weights: (&[f64], &[f64]),
    target: &mut [f64],
) -> f64 {
    pairs.combine_in::<true>(factor, u, weights, target)
}

#[multiversion(targets("x86_64+avx2"))]
fn write_long_pair(new: &NewPair<'_>, s: &mut [f64], y: &mut [f64]) -> f64 {
    write_pair::<true>(new, s, y)
}

#[multiversion(targets("x86_64+avx2"))]
fn long_dot(a: &[f64], b: &[f64]) -> f64 {
    dot::<true>(a, b)
}

/// Write a pair of step and change. Returns y'y.
#[inline(always)] // into code for the processor at hand
fn write_pair<const WIDE: bool>(new: &NewPair<'_>, s: &mut [f64], y: &mut [f64]) -> f64 {
    for (s, d) in s.iter_mut().zip(new.direction) {
        *s = new.step * d;
    }
    for ((y, g), g_old) in y.iter_mut().zip(new.gradient).zip(new.previous_gradient) {
        *y = g - g_old;
    }
    dot::<WIDE>(y, y)
}

fn chunks(dim: usize) -> impl Iterator<Item = Range<usize>> {
    (0..dim).step_by(CHUNK).map(move |start| start..dim.min(start + CHUNK))
}

/// An inner product in a fixed order of summation.
///
/// Products of one vector with several others in one loop come out slower: the compiler then mixes them in its registers.
#[inline(always)] // into code for the processor at hand
pub(super) fn dot<const WIDE: bool>(a: &[f64], b: &[f64]) -> f64 {
    let (a_lanes, a_tail) = a.as_chunks::<LANES>();
    let (b_lanes, b_tail) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    total::<WIDE>(sums) + a_tail.iter().zip(b_tail).map(|(a, b)| a * b).sum::<f64>()
}

/// The sum of partial sums.
///
/// What the compiler sees of this sum decides on the registers of the whole loop before it: it uses halves of the wide ones, unless
/// the last four sums have to be in memory, side by side. That takes a moment, so only `WIDE` loops, the long ones, do so.
#[inline(always)]
fn total<const WIDE: bool>(sums: [f64; LANES]) -> f64 {
    if !WIDE {
        return ((sums[0] + sums[4]) + (sums[2] + sums[6]))
            + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    }
    let four: [f64; 4] = std::hint::black_box(std::array::from_fn(|k| sums[k] + sums[k + 4]));
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Shift a row-major matrix of `capacity` columns by `count` rows and columns towards the top left, over its first ones.
pub(super) fn drop_oldest(matrix: &mut [f64], capacity: usize, count: usize) {
    if count == 0 {
        return;
    }
    for i in count..capacity {
        matrix.copy_within(i * capacity + count..(i + 1) * capacity, (i - count) * capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(len: usize, phase: f64) -> Vec<f64> {
        (0..len).map(|i| (i as f64 * 0.7 + phase).sin()).collect()
    }

    #[test]
    fn passes_agree_with_plain_sums_across_chunks_and_after_wrapping_round() {
        for dim in [1, 3, CHUNK, 2 * CHUNK + 5] {
            let mut pairs = StepPairs::new(dim, 3);
            for k in 0..5 {
                let (d, g, g_old) =
                    (wave(dim, k as f64), wave(dim, k as f64 + 0.5), wave(dim, 9.0));
                let new = NewPair {
                    step: 0.5,
                    direction: &d,
                    gradient: &g,
                    previous_gradient: &g_old,
                    curvature: 1.0,
                };
                let square = pairs.push(&new);
                let y = pairs.change(pairs.len() - 1);
                assert!((square - y.iter().map(|y| y * y).sum::<f64>()).abs() < 1e-10);
            }
            assert!(
                (pairs.step(0)[0] - 0.5 * 2.0f64.sin()).abs() < 1e-15,
                "the oldest is number 2"
            );

            let (u, v) = (wave(dim, 0.3), wave(dim, 0.9));
            let (mut on_u, mut on_v) = (Products::new(3), Products::new(3));
            pairs.project_two(&u, &v, &mut on_u, &mut on_v);
            let plain = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            for j in 0..3 {
                assert!((on_u.steps[j] - plain(pairs.step(j), &u)).abs() < 1e-10);
                assert!((on_v.changes[j] - plain(pairs.change(j), &v)).abs() < 1e-10);
            }
            let mut again = Products::new(3);
            pairs.project(&u, &mut again);
            assert_eq!((&again.steps, &again.changes), (&on_u.steps, &on_u.changes));

            let (a, b) = ([0.1, 0.2, 0.3], [-1.0, 2.0, 0.5]);
            let mut target = vec![0.0; dim];
            let along = pairs.combine(-2.0, &u, &a, &b, &mut target);
            for i in [0, dim / 2, dim - 1] {
                let sum: f64 =
                    (0..3).map(|j| a[j] * pairs.step(j)[i] + b[j] * pairs.change(j)[i]).sum();
                assert!((target[i] - (sum - 2.0 * u[i])).abs() < 1e-14);
            }
            assert!((along - plain(&target, &u)).abs() < 1e-9);

            let (mut s, mut y) = ([0.0; 3], [0.0; 3]);
            pairs.row(dim - 1, &mut s, &mut y);
            assert_eq!((s[1], y[2]), (pairs.step(1)[dim - 1], pairs.change(2)[dim - 1]));
        }
    }

    #[test]
    fn dropping_the_oldest_moves_the_rest_up() {
        let mut matrix: Vec<f64> = (0..9).map(f64::from).collect();
        drop_oldest(&mut matrix, 3, 1);
        assert_eq!((&matrix[..2], &matrix[3..5]), (&[4.0, 5.0][..], &[7.0, 8.0][..]));
        let mut matrix: Vec<f64> = (0..9).map(f64::from).collect();
        drop_oldest(&mut matrix, 3, 2);
        assert_eq!(matrix[0], 8.0);
    }
}
