//! Progress on stderr: a bar that is drawn over in a terminal, lines elsewhere.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Pace, ProgressReport, Show};

/// Parts of the bar.
const PARTS: u64 = 1000;

/// A display on stderr and its pace.
pub(crate) fn terminal<'a>() -> (Pace, Show<'a>) {
    if stderr().is_terminal() {
        (Pace::Steady, Box::new(bar(ProgressDrawTarget::stderr_with_hz(10))))
    } else {
        // A closed stderr is no reason to end the run.
        (Pace::Growing, Box::new(|report| drop(writeln!(stderr(), "{report}"))))
    }
}

fn bar(target: ProgressDrawTarget) -> impl FnMut(&ProgressReport) + Send {
    let bar = ProgressBar::with_draw_target(Some(PARTS), target);
    let style = |template: &str| {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    };
    let (limited, unlimited) = (style("[{bar:20}] {wide_msg}"), style("{spinner} {wide_msg}"));
    bar.set_style(unlimited);
    let mut is_limited = false;
    move |report| {
        if report.share.is_some() != is_limited {
            is_limited = !is_limited;
            bar.set_style(limited.clone());
        }
        bar.set_position((report.share.unwrap_or(0.0) * PARTS as f64) as u64);
        bar.set_message(report.to_string());
        match report.end {
            Some(_) => bar.abandon(), // the last state stays
            None => bar.tick(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{InMemoryTerm, TermLike};

    #[test]
    fn the_bar_shows_the_share_and_its_last_state_stays() {
        let screen = InMemoryTerm::new(3, 100);
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let mut show = bar(target);
        show(&ProgressReport { n_evaluations: 5, best: 1.5, ..Default::default() });
        assert!(screen.contents().contains("5 evaluations | best 1.5 | 0.0 s"), "{:?}", screen);
        let half = ProgressReport { n_evaluations: 6, share: Some(0.5), ..Default::default() };
        show(&ProgressReport { end: Some("converged".into()), ..half });
        let text = screen.contents();
        assert!(
            text.contains("] 6 evaluations | 0.0 s | 50 % of the budget | converged"),
            "{text}"
        );
        assert!(screen.width() == 100 && text.lines().count() == 1, "{text}");
    }
}
