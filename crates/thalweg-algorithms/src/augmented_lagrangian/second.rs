//! Second derivatives of a subproblem, by differences of its gradients: nobody knows those of the constraints.

use thalweg_core::{Oracle, Request, Stop, Values, Want};

use crate::pieces::hessian_product::{RELATIVE_LENGTH, length_within_bounds};
use thalweg_linalg::nrm2;

/// Answer the part of a request that is about second derivatives.
pub(super) fn answer(
    subproblem: &mut dyn Oracle,
    (lower, upper): (&[f64], &[f64]),
    request: &Request<'_>,
    values: &mut Values,
) -> Result<(), Stop> {
    let n = request.dim;
    let mut unit = vec![0.0; n];
    for (i, x) in request.iter().enumerate() {
        let mut place = Place { x, gradient: Vec::new(), lower, upper };
        place.gradient = place.gradient_at(subproblem, x)?;
        if request.want.contains(Want::HESSIAN) {
            let rows = &mut values.hessians[i * n * n..(i + 1) * n * n];
            for (j, row) in rows.chunks_exact_mut(n).enumerate() {
                unit[j] = 1.0;
                place.product(subproblem, &unit, row)?;
                unit[j] = 0.0;
            }
            for j in 0..n {
                for k in 0..j {
                    let mean = 0.5 * (rows[j * n + k] + rows[k * n + j]);
                    (rows[j * n + k], rows[k * n + j]) = (mean, mean);
                }
            }
        }
        if request.want.contains(Want::HESSIAN_PRODUCT) {
            let out = &mut values.products[i * n..(i + 1) * n];
            place.product(subproblem, request.direction(i), out)?;
        }
    }
    Ok(())
}

/// A point and the gradient there.
struct Place<'a> {
    x: &'a [f64],
    gradient: Vec<f64>,
    lower: &'a [f64],
    upper: &'a [f64],
}

impl Place<'_> {
    fn gradient_at(&self, subproblem: &mut dyn Oracle, x: &[f64]) -> Result<Vec<f64>, Stop> {
        let mut values = Values::default();
        subproblem.answer(&Request::one(Want::GRADIENT, x), &mut values)?;
        Ok(values.gradients)
    }

    /// The product with `d`; zero for no direction.
    fn product(&self, subproblem: &mut dyn Oracle, d: &[f64], out: &mut [f64]) -> Result<(), Stop> {
        let size = nrm2(d);
        if size == 0.0 {
            out.fill(0.0);
            return Ok(());
        }
        let bounds = |j: usize| (self.lower[j], self.upper[j]);
        let wanted = RELATIVE_LENGTH * (1.0 + nrm2(self.x)) / size;
        let t = length_within_bounds(self.x, d, wanted, bounds);
        let moved: Vec<f64> = (0..d.len())
            .map(|j| (self.x[j] + t * d[j]).max(self.lower[j]).min(self.upper[j]))
            .collect();
        let gradient = self.gradient_at(subproblem, &moved)?;
        for ((out, there), here) in out.iter_mut().zip(&gradient).zip(&self.gradient) {
            *out = (there - here) / t;
        }
        Ok(())
    }
}
