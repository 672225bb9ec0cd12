//! Random disturbances of a problem's residuals (or of its value, where it has no residuals).
//!
//! The noise of an evaluation is drawn from a stream of its own, which the seed, the problem's name and the point determine. So a
//! run gives the same numbers on any number of threads or processes, and a problem is the same alone and in its set.

use std::fmt;
use std::sync::Arc;

use thalweg::core::Rng;

use crate::function::Function;
use crate::set::SetError;

/// The distribution of a disturbance before it gets its mean and standard deviation: mean 0, standard deviation 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoiseDistribution {
    /// Standard normal.
    #[default]
    Normal,
    /// Extreme values: skewed to the right.
    Gumbel,
    /// Equally likely within sqrt(3) of 0.
    Uniform,
    /// Logistic.
    Logistic,
    /// Double exponential.
    Laplace,
}

/// Euler's constant, the mean of the usual Gumbel distribution.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

impl NoiseDistribution {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Normal, Self::Gumbel, Self::Uniform, Self::Logistic, Self::Laplace];

    /// The name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Gumbel => "gumbel",
            Self::Uniform => "uniform",
            Self::Logistic => "logistic",
            Self::Laplace => "laplace",
        }
    }

    /// The distribution of that name.
    ///
    /// # Errors
    /// There is none; the message proposes names.
    pub fn by_name(name: &str) -> Result<Self, SetError> {
        let found = Self::ALL.into_iter().find(|distribution| distribution.name() == name);
        found.ok_or_else(|| SetError::unknown("distribution", name, Self::ALL.map(Self::name)))
    }

    /// A number of this distribution, by inversion where there is a formula.
    pub fn draw(self, rng: &mut Rng) -> f64 {
        use std::f64::consts::PI;
        // Inside (0, 1), so that the logarithms are finite.
        let mut inner = || rng.uniform().max(f64::EPSILON / 4.0);
        match self {
            Self::Normal => rng.normal(),
            Self::Gumbel => (-(-inner().ln()).ln() - EULER_GAMMA) * 6.0_f64.sqrt() / PI,
            Self::Uniform => 3.0_f64.sqrt() * (2.0 * rng.uniform() - 1.0),
            Self::Logistic => {
                let u = inner();
                (u / (1.0 - u)).ln() * 3.0_f64.sqrt() / PI
            }
            Self::Laplace => {
                let u = 2.0 * inner() - 1.0;
                -u.signum() * (1.0 - u.abs()).ln() * 0.5_f64.sqrt()
            }
        }
    }
}

impl fmt::Display for NoiseDistribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A disturbance `mean + std z` of each residual, z from the distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseOptions {
    /// The distribution.
    pub distribution: NoiseDistribution,
    /// The standard deviation.
    pub std: f64,
    /// The mean.
    pub mean: f64,
    /// The correlation between any two disturbances of one evaluation, from 0 to 1.
    pub correlation: f64,
}

impl Default for NoiseOptions {
    fn default() -> Self {
        NoiseOptions {
            distribution: NoiseDistribution::Normal,
            std: 0.01,
            mean: 0.0,
            correlation: 0.0,
        }
    }
}

/// Noise in proportion to the residuals: the disturbance times the residual, whose size is taken to be at least a smallest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiplicativeNoiseOptions {
    /// The disturbance.
    pub noise: NoiseOptions,
    /// The smallest size of a residual that counts; smaller ones are disturbed as if they had this size.
    pub clipping_value: f64,
}

impl Default for MultiplicativeNoiseOptions {
    fn default() -> Self {
        MultiplicativeNoiseOptions { noise: NoiseOptions::default(), clipping_value: 1.0 }
    }
}

