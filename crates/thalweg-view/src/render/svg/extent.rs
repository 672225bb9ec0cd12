//! Which numbers a panel has to have room for.

use crate::figure::Panel;
use crate::trace::Trace;

/// All coordinates of a panel's traces along one of its axes.
pub(crate) fn xs(panel: &Panel) -> impl Iterator<Item = f64> {
    let of = |trace: &Trace| -> Vec<f64> {
        match trace {
            Trace::Line(line) => where_both(&line.x, &line.y),
            Trace::Markers(markers) => where_both(&markers.x, &markers.y),
            Trace::Contour(contour) => contour.x.clone(),
            Trace::Surface(surface) => surface.x.clone(),
            Trace::Markers3d(markers) => markers.x.clone(),
            Trace::Hline(_) => Vec::new(),
        }
    };
    panel.traces.iter().flat_map(of)
}

pub(crate) fn ys(panel: &Panel) -> impl Iterator<Item = f64> {
    let of = |trace: &Trace| -> Vec<f64> {
        match trace {
            Trace::Line(line) => line.y.clone(),
            Trace::Markers(markers) => markers.y.clone(),
            Trace::Contour(contour) => contour.y.clone(),
            Trace::Surface(surface) => surface.y.clone(),
            Trace::Markers3d(markers) => markers.y.clone(),
            Trace::Hline(line) => vec![line.y],
        }
    };
    panel.traces.iter().flat_map(of)
}

pub(crate) fn zs(panel: &Panel) -> impl Iterator<Item = f64> {
    let of = |trace: &Trace| -> Vec<f64> {
        match trace {
            Trace::Surface(surface) => surface.z.concat(),
            Trace::Markers3d(markers) => markers.z.clone(),
            _ => Vec::new(),
        }
    };
    panel.traces.iter().flat_map(of)
}

/// The axis of evaluations begins and ends where the lines do, even if they have no value there.
fn where_both(x: &[f64], y: &[f64]) -> Vec<f64> {
    let both = |(_, y): &(&f64, &f64)| y.is_finite();
    let with_values: Vec<f64> = x.iter().zip(y).filter(both).map(|(x, _)| *x).collect();
    if with_values.is_empty() { x.to_vec() } else { with_values }
}

/// Whether there is anything to see of the panel's lines, markers and contours.
pub(crate) fn has_values(panel: &Panel) -> bool {
    let is_seen = |y: &f64| y.is_finite() && (!panel.y.log || *y > 0.0);
    panel.traces.iter().any(|trace| match trace {
        Trace::Contour(contour) => contour.z.iter().flatten().any(|z| z.is_finite()),
        Trace::Line(line) => line.y.iter().any(is_seen),
        Trace::Markers(markers) => markers.y.iter().any(is_seen),
        _ => false,
    })
}

/// How much room is left around the data on both axes, as a share of their range.
pub(crate) fn room(panel: &Panel) -> (f64, f64) {
    let fills = panel.traces.iter().any(|trace| matches!(trace, Trace::Contour(_)));
    if fills { (0.0, 0.0) } else { (0.02, 0.05) }
}
