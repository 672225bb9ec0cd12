//! The trust-region problem in two variables, min g'p + p'B p / 2 subject to |p| <= radius, B symmetric.
//!
//! In the eigenbasis of B the solution is p_i = -g_i / (lambda_i + sigma) with the sigma at which |p| = radius (More and
//! Sorensen 1983, doi:10.1137/0904038), or the minimizer itself when it lies inside.

use thalweg_linalg::eigen_2x2;

/// The minimizer; `b` holds the entries B_00, B_01, B_11. Everything finite, `radius` positive.
pub fn solve(b: [f64; 3], g: [f64; 2], radius: f64) -> [f64; 2] {
    let (values, vectors) = eigen_2x2(b[0], b[1], b[2]);
    let along = |k: usize| vectors[k][0] * g[0] + vectors[k][1] * g[1];
    let g = [along(0), along(1)];
    let q = in_eigenbasis(values, g, radius);
    let entry = |i: usize| q[0] * vectors[0][i] + q[1] * vectors[1][i];
    [entry(0), entry(1)]
}

/// The minimizer for the diagonal matrix of `values`, ascending.
fn in_eigenbasis(values: [f64; 2], g: [f64; 2], radius: f64) -> [f64; 2] {
    // q_i = -g_i / (lambda_i + sigma); 0 where the gradient vanishes.
    let at = |sigma: f64| {
        let entry = |i: usize| if g[i] == 0.0 { 0.0 } else { -g[i] / (values[i] + sigma) };
        [entry(0), entry(1)]
    };
    let length = |q: [f64; 2]| q[0].hypot(q[1]);
    let inside = at(0.0);
    if values[0] > 0.0 && length(inside) <= radius {
        return inside;
    }
    // sigma lies above max(0, -lambda_0), and |g| / radius bounds it further up.
    let mut low = (-values[0]).max(0.0);
    let mut high = low + g[0].hypot(g[1]) / radius + f64::MIN_POSITIVE;
    if g[0] == 0.0 || length(at(low)) < radius {
        // Hard case: go along the eigenvector of the smallest eigenvalue to the boundary.
        let rest =
            if values[1] + low > 0.0 && g[1] != 0.0 { -g[1] / (values[1] + low) } else { 0.0 };
        if rest.abs() < radius {
            let first = ((radius - rest.abs()) * (radius + rest.abs())).sqrt();
            // A flat bottom needs no step along it.
            let first = if values[0] < 0.0 { first.copysign(-g[0]) } else { 0.0 };
            return [first, rest];
        }
    }
    // Newton on 1 / |q| - 1 / radius, which is nearly linear in sigma, kept between low and high.
    let mut sigma = high;
    for _ in 0..100 {
        let q = at(sigma);
        let norm = length(q);
        if norm > radius {
            low = sigma
        } else {
            high = sigma
        }
        let slope = -(0..2).map(|i| q[i] * q[i] / (values[i] + sigma)).sum::<f64>() / norm;
        let newton = sigma + (norm - radius) / -slope * (norm / radius);
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - sigma).abs() <= 1e-15 * sigma.abs() || next == sigma {
            break;
        }
        sigma = next;
    }
    let q = at(sigma);
    let fit = radius / length(q);
    [q[0] * fit, q[1] * fit]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model(b: [f64; 3], g: [f64; 2], p: [f64; 2]) -> f64 {
        g[0] * p[0]
            + g[1] * p[1]
            + 0.5 * (b[0] * p[0] * p[0] + 2.0 * b[1] * p[0] * p[1] + b[2] * p[1] * p[1])
    }

    proptest! {
        /// Within the region, and not worse than any point of a grid on the disc.
        #[test]
        fn is_the_minimum(
            b in proptest::array::uniform3(-2.0f64..2.0),
            g in proptest::array::uniform2(-2.0f64..2.0),
            radius in 0.01f64..3.0,
        ) {
            let p = solve(b, g, radius);
            prop_assert!(p[0].hypot(p[1]) <= radius * (1.0 + 1e-12));
            for k in 0..72 {
                let (sine, cosine) = (f64::from(k) * 5.0_f64.to_radians()).sin_cos();
                for share in [0.25, 0.5, 0.75, 1.0] {
                    let other = [radius * share * cosine, radius * share * sine];
                    prop_assert!(model(b, g, p) <= model(b, g, other) + 1e-12);
                }
            }
        }
    }

    #[test]
    fn corner_cases() {
        assert_eq!(solve([2.0, 0.0, 4.0], [-2.0, 4.0], 10.0), [1.0, -1.0]);
        assert_eq!(solve([1.0, 0.0, 1.0], [0.0, 0.0], 1.0), [0.0, 0.0]);
        let hard = solve([-1.0, 0.0, 1.0], [0.0, 1.0], 2.0);
        assert!((hard[0].hypot(hard[1]) - 2.0).abs() < 1e-12 && (hard[1] + 0.5).abs() < 1e-12);
        let steep = solve([0.0, 0.0, 0.0], [3.0, 4.0], 1.0);
        assert!((steep[0] + 0.6).abs() < 1e-12 && (steep[1] + 0.8).abs() < 1e-12);
    }
}
