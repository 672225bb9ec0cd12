//! The objective, and what is counted in a run.

use std::time::Duration;

pub const PAIRS: usize = 10;
pub const GRADIENT_TOLERANCE: f64 = 1e-5;
pub const VALUE_TOLERANCE: f64 = 2e-9;
pub const TARGET: f64 = 1e-8;

pub fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut value = 0.0;
    gradient[0] = 0.0;
    for i in 0..x.len() - 1 {
        let (valley, shift) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
        value += 100.0 * valley * valley + shift * shift;
        gradient[i] += -400.0 * x[i] * valley - 2.0 * shift;
        gradient[i + 1] = 200.0 * valley;
    }
    value
}

/// The start of every run.
pub fn start(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect()
}

/// What one run gives.
#[derive(Clone, Copy)]
pub struct Run {
    pub time: Duration,
    pub evaluations: u64,
    /// Evaluations up to the first value of at most [`TARGET`]; 0 if there is none.
    pub to_target: u64,
    pub iterations: u64,
    pub value: f64,
}

impl Run {
    pub fn new(time: Duration, count: Count, iterations: u64, value: f64) -> Self {
        Run { time, evaluations: count.all, to_target: count.to_target, iterations, value }
    }

    pub fn time_per_iteration(&self) -> f64 {
        self.time.as_secs_f64() / self.iterations.max(1) as f64
    }
}

/// Counts evaluations.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub all: u64,
    pub to_target: u64,
}

impl Count {
    pub fn note(&mut self, value: f64) {
        self.all += 1;
        if value <= TARGET && self.to_target == 0 {
            self.to_target = self.all;
        }
    }
}
