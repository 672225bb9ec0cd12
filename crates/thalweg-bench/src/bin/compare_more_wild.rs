//! Print how thalweg's algorithms compare with the reference implementations.
//!
//! ```text
//! cargo run --release -p thalweg-bench --bin compare_more_wild [-- [--detail] [algorithm ...]]
//! ```
//!
//! Without names: all of them. `--detail` adds one line per problem.

use std::error::Error;

use thalweg_bench::compare::{PAIRINGS, Pairing, compare, compare_differential_evolution, report};

const GLOBAL: &str = "differential_evolution";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    if let Some(flag) = flags.iter().find(|flag| **flag != "--detail") {
        return Err(format!("there is no flag {flag}; there is --detail").into());
    }
    let known = |name: &str| name == GLOBAL || PAIRINGS.iter().any(|p| p.algorithm == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let all = PAIRINGS.map(|pairing| pairing.algorithm).join(", ");
        return Err(format!("there is no comparison for {name}; there are {all}, {GLOBAL}").into());
    }
    let wanted = |name: &str| names.is_empty() || names.contains(&name);

    let pairings: Vec<Pairing> =
        PAIRINGS.into_iter().filter(|pairing| wanted(pairing.algorithm)).collect();
    let comparisons = pairings.into_iter().map(compare).collect::<Result<Vec<_>, _>>()?;
    if !flags.is_empty() {
        comparisons.iter().for_each(|comparison| println!("{comparison}"));
    }
    if !comparisons.is_empty() {
        println!("{}", report::summary(&comparisons));
    }
    if wanted(GLOBAL) {
        let rows = compare_differential_evolution()?;
        println!("{GLOBAL} beside scipy_{GLOBAL}, ten seeds\n{}", report::global_summary(&rows));
    }
    Ok(())
}
