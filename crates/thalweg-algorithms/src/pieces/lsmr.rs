//! LSMR: iterative least squares, min |A x - b|^2 + damp^2 |x|^2, from products with A and its transpose alone.
//!
//! Golub-Kahan bidiagonalization as in LSQR, but |A'r| falls in every iteration, so that an early stop is safer.
//!
//! | code | paper | meaning |
//! |---|---|---|
//! | `alpha`, `beta` | alpha_k, beta_k | the bidiagonal matrix |
//! | `zetabar` | zeta-bar | its magnitude is the norm of A'r |
//! | `h`, `hbar` | h, h-bar | search directions |
//!
//! Reference: D. C.-L. Fong, M. Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971, doi:10.1137/10079687X.

use thalweg_linalg::{axpy, nrm2, scale};

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct LsmrLimits {
    /// Relative error of the entries of A.
    pub atol: f64,
    /// Relative error of the entries of b.
    pub btol: f64,
    /// The largest condition number that is still taken seriously.
    pub condition: f64,
    /// The largest number of iterations.
    pub max_iterations: usize,
}

/// A linear map of n to m numbers.
pub trait LinearMap {
    /// `out += A x`.
    fn add_product(&self, x: &[f64], out: &mut [f64]);
    /// `out += A' y`.
    fn add_transposed(&self, y: &[f64], out: &mut [f64]);
}

/// The solution x, of length `n`.
pub fn lsmr(map: &impl LinearMap, n: usize, b: &[f64], damp: f64, limits: &LsmrLimits) -> Vec<f64> {
    let mut x = vec![0.0; n];
    let mut u = b.to_vec();
    let mut v = vec![0.0; n];
    let mut beta = normalize(&mut u);
    let norm_b = beta;
    map.add_transposed(&u, &mut v);
    let mut alpha = normalize(&mut v);
    if alpha * beta == 0.0 {
        return x;
    }

    let mut zetabar = alpha * beta;
    let (mut alphabar, mut rho, mut rhobar, mut cbar, mut sbar) = (alpha, 1.0, 1.0, 1.0, 0.0);
    let mut h = v.clone();
    let mut hbar = vec![0.0; n];
    let mut residual = ResidualNorm::start(beta);
    let mut frobenius_squared = alpha * alpha;
    let (mut largest_rhobar, mut smallest_rhobar) = (0.0_f64, 1e100_f64);

    for iteration in 1..=limits.max_iterations {
        // Bidiagonalization.
        scale(-alpha, &mut u);
        map.add_product(&v, &mut u);
        beta = normalize(&mut u);
        if beta > 0.0 {
            scale(-beta, &mut v);
            map.add_transposed(&u, &mut v);
            alpha = normalize(&mut v);
        }

        // Rotations: the damping away, then the two that turn B_k into an upper bidiagonal and R_k' likewise.
        let (chat, shat, alphahat) = rotation(alphabar, damp);
        let rho_before = rho;
        let (c, s, next_rho) = rotation(alphahat, beta);
        rho = next_rho;
        let theta = s * alpha;
        alphabar = c * alpha;
        let rhobar_before = rhobar;
        let thetabar = sbar * rho;
        let rho_temp = cbar * rho;
        (cbar, sbar, rhobar) = rotation(cbar * rho, theta);
        let zeta = cbar * zetabar;
        zetabar *= -sbar;

        // Updates.
        scale(-thetabar * rho / (rho_before * rhobar_before), &mut hbar);
        axpy(1.0, &h, &mut hbar);
        axpy(zeta / (rho * rhobar), &hbar, &mut x);
        scale(-theta / rho, &mut h);
        axpy(1.0, &v, &mut h);

        // Norms for the tests.
        residual.update(&Rotations { chat, shat, c, s, rhobar, thetabar, zeta });
        frobenius_squared += beta * beta;
        let norm_a = frobenius_squared.sqrt();
        frobenius_squared += alpha * alpha;
        largest_rhobar = largest_rhobar.max(rhobar_before);
        if iteration > 1 {
            smallest_rhobar = smallest_rhobar.min(rhobar_before);
        }
        let condition = largest_rhobar.max(rho_temp) / smallest_rhobar.min(rho_temp);

        let (norm_r, norm_ar) = (residual.norm, zetabar.abs());
        let compatible = norm_r <= limits.btol * norm_b + limits.atol * norm_a * nrm2(&x);
        let optimal = norm_r * norm_a == 0.0 || norm_ar <= limits.atol * norm_a * norm_r;
        if compatible || optimal || condition >= limits.condition {
            break;
        }
    }
    x
}

