//! Figures as plotly's JSON: what `plotly.graph_objects.Figure(**json)`, `plotly.io.from_json` and plotly.js accept.
//!
//! The look is that of the template "simple_white", written out, because plotly.js alone knows no templates by name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::figure::{Axis, Figure, LegendPosition, Panel, PanelKind};
use crate::render::svg::extent;
use crate::trace::Trace;

/// The pixels between panels, for the numbers and labels of axes and for titles.
const GAP_X: f64 = 85.0;
const GAP_Y: f64 = 75.0;
/// Where the numbers of an axis are not repeated, or there is no label.
const SMALL_GAP: f64 = 40.0;
const TITLE: f64 = 25.0;
/// The pixels around all panels: left, right, top, bottom.
const MARGINS: [f64; 4] = [70.0, 30.0, 40.0, 60.0];

/// The figure as `{"data": [..], "layout": {..}}`.
pub fn to_plotly(figure: &Figure) -> Value {
    let mut layout = base_layout(figure);
    let mut data = Vec::new();
    let mut annotations = Vec::new();
    let (mut flat, mut scenes) = (0, 0);
    let mut listed = BTreeSet::new();
    for (panel, domain) in figure.panels.iter().zip(domains(figure)) {
        let place = match panel.kind {
            PanelKind::Xy => {
                flat += 1;
                add_axes(&mut layout, figure, panel, flat, domain);
                Place::Flat(flat)
            }
            PanelKind::Scene => {
                scenes += 1;
                layout.insert(numbered("scene", scenes), scene(panel, domain));
                Place::Scene(scenes)
            }
        };
        data.extend(panel.traces.iter().map(|t| trace(t, place, panel, &mut listed)));
        if let Some(title) = &panel.title {
            let middle = 0.5 * (domain.x[0] + domain.x[1]);
            annotations.push(annotation(title, [middle, domain.y[1]], ["center", "bottom"], 0));
        }
    }
    titles(figure, &mut annotations);
    if !annotations.is_empty() {
        layout.insert("annotations".into(), annotations.into());
    }
    json!({ "data": data, "layout": layout })
}

/// Shares of the figure.
#[derive(Clone, Copy)]
struct Domain {
    x: [f64; 2],
    y: [f64; 2],
}

/// Where a trace is: the number of its axes, or of its scene.
#[derive(Clone, Copy)]
enum Place {
    Flat(usize),
    Scene(usize),
}

/// "xaxis", "xaxis2", ...
fn numbered(name: &str, number: usize) -> String {
    if number == 1 { name.into() } else { format!("{name}{number}") }
}

/// A text as plotly reads it: what looks like a tag would vanish.
fn text(label: &str) -> String {
    let plain = label.replace('<', "&lt;");
    plain.replace("{linebreak}", "<br>").replace('\n', "<br>")
}

fn base_layout(figure: &Figure) -> Map<String, Value> {
    let mut layout = Map::new();
    if figure.fixed_size {
        layout.insert("width".into(), figure.width.into());
        layout.insert("height".into(), figure.height.into());
    }
    if let Some(title) = &figure.title {
        layout.insert("title".into(), json!({ "text": text(title), "x": 0.5 }));
    }
    layout.insert("paper_bgcolor".into(), "white".into());
    layout.insert("plot_bgcolor".into(), "white".into());
    layout.insert("font".into(), json!({ "color": "rgb(36,36,36)" }));
    let [l, r, t, b] = MARGINS;
    layout.insert("margin".into(), json!({ "l": l, "r": r, "t": t, "b": b }));
    layout.insert("hovermode".into(), "closest".into());
    layout.insert("showlegend".into(), figure.legend.is_some().into());
    let place = match figure.legend.map(|legend| legend.position) {
        None => return layout,
        Some(LegendPosition::TopRightInside) => {
            json!({ "xanchor": "right", "x": 0.95, "yanchor": "top", "y": 0.95 })
        }
        Some(LegendPosition::Right) => json!({ "xanchor": "left", "x": 1.02 }),
        Some(LegendPosition::Below) => {
            json!({ "orientation": "h", "xanchor": "center", "x": 0.5, "yanchor": "bottom", "y": 0.0, "yref": "container" })
        }
    };
    layout.insert("legend".into(), place);
    layout
}

