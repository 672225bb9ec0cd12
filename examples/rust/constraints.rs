//! High and low years of the Nile: a mixture of two normal distributions, with constraints that hold all the way.

mod data;

use thalweg::by;
use thalweg::params::Params;

/// Each year's flow is low or high by chance.
#[derive(Clone, Debug, Params)]
struct Mixture {
    shares: [f64; 2],
    means: [f64; 2],
    sds: [f64; 2],
}

impl Mixture {
    /// The log-likelihood of each year's flow.
    fn contributions(&self, flow: &[f64]) -> Vec<f64> {
        assert!(
            (self.shares[0] + self.shares[1] - 1.0).abs() < 1e-12 && self.means[0] <= self.means[1]
        );
        let density = |flow: f64, k: usize| {
            let z = (flow - self.means[k]) / self.sds[k];
            (-0.5 * z * z).exp() / ((2.0 * std::f64::consts::PI).sqrt() * self.sds[k])
        };
        let mixed = |&flow: &f64| {
            (self.shares[0] * density(flow, 0) + self.shares[1] * density(flow, 1)).ln()
        };
        flow.iter().map(mixed).collect()
    }
}

fn main() -> Result<(), thalweg::OptimizeError> {
    let [_, volume] = data::nile();
    let flow: Vec<f64> = volume.iter().map(|volume| volume / 100.0).collect();
    let start = Mixture { shares: [0.5; 2], means: [8.0, 11.0], sds: [1.0; 2] };

    for algorithm in ["lbfgsb", "neldermead"] {
        let result = thalweg::likelihood(|m: &Mixture| m.contributions(&flow), start.clone())
            .algorithm(algorithm)
            .lower("sds", 0.2)
            .probability(by(|m: &Mixture| m.shares))
            .increasing(by(|m: &Mixture| m.means))
            .equal(by(|m: &Mixture| m.sds))
            .run()?;
        let Mixture { shares, means, sds } = &result.params;
        println!(
            "{algorithm}: log-likelihood {:.6}, {} free parameters",
            result.fun, result.n_free
        );
        println!(
            "  {:.2} of the years around {:.2}, {:.2} around {:.2}",
            shares[0], means[0], shares[1], means[1]
        );
        println!("  standard deviations {:.2} and {:.2}", sds[0], sds[1]);
    }
    Ok(())
}
