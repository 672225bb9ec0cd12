//! Linear conjugate gradients for the Newton equations `H p = -g`, ended early: the heart of truncated Newton methods.
//!
//! Asks for nothing but products of H with vectors. Ends when the residual is small enough, when a direction of no or negative
//! curvature turns up, or at a limit; what it returns leads downhill in any case.
//!
//! References:
//! * R. S. Dembo, T. Steihaug, Truncated-Newton algorithms for large-scale unconstrained optimization, Math. Program. 26 (1983),
//!   <https://doi.org/10.1007/BF02592055>
//! * J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 7.1, <https://doi.org/10.1007/978-0-387-40065-5>

use thalweg_core::Stop;
use thalweg_linalg::{all_finite, axpy, dot};

/// A curvature below this part of the direction's square counts as none.
const NO_CURVATURE: f64 = 3.0 * f64::EPSILON;

/// Why the iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The residual is small enough.
    Solved,
    /// A direction without positive curvature, or a product that is not finite.
    NoCurvature,
    /// The products are used up.
    Limit,
}

/// The matrix, and what approximates its inverse.
pub trait Newton {
    /// `product = H d`.
    ///
    /// # Errors
    /// [`Stop`] from an evaluation.
    fn product(&mut self, d: &[f64], product: &mut Vec<f64>) -> Result<(), Stop>;

    /// `out = M r` with a positive definite M that is near the inverse of H.
    fn precondition(&mut self, r: &[f64], out: &mut [f64]) {
        out.copy_from_slice(r);
    }
}

/// The iteration with its vectors.
#[derive(Clone, Debug, Default)]
pub struct TruncatedCg {
    residual: Vec<f64>,
    scaled: Vec<f64>,
    conjugate: Vec<f64>,
    product: Vec<f64>,
}

impl TruncatedCg {
    /// Approximately solve `H p = -g` into `p`, with at most `max_products` products. `is_solved` judges residuals `H p + g`.
    ///
    /// # Errors
    /// [`Stop`] from a product.
    pub fn solve(
        &mut self,
        g: &[f64],
        p: &mut [f64],
        newton: &mut impl Newton,
        max_products: usize,
        mut is_solved: impl FnMut(&[f64]) -> bool,
    ) -> Result<Ended, Stop> {
        let n = g.len();
        for vector in [&mut self.residual, &mut self.scaled, &mut self.conjugate] {
            vector.resize(n, 0.0);
        }
        p.fill(0.0);
        self.residual.copy_from_slice(g);
        newton.precondition(&self.residual, &mut self.scaled);
        let mut size = dot(&self.residual, &self.scaled);
        for (d, z) in self.conjugate.iter_mut().zip(&self.scaled) {
            *d = -z;
        }
        for iteration in 0..max_products {
            newton.product(&self.conjugate, &mut self.product)?;
            let (d, hd) = (&self.conjugate, &self.product);
            let curvature = dot(d, hd);
            if !(curvature > NO_CURVATURE * dot(d, d) && all_finite(hd)) {
                if iteration == 0 {
                    p.copy_from_slice(d);
                }
                return Ok(Ended::NoCurvature);
            }
            let step = size / curvature;
            axpy(step, d, p);
            axpy(step, hd, &mut self.residual);
            if is_solved(&self.residual) {
                return Ok(Ended::Solved);
            }
            newton.precondition(&self.residual, &mut self.scaled);
            let next = dot(&self.residual, &self.scaled);
            for (d, z) in self.conjugate.iter_mut().zip(&self.scaled) {
                *d = next / size * *d - z;
            }
            size = next;
        }
        Ok(Ended::Limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_linalg::{mul, nrm2};

    /// A matrix, and a diagonal preconditioner.
    struct Dense<'a>(&'a [f64], Option<&'a [f64]>, usize);

    impl Newton for Dense<'_> {
        fn product(&mut self, d: &[f64], product: &mut Vec<f64>) -> Result<(), Stop> {
            self.2 += 1;
            product.resize(d.len(), 0.0);
            mul(self.0, d.len(), d, product);
            Ok(())
        }

        fn precondition(&mut self, r: &[f64], out: &mut [f64]) {
            for i in 0..r.len() {
                out[i] = self.1.map_or(1.0, |inverse| inverse[i]) * r[i];
            }
        }
    }

    const H: [f64; 9] = [4.0, 1.0, 0.0, 1.0, 3.0, -1.0, 0.0, -1.0, 2.0];
    const G: [f64; 3] = [1.0, -2.0, 0.5];

    fn residual(h: &[f64], p: &[f64]) -> f64 {
        let mut r = vec![0.0; 3];
        mul(h, 3, p, &mut r);
        r.iter_mut().zip(G).for_each(|(r, g)| *r += g);
        nrm2(&r)
    }

    #[test]
    fn solves_positive_definite_equations_in_n_products() {
        for inverse in [None, Some(&[0.25, 0.33, 0.5][..])] {
            let (mut p, mut newton) = (vec![0.0; 3], Dense(&H, inverse, 0));
            let ended = TruncatedCg::default()
                .solve(&G, &mut p, &mut newton, 3, |r| nrm2(r) < 1e-12)
                .unwrap();
            assert_eq!((ended, newton.2), (Ended::Solved, 3));
            assert!(residual(&H, &p) < 1e-12);
        }
        let (mut p, mut newton) = (vec![0.0; 3], Dense(&H, None, 0));
        let ended =
            TruncatedCg::default().solve(&G, &mut p, &mut newton, 2, |r| nrm2(r) < 1e-12).unwrap();
        assert_eq!((ended, newton.2), (Ended::Limit, 2));
        assert!(dot(&p, &G) < 0.0 && residual(&H, &p) < nrm2(&G));
    }

    #[test]
    fn the_exact_preconditioner_needs_one_product() {
        let diagonal = [1e6, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1e-6];
        let mut newton = Dense(&diagonal, Some(&[1e-6, 1.0, 1e6]), 0);
        let mut p = vec![0.0; 3];
        let ended =
            TruncatedCg::default().solve(&G, &mut p, &mut newton, 9, |r| nrm2(r) < 1e-9).unwrap();
        assert_eq!((ended, newton.2), (Ended::Solved, 1));
    }

    #[test]
    fn leads_downhill_where_there_is_no_curvature() {
        let saddle = [1.0, 0.0, 0.0, 0.0, -5.0, 0.0, 0.0, 0.0, 1.0];
        let undefined = [f64::NAN; 9];
        for h in [saddle, undefined, [0.0; 9]] {
            let mut p = vec![0.0; 3];
            let ended = TruncatedCg::default()
                .solve(&G, &mut p, &mut Dense(&h, None, 0), 9, |r| nrm2(r) < 1e-12)
                .unwrap();
            assert_eq!(ended, Ended::NoCurvature);
            assert!(dot(&p, &G) < 0.0, "{p:?}");
        }
    }

    #[test]
    fn a_stop_is_passed_on() {
        struct Stopped;
        impl Newton for Stopped {
            fn product(&mut self, _: &[f64], _: &mut Vec<f64>) -> Result<(), Stop> {
                Err(Stop::Interrupted)
            }
        }
        let end = TruncatedCg::default().solve(&G, &mut [0.0; 3], &mut Stopped, 9, |_| false);
        assert_eq!(end, Err(Stop::Interrupted));
    }
}
