//! A model of the flow of the Nile, shared by `likelihood_fit` and `demo`. Not an example itself.

use thalweg::params::Params;

/// A level that shifts around a year, and errors that remember the year before.
#[derive(Clone, Debug, Params)]
pub struct Nile {
    pub level: f64,
    pub shift: f64,
    pub year: f64,
    /// How many years the change takes: held at its start value.
    #[params(fixed)]
    pub width: f64,
    pub noise: Noise,
}

#[derive(Clone, Debug, Params)]
pub struct Noise {
    pub sd: f64,
    pub autocorrelation: f64,
}

impl Nile {
    fn mean(&self, year: f64) -> f64 {
        self.level + self.shift / (1.0 + (-(year - self.year) / self.width).exp())
    }

    /// The log-likelihood contribution of each year.
    pub fn contributions(&self, years: &[f64], flow: &[f64]) -> Vec<f64> {
        let Noise { sd, autocorrelation: rho } = self.noise;
        let log_density = |u: f64, sd: f64| {
            -0.5 * (2.0 * std::f64::consts::PI).ln() - sd.ln() - 0.5 * (u / sd).powi(2)
        };
        let mut before = None;
        let errors = years.iter().zip(flow).map(|(&year, flow)| flow - self.mean(year));
        errors
            .map(|u| match before.replace(u) {
                Some(before) => log_density(u - rho * before, sd),
                None => log_density(u, sd / (1.0 - rho * rho).sqrt()),
            })
            .collect()
    }
}
