//! Level-2 operations on row-major matrices.
//!
//! The caller guarantees the lengths (`a`: m n); a shorter slice shortens the loops.

use multiversion::multiversion;

use crate::vector::{axpy, dot, nrm2};

/// From so many elements on, products use the widest registers of the processor: the same operations in the same order, to the
/// same bits.
const LARGE: usize = 512;

/// `out = A x`: `a` is m x n row-major, `x` has n elements, `out` m.
///
/// Every element is the [`dot`] of its row, to the last bit; four rows at a time, since one alone waits for its own additions.
pub fn mul(a: &[f64], n: usize, x: &[f64], out: &mut [f64]) {
    if a.len() >= LARGE { mul_wide(a, n, x, out) } else { mul_plain::<false>(a, n, x, out) }
}

#[multiversion(targets("x86_64+avx2"))]
fn mul_wide(a: &[f64], n: usize, x: &[f64], out: &mut [f64]) {
    mul_plain::<true>(a, n, x, out);
}

#[inline(always)]
fn mul_plain<const WIDE: bool>(a: &[f64], n: usize, x: &[f64], out: &mut [f64]) {
    if n == 0 {
        return out.fill(0.0);
    }
    if x.len() < n {
        a.chunks_exact(n).zip(out).for_each(|(row, oi)| *oi = dot(row, x));
        return;
    }
    let m = out.len().min(a.len() / n);
    let (fours, mut outs) = (a[..m * n].chunks_exact(4 * n), out[..m].chunks_exact_mut(4));
    let rest = fours.remainder();
    for (four, o) in fours.zip(&mut outs) {
        o.copy_from_slice(&dot_four::<WIDE>(four, &x[..n]));
    }
    for (row, oi) in rest.chunks_exact(n).zip(outs.into_remainder()) {
        *oi = dot(row, x);
    }
}

/// The inner products of `x` with four rows of its length.
///
/// What the compiler sees of the last sums decides on the registers of the whole loop: it uses halves of the wide ones, unless the
/// partial sums have to be in memory, side by side. That takes a moment, so only `WIDE` products, the large ones, do so.
#[inline(always)]
fn dot_four<const WIDE: bool>(rows: &[f64], x: &[f64]) -> [f64; 4] {
    let n = x.len();
    let whole = n - n % 4;
    let row = |k: usize| &rows[k * n..k * n + whole];
    let (r0, r1, r2, r3) = (row(0), row(1), row(2), row(3));
    let mut sums = [[0.0; 4]; 4];
    let each = r0.chunks_exact(4).zip(r1.chunks_exact(4)).zip(r2.chunks_exact(4));
    let each = each.zip(r3.chunks_exact(4)).zip(x.chunks_exact(4));
    for ((((a, b), c), d), x) in each {
        for k in 0..4 {
            sums[0][k] += a[k] * x[k];
            sums[1][k] += b[k] * x[k];
            sums[2][k] += c[k] * x[k];
            sums[3][k] += d[k] * x[k];
        }
    }
    if WIDE {
        sums = std::hint::black_box(sums);
    }
    std::array::from_fn(|r| {
        let tail = rows[r * n + whole..(r + 1) * n].iter().zip(&x[whole..]);
        let tail: f64 = tail.map(|(a, b)| a * b).sum();
        (sums[r][0] + sums[r][2]) + (sums[r][1] + sums[r][3]) + tail
    })
}

/// `out = A' y`: `a` is m x n row-major, `y` has m elements, `out` n.
pub fn mul_transposed(a: &[f64], n: usize, y: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    add_mul_transposed(a, n, y, out);
}

