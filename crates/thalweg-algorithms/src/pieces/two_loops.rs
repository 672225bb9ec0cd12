//! The product of the limited-memory BFGS matrix H, an approximation of the inverse Hessian, with the gradient in two loops.
//!
//! From the newest pair to the oldest the gradient is freed of its part along each step, then scaled by gamma = s'y / y'y of the
//! newest pair, and on the way back each step is added again with the length that its curvature asks for.
//!
//! Cost per iteration: each stored vector is read twice, 4 m n numbers in all, and two more at each update. The direction passes
//! through the processor once for two moves: while it moves along two vectors, its products with the two after the next are summed
//! up. The first of these decides on the next move; the second one changes by a known amount with that move and decides on the
//! one after it. (The compact form, which needs fewer passes over the direction but half as many operations again, was no quicker.)
//!
//! References:
//! * J. Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comput. 35 (1980),
//!   <https://doi.org/10.1090/S0025-5718-1980-0572855-7>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 7.4, <https://doi.org/10.1007/978-0-387-40065-5>

use multiversion::multiversion;

use super::step_pairs::StepPairs;

/// Entries that are handled together.
const LANES: usize = 4;
/// Shorter vectors, but for the shortest, are filled up with zeros to whole groups of lanes.
const LONG: usize = 64;
/// So many variables stay in registers.
const FEW: usize = 4;

/// What the loops have to know of the pairs, besides them.
#[derive(Clone, Debug)]
pub struct TwoLoops {
    gamma: f64,
    per_gamma: f64,
    /// 1 / s'y of each pair, oldest first.
    reciprocals: Vec<f64>,
    /// y'y of each pair.
    squares: Vec<f64>,
    /// The inner product of each pair's change with the step before its own; anything for the oldest.
    across: Vec<f64>,
    /// What the first loop took away along each step.
    taken: Vec<f64>,
    /// The gradient and the direction, filled up with zeros.
    filled: [Vec<f64>; 2],
}

impl TwoLoops {
    /// For at most `capacity` pairs.
    pub fn new(capacity: usize) -> Self {
        let empty = Vec::with_capacity(capacity);
        TwoLoops {
            gamma: 1.0,
            per_gamma: 1.0,
            reciprocals: empty.clone(),
            squares: empty.clone(),
            across: empty,
            taken: vec![0.0; capacity],
            filled: [Vec::new(), Vec::new()],
        }
    }

    /// How many entries the vectors of the pairs have to have for `n` variables. The last ones are zero.
    pub fn width(n: usize) -> usize {
        if (FEW + 1..LONG).contains(&n) { n.next_multiple_of(LANES) } else { n }
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        for numbers in [&mut self.reciprocals, &mut self.squares, &mut self.across] {
            numbers.clear();
        }
        (self.gamma, self.per_gamma) = (1.0, 1.0);
    }

    /// Take in the newest of the pairs, which has just come to them, with its s'y and y'y.
    pub fn update(&mut self, pairs: &StepPairs, curvature: f64, square: f64) {
        if self.reciprocals.len() == pairs.capacity() {
            for numbers in [&mut self.reciprocals, &mut self.squares, &mut self.across] {
                numbers.remove(0);
            }
        }
        self.reciprocals.push(1.0 / curvature);
        self.squares.push(square);
        self.across.push(pairs.across());
        self.gamma = curvature / square;
        self.per_gamma = square / curvature;
    }

    /// The quasi-Newton direction `-H g`. Returns its slope `-g'H g`.
    pub fn direction(&mut self, pairs: &StepPairs, gradient: &[f64], direction: &mut [f64]) -> f64 {
        match pairs.dim() {
            1 => few_variables::<1>(self, pairs, gradient, direction),
            2 => few_variables::<2>(self, pairs, gradient, direction),
            3 => few_variables::<3>(self, pairs, gradient, direction),
            4 => few_variables::<4>(self, pairs, gradient, direction),
            width if width == gradient.len() => wide_loops(self, pairs, gradient, direction),
            width => self.filled_direction(pairs, width, gradient, direction),
        }
    }

    /// The length of move `k` of twice `len`, and by how much it changes the product that decides on the next one.
    #[inline(always)] // into code for the processor at hand
    fn decide(&mut self, k: usize, len: usize, product: f64) -> (f64, f64) {
        if k < len {
            let j = len - 1 - k;
            let taken = self.reciprocals[j] * product;
            self.taken[j] = taken;
            (-taken, -taken * if j > 0 { self.across[j] } else { self.squares[0] })
        } else {
            let j = k - len;
            let length = self.per_gamma * self.taken[j] - self.reciprocals[j] * product;
            (length, if j + 1 < len { length * self.across[j + 1] } else { 0.0 })
        }
    }

