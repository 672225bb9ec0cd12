//! The printed report of a result.

use crate::convergence::ConvergenceReport;
use crate::multistart::MultistartInfo;
use crate::result::{Direction, OptimizeResult};

/// The report, in sections separated by blank lines.
pub(crate) fn report<P>(result: &OptimizeResult<P>) -> String {
    let mut sections = vec![headline(result)];
    let better = match result.direction {
        Direction::Minimize => result.fun < result.start_fun,
        Direction::Maximize => result.fun > result.start_fun,
    };
    let verb = if better { "improved" } else { "changed" };
    sections.push(format!(
        "The value of criterion {verb} from {} to {}.",
        python_float(result.start_fun),
        python_float(result.fun)
    ));
    if let Some(info) = &result.multistart {
        sections.push(multistart(info));
    }
    if !result.message.is_empty() {
        sections.push(format!("The {} algorithm reported: {}", result.algorithm, result.message));
    }
    if let Some(report) = result.convergence_report() {
        sections.push(table(&result.algorithm, &report));
    }
    sections.join("\n\n")
}

/// What a search from many starts did.
fn multistart<P>(info: &MultistartInfo<P>) -> String {
    let failed = match info.failures.len() {
        0 => String::new(),
        failed => format!(", {failed} more failed"),
    };
    format!(
        "Multistart explored {} points and made {} local optimizations{failed}; the best optimum was found {} times.",
        info.n_exploration_evals,
        info.n_optimizations(),
        info.n_discoveries
    )
}

fn headline<P>(result: &OptimizeResult<P>) -> String {
    let verb = match result.direction {
        Direction::Minimize => "Minimize",
        Direction::Maximize => "Maximize",
    };
    let adverb = if result.success { "successfully" } else { "unsuccessfully" };
    let mut counts = vec![format!("{} criterion evaluations", result.n_fun_evals)];
    if result.n_jac_evals > 0 {
        counts.push(format!("{} derivative evaluations", result.n_jac_evals));
    }
    counts.push(format!("{} iterations", result.n_iterations));
    let last = counts.pop().unwrap_or_default();
    format!(
        "{verb} with {} free parameters terminated {adverb} after {} and {last}.",
        result.n_free,
        counts.join(", ")
    )
}

fn table(algorithm: &str, report: &ConvergenceReport) -> String {
    let rows = report.one_step.rows().into_iter().zip(report.five_steps.rows());
    let (mut names, mut one, mut five) = (Vec::new(), Vec::new(), Vec::new());
    for ((name, last), (_, window)) in rows {
        names.push(name);
        one.push(format!(" {}{}", significant(last), stars(last)));
        five.push(format!(" {}{}", significant(window), stars(window)));
    }
    let (one, five) = (column("one_step", &one), column("five_steps", &five));
    names.insert(0, "");
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let lines = names.iter().zip(one.iter().zip(&five));
    let lines: Vec<String> =
        lines.map(|(name, (one, five))| format!("{name:width$} {one} {five}")).collect();
    format!(
        "Independent of the convergence criteria used by {algorithm}, the strength of convergence can be \
         assessed by the following criteria:\n\n{}\n\n(***: change <= 1e-10, **: change <= 1e-8, *: change <= \
         1e-5. Change refers to a change between accepted steps. The first column only considers the last step. \
         The second column considers the last five steps.)",
        lines.join("\n")
    )
}

/// A column as data frames are printed: cells aligned to the right, then header and cells centred.
fn column(header: &str, cells: &[String]) -> Vec<String> {
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    let total = width.max(header.len());
    let cells = cells.iter().map(|cell| centre(&format!("{cell:>width$}"), total));
    std::iter::once(centre(header, total)).chain(cells).collect()
}

/// Centred as Python's `str.center` does it: an odd space goes to the left when the width is odd, too.
fn centre(text: &str, width: usize) -> String {
    let space = width - text.len();
    let left = space / 2 + (space & width & 1);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(space - left))
}

fn stars(value: f64) -> &'static str {
    match value {
        v if v <= 1e-10 => "***",
        v if v <= 1e-8 => "** ",
        v if v <= 1e-5 => "*  ",
        _ => "   ",
    }
}

/// A number with four significant digits, as C's `%.4g` writes it.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { format!("{value}") };
    }
    let scientific = format!("{value:.3e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |digits: &str| {
        if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            digits.to_string()
        }
    };
    if (-4..4).contains(&exponent) {
        trim(&format!("{value:.*}", (3 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
    }
}

/// A number as Python prints it.
pub(crate) fn python_float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_c_and_python() {
        assert_eq!(significant(1.9678e-15), "1.968e-15");
        assert_eq!(significant(0.000123456), "0.0001235");
        assert_eq!(significant(1234.56), "1235");
        assert_eq!(significant(12345.6), "1.235e+04");
        assert_eq!(significant(0.1), "0.1");
        assert_eq!(python_float(30.0), "30.0");
        assert_eq!(python_float(1.6760003634613059e-16), "1.6760003634613059e-16");
        assert_eq!(python_float(1e22), "1e+22");
    }
}