impl NoiseOptions {
    /// Checks the ranges; `which` is "additive" or "multiplicative".
    pub(crate) fn check(&self, which: &str) -> Result<(), SetError> {
        let error = |name: &str, value: f64, right: &str| {
            Err(SetError::invalid(format!(
                "{name} of the {which} noise is {value}; it must be {right}."
            )))
        };
        if !(self.std >= 0.0 && self.std.is_finite()) {
            return error("std", self.std, "a finite number that is not negative");
        }
        if !self.mean.is_finite() {
            return error("mean", self.mean, "a finite number");
        }
        if !(0.0..=1.0).contains(&self.correlation) {
            return error("correlation", self.correlation, "between 0 and 1");
        }
        Ok(())
    }

    /// Writes the disturbances of one evaluation.
    ///
    /// The correlated ones are `L z` with the Cholesky factor `L` of `(1 - rho) I + rho 1 1^T`. Below its diagonal the entries
    /// of a column `k` are all the same, `l_k`, so that a running sum of `l_k z_k` is all that the product needs.
    fn fill(&self, rng: &mut Rng, out: &mut [f64]) {
        let (mut shared, mut variance) = (0.0, 0.0); // sums of l_k z_k and of l_k^2
        for out in out {
            let z = self.distribution.draw(rng);
            // Nothing of its own is left to the second and later ones at a correlation of 1.
            let own = f64::max(1.0 - variance, 0.0).sqrt();
            *out = self.mean + self.std * (shared + own * z);
            if own > 0.0 {
                let below = (self.correlation - variance) / own;
                shared += below * z;
                variance += below * below;
            }
        }
    }
}

impl MultiplicativeNoiseOptions {
    /// Checks the ranges.
    pub(crate) fn check(&self) -> Result<(), SetError> {
        self.noise.check("multiplicative")?;
        let clipping = self.clipping_value;
        if !(clipping >= 0.0 && clipping.is_finite()) {
            return Err(SetError::invalid(format!(
                "clipping_value of the multiplicative noise is {clipping}; it must be a finite number that is not negative."
            )));
        }
        Ok(())
    }
}

/// The noise of one problem.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    pub additive: Option<NoiseOptions>,
    pub multiplicative: Option<MultiplicativeNoiseOptions>,
    /// The problem's stream.
    pub rng: Rng,
}

impl Noise {
    /// The function with noise. The derivatives stay those of the function without.
    pub fn wrap(self, function: &Function) -> Function {
        match function.clone() {
            Function::LeastSquares { n_residuals, residuals, jacobian } => {
                let noisy = move |x: &[f64], r: &mut [f64]| {
                    residuals(x, r);
                    self.disturb(x, r);
                };
                Function::LeastSquares { n_residuals, residuals: Arc::new(noisy), jacobian }
            }
            Function::Scalar { value, gradient } => {
                let noisy = move |x: &[f64]| {
                    let mut f = [value(x)];
                    self.disturb(x, &mut f);
                    f[0]
                };
                Function::Scalar { value: Arc::new(noisy), gradient }
            }
        }
    }

    /// Adds the noise of the evaluation at `x`.
    fn disturb(&self, x: &[f64], f: &mut [f64]) {
        // Adding zero makes one zero of the two.
        let rng = x.iter().fold(self.rng.clone(), |rng, x| rng.stream((x + 0.0).to_bits()));
        let mut disturbance = vec![0.0; f.len()];
        let mut sum = vec![0.0; f.len()];
        if let Some(options) = &self.multiplicative {
            options.noise.fill(&mut rng.stream(0), &mut disturbance);
            for ((sum, z), f) in sum.iter_mut().zip(&disturbance).zip(&*f) {
                *sum += z * f.abs().max(options.clipping_value).copysign(*f);
            }
        }
        if let Some(options) = &self.additive {
            options.fill(&mut rng.stream(1), &mut disturbance);
            sum.iter_mut().zip(&disturbance).for_each(|(sum, z)| *sum += z);
        }
        f.iter_mut().zip(&sum).for_each(|(f, sum)| *f += sum);
    }
}
