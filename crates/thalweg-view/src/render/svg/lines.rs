//! Lines and markers.

use crate::render::svg::canvas::{Canvas, number, polyline};
use crate::render::svg::layout::PanelBox;
use crate::render::svg::name_attribute;
use crate::render::text::escaped;
use crate::trace::{Dash, Hline, Line, Markers};

/// A line of more points than this for each pixel of width is thinned.
const POINTS_PER_PIXEL: f64 = 4.0;

pub(crate) fn draw_line(canvas: &mut Canvas, line: &Line, place: &PanelBox) {
    let color = escaped(&line.color);
    let name = name_attribute(&line.name);
    let opacity = if line.opacity < 1.0 {
        format!(" opacity=\"{}\"", number(line.opacity))
    } else {
        String::new()
    };
    canvas.open(&format!("<g class=\"trace\" {name}{opacity}>"));
    let (mut d, mut dots) = (String::new(), Vec::new());
    for part in parts(line, place) {
        match part[..] {
            // A point between two gaps would not be seen as a line.
            [point] => dots.push(point),
            _ => d += &polyline(&thinned(part, place.inner.width)),
        }
    }
    canvas.path(&d, &stroke(&color, line.width, line.dash));
    for (x, y) in dots {
        canvas.circle(x, y, line.width.max(1.5), &format!("fill=\"{color}\""));
    }
    canvas.close("</g>");
}

pub(crate) fn draw_hline(canvas: &mut Canvas, line: &Hline, place: &PanelBox) {
    let (_, y) = place.at(f64::NAN, line.y);
    if y.is_nan() {
        return;
    }
    let d = polyline(&[(0.0, y), (place.inner.width, y)]);
    let name = name_attribute(line.label.as_deref().unwrap_or_default());
    canvas.open(&format!("<g class=\"trace\" {name}>"));
    canvas.path(&d, &stroke(&escaped(&line.color), 1.5, line.dash));
    canvas.close("</g>");
}

pub(crate) fn draw_markers(canvas: &mut Canvas, markers: &Markers, place: &PanelBox) {
    let look =
        format!("fill=\"{}\" stroke=\"#ffffff\" stroke-width=\"1\"", escaped(&markers.color));
    canvas.open(&format!("<g class=\"trace\" {}>", name_attribute(&markers.name)));
    let inside = |share: f64| (-1e-9..=1.0 + 1e-9).contains(&share);
    for (&x, &y) in markers.x.iter().zip(&markers.y) {
        if inside(place.x.share(x)) && inside(place.y.share(y)) {
            let (px, py) = place.at(x, y);
            canvas.circle(place.inner.x + px, place.inner.y + py, 0.5 * markers.size, &look);
        }
    }
    canvas.close("</g>");
}

/// The attributes of a line.
pub(crate) fn stroke(color: &str, width: f64, dash: Dash) -> String {
    let dashes = match dash {
        Dash::Solid => "",
        Dash::Dash => " stroke-dasharray=\"8 4\"",
        Dash::Dot => " stroke-dasharray=\"2 3\"",
    };
    let width = number(width);
    format!(
        "fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dashes}"
    )
}

/// The pixels of a line between its gaps.
pub(crate) fn parts(line: &Line, place: &PanelBox) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (&x, &y) in line.x.iter().zip(&line.y) {
        let (px, py) = place.at(x, y);
        let is_gap = px.is_nan() || py.is_nan();
        match parts.last_mut() {
            Some(part) if !is_gap => {
                if let Some(&(_, before)) = part.last().filter(|_| line.step) {
                    part.push((px, before));
                }
                part.push((px, py));
            }
            Some(part) if !part.is_empty() && !line.connect_gaps => parts.push(Vec::new()),
            _ => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Of many points within a pixel column, those that are seen: the first, the highest, the lowest, the last.
fn thinned(points: Vec<(f64, f64)>, width: f64) -> Vec<(f64, f64)> {
    if points.len() as f64 <= POINTS_PER_PIXEL * width {
        return points;
    }
    let mut kept = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let place = |better: fn(&f64, &f64) -> bool| {
            let mut best = 0;
            for (i, point) in column.iter().enumerate() {
                if better(&point.1, &column[best].1) {
                    best = i;
                }
            }
            best
        };
        let mut seen = [0, place(f64::lt), place(f64::gt), column.len() - 1];
        seen.sort_unstable();
        for (i, &index) in seen.iter().enumerate() {
            if i == 0 || seen[i - 1] != index {
                kept.push(column[index]);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Axis, Figure, Panel};
    use crate::render::svg::Layout;
    use crate::trace::Trace;

    fn drawn(line: Line) -> (Vec<Vec<(f64, f64)>>, PanelBox) {
        let panel = Panel::xy(0, 0, Axis::new(""), Axis::new(""), vec![Trace::Line(line.clone())]);
        let layout = Layout::new(&Figure::single(panel));
        let place = layout.panels[0].clone();
        (parts(&line, &place), place)
    }

    fn line(y: &[f64]) -> Line {
        Line::new("a", crate::figures::counted(y.len()), y.to_vec(), "#000000")
    }

    #[test]
    fn gaps_break_lines_unless_they_are_bridged() {
        let y = [1.0, 2.0, f64::NAN, 3.0, f64::INFINITY, 4.0, 5.0];
        let lengths = |line| drawn(line).0.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(line(&y)), [2, 1, 2]);
        assert_eq!(lengths(Line { connect_gaps: true, ..line(&y) }), [5]);
    }

    #[test]
    fn steps_go_to_the_right_first() {
        let (parts, _) = drawn(Line { step: true, ..line(&[0.0, 1.0]) });
        assert_eq!(parts[0].len(), 3);
        assert_eq!(parts[0][0].1, parts[0][1].1);
        assert_eq!(parts[0][1].0, parts[0][2].0);
    }

    #[test]
    fn thinning_keeps_what_is_seen() {
        let mut y: Vec<f64> = (0..100_000).map(|i| f64::from(i % 7)).collect();
        y[54_321] = 100.0;
        let (parts, place) = drawn(line(&y));
        let thin = thinned(parts[0].clone(), place.inner.width);
        assert!(thin.len() < 3000, "{}", thin.len());
        let highest = |points: &[(f64, f64)]| points.iter().map(|p| p.1).fold(f64::MAX, f64::min);
        assert_eq!(highest(&thin), highest(&parts[0]));
        assert_eq!((thin[0], thin.last()), (parts[0][0], parts[0].last()));
    }
}
