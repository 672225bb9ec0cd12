//! The page on what algorithms solve: everybody is on it, and its numbers are those of the comparisons.

use thalweg::view::Trace;
use thalweg_bench::compare::{PAIRINGS, compare};
use thalweg_bench::page::{GROUPS, Measured, Origin, field, measure, page};
use thalweg_bench::{SetOptions, get_benchmark_problems};

fn measured(names: &[&str]) -> Measured {
    let mut problems = get_benchmark_problems("more_wild", &SetOptions::default()).unwrap();
    problems.retain(|problem| names.contains(&problem.name.as_str()));
    assert_eq!(problems.len(), names.len());
    measure("more_wild", &problems, 2).unwrap()
}

#[test]
fn everybody_is_on_the_page() {
    let measured = measured(&["rosenbrock_good_start", "bard_good_start", "cube_5", "meyer"]);
    let origin = Origin {
        date: "2026-11-26".into(),
        command: "make profiles".into(),
        pictures: "pictures".into(),
    };
    let page = page(&[measured], &origin).unwrap();
    for contestant in field() {
        let cell = format!("`{}`", contestant.name);
        assert!(page.markdown.contains(&cell), "{}", contestant.name);
        assert!(GROUPS.iter().any(|group| group.name == contestant.group), "{contestant:?}");
    }
    assert!(page.markdown.contains("measured on 2026-11-26 by `make profiles`"));
    assert!(page.markdown.contains("| scipy | 1."));
    assert_eq!(page.pictures.len(), 2 * GROUPS.len());
    for (file, figure) in &page.pictures {
        assert!(page.markdown.contains(&format!("(pictures/{file}.svg)")), "{file}");
        let lines = figure.panels[0].traces.iter().filter_map(|trace| match trace {
            Trace::Line(line) => Some(line),
            _ => None,
        });
        let lines: Vec<_> = lines.collect();
        assert!(lines.len() > 1, "{file}");
        assert!(lines.iter().all(|line| *line.y.last().unwrap() <= 1.0), "{file}");
    }
}

#[test]
fn counts_are_those_of_the_comparison() {
    let names = ["helical_valley_good_start", "box_3d", "osborne_one"];
    let measured = measured(&names);
    for algorithm in ["lbfgsb", "levenberg_marquardt", "neldermead", "nlopt_tnewton"] {
        let pairing = PAIRINGS.into_iter().find(|pairing| pairing.algorithm == algorithm).unwrap();
        let comparison = compare(pairing).unwrap();
        let position = measured.contestants.iter().position(|c| c.name == algorithm).unwrap();
        for (target, counts) in measured.targets.iter().zip(&measured.counts[position]) {
            let row = comparison.rows.iter().find(|row| row.problem == target.name).unwrap();
            assert_eq!(row.ours.evaluations, counts.evaluations, "{algorithm} {}", target.name);
        }
    }
}
