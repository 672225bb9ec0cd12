//! The page about the sets of benchmark problems, from the problems themselves.

use thalweg::Bounds;

use crate::problem::{BenchmarkProblem, ConstraintFunction};
use crate::scalable::scalable_problems;
use crate::set::{ProblemSet, SETS};

const INTRODUCTION: &str = "# Benchmark problems

The sets of `get_benchmark_problems`: what is in them, where the problems start, and the values of the solutions that count. How to run \
algorithms on them is on the page [benchmarking](benchmarking.md). The objective of problems with residuals is the sum of their squares, without a \
factor of one half. Every problem has exact derivatives. A solution is the global minimum but where the usual target is a local one \
(`freudenstein_roth`, and several large problems); lower values then count as solved, too.
";

const DIFFERENCES: &str = "## Beside optimagic and the literature

`more_wild`, `cartis_roberts`, `estimagic` and `example` have the names, starts and residuals of optimagic's sets, so that counts of \
evaluations compare; tests hold the residuals of all of them to optimagic's at three points. Where those differ from the functions of the same \
name in CUTEst, the source file of the family says how: `bdvalues`, `bratu_3d`, `cbratu_2d`, `chandheq`, `chemrcta`, `chemrctb`, \
`drcavty1` to `drcavty3`, `eigena`, `eigenb`, `flosp2*`, `hydcar6`, `hydcar20`, `integreq`, `luksan13`, `luksan22`, `morebvne`, `msqrta`, \
`msqrtb`, `oscigrne`, `penalty_1`, `penalty_2`, `powellse`.

These values of solutions are corrected: `penalty_1` and `chandheq`, where the stored ones cannot be attained; `luksan12`, which has none \
there, and `drcavty1`, where the least value that we know stands for one that nobody has seen; `drcavty3`, where the stored minimizer has \
the value here. Minimizers are given with all digits, also where optimagic has none, and `watson_12` has one that attains its value.

Noise differs in three points. It depends on the seed, the problem and the parameters, not on the order of evaluations, so that \
runs in parallel and parts of a set see the same. Correlated noise has the spread that is asked for, since it is not \
divided by the spread of the sample. The function without noise is in the same space as the noisy one if parameters are scaled.
";

/// The page.
pub(crate) fn page() -> String {
    let mut page = format!("{INTRODUCTION}\n| set | problems | parameters |\n|---|---|---|\n");
    let sets: Vec<(&ProblemSet, Vec<BenchmarkProblem>)> =
        SETS.iter().map(|set| (set, (set.problems)())).collect();
    for (set, problems) in &sets {
        let sizes = problems.iter().map(BenchmarkProblem::n_params);
        let (least, most) =
            sizes.fold((usize::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
        let name = set.name;
        page += &format!("| [{name}](#{name}) | {} | {least} to {most} |\n", problems.len());
    }
    let names: Vec<String> = scalable_problems().map(|name| format!("`{name}`")).collect();
    page += &format!(
        "\n`scalable_problem` (in Python, `get_scalable_problems`) makes these at any size: {}.\n\n{DIFFERENCES}",
        names.join(", ")
    );
    for (set, problems) in &sets {
        page += &section(set, problems);
    }
    page
}

fn section(set: &ProblemSet, problems: &[BenchmarkProblem]) -> String {
    let mut section = format!("\n## {}\n\n{}\n\n", set.name, set.about);
    let constrained = problems.iter().any(|p| p.constraints.is_some());
    let header: &[&str] = match (problems[0].n_residuals(), constrained) {
        (Some(_), _) => &["problem", "parameters", "residuals", "start", "solution"],
        (None, false) => &["problem", "parameters", "start", "solution"],
        (None, true) => {
            &["problem", "parameters", "bounds", "inequalities", "equations", "start", "solution"]
        }
    };
    section += &format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
    for p in problems {
        let mut cells = vec![p.name.clone(), p.n_params().to_string()];
        if let Some(m) = p.n_residuals() {
            cells.push(m.to_string());
        }
        if constrained {
            let (inequalities, equations) = p.constraints.as_ref().map_or((0, 0), counts);
            cells.extend([bounds(&p.bounds), inequalities, equations].map(|n| n.to_string()));
        }
        cells.push(short(p.start_value));
        cells.push(p.solution.value.map_or_else(|| "?".into(), short));
        section += &format!("| {} |\n", cells.join(" | "));
    }
    section
}

/// How many bounds there are.
fn bounds(bounds: &Bounds) -> usize {
    let sides = [&bounds.lower, &bounds.upper];
    sides.into_iter().flatten().flatten().filter(|bound| bound.is_finite()).count()
}

/// How many inequalities (each limit counts) and equations there are.
fn counts(constraints: &ConstraintFunction) -> (usize, usize) {
    let limits = constraints.lower.iter().zip(&constraints.upper);
    limits.fold((0, 0), |(inequalities, equations), (lower, upper)| {
        if lower == upper {
            return (inequalities, equations + 1);
        }
        let finite = [lower, upper].into_iter().filter(|limit| limit.is_finite()).count();
        (inequalities + finite, equations)
    })
}

/// Six digits.
fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    let text = if (1e-3..1e6).contains(&size) {
        let decimals = (5 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.5e}")
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, ""));
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    if exponent.is_empty() { digits.into() } else { format!("{digits}e{exponent}") }
}
