//! The trust-region step from products alone, as exactly as asked for: min g'p + p'B p / 2 subject to |p| <= radius in Krylov spaces that
//! grow until the step is good enough (GLTR, the generalized Lanczos trust-region method).
//!
//! In Lanczos' basis q_0 = g / |g|, q_1, ... of the space that g, B g, B^2 g, ... span, B is tridiagonal, and the problem is solved
//! there. What is missing to the solution in the whole space has the length of the next entry beside the diagonal times the last entry
//! of h. Where truncated conjugate gradients stop at the sphere, this goes on along it.
//!
//! The basis is kept: a step for another radius at the same point costs only products that are new. It is orthogonalized again after each
//! product, since rounding would lose it. The space ends early where g has no part along some eigenvectors. To look `beyond` is to go
//! on with other vectors until the whole space is known, so that lower curvature there is found: the hard case.
//!
//! Reference: N. I. M. Gould, S. Lucidi, M. Roma, P. L. Toint, Solving the trust-region subproblem using the Lanczos method, SIAM J.
//! Optim. 9 (1999), doi:10.1137/S1052623497322735

use thalweg_linalg::{all_finite, axpy, dot, nrm2};

use super::region_step::RegionStep;
use super::tridiagonal_region::Tridiagonal;

/// A vector this small, relative to the matrix, is rounding: the space has ended.
const ENDED: f64 = 1e-13;
/// The fractional part of the golden ratio, whose multiples are as good as random entries for a vector that is to have a part along
/// everything.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// When a step is good enough: by the length of B p + g + lambda p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enough {
    /// For steps that the sphere does not touch.
    pub inside: f64,
    /// For steps on the sphere.
    pub on_boundary: f64,
    /// Look for curvature to which the gradient does not lead as well.
    pub beyond: bool,
}

/// The space at a point, as far as it is known.
#[derive(Clone, Debug)]
pub struct LanczosRegion {
    /// Its orthonormal basis; one vector more than the matrix has columns, unless the space has ended.
    basis: Vec<Vec<f64>>,
    matrix: Tridiagonal,
    /// |g|.
    slope: f64,
    /// The entry of the matrix that leads to the next vector; zero if there is none.
    coupling: f64,
    /// The size of the entries so far.
    size: f64,
    /// Whether the basis has left the gradient's space.
    is_beyond: bool,
}

impl LanczosRegion {
    /// The space of a gradient that is finite and not zero.
    pub fn new(gradient: &[f64]) -> Self {
        let slope = nrm2(gradient);
        LanczosRegion {
            basis: vec![gradient.iter().map(|g| g / slope).collect()],
            matrix: Tridiagonal::default(),
            slope,
            coupling: 0.0,
            size: 0.0,
            is_beyond: false,
        }
    }

    /// The step within the radius, a positive number, where `product(d, B d)` writes products. Products that are not finite promise no
    /// decrease.
    ///
    /// # Errors
    /// Those of the products.
    pub fn step<E>(
        &mut self,
        radius: f64,
        enough: Enough,
        mut product: impl FnMut(&[f64], &mut Vec<f64>) -> Result<(), E>,
    ) -> Result<RegionStep, E> {
        let n = self.basis[0].len();
        let mut image = Vec::new();
        loop {
            let k = self.matrix.diagonal.len();
            if k > 0 {
                let (h, on_boundary) = self.matrix.step(self.slope, radius);
                let limit = if on_boundary { enough.on_boundary } else { enough.inside };
                let has_ended = self.basis.len() == k;
                let is_good = self.coupling * h[k - 1].abs() <= limit;
                let goes_on = enough.beyond && (has_ended || self.is_beyond);
                if k == n || is_good && !goes_on || has_ended && !self.go_beyond() {
                    return Ok(self.assembled(&h, on_boundary));
                }
            }
            product(&self.basis[k], &mut image)?;
            if !all_finite(&image) {
                return Ok(RegionStep { p: vec![0.0; n], decrease: f64::NAN, on_boundary: false });
            }
            self.extend(&image);
        }
    }

    /// One more column of the matrix, from the product of the last vector.
    fn extend(&mut self, image: &[f64]) {
        let k = self.matrix.diagonal.len();
        if k > 0 {
            self.matrix.beside.push(self.coupling);
        }
        let entry = dot(&self.basis[k], image);
        self.matrix.diagonal.push(entry);
        self.size = self.size.max(entry.abs());
        let mut next = image.to_vec();
        self.orthogonalize(&mut next);
        self.coupling = nrm2(&next);
        if k + 1 == next.len() || self.coupling <= ENDED * self.size {
            self.coupling = 0.0;
            return;
        }
        self.size = self.size.max(self.coupling);
        next.iter_mut().for_each(|q| *q /= self.coupling);
        self.basis.push(next);
    }

    /// Begins another space beside the one that has ended; false if there is no room.
    fn go_beyond(&mut self) -> bool {
        self.is_beyond = true;
        let entries = (1..=self.basis[0].len()).map(|i| (i as f64 * GOLDEN).fract() - 0.5);
        let mut next: Vec<f64> = entries.collect();
        let before = nrm2(&next);
        self.orthogonalize(&mut next);
        let length = nrm2(&next);
        next.iter_mut().for_each(|q| *q /= length);
        if length > ENDED * before {
            self.basis.push(next);
        }
        length > ENDED * before
    }

