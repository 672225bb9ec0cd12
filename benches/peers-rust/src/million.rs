//! A million parameters, where reading memory is what an iteration costs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::ours;
use crate::run::{PAIRS, start};

const N: usize = 1_000_000;
const ROUNDS: usize = 5;

/// An iteration, evaluation included, beside the time of reading the stored pairs twice, which the two loops cannot do without.
pub fn table() {
    let vectors: Vec<Vec<f64>> = (0..2 * PAIRS).map(|k| vec![k as f64 + 0.5; N]).collect();
    let x0 = start(N);
    let mut reading = Duration::MAX;
    let mut iteration = [f64::INFINITY; 2];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..2 {
            black_box(vectors.iter().map(|vector| sum(vector)).sum::<f64>());
        }
        reading = reading.min(begun.elapsed());
        // The first iterations have fewer pairs: the difference of two runs is one of iterations with all of them.
        for (history, least) in [false, true].into_iter().zip(&mut iteration) {
            let [short, long] =
                [20, 50].map(|evaluations| ours::through_minimize(&x0, history, evaluations));
            let iterations = (long.iterations - short.iterations) as f64;
            *least = least.min((long.time.as_secs_f64() - short.time.as_secs_f64()) / iterations);
        }
    }
    let bound = reading.as_secs_f64();
    println!("\nn = {N}, {PAIRS} pairs (ms)");
    println!("reading the pairs twice     {:>6.1}", 1e3 * bound);
    for (name, least) in ["history off", "history on"].iter().zip(iteration) {
        println!("an iteration, {name:<12} {:>7.1}  {:.2} times that", 1e3 * least, least / bound);
    }
}

/// In sixteen parts, so that the additions do not wait for each other.
fn sum(vector: &[f64]) -> f64 {
    let mut parts = [0.0; 16];
    for chunk in vector.chunks_exact(16) {
        for (part, value) in parts.iter_mut().zip(chunk) {
            *part += value;
        }
    }
    parts.iter().sum()
}
