//! Run every local algorithm on benchmark sets and write `docs/benchmarks.md` with its pictures.
//!
//! ```text
//! cargo run --release -p thalweg-bench --bin profiles [-- --date YYYY-MM-DD] [SET ...]
//! ```
//!
//! Without names: the sets of the page.

use std::error::Error;
use std::path::Path;

use thalweg::view::render::to_svg;
use thalweg_bench::page::{Origin, measure, page};
use thalweg_bench::{SetOptions, get_benchmark_problems};

const SETS: [&str; 1] = ["more_wild"];
const PICTURES: &str = "pictures/benchmarks";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut date = String::from("an unknown day");
    if let Some(position) = arguments.iter().position(|argument| argument == "--date") {
        arguments.remove(position);
        if position == arguments.len() {
            return Err("--date needs a day, for example --date 2026-11-26".into());
        }
        date = arguments.remove(position);
    }
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with("--")) {
        return Err(format!("there is no flag {flag}; there is --date").into());
    }
    let sets = match arguments.is_empty() {
        true => SETS.map(String::from).to_vec(),
        false => arguments,
    };
    let mut measured = Vec::new();
    for set in &sets {
        eprintln!("running the catalog on {set}");
        let problems = get_benchmark_problems(set, &SetOptions::default())?;
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        measured.push(measure(set, &problems, n_threads)?);
    }
    let origin = Origin { date, command: "make profiles".into(), pictures: PICTURES.into() };
    let page = page(&measured, &origin)?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::create_dir_all(docs.join(PICTURES))?;
    for (file, figure) in &page.pictures {
        std::fs::write(docs.join(PICTURES).join(format!("{file}.svg")), to_svg(figure))?;
    }
    std::fs::write(docs.join("benchmarks.md"), page.markdown)?;
    println!("wrote docs/benchmarks.md and {} pictures", page.pictures.len());
    Ok(())
}
