//! L-BFGS(-B) of thalweg, basin and argmin on the Rosenbrock function, in one run: time per iteration and evaluations.
//!
//!     cargo run --release --manifest-path benches/peers-rust/Cargo.toml
//!
//! All start from (-1.2, 1, -1.2, ..), keep ten pairs, have the same function with value and gradient in one pass, and stop at a
//! largest gradient entry of 1e-5 or a relative decrease of 2e-9. argmin knows a norm of the gradient and an absolute decrease
//! instead, and asks for value and gradient one by one; basin goes on to smaller values without bounds. Evaluations are therefore
//! also counted up to the first value of at most 1e-8, and once more from starts that are moved at random, since rounding decides
//! where long runs go. The least of many times counts, which noise touches least; the rounds of the three alternate.

mod million;
mod ours;
mod peers;
mod run;

use std::time::{Duration, Instant};

use run::{Run, start};

type Solver = fn(&[f64]) -> Run;
const SOLVERS: [(&str, Solver); 3] =
    [("thalweg", ours::bare), ("basin", peers::basin), ("argmin", peers::argmin)];
const SIZES: [usize; 4] = [2, 10, 100, 1000];

fn times_and_evaluations() {
    println!(
        "{:>6} {:>8} {:>13} {:>11} {:>12} {:>7} {:>11} {:>11} {:>9}",
        "n",
        "",
        "us/iteration",
        "to thalweg",
        "evaluations",
        "to 1e-8",
        "to thalweg",
        "iterations",
        "value"
    );
    for n in SIZES {
        let x0 = start(n);
        let mut best = SOLVERS.map(|(_, solve)| solve(&x0));
        let until = Instant::now() + Duration::from_secs(4);
        while Instant::now() < until {
            for (best, (_, solve)) in best.iter_mut().zip(SOLVERS) {
                let run = solve(&x0);
                best.time = best.time.min(run.time);
            }
        }
        for (run, (name, _)) in best.iter().zip(SOLVERS) {
            println!(
                "{n:>6} {name:>8} {:>13.3} {:>11.2} {:>12} {:>7} {:>11.2} {:>11} {:>9.1e}",
                run.time_per_iteration() * 1e6,
                run.time_per_iteration() / best[0].time_per_iteration(),
                run.evaluations,
                run.to_target,
                run.to_target as f64 / best[0].to_target as f64,
                run.iterations,
                run.value,
            );
        }
    }
}

/// What `thalweg::minimize` adds to the bare algorithm, per evaluation: counters, budgets, the clock, and the history.
fn time_of_minimize() {
    println!("\nTime per evaluation (us): bare, by minimize without history, with history");
    for n in SIZES {
        let x0 = start(n);
        let runs: [&dyn Fn() -> Run; 3] =
            [&|| ours::bare(&x0), &|| ours::through_minimize(&x0, false, 1_000_000), &|| {
                ours::through_minimize(&x0, true, 1_000_000)
            }];
        let mut least = [f64::INFINITY; 3];
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            for (least, run) in least.iter_mut().zip(runs) {
                let run = run();
                *least = least.min(run.time.as_secs_f64() / run.evaluations as f64);
            }
        }
        println!("{n:>6} {:>9.3} {:>9.3} {:>9.3}", 1e6 * least[0], 1e6 * least[1], 1e6 * least[2]);
    }
}

/// A random number between -1 and 1 (splitmix64 of Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// From `STARTS` moved starts: how many times ours the evaluations of each peer are, in the geometric mean of the runs where both come
/// to the target (the others end at the function's second minimum, or too early).
fn evaluations_from_moved_starts() {
    const STARTS: usize = 50;
    println!(
        "\nEvaluations to 1e-8 from {STARTS} starts moved by up to a tenth, times ours (both come there in N runs)"
    );
    for n in SIZES {
        let mut state = n as u64;
        let runs: Vec<[Run; 3]> = (0..STARTS)
            .map(|_| {
                let x0: Vec<f64> =
                    start(n).iter().map(|x| x * (1.0 + 0.1 * random(&mut state))).collect();
                SOLVERS.map(|(_, solve)| solve(&x0))
            })
            .collect();
        for (k, (name, _)) in SOLVERS.iter().enumerate().skip(1) {
            let both = runs.iter().filter(|run| run[0].to_target > 0 && run[k].to_target > 0);
            let logs: Vec<f64> =
                both.map(|run| (run[k].to_target as f64 / run[0].to_target as f64).ln()).collect();
            let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
            println!("{n:>6} {name:>8} {mean:>11.3} (N = {})", logs.len());
        }
    }
}

fn main() {
    times_and_evaluations();
    evaluations_from_moved_starts();
    time_of_minimize();
    million::table();
}