/// The places of the panels.
fn domains(figure: &Figure) -> Vec<Domain> {
    let (rows, cols) = (figure.rows.max(1), figure.cols.max(1));
    let [left, right, top, bottom] = MARGINS;
    let (width, height) =
        (f64::from(figure.width) - left - right, f64::from(figure.height) - top - bottom);
    let has_label = |axis: &dyn Fn(&Panel) -> &Axis| {
        figure.panels.iter().any(|panel| !axis(panel).label.is_empty())
    };
    let small_x = figure.share_y || !has_label(&|panel| &panel.y);
    let small_y = !has_label(&|panel| &panel.x);
    let title = if figure.panels.iter().any(|panel| panel.title.is_some()) { TITLE } else { 0.0 };
    let gap_x = if small_x { SMALL_GAP } else { GAP_X } / width.max(1.0);
    let gap_y = (if small_y { SMALL_GAP } else { GAP_Y } + title) / height.max(1.0);
    let part = |number: usize, count: usize, gap: f64| {
        let gap = if count > 1 { gap.min(0.5 / (count - 1) as f64) } else { 0.0 };
        let length = (1.0 - gap * (count - 1) as f64) / count as f64;
        let start = number as f64 * (length + gap);
        [start, (start + length).min(1.0)]
    };
    let place = |panel: &Panel| Domain {
        x: part(panel.col.min(cols - 1), cols, gap_x),
        y: part(rows - 1 - panel.row.min(rows - 1), rows, gap_y),
    };
    figure.panels.iter().map(place).collect()
}

fn add_axes(
    layout: &mut Map<String, Value>,
    figure: &Figure,
    panel: &Panel,
    number: usize,
    domain: Domain,
) {
    let first_where = |same: &dyn Fn(&Panel) -> bool| {
        let flat = figure.panels.iter().filter(|p| p.kind == PanelKind::Xy);
        flat.clone().position(same).map(|first| first + 1).filter(|first| *first != number)
    };
    let same_x = figure.share_x.then(|| first_where(&|p| p.col == panel.col)).flatten();
    let same_y = figure.share_y.then(|| first_where(&|p| p.row == panel.row)).flatten();
    let mut x = axis(&panel.x, domain.x);
    x.insert("anchor".into(), numbered("y", number).into());
    if let Some(first) = same_x {
        x.insert("matches".into(), numbered("x", first).into());
    }
    let mut y = axis(&panel.y, domain.y);
    y.insert("anchor".into(), numbered("x", number).into());
    if let Some(first) = same_y {
        y.insert("matches".into(), numbered("y", first).into());
    }
    layout.insert(numbered("xaxis", number), x.into());
    layout.insert(numbered("yaxis", number), y.into());
}

fn axis(axis: &Axis, domain: [f64; 2]) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("domain".into(), json!(domain));
    out.insert("title".into(), json!({ "text": text(&axis.label) }));
    if axis.log {
        out.insert("type".into(), "log".into());
        out.insert("exponentformat".into(), "power".into());
    }
    // Ends of logarithmic axes are logarithms.
    let ends = axis.range.map(|ends| if axis.log { ends.map(f64::log10) } else { ends });
    if let Some(ends) = ends.filter(|ends| ends.iter().all(|end| end.is_finite())) {
        out.insert("range".into(), json!(ends));
    }
    for (name, value) in [
        ("showline", true.into()),
        ("linecolor", "rgb(36,36,36)".into()),
        ("ticks", "outside".into()),
        ("showgrid", false.into()),
        ("zeroline", false.into()),
        ("automargin", true.into()),
        ("showticklabels", axis.show_ticks.into()),
    ] {
        out.insert(name.into(), value);
    }
    out
}

fn scene(panel: &Panel, domain: Domain) -> Value {
    let title = |axis: &Axis| json!({ "title": { "text": text(&axis.label) }, "nticks": 5 });
    let camera = panel.traces.iter().find_map(|trace| match trace {
        Trace::Surface(surface) => Some(surface.camera),
        _ => None,
    });
    let [x, y, z] = camera.unwrap_or([2.0, 2.0, 0.5]);
    json!({
        "domain": { "x": domain.x, "y": domain.y },
        "xaxis": title(&panel.x),
        "yaxis": title(&panel.y),
        "zaxis": panel.z.as_ref().map_or(json!({}), title),
        "camera": { "eye": { "x": x, "y": y, "z": z } },
    })
}

