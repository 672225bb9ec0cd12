//! A small picture of a run for reports: the best value so far over all values, without axes.

use std::fmt::Write;

use crate::figures::criterion::to_best_so_far;
use crate::palette::{GREY, OKABE_ITO};

/// Pixels around the line, so that its ends are seen whole.
const MARGIN: f64 = 4.0;

/// An SVG of `width` times `height` pixels: all values in grey, and the best so far. Values that are much worse than the start are cut off
/// at the edge, so that one bad evaluation does not flatten the rest.
pub fn sparkline_svg(values: &[f64], maximize: bool, width: u32, height: u32) -> String {
    let mut best = values.to_vec();
    to_best_so_far(&mut best, maximize);
    let (lowest, highest) = range(values, &best, maximize);
    let (w, h) = (f64::from(width), f64::from(height));
    let last = (values.len().max(2) - 1) as f64;
    let place = |(i, value): (usize, &f64)| {
        let x = MARGIN + (w - 2.0 * MARGIN) * i as f64 / last;
        let share = ((value - lowest) / (highest - lowest)).clamp(0.0, 1.0);
        (x, MARGIN + (h - 2.0 * MARGIN) * (1.0 - share))
    };
    let n_columns = (width as usize).max(1);
    let path = |column: &[f64]| {
        let mut path = String::new();
        let step = column.len().div_ceil(4 * n_columns).max(1);
        for (i, value) in column.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            if i % step == 0 || i + 1 == column.len() {
                let (x, y) = place((i, value));
                let command = if path.is_empty() { 'M' } else { 'L' };
                let _ = write!(path, "{command}{x:.1} {y:.1}");
            }
        }
        path
    };
    let (all, best_path) = (path(values), path(&best));
    let color = OKABE_ITO[0];
    let end = best.iter().enumerate().rfind(|(_, value)| value.is_finite()).map(place);
    let dot = end.map_or(String::new(), |(x, y)| {
        format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{color}\"/>")
    });
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"criterion over evaluations\">\
         <path d=\"{all}\" fill=\"none\" stroke=\"{GREY}\" stroke-width=\"1\"/>\
         <path d=\"{best_path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>\
         {dot}</svg>"
    )
}

/// What is seen: the best so far and as much of the rest.
fn range(values: &[f64], best: &[f64], maximize: bool) -> (f64, f64) {
    let ends = |column: &[f64]| {
        let finite = column.iter().filter(|value| value.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
    };
    let ((low, high), (all_low, all_high)) = (ends(best), ends(values));
    let room = (high - low).max(f64::MIN_POSITIVE);
    let (low, high) = match maximize {
        true => (all_low.max(low - room), high),
        false => (low, all_high.min(high + room)),
    };
    if low < high { (low, high) } else { (low - 1.0, low + 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(svg: &str) -> Vec<f64> {
        let paths = svg.split("d=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let words = paths.flat_map(|path| path.split(['M', 'L', ' ']));
        words.filter(|word| !word.is_empty()).map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn everything_is_inside_of_the_picture() {
        let columns = [
            vec![3.0, 1e30, 2.0, f64::NAN, 1.0],
            vec![f64::NAN, f64::INFINITY],
            vec![],
            vec![7.0],
            vec![7.0; 3],
            (0..10_000).map(|i| f64::from(i).sin()).collect(),
        ];
        for (values, maximize) in columns.iter().flat_map(|c| [(c, false), (c, true)]) {
            let svg = sparkline_svg(values, maximize, 200, 50);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            for pair in numbers(&svg).chunks_exact(2) {
                assert!((0.0..=200.0).contains(&pair[0]) && (0.0..=50.0).contains(&pair[1]));
            }
            assert!(svg.len() < 30_000);
        }
    }

    #[test]
    fn the_line_goes_down_to_the_best() {
        let svg = sparkline_svg(&[4.0, 2.0, 3.0, 0.0], false, 108, 48);
        assert!(svg.contains("d=\"M4.0 4.0L37.3 24.0L70.7 24.0L104.0 44.0\""), "{svg}");
    }
}
