//! The profiles of the page.

use thalweg::view::figures::{ProfileOptions, SolutionTimes, profile_figure};
use thalweg::view::{Dash, Figure, Palette, Trace};

use crate::compare::{Counts, PRECISIONS};
use crate::error::BenchmarkError;
use crate::page::field::{Contestant, Group};
use crate::page::measure::Measured;
use crate::page::tables::reference_label;
use crate::results::Target;

const WIDTH: u32 = 760;
const HEIGHT: u32 = 400;

/// The profiles of a group at each precision, which is written as the name of a file.
pub(super) fn profiles(
    measured: &Measured,
    group: &Group,
) -> Result<Vec<(String, Figure)>, BenchmarkError> {
    let of = |(i, precision): (usize, &f64)| {
        let figure = profile(measured, group, i)?;
        Ok((format!("{precision:e}").replace('-', ""), figure))
    };
    PRECISIONS.iter().enumerate().map(of).collect()
}

fn profile(measured: &Measured, group: &Group, i: usize) -> Result<Figure, BenchmarkError> {
    let (mut lines, mut looks) = (Vec::new(), Vec::new());
    let members = measured.contestants.iter().enumerate();
    let members =
        members.filter(|(_, c)| c.group == group.name && !is_shown_as_another(c, measured));
    let mut paired: Vec<(&str, usize)> = Vec::new();
    for (color, (position, contestant)) in members.enumerate() {
        let counts = measured.counts[position].iter();
        lines.push(SolutionTimes {
            name: contestant.name.to_string(),
            times: times(&measured.targets, counts, i),
        });
        looks.push((contestant.name.to_string(), color, Dash::Solid));
        let (Some(references), Some(pairing)) =
            (measured.reference(contestant), contestant.pairing)
        else {
            continue;
        };
        // Two of ours may have one reference.
        if paired.iter().any(|(name, _)| *name == pairing.reference) {
            continue;
        }
        paired.push((pairing.reference, color));
        let name = reference_label(pairing.reference);
        lines.push(SolutionTimes {
            name: name.clone(),
            times: times(&measured.targets, references.into_iter(), i),
        });
        looks.push((name, color, Dash::Dot));
    }
    let title = format!("{}, solved to {:e}", group.title, PRECISIONS[i]);
    let options = ProfileOptions { log_x: true, title: Some(title), ..ProfileOptions::default() };
    let mut figure = profile_figure(&lines, &options)?;
    (figure.width, figure.height) = (WIDTH, HEIGHT);
    for panel in &mut figure.panels {
        panel.x.label = "Evaluations / (n + 1)".into();
        for trace in &mut panel.traces {
            let Trace::Line(line) = trace else { continue };
            let Some((_, color, dash)) = looks.iter().find(|(name, ..)| *name == line.name) else {
                continue;
            };
            line.color = Palette::d3().color(*color).to_string();
            line.dash = *dash;
        }
        // As listed: each reference after ours.
        panel.traces.sort_by_key(|trace| match trace {
            Trace::Line(line) => looks.iter().position(|(name, ..)| *name == line.name),
            _ => None,
        });
    }
    Ok(figure)
}

/// Whether the same algorithm takes part under the name that is compared with a reference: two lines would be one.
fn is_shown_as_another(contestant: &Contestant, measured: &Measured) -> bool {
    let native = |name| thalweg::describe(name).map(|described| described.native);
    let mut compared = measured.contestants.iter().filter(|other| other.pairing.is_some());
    contestant.pairing.is_none()
        && compared.any(|other| native(other.name) == native(contestant.name))
}

/// Evaluations in units of n + 1; infinity where a problem is not solved.
fn times<'a>(
    targets: &[Target],
    counts: impl Iterator<Item = &'a Counts>,
    precision: usize,
) -> Vec<f64> {
    let time = |(target, counts): (&Target, &Counts)| {
        counts.evaluations[precision]
            .map_or(f64::INFINITY, |count| count as f64 / (target.start.len() + 1) as f64)
    };
    targets.iter().zip(counts).map(time).collect()
}
