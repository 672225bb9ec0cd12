//! Contour plots: bands between levels, and the lines between them.
//!
//! Within a cell of the grid heights are taken as linear along its edges. The part of a cell above a level is then a polygon: its
//! corners above, and the points of its edges at the level (marching squares with the ambiguous case joined). Bands are painted
//! one over the other, from the lowest.

use crate::render::colorscale;
use crate::render::scale::{Scale, nice_step};
use crate::render::svg::canvas::{Anchor, Canvas, Rect, TICK_SIZE, Text, number, polyline};
use crate::render::svg::layout::PanelBox;
use crate::trace::Contour;

/// About how many bands there are.
const BANDS: f64 = 18.0;
const EDGE: &str = "fill=\"none\" stroke=\"#ffffff\" stroke-opacity=\"0.55\" stroke-width=\"0.8\"";

type Point = (f64, f64);
type Corner = (Point, f64);

/// The levels between bands, from low to high; empty for a flat function.
pub(crate) fn levels(z: &[Vec<f64>]) -> (Vec<f64>, [f64; 2]) {
    let finite = z.iter().flatten().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let length = high - low;
    if !(length.is_finite() && length > 1e-12 * low.abs().max(high.abs()) && length > 1e-300) {
        return (Vec::new(), [low, high]);
    }
    let step = nice_step(length / BANDS);
    let (first, last) = ((low / step).floor() + 1.0, (high / step).ceil() - 1.0);
    let count = (last - first + 1.0).clamp(0.0, 100.0) as usize;
    ((0..count).map(|i| (first + i as f64) * step).collect(), [low, high])
}

/// The colours of the bands.
fn colors(colorscale: &str, levels: &[f64]) -> Vec<String> {
    let last = levels.len().max(1) as f64;
    let share = |i: usize| if levels.is_empty() { 0.5 } else { i as f64 / last };
    (0..=levels.len()).map(|i| colorscale::color(colorscale, share(i))).collect()
}

pub(crate) fn draw(canvas: &mut Canvas, contour: &Contour, place: &PanelBox) {
    let (levels, _) = levels(&contour.z);
    let colors = colors(&contour.colorscale, &levels);
    let mut edges = String::new();
    canvas.open("<g class=\"contour\">");
    for (i, color) in colors.iter().enumerate() {
        let level = if i == 0 { f64::NEG_INFINITY } else { levels[i - 1] };
        let (area, lines) = above(contour, place, level);
        // The stroke closes the hairlines between neighbouring polygons.
        let look = format!("fill=\"{color}\" stroke=\"{color}\" stroke-width=\"0.6\"");
        canvas.path(&area, &look);
        edges += &lines;
    }
    canvas.path(&edges, EDGE);
    canvas.close("</g>");
}

/// The area above a level, and its edge, as paths.
fn above(contour: &Contour, place: &PanelBox, level: f64) -> (String, String) {
    let (mut area, mut edge) = (String::new(), String::new());
    let x: Vec<f64> = contour.x.iter().map(|&x| place.at(x, f64::NAN).0).collect();
    let y: Vec<f64> = contour.y.iter().map(|&y| place.at(f64::NAN, y).1).collect();
    for (j, rows) in contour.z.windows(2).enumerate().filter(|(j, _)| j + 1 < y.len()) {
        // Cells that are above as a whole are painted together.
        let mut run: Option<usize> = None;
        let cells = rows[0].len().min(rows[1].len()).min(x.len()).saturating_sub(1);
        for i in 0..=cells {
            let corner = |di: usize, dj: usize| ((x[i + di], y[j + dj]), rows[dj][i + di]);
            let cell = (i < cells)
                .then(|| [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)])
                .filter(|cell| cell.iter().all(|(_, z)| z.is_finite()));
            let is_full = cell.is_some_and(|cell| cell.iter().all(|(_, z)| *z >= level));
            match (run, is_full) {
                (None, true) => run = Some(i),
                (Some(from), false) => {
                    let corners =
                        [(x[from], y[j]), (x[i], y[j]), (x[i], y[j + 1]), (x[from], y[j + 1])];
                    area += &(polyline(&corners) + "Z");
                    run = None;
                }
                _ => {}
            }
            if let Some(cell) = cell.filter(|_| !is_full) {
                let (polygon, crossings) = clip(&cell, level);
                if polygon.len() > 2 {
                    area += &(polyline(&polygon) + "Z");
                }
                crossings.iter().for_each(|line| edge += &polyline(line));
            }
        }
    }
    (area, edge)
}

