//! The sum of the vertices of a large simplex, kept up to date as single vertices change.
//!
//! Adding up n vertices of n variables for every step is most of the work of a Nelder-Mead method in many dimensions. Here a step
//! costs O(n). The sum is held in two parts whose errors are carried along (Knuth's two-sum), and is added up anew now and then, so
//! that it is at least as accurate as adding up all vertices.
//!
//! Reference: T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product, SIAM J. Sci. Comput. 26 (2005), algorithm 4.1,
//! <https://doi.org/10.1137/030601818>

use multiversion::multiversion;

/// From this number of variables on the sum is kept. Below, adding up is cheap, and the same to the last bit as scipy's.
pub const FEWEST: usize = 32;

/// How often each vertex changes before the sum is made anew.
const MOST_CHANGES: usize = 8;

/// The sum over all vertices, coordinate by coordinate.
#[derive(Clone, Debug, Default)]
pub struct VertexSum {
    high: Vec<f64>,
    low: Vec<f64>,
    /// How many changes were made since it was added up.
    changes: usize,
}

impl VertexSum {
    /// Add up the vertices, which are given one after the other.
    pub fn new(dim: usize, points: &[f64]) -> Self {
        let mut sum = VertexSum { high: vec![0.0; dim], low: vec![0.0; dim], changes: 0 };
        let nothing = vec![0.0; dim];
        for vertex in points.chunks_exact(dim) {
            exchange(&mut sum.high, &mut sum.low, vertex, &nothing);
        }
        sum
    }

    /// One of the vertices moves from `old` to `new`. Returns whether the sum has to be made anew.
    pub fn change(&mut self, old: &[f64], new: &[f64]) -> bool {
        exchange(&mut self.high, &mut self.low, new, old);
        self.changes += 1;
        self.changes > MOST_CHANGES * self.high.len()
    }

    /// The mean of all vertices but one. Returns whether it is finite.
    pub fn mean_without(&self, vertex: &[f64], mean: &mut [f64]) -> bool {
        let weight = 1.0 / self.high.len() as f64;
        let sums = self.high.iter().zip(&self.low).zip(vertex);
        let mut finite = true;
        for (mean, ((high, low), x)) in mean.iter_mut().zip(sums) {
            *mean = ((high - x) + low) * weight;
            finite &= mean.is_finite();
        }
        finite
    }
}

/// Add one vertex to the sum and take another away. The version for wider registers does the same to the last bit.
#[multiversion(targets("x86_64+avx2"))]
fn exchange(high: &mut [f64], low: &mut [f64], new: &[f64], old: &[f64]) {
    let plus = |sum: f64, x: f64| {
        let rounded = sum + x;
        let part = rounded - sum;
        (rounded, (sum - (rounded - part)) + (x - part))
    };
    for ((high, low), (new, old)) in high.iter_mut().zip(low).zip(new.iter().zip(old)) {
        let (with, error) = plus(*high, *new);
        let (without, further) = plus(with, -old);
        *high = without;
        *low += error + further;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_stays_accurate_whatever_comes_and_goes() {
        let n = 40;
        let at = |k: usize, i: usize| ((k * 37 + i * 11) as f64 * 0.61).sin();
        let mut points: Vec<f64> = (0..=n).flat_map(|k| (0..n).map(move |i| at(k, i))).collect();
        let mut sum = VertexSum::new(n, &points);
        let mut mean = vec![0.0; n];
        for step in 0..20 * n {
            let k = (step * 7) % (n + 1);
            // Now and then a vertex is far away.
            let size = if step % 9 == 0 { 1e12 } else { 1.0 };
            let new: Vec<f64> = (0..n).map(|i| size * at(step + 100, i)).collect();
            let place = k * n..(k + 1) * n;
            let anew = sum.change(&points[place.clone()], &new);
            points[place].copy_from_slice(&new);
            if anew {
                sum = VertexSum::new(n, &points);
            }
            let without = step % (n + 1);
            assert!(sum.mean_without(&points[without * n..(without + 1) * n], &mut mean));
            for i in 0..n {
                let others = (0..=n).filter(|&j| j != without).map(|j| points[j * n + i]);
                let size: f64 = others.clone().map(f64::abs).sum();
                let exact: f64 = others.sum::<f64>() / n as f64;
                assert!((mean[i] - exact).abs() <= 1e-15 * size.max(1.0), "step {step}");
            }
        }
    }

    #[test]
    fn an_overflow_is_noticed() {
        let n = FEWEST;
        let sum = VertexSum::new(n, &vec![1e308; n * (n + 1)]);
        assert!(!sum.mean_without(&vec![1e308; n], &mut vec![0.0; n]));
    }
}