    /// Takes out of a vector what the basis has of it, twice because of rounding.
    fn orthogonalize(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for q in &self.basis {
                axpy(-dot(q, vector), q, vector);
            }
        }
    }

    fn assembled(&self, h: &[f64], on_boundary: bool) -> RegionStep {
        let mut p = vec![0.0; self.basis[0].len()];
        h.iter().zip(&self.basis).for_each(|(h, q)| axpy(*h, q, &mut p));
        let mut product = Vec::new();
        self.matrix.mul(h, &mut product);
        let decrease = -self.slope * h[0] - 0.5 * dot(h, &product);
        RegionStep { p, decrease, on_boundary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pieces::lsq_model::{DenseModel, Quadratic};
    use crate::pieces::trust_region_eigen::EigenRegion;
    use std::convert::Infallible;
    use thalweg_core::Rng;
    use thalweg_linalg::mul;

    const EXACT: Enough = Enough { inside: 1e-10, on_boundary: 1e-10, beyond: true };
    const LOOSE: Enough = Enough { inside: 1e-2, on_boundary: 1e-2, beyond: false };

    /// The step, and the number of products that it took.
    fn step(
        region: &mut LanczosRegion,
        matrix: &[f64],
        radius: f64,
        enough: Enough,
    ) -> (RegionStep, usize) {
        let mut products = 0;
        let Ok(step) = region.step(radius, enough, |d, product| {
            products += 1;
            product.resize(d.len(), 0.0);
            mul(matrix, d.len(), d, product);
            Ok::<(), Infallible>(())
        });
        (step, products)
    }

    fn least(matrix: &[f64], gradient: &[f64], radius: f64) -> f64 {
        let p = EigenRegion::new(matrix, gradient).unwrap().step(radius);
        -DenseModel { gradient, matrix }.value(&p)
    }

    #[test]
    fn finds_the_minimum_that_the_eigenvalues_tell() {
        let mut rng = Rng::new(23);
        for round in 0..300 {
            let n = if round % 20 == 0 { 40 } else { 1 + round % 8 };
            let mut matrix = vec![0.0; n * n];
            let (low, shift) = ([-1.0, 0.5][round % 2], rng.uniform_in(-1.0, 4.0));
            for i in 0..n {
                for j in 0..=i {
                    matrix[i * n + j] = rng.uniform_in(low, 1.0) + if i == j { shift } else { 0.0 };
                    matrix[j * n + i] = matrix[i * n + j];
                }
            }
            let gradient: Vec<f64> = (0..n).map(|_| rng.uniform_in(-1.0, 1.0)).collect();
            let mut region = LanczosRegion::new(&gradient);
            for radius in [10f64.powf(rng.uniform_in(-2.0, 1.0)), 0.1] {
                let (found, products) = step(&mut region, &matrix, radius, EXACT);
                let best = least(&matrix, &gradient, radius);
                assert!(nrm2(&found.p) <= radius * (1.0 + 1e-9), "{round}");
                assert!((found.decrease - best).abs() <= 1e-8 * best, "{round}: {found:?} {best}");
                let model = DenseModel { gradient: &gradient, matrix: &matrix };
                assert!((found.decrease + model.value(&found.p)).abs() <= 1e-9 * best, "{round}");
                assert!(products <= n, "{round}");
            }
            let (loose, _) = step(&mut LanczosRegion::new(&gradient), &matrix, 0.5, LOOSE);
            assert!(loose.decrease >= 0.9 * least(&matrix, &gradient, 0.5), "{round}");
        }
    }

    #[test]
    fn a_second_radius_needs_no_products_that_are_known() {
        let matrix = [4.0, 1.0, 0.0, 1.0, 3.0, -1.0, 0.0, -1.0, -2.0];
        let mut region = LanczosRegion::new(&[1.0, -2.0, 0.5]);
        assert_eq!(step(&mut region, &matrix, 5.0, EXACT).1, 3);
        for radius in [2.0, 0.01, 100.0] {
            assert_eq!(step(&mut region, &matrix, radius, EXACT).1, 0);
        }
    }

    #[test]
    fn an_exact_step_sees_curvature_to_which_the_gradient_does_not_lead() {
        // g = (1, 1, 0, 0) leads to the first two variables only. The lowest curvature is that of the third.
        let mut matrix = [0.0; 16];
        [2.0, 3.0, -1.0, 5.0].iter().enumerate().for_each(|(i, b)| matrix[5 * i] = *b);
        let gradient = [1.0, 1.0, 0.0, 0.0];
        let (narrow, products) = step(
            &mut LanczosRegion::new(&gradient),
            &matrix,
            2.0,
            Enough { beyond: false, ..EXACT },
        );
        assert!(products == 2 && !narrow.on_boundary && narrow.p[2] == 0.0, "{narrow:?}");
        let (wide, products) = step(&mut LanczosRegion::new(&gradient), &matrix, 2.0, EXACT);
        assert!(products == 4 && wide.on_boundary && wide.p[2].abs() > 1.9, "{wide:?}");
        assert!((wide.decrease - least(&matrix, &gradient, 2.0)).abs() < 1e-9);
        // One curvature for all: one product, and then nothing new.
        let identity: Vec<f64> = (0..9).map(|i| f64::from(u8::from(i % 4 == 0))).collect();
        let (newton, _) = step(&mut LanczosRegion::new(&[0.0, 0.6, 0.0]), &identity, 1.0, EXACT);
        assert!((newton.p[1] + 0.6).abs() < 1e-15 && !newton.on_boundary, "{newton:?}");
    }

    #[test]
    fn products_that_fail_or_are_not_finite() {
        let mut region = LanczosRegion::new(&[1.0]);
        assert_eq!(region.step(1.0, LOOSE, |_, _| Err("no product")), Err("no product"));
        assert!(step(&mut region, &[f64::NAN], 1.0, LOOSE).0.decrease.is_nan());
    }
}
