//! Figures as a page that needs no network: the SVG, and a small script for what a picture cannot do.
//!
//! Pointing at a line tells its numbers; a click on a name of the legend hides or shows its lines.

use serde_json::{Value, json};

use crate::figure::{Figure, PanelKind};
use crate::render::scale::Scale;
use crate::render::svg::{Layout, draw};
use crate::render::text::escaped;
use crate::trace::{Line, Trace};

const SCRIPT: &str = include_str!("figure.js");
const STYLE: &str = include_str!("figure.css");
/// Of longer lines, only so many points can be pointed at: pages stay small.
const MOST_POINTS: usize = 20_000;

/// The figure as a page of its own.
pub fn to_html(figure: &Figure) -> String {
    let layout = Layout::new(figure);
    let svg = draw(figure, &layout);
    let panels: Vec<Value> = (figure.panels.iter().zip(&layout.panels))
        .filter(|(panel, _)| panel.kind == PanelKind::Xy)
        .map(|(panel, place)| {
            let [x, y, w, h] =
                [place.inner.x, place.inner.y, place.inner.width, place.inner.height];
            json!({
                "box": [x, y, w, h],
                "x": scale(&place.x),
                "y": scale(&place.y),
                "lines": panel.traces.iter().filter_map(points).collect::<Vec<Value>>(),
            })
        })
        .collect();
    let title = figure.title.as_deref().unwrap_or("thalweg").replace("{linebreak}", " ");
    let title = escaped(&title);
    // Within a script, "</script" would end it.
    let data = json!(panels).to_string().replace('<', "\\u003c");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<div class=\"figure\">\n{svg}\
         <div class=\"tip\" hidden></div>\n</div>\n\
         <script type=\"application/json\" class=\"panels\">{data}</script>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn scale(scale: &Scale) -> Value {
    json!({ "low": scale.low, "high": scale.high, "log": scale.log })
}

/// What can be pointed at.
fn points(trace: &Trace) -> Option<Value> {
    match trace {
        Trace::Line(line) => {
            let (x, y) = thinned(line);
            Some(json!({ "name": line.name, "color": line.color, "x": x, "y": y }))
        }
        Trace::Markers(markers) => {
            let (name, color) = (&markers.name, &markers.color);
            Some(json!({ "name": name, "color": color, "x": markers.x, "y": markers.y }))
        }
        _ => None,
    }
}

fn thinned(line: &Line) -> (Vec<f64>, Vec<f64>) {
    let step = line.x.len().div_ceil(MOST_POINTS).max(1);
    let every = |column: &[f64]| column.iter().step_by(step).copied().collect();
    (every(&line.x), every(&line.y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{CriterionOptions, CriterionRun, criterion_figure};

    #[test]
    fn pages_need_no_network_and_names_cannot_break_out() {
        let names = ["</script><script>alert(1)</script>", "<img onerror=x>", "b"];
        let runs = names.map(|name| CriterionRun::new(name, vec![1.0, f64::NAN, 0.5]));
        let options =
            CriterionOptions { title: Some("a & b".into()), ..CriterionOptions::default() };
        let page = to_html(&criterion_figure(&runs, &options).unwrap());
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("@import"));
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(!page.contains("<img") && page.contains("<title>a &amp; b</title>"));
        assert!(page.contains("\"y\":[1.0,null,0.5]"));
    }

    #[test]
    fn long_lines_stay_small() {
        let run = CriterionRun::new("a", vec![1.0; 300_000]);
        let page = to_html(&criterion_figure(&[run], &CriterionOptions::default()).unwrap());
        assert!(page.len() < 600_000, "{}", page.len());
    }
}
