//! A small plot of the best value so far, as SVG that takes its text colour from the page around it.

use std::fmt::Write;

use super::significant;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 140.0;
/// The frame of the curve: left, right, top, bottom.
const FRAME: (f64, f64, f64, f64) = (8.0, 472.0, 30.0, 114.0);
/// Blue that can be told from black, white and every grey.
const COLOR: &str = "#3a87d9";
/// Positive values over more than this ratio are drawn on a logarithmic scale.
const LARGE_RATIO: f64 = 1e3;

/// The plot, or `None` if there are not two values to draw.
pub(super) fn sparkline(values: &[f64], maximize: bool) -> Option<String> {
    let best = running_best(values, maximize);
    let (&(_, first), &(_, last)) = (best.first()?, best.last()?);
    if values.iter().filter(|value| value.is_finite()).count() < 2 {
        return None;
    }
    let scale = Scale::new(first.min(last), first.max(last));
    let title = format!("Best value so far{}", if scale.log { " (log scale)" } else { "" });
    let (left, right, top, bottom) = FRAME;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{title}: from {from} to {to} in {n} evaluations\" \
         style=\"display: block; width: 100%; max-width: {WIDTH}px; height: auto; color: inherit\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\">",
        from = significant(first),
        to = significant(last),
        n = values.len(),
    );
    let _ = write!(
        svg,
        "<path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.35\"/>\
         <path d=\"{curve}\" fill=\"none\" stroke=\"{COLOR}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>",
        curve = curve(&best, values.len(), &scale),
    );
    let mut label = |x: f64, y: f64, anchor: &str, text: &str| {
        let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    };
    label(left, 16.0, "start", &title);
    // The end of the curve is where the axis is when minimizing: its value stands above it on the right.
    label(right, 16.0, "end", &format!("{} → {}", significant(first), significant(last)));
    label(left, bottom + 18.0, "start", "1");
    label(right, bottom + 18.0, "end", &format!("{} evaluations", values.len()));
    svg.push_str("</svg>");
    Some(svg)
}

/// Where the best value so far changes: position and value; the last entry is where the run ends.
fn running_best(values: &[f64], maximize: bool) -> Vec<(usize, f64)> {
    let mut best: Vec<(usize, f64)> = Vec::new();
    for (i, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let better =
            best.last().is_none_or(|&(_, best)| if maximize { value > best } else { value < best });
        if better {
            best.push((i, value));
        }
    }
    if let Some(&(_, value)) = best.last() {
        best.push((values.len() - 1, value));
    }
    best
}

/// Heights of values: 0 for the lowest, 1 for the highest.
struct Scale {
    log: bool,
    low: f64,
    high: f64,
}

impl Scale {
    fn new(low: f64, high: f64) -> Self {
        let log = low > 0.0 && high / low > LARGE_RATIO;
        let of = |value: f64| if log { value.ln() } else { value };
        Scale { log, low: of(low), high: of(high) }
    }

    fn height(&self, value: f64) -> f64 {
        let value = if self.log { value.ln() } else { value };
        // Halves, so that the largest finite numbers have a finite difference.
        let range = self.high / 2.0 - self.low / 2.0;
        if range > 0.0 { ((value / 2.0 - self.low / 2.0) / range).clamp(0.0, 1.0) } else { 0.5 }
    }
}

/// Steps from left to right; of those within half a pixel only the last is drawn.
fn curve(best: &[(usize, f64)], n: usize, scale: &Scale) -> String {
    let (left, right, top, bottom) = FRAME;
    let x = |i: usize| left + (right - left) * i as f64 / (n.max(2) - 1) as f64;
    let y = |value: f64| bottom - (bottom - top) * scale.height(value);
    let mut path = String::new();
    let mut drawn = left;
    for (k, &(i, value)) in best.iter().enumerate() {
        if k > 0 && best.get(k + 1).is_some_and(|&(j, _)| x(j) - drawn < 0.5) {
            continue;
        }
        drawn = x(i);
        let _ = match k {
            0 => write!(path, "M{drawn:.1} {:.1}", y(value)),
            _ => write!(path, "H{drawn:.1}V{:.1}", y(value)),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_falls_in_steps_from_corner_to_corner() {
        let svg = sparkline(&[3.0, 5.0, 2.0, f64::NAN, 1.0, 4.0], false).unwrap();
        assert!(svg.contains("d=\"M8.0 30.0H193.6V72.0H379.2V114.0H472.0V114.0\""), "{svg}");
        assert!(svg.contains("aria-label=\"Best value so far: from 3 to 1 in 6 evaluations\""));
        let rising = sparkline(&[1.0, 3.0], true).unwrap();
        assert!(rising.contains("d=\"M8.0 114.0H472.0V30.0H472.0V30.0\""), "{rising}");
    }

    #[test]
    fn large_ratios_are_drawn_on_a_logarithmic_scale() {
        let svg = sparkline(&[1e4, 1.0, 1e-4], false).unwrap();
        assert!(svg.contains("(log scale)") && svg.contains("H240.0V72.0"), "{svg}");
        assert!(!sparkline(&[1e4, 0.0], false).unwrap().contains("(log scale)"));
    }

    #[test]
    fn long_histories_make_short_pictures() {
        let values: Vec<f64> = (0..100_000).map(|i| -f64::from(i)).collect();
        let svg = sparkline(&values, false).unwrap();
        assert!(svg.len() < 30_000, "{}", svg.len());
        let corners = svg.matches('H').count();
        assert!((450..1000).contains(&corners), "{corners}");
        assert!(svg.contains("H472.0V114.0\""), "{svg}");
    }

    #[test]
    fn odd_histories_do_no_harm() {
        assert_eq!(sparkline(&[], false), None);
        assert_eq!(sparkline(&[1.0], false), None);
        assert_eq!(sparkline(&[f64::NAN, f64::INFINITY, 1.0], false), None);
        for values in [[1.0, 1.0], [f64::MAX, f64::MIN], [f64::MAX, f64::MIN_POSITIVE]] {
            let svg = sparkline(&values, false).unwrap();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