/// Divides by the norm, unless it is zero, and returns it.
fn normalize(x: &mut [f64]) -> f64 {
    let norm = nrm2(x);
    if norm > 0.0 {
        scale(1.0 / norm, x);
    }
    norm
}

/// (c, s, r) with c a + s b = r and -s a + c b = 0.
fn rotation(a: f64, b: f64) -> (f64, f64, f64) {
    let r = a.hypot(b);
    if r == 0.0 { (1.0, 0.0, 0.0) } else { (a / r, b / r, r) }
}

/// What an iteration hands to the estimate of the residual's norm.
struct Rotations {
    chat: f64,
    shat: f64,
    c: f64,
    s: f64,
    rhobar: f64,
    thetabar: f64,
    zeta: f64,
}

/// The recurrence for the norm of the residual (section 5.1 of the paper).
struct ResidualNorm {
    norm: f64,
    zeta: f64,
    betadd: f64,
    betad: f64,
    rhod_before: f64,
    tautilde_before: f64,
    thetatilde: f64,
    squares: f64,
}

impl ResidualNorm {
    fn start(beta: f64) -> Self {
        ResidualNorm {
            norm: beta,
            zeta: 0.0,
            betadd: beta,
            betad: 0.0,
            rhod_before: 1.0,
            tautilde_before: 0.0,
            thetatilde: 0.0,
            squares: 0.0,
        }
    }

    fn update(&mut self, k: &Rotations) {
        let betaacute = k.chat * self.betadd;
        let betacheck = -k.shat * self.betadd;
        let betahat = k.c * betaacute;
        self.betadd = -k.s * betaacute;

        let (ctilde, stilde, rhotilde) = rotation(self.rhod_before, k.thetabar);
        let thetatilde_before = std::mem::replace(&mut self.thetatilde, stilde * k.rhobar);
        self.rhod_before = ctilde * k.rhobar;
        self.betad = -stilde * self.betad + ctilde * betahat;

        self.tautilde_before = (self.zeta - thetatilde_before * self.tautilde_before) / rhotilde;
        let taud = (k.zeta - self.thetatilde * self.tautilde_before) / self.rhod_before;
        self.squares += betacheck * betacheck;
        self.norm = (self.squares + (self.betad - taud).powi(2) + self.betadd * self.betadd).sqrt();
        self.zeta = k.zeta;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use thalweg_linalg::{mul, mul_transposed};

    struct Dense {
        a: Vec<f64>,
        n: usize,
    }

    impl LinearMap for Dense {
        fn add_product(&self, x: &[f64], out: &mut [f64]) {
            let mut product = vec![0.0; out.len()];
            mul(&self.a, self.n, x, &mut product);
            axpy(1.0, &product, out);
        }

        fn add_transposed(&self, y: &[f64], out: &mut [f64]) {
            let mut product = vec![0.0; self.n];
            mul_transposed(&self.a, self.n, y, &mut product);
            axpy(1.0, &product, out);
        }
    }

    proptest! {
        /// With a diagonal dominant enough to be well conditioned, the normal equations hold.
        #[test]
        fn solves_damped_least_squares(
            entries in proptest::collection::vec(-1.0f64..1.0, 24),
            b in proptest::collection::vec(-1.0f64..1.0, 6),
            damp in 0.0f64..2.0,
        ) {
            let n = 4;
            let mut map = Dense { a: entries, n };
            for j in 0..n {
                map.a[j * n + j] += 3.0;
            }
            let limits = LsmrLimits { atol: 1e-14, btol: 1e-14, condition: 1e12, max_iterations: 40 };
            let x = lsmr(&map, n, &b, damp, &limits);
            let mut rows: Vec<f64> = b.iter().map(|b| -b).collect();
            map.add_product(&x, &mut rows);
            let mut gradient: Vec<f64> = x.iter().map(|x| damp * damp * x).collect();
            map.add_transposed(&rows, &mut gradient);
            prop_assert!(nrm2(&gradient) < 1e-10);
        }
    }

    #[test]
    fn zero_right_hand_side() {
        let map = Dense { a: vec![1.0, 0.0, 0.0, 1.0], n: 2 };
        let limits = LsmrLimits { atol: 1e-6, btol: 1e-6, condition: 1e8, max_iterations: 2 };
        assert_eq!(lsmr(&map, 2, &[0.0, 0.0], 0.0, &limits), [0.0, 0.0]);
    }
}
