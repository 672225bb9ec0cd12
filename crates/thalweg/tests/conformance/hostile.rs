//! Objectives of absurd sizes and shapes from random starts: whatever comes of them, it is a result.

use thalweg::core::Rng;

use crate::support::{Residuals, catalog, run};

fn each(x: &[f64], residual: fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|x| residual(x - 0.3)).collect()
}

const HOSTILE: [(&str, Residuals); 9] = [
    ("huge", |x| each(x, |r| 1e150 * r)),
    ("tiny", |x| each(x, |r| 1e-160 * r)),
    ("in steps", |x| each(x, |r| (4.0 * r).floor())),
    ("noisy", |x| each(x, |r| r * (1.0 + 1e-2 * (1e6 * r).sin()))),
    ("exponential", |x| each(x, |r| (5.0 * r).exp() - 1.0)),
    ("with a pole", |x| each(x, |r| (r * r + 1e-300).ln())),
    ("with kinks", |x| each(x, |r| r.abs().sqrt())),
    ("nearly flat", |x| each(x, |r| (-1e3 * r.abs()).exp())),
    ("undefined beyond a wall", |x| each(x, |r| if r > 2.0 { f64::NAN } else { r })),
];

#[test]
fn nothing_but_a_result_comes_of_hostile_objectives() {
    let mut rng = Rng::new(7);
    for (what, residuals) in HOSTILE {
        for n in [1, 2, 3, 5] {
            let start: Vec<f64> = (0..n).map(|_| rng.uniform_in(-2.0, 2.0)).collect();
            for entry in catalog() {
                let name = format!("{} {what} {start:?}", entry.spec.name);
                let (result, _) = run(entry, &start, residuals);
                match result {
                    Ok(result) => {
                        assert!(result.params.iter().all(|x| x.is_finite()), "{name}: {result}");
                        assert!(result.fun <= result.start_fun, "{name}: {result}");
                        assert!(!result.success || result.fun.is_finite(), "{name}: {result}");
                    }
                    // Derivatives next to a wall, or of numbers that overflow.
                    Err(error) => {
                        assert!(error.to_string().contains("finite"), "{name}: {error}");
                    }
                }
            }
        }
    }
}