/// A trace. `listed` has the names that the legend lists already: the first trace of a name stands for all.
fn trace(trace: &Trace, place: Place, panel: &Panel, listed: &mut BTreeSet<String>) -> Value {
    let mut out = match trace {
        Trace::Line(line) => json!({
            "type": "scatter",
            "mode": "lines",
            "name": text(&line.name),
            "legendgroup": line.name,
            "x": line.x,
            "y": line.y,
            "line": {
                "color": line.color,
                "width": line.width,
                "dash": line.dash.name(),
                "shape": if line.step { "hv" } else { "linear" },
            },
            "opacity": line.opacity,
            "connectgaps": line.connect_gaps,
            "showlegend": line.in_legend && listed.insert(line.name.clone()),
            "hovertemplate": "%{x}: %{y:.6g}",
        }),
        Trace::Markers(markers) => json!({
            "type": "scatter",
            "mode": "markers",
            "name": text(&markers.name),
            "x": markers.x,
            "y": markers.y,
            "marker": { "color": markers.color, "size": markers.size },
            "showlegend": markers.in_legend && listed.insert(markers.name.clone()),
            "hovertemplate": "%{x:.6g}: %{y:.6g}",
        }),
        Trace::Contour(contour) => json!({
            "type": "contour",
            "x": contour.x,
            "y": contour.y,
            "z": contour.z,
            "colorscale": contour.colorscale,
            "showscale": contour.show_scale,
            "hovertemplate": "%{x:.6g}, %{y:.6g}: %{z:.6g}<extra></extra>",
        }),
        Trace::Surface(surface) => json!({
            "type": "surface",
            "x": surface.x,
            "y": surface.y,
            "z": surface.z,
            "colorscale": surface.colorscale,
            "opacity": surface.opacity,
            "showscale": surface.show_scale,
            "hovertemplate": "%{x:.6g}, %{y:.6g}: %{z:.6g}<extra></extra>",
        }),
        Trace::Markers3d(markers) => json!({
            "type": "scatter3d",
            "mode": "markers",
            "name": text(&markers.name),
            "x": markers.x,
            "y": markers.y,
            "z": markers.z,
            "marker": { "color": markers.color, "size": markers.size },
            "showlegend": false,
            "hovertemplate": "%{x:.6g}, %{y:.6g}: %{z:.6g}",
        }),
        Trace::Hline(line) => {
            let ends = panel.x.range.unwrap_or_else(|| ends(panel));
            json!({
                "type": "scatter",
                "mode": "lines",
                "name": text(line.label.as_deref().unwrap_or_default()),
                "x": ends,
                "y": [line.y, line.y],
                "line": { "color": line.color, "width": 1.5, "dash": line.dash.name() },
                "showlegend": line.label.as_ref().is_some_and(|label| listed.insert(label.clone())),
                "hoverinfo": "skip",
            })
        }
    };
    match place {
        Place::Flat(number) => {
            out["xaxis"] = numbered("x", number).into();
            out["yaxis"] = numbered("y", number).into();
        }
        Place::Scene(number) => out["scene"] = numbered("scene", number).into(),
    }
    out
}

/// The first and the last place on the horizontal axis.
fn ends(panel: &Panel) -> [f64; 2] {
    let finite = extent::xs(panel).filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    if low <= high { [low, high] } else { [0.0, 1.0] }
}

fn annotation(label: &str, at: [f64; 2], anchors: [&str; 2], angle: i32) -> Value {
    json!({
        "text": text(label),
        "x": at[0], "y": at[1], "xref": "paper", "yref": "paper",
        "xanchor": anchors[0], "yanchor": anchors[1],
        "showarrow": false, "textangle": angle, "font": { "size": 16 },
    })
}

fn titles(figure: &Figure, annotations: &mut Vec<Value>) {
    let places = domains(figure);
    let first = |at: &dyn Fn(&Panel) -> bool| figure.panels.iter().position(at).map(|i| places[i]);
    for (col, title) in figure.col_titles.iter().enumerate() {
        if let Some(domain) = first(&|panel| panel.col == col) {
            let middle = 0.5 * (domain.x[0] + domain.x[1]);
            annotations.push(annotation(title, [middle, 1.0], ["center", "bottom"], 0));
        }
    }
    for (row, title) in figure.row_titles.iter().enumerate() {
        if let Some(domain) = first(&|panel| panel.row == row) {
            let middle = 0.5 * (domain.y[0] + domain.y[1]);
            annotations.push(annotation(title, [1.0, middle], ["left", "middle"], 90));
        }
    }
}
