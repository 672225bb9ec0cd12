//! Conventions that fail the build instead of being remembered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use thalweg::algorithms::CATALOG;
use thalweg::core::{OptionValue, words};

/// A file that is longer holds two concerns; split it. The aim is 400.
const MOST_LINES: usize = 560;

/// Tolerances and limits begin like this, and mean the same everywhere.
const SHARED_PREFIXES: [&str; 4] =
    ["convergence_ftol", "convergence_xtol", "convergence_gtol", "stopping_"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every text file of the project with one of these extensions, by its path from the root, and its contents.
fn files(extensions: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Hidden folders (git, virtual environments, caches) and what is built are not the project's.
            let foreign = name.starts_with('.') || name == "target" || name.starts_with("__");
            if path.is_dir() {
                let environment = path.join("pyvenv.cfg").exists();
                if !foreign && !environment {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| extensions.contains(&&*e.to_string_lossy()))
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Every line that contains one of `words`, as "path:line: word".
fn lines_with(extensions: &[&str], words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files(extensions) {
        for (i, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                found.push(format!("{path}:{}: {word}", i + 1));
            }
        }
    }
    found
}

#[test]
fn files_are_short() {
    let long = files(&["rs", "py"]).into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > MOST_LINES).then(|| format!("{path}: {lines} lines"))
    });
    let long: Vec<String> = long.collect();
    assert!(long.is_empty(), "files over {MOST_LINES} lines; split them:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_to_do() {
    // Put together, so that this file does not find itself.
    let words = [["to", "do!("], ["unimple", "mented!("], ["TO", "DO"], ["FIX", "ME"]];
    let found = lines_with(&["rs", "py", "md"], &words.map(|parts| parts.concat()));
    assert!(found.is_empty(), "unfinished:\n{}", found.join("\n"));
}

#[test]
fn nothing_names_one_machine() {
    let folders = ["work", "root", "home", "opt", "Users", "tmp"];
    let mut paths = Vec::new();
    for folder in folders {
        // At the start of a path, not in the middle of an address on the web.
        paths.extend(["\"", "'", " ", "`", "(", "="].map(|before| format!("{before}/{folder}/")));
    }
    let extensions = ["rs", "py", "pyi", "md", "toml", "json", "tsv", "yml", "yaml", "ipynb"];
    let found = lines_with(&extensions, &paths);
    assert!(found.is_empty(), "paths of one machine:\n{}", found.join("\n"));
}

#[test]
fn packages_come_from_the_public_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let sources: BTreeSet<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    let public = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    assert_eq!(sources, BTreeSet::from([public]));
}

#[test]
fn every_algorithm_file_is_in_the_catalog() {
    let prefix = "crates/thalweg-algorithms/src/algorithms/";
    let files: BTreeSet<String> = files(&["rs"])
        .into_iter()
        .filter_map(|(path, _)| Some(path.strip_prefix(prefix)?.strip_suffix(".rs")?.to_string()))
        .filter(|name| name != "mod")
        .collect();
    let catalog: BTreeSet<String> =
        CATALOG.iter().map(|entry| entry.spec.name.to_string()).collect();
    assert_eq!(files, catalog, "one file per algorithm, and one line of catalog.rs per file");
    let names: Vec<&str> = CATALOG.iter().map(|entry| entry.spec.name).collect();
    assert!(names.is_sorted(), "the catalog is not in alphabetical order: {names:?}");
}

#[test]
fn shared_words_keep_their_default_or_say_why() {
    let mut complaints = Vec::new();
    for entry in CATALOG {
        let algorithm = (entry.create)();
        for option in entry.spec.options {
            let what = format!("{}.{}", entry.spec.name, option.name);
            let tolerance_or_limit = SHARED_PREFIXES.iter().any(|p| option.name.starts_with(p));
            let Some(word) = words::find(option.name) else {
                if tolerance_or_limit {
                    complaints.push(format!(
                        "{what}: not in the shared vocabulary (thalweg_core::words)"
                    ));
                }
                continue;
            };
            let default = algorithm.option(option.name);
            let same = match default {
                Some(OptionValue::Float(value)) => value == word.default,
                Some(OptionValue::Integer(value)) => value as f64 == word.default,
                Some(OptionValue::None) => word.default.is_nan(),
                _ => false,
            };
            match (same, option.overrides.is_empty()) {
                (false, true) => complaints.push(format!(
                    "{what}: {default:?} instead of the shared {}, without a reason (overrides)",
                    word.default
                )),
                (true, false) => complaints.push(format!(
                    "{what}: it has the shared default, but says it overrides it: {}",
                    option.overrides
                )),
                _ => {}
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_option_and_algorithm_is_documented() {
    for entry in CATALOG {
        assert!(entry.spec.doc.ends_with('.'), "{}: {}", entry.spec.name, entry.spec.doc);
        for option in entry.spec.options {
            let sentence = option.doc.ends_with('.') && option.doc.len() > 10;
            assert!(sentence, "{}.{}: {:?}", entry.spec.name, option.name, option.doc);
        }
    }
}
