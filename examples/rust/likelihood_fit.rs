//! When did the Nile's flow change? Maximum likelihood with bounds and a fixed parameter.

mod data;

use thalweg::params::Params;

/// A level that shifts around a year, and errors that remember the year before.
#[derive(Clone, Debug, Params)]
struct Nile {
    level: f64,
    shift: f64,
    year: f64,
    /// How many years the change takes: held at its start value.
    #[params(fixed)]
    width: f64,
    noise: Noise,
}

#[derive(Clone, Debug, Params)]
struct Noise {
    sd: f64,
    autocorrelation: f64,
}

impl Nile {
    fn mean(&self, year: f64) -> f64 {
        self.level + self.shift / (1.0 + (-(year - self.year) / self.width).exp())
    }

    /// The log-likelihood contribution of each year.
    fn contributions(&self, years: &[f64], flow: &[f64]) -> Vec<f64> {
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

fn main() -> Result<(), thalweg::OptimizeError> {
    let [years, flow] = data::nile();
    let noise = Noise { sd: 150.0, autocorrelation: 0.0 };
    let start = Nile { level: 1000.0, shift: -100.0, year: 1890.0, width: 1.0, noise };

    for algorithm in ["lbfgsb", "neldermead"] {
        let result =
            thalweg::likelihood(|nile: &Nile| nile.contributions(&years, &flow), start.clone())
                .algorithm(algorithm)
                .bounds("year", 1875.0, 1965.0)
                .bounds("noise_sd", 20.0, 400.0)
                .bounds("noise_autocorrelation", -0.9, 0.9)
                .run()?;
        let Nile { level, shift, year, width, noise } = &result.params;
        println!("{algorithm}: log-likelihood {:.6}, {}", result.fun, result.message);
        println!(
            "  around {year:.1} the level changed from {level:.0} by {shift:.0} (width {width})"
        );
        println!("  noise: sd {:.1}, autocorrelation {:.3}", noise.sd, noise.autocorrelation);
    }
    Ok(())
}