/// The part of a cell that is above a level, and the lines where it leaves it.
fn clip(cell: &[Corner; 4], level: f64) -> (Vec<Point>, Vec<[Point; 2]>) {
    let (mut polygon, mut leaving, mut entering) = (Vec::new(), Vec::new(), Vec::new());
    for (i, &(point, z)) in cell.iter().enumerate() {
        let (next, next_z) = cell[(i + 1) % 4];
        if z >= level {
            polygon.push(point);
        }
        if (z >= level) != (next_z >= level) {
            let t = ((level - z) / (next_z - z)).clamp(0.0, 1.0);
            let crossing = (point.0 + t * (next.0 - point.0), point.1 + t * (next.1 - point.1));
            polygon.push(crossing);
            if z >= level { leaving.push((i, crossing)) } else { entering.push((i, crossing)) }
        }
    }
    // Each edge goes from where the way around leaves the part to where it next enters it again.
    let line = |&(i, from): &(usize, Point)| {
        let next = entering.iter().min_by_key(|(k, _)| (k + 4 - i) % 4);
        next.map(|&(_, to)| [from, to])
    };
    let lines = leaving.iter().filter_map(line).collect();
    (polygon, lines)
}

/// The colours with their heights, on the right of the panel.
pub(crate) fn draw_scale(canvas: &mut Canvas, contour: &Contour, place: &PanelBox) {
    let (levels, [low, high]) = levels(&contour.z);
    if levels.is_empty() {
        return;
    }
    let inner = &place.inner;
    let bar = Rect { x: inner.right() + 12.0, width: 12.0, ..*inner };
    let scale = Scale { low, high, log: false, whole: false };
    let height = |value: f64| bar.bottom() - scale.share(value).clamp(0.0, 1.0) * bar.height;
    for (i, color) in colors(&contour.colorscale, &levels).iter().enumerate() {
        let bottom = if i == 0 { bar.bottom() } else { height(levels[i - 1]) };
        let top = levels.get(i).map_or(bar.y, |&level| height(level));
        let band = Rect { y: top, height: bottom - top, ..bar };
        canvas.rect(&band, &format!("fill=\"{color}\""));
    }
    let ticks = scale.ticks((bar.height / 45.0) as usize);
    for (share, label) in ticks.places.iter().zip(&ticks.labels) {
        let y = bar.bottom() - share * bar.height;
        let at = Text::tick(bar.right() + 5.0, y + 0.36 * TICK_SIZE, Anchor::Start);
        canvas.text(label, Text { size: 11.0, ..at });
        let d = format!("M{} {y:.2}h3", number(bar.right()));
        canvas.path(&d, "stroke=\"#2a2a2a\" stroke-width=\"1\"");
    }
    if let Some(power) = &ticks.power {
        let at = Text::tick(bar.x - 4.0, bar.y - 6.0, Anchor::Start);
        canvas.text(power, Text { size: 11.0, ..at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(z: [f64; 4]) -> [Corner; 4] {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        std::array::from_fn(|i| (corners[i], z[i]))
    }

    #[test]
    fn a_corner_is_cut_off_where_the_level_is() {
        let (polygon, lines) = clip(&cell([1.0, 0.0, 0.0, 0.0]), 0.5);
        assert_eq!(polygon, [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5)]);
        assert_eq!(lines, [[(0.5, 0.0), (0.0, 0.5)]]);
    }

    #[test]
    fn a_saddle_has_two_edges() {
        let (polygon, lines) = clip(&cell([1.0, 0.0, 1.0, 0.0]), 0.5);
        assert_eq!(polygon.len(), 6);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], [(0.5, 0.0), (1.0, 0.5)]);
    }

    #[test]
    fn levels_are_round_and_between_the_ends() {
        let (levels, ends) = levels(&[vec![0.0, 7.2], vec![f64::NAN, 3.0]]);
        assert_eq!(levels, (1..=14).map(|i| 0.5 * f64::from(i)).collect::<Vec<_>>());
        assert_eq!(ends, [0.0, 7.2]);
        for flat in [vec![3.0; 4], vec![f64::NAN], vec![0.0, 1e-310]] {
            assert!(super::levels(&[flat]).0.is_empty());
        }
    }
}