    /// The same with vectors that are filled up to the width of the pairs.
    fn filled_direction(
        &mut self,
        pairs: &StepPairs,
        width: usize,
        gradient: &[f64],
        direction: &mut [f64],
    ) -> f64 {
        let [mut filled, mut moving] = std::mem::take(&mut self.filled);
        filled.resize(width, 0.0);
        moving.resize(width, 0.0);
        filled[..gradient.len()].copy_from_slice(gradient);
        let slope = wide_loops(self, pairs, &filled, &mut moving);
        direction.copy_from_slice(&moving[..direction.len()]);
        self.filled = [filled, moving];
        slope
    }
}

/// The two loops in a version for wider registers, too, which does the same operations in the same order, to the same bits.
#[multiversion(targets("x86_64+avx2"))]
fn wide_loops(
    loops: &mut TwoLoops,
    pairs: &StepPairs,
    gradient: &[f64],
    direction: &mut [f64],
) -> f64 {
    two_loops(loops, pairs, gradient, direction)
}

/// The two loops: the second one on the direction in terms of gamma.
#[inline(always)] // into code for the processor at hand
fn two_loops(
    loops: &mut TwoLoops,
    pairs: &StepPairs,
    gradient: &[f64],
    direction: &mut [f64],
) -> f64 {
    let len = pairs.len();
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -g;
    }
    // Move k goes along one vector, by a length that the product with another one decides on.
    let along = |k: usize| if k < len { pairs.change(len - 1 - k) } else { pairs.step(k - len) };
    let decisive = |k: usize| match k {
        k if k < len => pairs.step(len - 1 - k),
        k if k < 2 * len => pairs.change(k - len),
        _ => gradient,
    };
    let none = [(0.0, gradient); 2];
    let (mut product, mut ahead) = move_twice(direction, none, [decisive(0), decisive(1)]);
    for k in (0..2 * len).step_by(2) {
        let (first, change) = loops.decide(k, len, product);
        let (second, _) = loops.decide(k + 1, len, ahead + change);
        let moves = [(first, along(k)), (second, along(k + 1))];
        (product, ahead) = move_twice(direction, moves, [decisive(k + 2), decisive(k + 3)]);
    }
    for d in direction.iter_mut() {
        *d *= loops.gamma;
    }
    product * loops.gamma
}

/// `u += a v + b w` for the moves `(a, v)` and `(b, w)`. Returns the products of the new u with two vectors.
///
/// What the compiler sees of the sums decides on the registers of the loop before them: it uses halves of the wide ones unless the
/// sums have to be in memory, side by side.
#[inline(always)] // into code for the processor at hand
fn move_twice(
    u: &mut [f64],
    [(a, v), (b, w)]: [(f64, &[f64]); 2],
    onto: [&[f64]; 2],
) -> (f64, f64) {
    let total = |sums: [f64; LANES]| {
        let sums = std::hint::black_box(sums);
        (sums[0] + sums[2]) + (sums[1] + sums[3])
    };
    let n = u.len();
    let (v, w, onto) = (&v[..n], &w[..n], [&onto[0][..n], &onto[1][..n]]);
    let (u, u_rest) = u.as_chunks_mut::<LANES>();
    let ((v, v_rest), (w, w_rest)) = (v.as_chunks::<LANES>(), w.as_chunks::<LANES>());
    let [(p, p_rest), (q, q_rest)] = onto.map(|vector| vector.as_chunks::<LANES>());
    let (mut p_sums, mut q_sums) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..u.len() {
        // Everything is read before anything is written: the compiler cannot see that no slice overlaps another.
        let moved: [f64; LANES] =
            std::array::from_fn(|lane| (u[i][lane] + a * v[i][lane]) + b * w[i][lane]);
        u[i] = moved;
        for lane in 0..LANES {
            p_sums[lane] += moved[lane] * p[i][lane];
        }
        for lane in 0..LANES {
            q_sums[lane] += moved[lane] * q[i][lane];
        }
    }
    let (mut p_last, mut q_last) = (0.0, 0.0);
    for (i, u) in u_rest.iter_mut().enumerate() {
        *u = (*u + a * v_rest[i]) + b * w_rest[i];
        p_last += *u * p_rest[i];
        q_last += *u * q_rest[i];
    }
    (total(p_sums) + p_last, total(q_sums) + q_last)
}

