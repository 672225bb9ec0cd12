//! The pages about algorithms are what their files say.

use std::path::Path;

use thalweg::algorithms::CATALOG;
use thalweg_bench::algorithm_pages::{pages, stale};

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn pages_are_fresh() {
    let stale = stale(&root()).unwrap();
    let command = "cargo run -p thalweg-bench --bin generate_docs";
    assert!(stale.is_empty(), "pages that are not what the code says: {stale:?}; run {command}");
}

#[test]
fn every_page_names_every_option_and_says_when_to_use_it() {
    let pages = pages(&root()).unwrap();
    for entry in CATALOG {
        let page = &pages[&Path::new("docs/algorithms").join(format!("{}.md", entry.spec.name))];
        for option in entry.spec.options {
            assert!(page.contains(&format!("| `{}` |", option.name)), "{}", option.name);
        }
        for part in ["When to use", "How it works", "Differences from the reference", "References"]
        {
            assert!(page.contains(part), "{}: the module docs have no '{part}'", entry.spec.name);
        }
    }
}
