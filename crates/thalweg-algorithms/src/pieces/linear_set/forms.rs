//! Quadratic forms and sums of outer products of many vectors at once: every evaluation asks for one of each for all points.
//!
//! The same operations in the same order as for one vector after the other with `thalweg_linalg`, to the same bits.

use multiversion::multiversion;

/// So many vectors are taken together, entry by entry.
const LANES: usize = 4;

type Lanes = [f64; LANES];

/// `x'Hx` for each of the vectors x (row by row, n numbers each) and each of the matrices H: all vectors for the first one first.
pub(super) fn quadratic_forms(matrices: &[f64], n: usize, vectors: &[f64]) -> Vec<f64> {
    let count = vectors.len() / n;
    let mut groups: Vec<Lanes> = vec![[0.0; LANES]; count.div_ceil(LANES) * n];
    for (k, vector) in vectors.chunks_exact(n).enumerate() {
        let group = &mut groups[k / LANES * n..(k / LANES + 1) * n];
        group.iter_mut().zip(vector).for_each(|(lanes, x)| lanes[k % LANES] = *x);
    }
    let mut forms = Vec::with_capacity(matrices.len() / (n * n) * count);
    for matrix in matrices.chunks_exact(n * n) {
        for (g, group) in groups.chunks_exact(n).enumerate() {
            let left = (count - g * LANES).min(LANES);
            forms.extend_from_slice(&forms_of_group(matrix, group)[..left]);
        }
    }
    forms
}

#[multiversion(targets("x86_64+avx2"))]
fn forms_of_group(matrix: &[f64], group: &[Lanes]) -> Lanes {
    let n = group.len();
    let whole = n - n % 4;
    let mut sums = [[0.0; LANES]; 5];
    for (r, (row, x)) in matrix.chunks_exact(n).zip(group).enumerate() {
        let product = product(row, group);
        let sum = &mut sums[if r < whole { r % 4 } else { 4 }];
        for k in 0..LANES {
            sum[k] += product[k] * x[k];
        }
    }
    total(&sums)
}

/// The inner products of a row with all vectors of a group.
#[inline(always)]
fn product(row: &[f64], group: &[Lanes]) -> Lanes {
    let (fours, columns) = (row.chunks_exact(4), group.chunks_exact(4));
    let mut sums = [[0.0; LANES]; 5];
    for (h, x) in fours.remainder().iter().zip(columns.remainder()) {
        for k in 0..LANES {
            sums[4][k] += h * x[k];
        }
    }
    for (h, x) in fours.zip(columns) {
        for j in 0..4 {
            for k in 0..LANES {
                sums[j][k] += h[j] * x[j][k];
            }
        }
    }
    total(&sums)
}

/// The partial sums of an inner product together, in its order.
#[inline(always)]
fn total(sums: &[Lanes; 5]) -> Lanes {
    std::array::from_fn(|k| (sums[0][k] + sums[2][k]) + (sums[1][k] + sums[3][k]) + sums[4][k])
}

/// Add `sum_k w_k x_k x_k'` for vectors x (row by row, n numbers each) to a matrix.
#[multiversion(targets("x86_64+avx2"))]
pub(super) fn add_outer_products(weights: &[f64], vectors: &[f64], n: usize, matrix: &mut [f64]) {
    let (fours, shares) = (vectors.chunks_exact(4 * n), weights.chunks_exact(4));
    let (last, last_shares) = (fours.remainder(), shares.remainder());
    for (four, w) in fours.zip(shares) {
        let ((a, b), (c, d)) = (four[..2 * n].split_at(n), four[2 * n..].split_at(n));
        for (r, row) in matrix.chunks_exact_mut(n).enumerate() {
            let [wa, wb, wc, wd] = [w[0] * a[r], w[1] * b[r], w[2] * c[r], w[3] * d[r]];
            for ((((entry, a), b), c), d) in row.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *entry = (((*entry + wa * a) + wb * b) + wc * c) + wd * d;
            }
        }
    }
    for (x, w) in last.chunks_exact(n).zip(last_shares) {
        for (row, r) in matrix.chunks_exact_mut(n).zip(x) {
            let share = w * r;
            row.iter_mut().zip(x).for_each(|(entry, x)| *entry += share * x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::Rng;
    use thalweg_linalg::{axpy, dot, mul};

    #[test]
    fn many_vectors_give_the_same_bits_as_one_after_the_other() {
        let mut rng = Rng::new(11);
        for n in 1..24 {
            let mut numbers =
                |count: usize| (0..count).map(|_| rng.uniform_in(-1.0, 1.0)).collect::<Vec<_>>();
            let (matrices, vectors, weights) = (numbers(2 * n * n), numbers(n * n), numbers(n));
            let forms = quadratic_forms(&matrices, n, &vectors);
            let (mut product, mut sum) = (vec![0.0; n], numbers(n * n));
            let mut sum_at_once = sum.clone();
            for (i, matrix) in matrices.chunks_exact(n * n).enumerate() {
                for (k, x) in vectors.chunks_exact(n).enumerate() {
                    mul(matrix, n, x, &mut product);
                    assert_eq!(forms[i * n + k], dot(&product, x));
                }
            }
            for (w, x) in weights.iter().zip(vectors.chunks_exact(n)) {
                for (row, r) in sum.chunks_exact_mut(n).zip(x) {
                    axpy(w * r, x, row);
                }
            }
            add_outer_products(&weights, &vectors, n, &mut sum_at_once);
            assert_eq!(sum, sum_at_once);
        }
    }
}
