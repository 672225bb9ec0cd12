//! Write `docs/algorithms.md` and the pages below `docs/algorithms/` from what the algorithms' files say, and
//! `docs/benchmark-sets.md` from the sets of benchmark problems.
//!
//! ```text
//! cargo run -p thalweg-bench --bin generate_docs              writes the pages
//! cargo run -p thalweg-bench --bin generate_docs -- --check   fails if they are not what would be written
//! ```

use std::error::Error;
use std::path::Path;

use thalweg_bench::algorithm_pages::{stale, write};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::env::args().nth(1).as_deref() {
        None => write(&root)?,
        Some("--check") => {
            let stale = stale(&root)?;
            if !stale.is_empty() {
                return Err(format!("stale, run generate_docs: {stale:?}").into());
            }
        }
        Some(other) => return Err(format!("there is no argument {other}; there is --check").into()),
    }
    Ok(())
}