/// `out += A' y`, to the last bit as one [`axpy`] after the other; four rows at a time.
pub fn add_mul_transposed(a: &[f64], n: usize, y: &[f64], out: &mut [f64]) {
    if a.len() >= LARGE {
        add_mul_transposed_wide(a, n, y, out);
    } else {
        add_mul_transposed_plain(a, n, y, out);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add_mul_transposed_wide(a: &[f64], n: usize, y: &[f64], out: &mut [f64]) {
    add_mul_transposed_plain(a, n, y, out);
}

#[inline(always)]
fn add_mul_transposed_plain(a: &[f64], n: usize, y: &[f64], out: &mut [f64]) {
    if n == 0 {
        return;
    }
    let m = y.len().min(a.len() / n);
    let (a, y) = (&a[..m * n], &y[..m]);
    let (fours, weights) = (a.chunks_exact(4 * n), y.chunks_exact(4));
    let (rows, rest) = (fours.remainder(), weights.remainder());
    for (four, w) in fours.zip(weights) {
        let (first, second) = four.split_at(2 * n);
        let ((r0, r1), (r2, r3)) = (first.split_at(n), second.split_at(n));
        for ((((o, a), b), c), d) in out.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3) {
            *o = (((*o + w[0] * a) + w[1] * b) + w[2] * c) + w[3] * d;
        }
    }
    for (row, w) in rows.chunks_exact(n).zip(rest) {
        axpy(*w, row, out);
    }
}

/// `out = A'` (n x m row-major, which is `a` column by column) for `a` m x n row-major.
pub fn transpose(a: &[f64], m: usize, n: usize, out: &mut [f64]) {
    for j in 0..n {
        for (i, oi) in out[j * m..(j + 1) * m].iter_mut().enumerate() {
            *oi = a[i * n + j];
        }
    }
}

/// The Euclidean norms of the columns of `a` (m x n row-major) into `out` (n), overflow-safe.
pub fn column_norms(a: &[f64], n: usize, out: &mut [f64]) {
    let m = a.len() / n.max(1);
    let mut column = vec![0.0; m];
    for j in 0..n {
        for (i, c) in column.iter_mut().enumerate() {
            *c = a[i * n + j];
        }
        out[j] = nrm2(&column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_norms() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // 2 x 3
        let mut y = [0.0; 2];
        mul(&a, 3, &[1.0, 0.0, -1.0], &mut y);
        assert_eq!(y, [-2.0, -2.0]);
        let mut x = [0.0; 3];
        mul_transposed(&a, 3, &[1.0, -1.0], &mut x);
        assert_eq!(x, [-3.0, -3.0, -3.0]);
        let mut t = [0.0; 6];
        transpose(&a, 2, 3, &mut t);
        assert_eq!(t, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let mut norms = [0.0; 2];
        column_norms(&[3.0, 0.0, 4.0, 0.0], 2, &mut norms);
        assert_eq!(norms, [5.0, 0.0]);
    }
    #[test]
    fn four_rows_at_a_time_are_the_same_to_the_last_bit() {
        let number = |i: usize| ((i * 7919) % 1009) as f64 / 300.0 - 1.6;
        for (m, n) in [(1, 1), (3, 5), (4, 4), (5, 7), (8, 9), (11, 2), (6, 0)] {
            let a: Vec<f64> = (0..m * n).map(number).collect();
            let (x, y): (Vec<f64>, Vec<f64>) =
                ((0..n).map(number).collect(), (0..m).map(number).collect());
            // A longer output stays as it is at its end.
            let mut out = vec![9.0; m + 2];
            mul(&a, n, &x, &mut out[..m]);
            let expected: Vec<f64> = (0..m).map(|i| dot(&a[i * n..(i + 1) * n], &x)).collect();
            assert_eq!((&out[..m], &out[m..]), (&expected[..], &[9.0, 9.0][..]), "{m} x {n}");
            if n > 0 {
                mul(&a, n, &x, &mut out);
                assert_eq!((&out[..m], &out[m..]), (&expected[..], &[9.0, 9.0][..]), "{m} x {n}");
            }
            let (mut sum, mut expected) = (vec![0.25; n], vec![0.25; n]);
            add_mul_transposed(&a, n, &y, &mut sum);
            for (i, weight) in y.iter().enumerate() {
                axpy(*weight, &a[i * n..(i + 1) * n], &mut expected);
            }
            assert_eq!(sum, expected, "{m} x {n}");
        }
    }
}
