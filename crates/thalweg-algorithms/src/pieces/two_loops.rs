//! The product of the limited-memory BFGS matrix H, an approximation of the inverse Hessian, with the gradient in two loops.
//!
//! From the newest pair to the oldest the gradient is freed of its part along each step, then scaled by gamma = s'y / y'y of the
//! newest pair, and on the way back each step is added again with the length that its curvature asks for.
//!
//! Cost per iteration: each stored vector is read twice, 4 m n numbers in all, and two more at each update. The direction passes
//! through the processor once per pair and loop: while it moves along one vector, its product with the one after the next is summed
//! up, which the next move changes by a known amount. So no move waits for the sum of the one before it. (The compact form, which
//! needs fewer passes over the direction but half as many operations again, was slower up to n = 10^5 and no quicker at 10^6.)
//!
//! References:
//! * J. Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comput. 35 (1980),
//!   <https://doi.org/10.1090/S0025-5718-1980-0572855-7>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 7.4, <https://doi.org/10.1007/978-0-387-40065-5>

use multiversion::multiversion;

use super::step_pairs::{LONG, StepPairs, dot, move_and_project};

/// What the loops have to know of the pairs, besides them.
#[derive(Clone, Debug)]
pub struct TwoLoops {
    gamma: f64,
    /// 1 / s'y of each pair, oldest first.
    reciprocals: Vec<f64>,
    /// y'y of each pair.
    squares: Vec<f64>,
    /// The inner product of each pair's change with the step before its own; anything for the oldest.
    across: Vec<f64>,
    /// What the first loop took away along each step.
    taken: Vec<f64>,
}

impl TwoLoops {
    /// For at most `capacity` pairs.
    pub fn new(capacity: usize) -> Self {
        let empty = Vec::with_capacity(capacity);
        TwoLoops {
            gamma: 1.0,
            reciprocals: empty.clone(),
            squares: empty.clone(),
            across: empty,
            taken: vec![0.0; capacity],
        }
    }

    /// Go back to the identity.
    pub fn clear(&mut self) {
        for numbers in [&mut self.reciprocals, &mut self.squares, &mut self.across] {
            numbers.clear();
        }
        self.gamma = 1.0;
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
    }

    /// The quasi-Newton direction `-H g`. Returns its slope `-g'H g`.
    pub fn direction(&mut self, pairs: &StepPairs, gradient: &[f64], direction: &mut [f64]) -> f64 {
        match pairs.dim() {
            1 => few_variables::<1>(self, pairs, gradient, direction),
            2 => few_variables::<2>(self, pairs, gradient, direction),
            3 => few_variables::<3>(self, pairs, gradient, direction),
            4 => few_variables::<4>(self, pairs, gradient, direction),
            _ => many_variables(self, pairs, gradient, direction),
        }
    }
}

/// The two loops in a version for wider registers, too, which does the same operations in the same order, to the same bits.
#[multiversion(targets("x86_64+avx2"))]
fn many_variables(
    loops: &mut TwoLoops,
    pairs: &StepPairs,
    gradient: &[f64],
    direction: &mut [f64],
) -> f64 {
    if gradient.len() < LONG {
        two_loops::<false>(loops, pairs, gradient, direction)
    } else {
        two_loops::<true>(loops, pairs, gradient, direction)
    }
}

/// The two loops: the second one on the direction in terms of gamma.
#[inline(always)] // into code for the processor at hand
fn two_loops<const WIDE: bool>(
    loops: &mut TwoLoops,
    pairs: &StepPairs,
    gradient: &[f64],
    direction: &mut [f64],
) -> f64 {
    let TwoLoops { gamma, reciprocals, squares, across, taken } = loops;
    let len = pairs.len();
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -g;
    }
    if len == 0 {
        return dot::<WIDE>(direction, gradient);
    }
    // Move k goes along one vector, by a length that the product with another one decides on.
    let along = |k: usize| if k < len { pairs.change(len - 1 - k) } else { pairs.step(k - len) };
    let decisive = |k: usize| match k {
        k if k < len => pairs.step(len - 1 - k),
        k if k < 2 * len => pairs.change(k - len),
        _ => gradient,
    };
    let first = dot::<WIDE>(direction, decisive(0));
    let mut product = first;
    let mut ahead = dot::<WIDE>(direction, decisive(1));
    for j in (0..len).rev() {
        let k = len - 1 - j;
        taken[j] = reciprocals[j] * product;
        product = ahead - taken[j] * if j > 0 { across[j] } else { squares[0] };
        ahead = move_and_project::<WIDE>(direction, -taken[j], along(k), decisive(k + 2));
    }
    let per_gamma = 1.0 / *gamma;
    for j in 0..len {
        let k = len + j;
        let added = per_gamma * taken[j] - reciprocals[j] * product;
        product = ahead + added * if j + 1 < len { across[j + 1] } else { -first };
        if j + 1 < len {
            ahead = move_and_project::<WIDE>(direction, added, along(k), decisive(k + 2));
        } else {
            let moves = direction.iter_mut().zip(along(k));
            moves.for_each(|(d, s)| *d = *gamma * (*d + added * s));
        }
    }
    product * *gamma
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
        let (mut loops, mut pairs) = (TwoLoops::new(3), StepPairs::new(n, 3));
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
            let expected = two_loops::<false>(&mut loops, &pairs, &g, &mut general);
            assert!((slope - expected).abs() <= 1e-13 * expected.abs(), "{slope} {expected}");
            for (d, expected) in direction.iter().zip(&general) {
                assert!((d - expected).abs() <= 1e-13, "{direction:?} {general:?}");
            }
        }
    }

    #[test]
    fn wide_registers_make_no_difference_to_the_last_bit() {
        for n in [LONG, 100, 103] {
            let (mut loops, pairs, g) = after_steps(n);
            let (mut wide, mut narrow) = (vec![0.0; n], vec![0.0; n]);
            let slope = loops.direction(&pairs, &g, &mut wide);
            assert_eq!(slope, two_loops::<false>(&mut loops, &pairs, &g, &mut narrow));
            assert_eq!(wide, narrow);
        }
    }
}
