//! Fit a sum of two exponentials to NIST's data set MGH17, and compare with the certified estimates.

mod data;

use thalweg::params::Params;

/// `constant + sum of amplitudes[i] exp(-rates[i] x)`.
#[derive(Clone, Debug, Params)]
struct Decay {
    constant: f64,
    amplitudes: [f64; 2],
    rates: [f64; 2],
}

impl Decay {
    fn at(&self, x: f64) -> f64 {
        let terms = self.amplitudes.iter().zip(&self.rates).map(|(a, r)| a * (-r * x).exp());
        self.constant + terms.sum::<f64>()
    }
}

fn main() -> Result<(), thalweg::OptimizeError> {
    let [x, y] = data::MGH17.observations();
    let [_, near, certified, _] = data::MGH17.certified();
    let start =
        Decay { constant: near[0], amplitudes: [near[1], near[2]], rates: [near[3], near[4]] };
    let residuals =
        |decay: &Decay| -> Vec<f64> { x.iter().zip(&y).map(|(&x, y)| decay.at(x) - y).collect() };

    for algorithm in ["levenberg_marquardt", "trf"] {
        let result = thalweg::least_squares(residuals, start.clone())
            .algorithm(algorithm)
            .option("convergence_ftol_rel", 1e-14)
            .run()?;
        let digits = data::digits(&result.params.to_flat(), &certified);
        println!("{algorithm}: {:.5?}", result.params);
        println!("  sum of squares {:.10e}, {digits:.1} certified digits", result.fun);
        println!("  {} after {} evaluations", result.message, result.n_fun_evals);
    }

    // An algorithm that knows nothing of residuals gets their sum of squares.
    let result = thalweg::least_squares(residuals, start)
        .algorithm("neldermead")
        .option("stopping_maxfun", 5000)
        .run()?;
    println!("neldermead: sum of squares {:.10e}, {}", result.fun, result.message);
    Ok(())
}
