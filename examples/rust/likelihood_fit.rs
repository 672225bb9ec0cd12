//! When did the Nile's flow change? Maximum likelihood with bounds and a fixed parameter.

mod data;
mod nile;

use nile::{Nile, Noise};

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