/// The two loops for `N` variables, which stay in registers.
///
/// Each pass is a product with I - y s' / s'y or its transpose, whose entries do not wait for the passes before it.
fn few_variables<const N: usize>(
    loops: &mut TwoLoops,
    pairs: &StepPairs,
    gradient: &[f64],
    direction: &mut [f64],
) -> f64 {
    let TwoLoops { gamma, reciprocals, taken, .. } = loops;
    let at = |numbers: &[f64]| -> [f64; N] { std::array::from_fn(|i| numbers[i]) };
    let len = pairs.len();
    let g = at(gradient);
    let mut d = g.map(|g| -g);
    for j in (0..len).rev() {
        let (s, y) = (at(pairs.step(j)).map(|s| reciprocals[j] * s), at(pairs.change(j)));
        taken[j] = few_products(&s, &d);
        d = without(&y, &s, &d);
    }
    d = d.map(|d| *gamma * d);
    for j in 0..len {
        let (s, y) = (at(pairs.step(j)), at(pairs.change(j)).map(|y| reciprocals[j] * y));
        let kept = without(&s, &y, &d);
        d = std::array::from_fn(|i| kept[i] + taken[j] * s[i]);
    }
    direction.copy_from_slice(&d);
    few_products(&d, &g)
}

/// (I - a b') d.
#[inline]
fn without<const N: usize>(a: &[f64; N], b: &[f64; N], d: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| {
        let row: [f64; N] =
            std::array::from_fn(|k| if i == k { 1.0 - a[i] * b[k] } else { -a[i] * b[k] });
        few_products(&row, d)
    })
}

#[inline]
fn few_products<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    (1..N).fold(a[0] * b[0], |sum, i| sum + a[i] * b[i])
}

#[cfg(test)]
mod tests {
    use super::super::step_pairs::NewPair;
    use super::*;

    /// The loops after more steps than there is room for, and a gradient.
    fn after_steps(n: usize) -> (TwoLoops, StepPairs, Vec<f64>) {
        after_steps_of_width(n, n)
    }

    fn after_steps_of_width(n: usize, width: usize) -> (TwoLoops, StepPairs, Vec<f64>) {
        let (mut loops, mut pairs) = (TwoLoops::new(3), StepPairs::new(width, 3));
        let g: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
        for k in 0..5 {
            let d: Vec<f64> = (0..n).map(|i| ((i * 3 + k * 5 + 1) as f64).sin()).collect();
            let next: Vec<f64> = g.iter().zip(&d).map(|(g, d)| g + d * 0.7).collect();
            let curvature = 0.7 * d.iter().map(|d| d * d).sum::<f64>();
            let square = pairs.push(&NewPair {
                step: 1.0,
                direction: &d,
                gradient: &next,
                previous_gradient: &g,
                curvature,
            });
            loops.update(&pairs, curvature, square);
        }
        (loops, pairs, g)
    }

    #[test]
    fn few_variables_make_no_difference_but_for_rounding() {
        for n in 1..=4 {
            let (mut loops, pairs, g) = after_steps(n);
            let (mut direction, mut general) = (vec![0.0; n], vec![0.0; n]);
            let slope = loops.direction(&pairs, &g, &mut direction);
            let expected = two_loops(&mut loops, &pairs, &g, &mut general);
            assert!((slope - expected).abs() <= 1e-13 * expected.abs(), "{slope} {expected}");
            for (d, expected) in direction.iter().zip(&general) {
                assert!((d - expected).abs() <= 1e-13, "{direction:?} {general:?}");
            }
        }
    }

    #[test]
    fn vectors_that_are_filled_up_make_no_difference_but_for_rounding() {
        for n in [5, 6, 7, 9, 10, 12, 31, 63] {
            let (mut loops, pairs, g) = after_steps(n);
            let (mut filled_loops, filled_pairs, _) = after_steps_of_width(n, TwoLoops::width(n));
            assert_eq!(filled_pairs.dim() % LANES, 0);
            let (mut plain, mut filled) = (vec![0.0; n], vec![0.0; n]);
            let expected = two_loops(&mut loops, &pairs, &g, &mut plain);
            let slope = filled_loops.direction(&filled_pairs, &g, &mut filled);
            assert!((slope - expected).abs() <= 1e-12 * expected.abs(), "{slope} {expected}");
            for (d, expected) in filled.iter().zip(&plain) {
                assert!((d - expected).abs() <= 1e-12, "{filled:?} {plain:?}");
            }
        }
    }

    #[test]
    fn wide_registers_make_no_difference_to_the_last_bit() {
        for n in [LONG, 100, 103] {
            let (mut loops, pairs, g) = after_steps(n);
            let (mut wide, mut narrow) = (vec![0.0; n], vec![0.0; n]);
            let slope = loops.direction(&pairs, &g, &mut wide);
            assert_eq!(slope, two_loops(&mut loops, &pairs, &g, &mut narrow));
            assert_eq!(wide, narrow);
        }
    }
}
