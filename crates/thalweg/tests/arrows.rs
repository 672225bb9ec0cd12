//! Dependencies between the workspace's crates point one way:
//! core <- algorithms | space | diff | log | view <- thalweg <- bench <- py; macros and linalg are leaves.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The room a crate is in, with the workspace's crates that it may depend on.
struct Room {
    name: &'static str,
    /// One of the rooms between the contract and the pipeline, which never see each other.
    sibling: bool,
    may_use: &'static [&'static str],
    because: &'static str,
}

const fn room(name: &'static str, may_use: &'static [&'static str], because: &'static str) -> Room {
    Room { name, sibling: false, may_use, because }
}

const fn sibling(
    name: &'static str,
    may_use: &'static [&'static str],
    because: &'static str,
) -> Room {
    Room { name, sibling: true, may_use, because }
}

const ROOMS: &[Room] = &[
    room("thalweg-core", &[], "the contract knows nobody"),
    room("thalweg-macros", &[], "macros are a leaf: generated code names its crates by path"),
    room("thalweg-linalg", &[], "linear algebra is a leaf: it knows numbers only"),
    sibling(
        "thalweg-algorithms",
        &["thalweg-core", "thalweg-macros", "thalweg-linalg"],
        "algorithms know the contract and their tools, but nothing of parameter trees, derivatives, logs or Python",
    ),
    sibling(
        "thalweg-space",
        &["thalweg-core", "thalweg-macros", "thalweg-linalg"],
        "the space knows nothing of algorithms or derivatives",
    ),
    sibling(
        "thalweg-diff",
        &["thalweg-core"],
        "derivatives know functions only, nothing of algorithms or parameter trees",
    ),
    sibling(
        "thalweg-log",
        &["thalweg-core"],
        "the log knows numbers and events, nothing of objectives, algorithms or parameter trees",
    ),
    sibling(
        "thalweg-view",
        &["thalweg-core"],
        "figures are plain data: they know columns of numbers, nothing of results, algorithms or Python",
    ),
    room(
        "thalweg",
        &[
            "thalweg-core",
            "thalweg-macros",
            "thalweg-algorithms",
            "thalweg-space",
            "thalweg-diff",
            "thalweg-log",
            "thalweg-view",
        ],
        "the facade joins the rooms below it; what is built on it is not its business",
    ),
    room("thalweg-bench", &["thalweg"], "benchmarks go through the facade, as users do"),
    room(
        "thalweg-py",
        &["thalweg", "thalweg-bench"],
        "the Python module is translation only, of the facade and of the benchmarks",
    ),
];

/// An arrow between two of the workspace's crates.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    dev: bool,
}

fn workspace() -> (BTreeSet<String>, Vec<Arrow>) {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output =
        Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let members: BTreeSet<String> = packages.iter().map(|p| text(&p["name"])).collect();
    let mut arrows = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = text(&dependency["name"]);
            if members.contains(&to) {
                let dev = dependency["kind"] == "dev";
                arrows.push(Arrow { from: text(&package["name"]), to, dev });
            }
        }
    }
    (members, arrows)
}

fn room_of(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Why an arrow may not be, or `None` if it may.
fn complaint(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, dev } = arrow;
    let room = room_of(from)?;
    if *dev {
        let siblings = room.sibling && from != to && room_of(to).is_some_and(|to| to.sibling);
        return siblings.then(|| {
            format!("{from} -> {to} (for tests): siblings never see each other, in tests neither")
        });
    }
    (!room.may_use.contains(&to.as_str())).then(|| {
        let may = if room.may_use.is_empty() { "nothing".into() } else { room.may_use.join(", ") };
        format!("{from} -> {to}: {}. {from} may use {may}", room.because)
    })
}

#[test]
fn every_crate_has_a_room() {
    let (members, _) = workspace();
    let rooms: BTreeSet<String> = ROOMS.iter().map(|room| room.name.to_string()).collect();
    assert_eq!(members, rooms, "the table of this test and the members of the workspace differ");
}

#[test]
fn dependencies_point_one_way() {
    let (_, arrows) = workspace();
    assert!(!arrows.is_empty());
    let complaints: Vec<String> = arrows.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "arrows that may not be:\n{}", complaints.join("\n"));
}

#[test]
fn forbidden_arrows_are_noticed() {
    let arrow =
        |from: &str, to: &str, dev| Arrow { from: from.to_string(), to: to.to_string(), dev };
    for (from, to) in [
        ("thalweg-core", "thalweg-linalg"),
        ("thalweg-algorithms", "thalweg-space"),
        ("thalweg-diff", "thalweg-algorithms"),
        ("thalweg-space", "thalweg"),
        ("thalweg-view", "thalweg-space"),
        ("thalweg", "thalweg-bench"),
        ("thalweg-py", "thalweg-algorithms"),
    ] {
        let message = complaint(&arrow(from, to, false)).unwrap();
        assert!(message.starts_with(&format!("{from} -> {to}: ")), "{message}");
    }
    assert!(complaint(&arrow("thalweg-space", "thalweg-diff", true)).is_some());
    assert!(complaint(&arrow("thalweg", "thalweg-bench", true)).is_none());
    assert!(complaint(&arrow("thalweg-core", "thalweg-macros", true)).is_none());
}
