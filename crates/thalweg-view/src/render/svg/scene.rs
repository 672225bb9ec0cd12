//! Surfaces in space, in perspective; what is farther away is painted first.

use crate::figure::{Axis, Panel};
use crate::render::colorscale;
use crate::render::scale::{Scale, Ticks};
use crate::render::svg::canvas::{Anchor, Canvas, Rect, Text, number, polyline};
use crate::render::svg::extent;
use crate::render::svg::layout::PanelBox;
use crate::render::text::{escaped, lines, shortened};
use crate::trace::{Surface, Trace};

type Vector = [f64; 3];

/// Half the sizes of the box around the surface.
const HALF: Vector = [0.5, 0.5, 0.45];
const CAMERA: Vector = [2.0, 2.0, 0.5];
const FONT: f64 = 11.0;
const TICKS: usize = 4;
/// Room for what is written around the box, in pixels.
const AROUND: [f64; 2] = [42.0, 28.0];

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The eye, and how its picture lies on the page.
struct View {
    /// From the middle of the box to the eye, of length one.
    towards: Vector,
    right: Vector,
    up: Vector,
    distance: f64,
    scale: f64,
    origin: (f64, f64),
}

impl View {
    fn new(camera: Vector, rect: &Rect) -> Self {
        let distance = dot(camera, camera).sqrt();
        let flat = camera[0].hypot(camera[1]);
        let usable = distance.is_finite() && distance > 1.0 && flat > 1e-6;
        let (camera, distance, flat) =
            if usable { (camera, distance, flat) } else { (CAMERA, 8.25f64.sqrt(), 8f64.sqrt()) };
        let towards = camera.map(|c| c / distance);
        let right = [-camera[1] / flat, camera[0] / flat, 0.0];
        let up = [
            towards[1] * right[2] - towards[2] * right[1],
            towards[2] * right[0] - towards[0] * right[2],
            towards[0] * right[1] - towards[1] * right[0],
        ];
        let mut view = View { towards, right, up, distance, scale: 1.0, origin: (0.0, 0.0) };
        view.fit(rect);
        view
    }

    /// Choose scale and origin so that the box fits into `rect`.
    fn fit(&mut self, rect: &Rect) {
        let signs = [-1.0, 1.0];
        let corners = signs.map(|i| signs.map(|j| signs.map(|k| self.at(corner(i, j, k)))));
        let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
        for (x, y) in corners.into_iter().flatten().flatten() {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        let (width, height) = (high.0 - low.0, high.1 - low.1);
        let room = |length: f64, around: f64| (length - 2.0 * around).max(0.3 * length);
        let scale =
            (room(rect.width, AROUND[0]) / width).min(room(rect.height, AROUND[1]) / height);
        let middle = (0.5 * (low.0 + high.0), 0.5 * (low.1 + high.1));
        self.origin = (rect.middle_x() - scale * middle.0, rect.middle_y() - scale * middle.1);
        self.scale = scale;
    }

    /// The pixel of a point of the box.
    fn at(&self, point: Vector) -> (f64, f64) {
        let nearer = self.distance / (self.distance - dot(point, self.towards));
        let (x, y) = (dot(point, self.right) * nearer, -dot(point, self.up) * nearer);
        (self.origin.0 + self.scale * x, self.origin.1 + self.scale * y)
    }
}

fn corner(x: f64, y: f64, z: f64) -> Vector {
    [x * HALF[0], y * HALF[1], z * HALF[2]]
}

/// The box, with its axes.
struct Scene {
    view: View,
    scales: [Scale; 3],
}

impl Scene {
    fn new(panel: &Panel, rect: &Rect) -> Self {
        let mut cameras = panel.traces.iter().filter_map(|trace| match trace {
            Trace::Surface(surface) => Some(surface.camera),
            _ => None,
        });
        let view = View::new(cameras.next_back().unwrap_or(CAMERA), rect);
        let no_axis = Axis::new("");
        let z = panel.z.as_ref().unwrap_or(&no_axis);
        let scales = [
            Scale::new(&panel.x, extent::xs(panel), 0.0),
            Scale::new(&panel.y, extent::ys(panel), 0.0),
            Scale::new(z, extent::zs(panel), 0.02),
        ];
        Scene { view, scales }
    }

    /// The place in the box of a point of the data.
    fn place(&self, point: Vector) -> Vector {
        std::array::from_fn(|k| (2.0 * self.scales[k].share(point[k]) - 1.0) * HALF[k])
    }
}

pub(crate) fn draw(canvas: &mut Canvas, panel: &Panel, place: &PanelBox) {
    let scene = Scene::new(panel, &place.outer);
    walls(canvas, &scene);
    for trace in &panel.traces {
        if let Trace::Surface(surface) = trace {
            draw_surface(canvas, surface, &scene);
        }
    }
    axes(canvas, panel, &scene, &place.outer);
    for trace in &panel.traces {
        let Trace::Markers3d(markers) = trace else { continue };
        let look =
            format!("fill=\"{}\" stroke=\"#ffffff\" stroke-width=\"1\"", escaped(&markers.color));
        for i in 0..markers.x.len().min(markers.y.len()).min(markers.z.len()) {
            let point = scene.place([markers.x[i], markers.y[i], markers.z[i]]);
            if point.iter().all(|c| c.is_finite()) {
                let (x, y) = scene.view.at(point);
                canvas.circle(x, y, 0.5 * markers.size + 1.0, &look);
            }
        }
    }
}

/// The floor and the two walls behind the surface, with lines at the ticks.
fn walls(canvas: &mut Canvas, scene: &Scene) {
    let [near_x, near_y] = [scene.view.towards[0].signum(), scene.view.towards[1].signum()];
    let ticks: Vec<Ticks> = scene.scales.iter().map(|scale| scale.ticks(TICKS)).collect();
    // Each side: the coordinate that is fixed, and where.
    for (fixed, at) in [(2, -1.0), (0, -near_x), (1, -near_y)] {
        let others: [usize; 2] = [(fixed + 1) % 3, (fixed + 2) % 3];
        let point = |a: f64, b: f64| {
            let mut signs = [0.0; 3];
            (signs[fixed], signs[others[0]], signs[others[1]]) = (at, a, b);
            scene.view.at(corner(signs[0], signs[1], signs[2]))
        };
        let outline = [point(-1.0, -1.0), point(1.0, -1.0), point(1.0, 1.0), point(-1.0, 1.0)];
        let d = polyline(&outline) + "Z";
        canvas.path(&d, "fill=\"#f7f7f7\" stroke=\"#c8c8c8\" stroke-width=\"0.8\"");
        let mut lines = String::new();
        for share in &ticks[others[0]].places {
            let a = 2.0 * share - 1.0;
            lines += &polyline(&[point(a, -1.0), point(a, 1.0)]);
        }
        for share in &ticks[others[1]].places {
            let b = 2.0 * share - 1.0;
            lines += &polyline(&[point(-1.0, b), point(1.0, b)]);
        }
        canvas.path(&lines, "fill=\"none\" stroke=\"#e0e0e0\" stroke-width=\"0.7\"");
    }
}

/// A part of a surface between four points of its grid.
struct Cell {
    /// How near it is.
    depth: f64,
    /// How high it is, 0 to 1.
    share: f64,
    corners: [(f64, f64); 4],
}

fn draw_surface(canvas: &mut Canvas, surface: &Surface, scene: &Scene) {
    let mut cells: Vec<Cell> = Vec::new();
    for (j, rows) in surface.z.windows(2).enumerate().filter(|(j, _)| j + 1 < surface.y.len()) {
        let n = rows[0].len().min(rows[1].len()).min(surface.x.len());
        for i in 0..n.saturating_sub(1) {
            let point = |di: usize, dj: usize| {
                scene.place([surface.x[i + di], surface.y[j + dj], rows[dj][i + di]])
            };
            let corners = [point(0, 0), point(1, 0), point(1, 1), point(0, 1)];
            if corners.iter().flatten().all(|c| c.is_finite()) {
                let depth = corners.iter().map(|&c| dot(c, scene.view.towards)).sum::<f64>();
                let height = corners.iter().map(|c| c[2]).sum::<f64>() / 4.0;
                let share = 0.5 * (height / HALF[2] + 1.0);
                cells.push(Cell { depth, share, corners: corners.map(|c| scene.view.at(c)) });
            }
        }
    }
    cells.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let opacity = number(surface.opacity.clamp(0.0, 1.0));
    canvas.open(&format!(
        "<g class=\"surface\" fill-opacity=\"{opacity}\" stroke=\"#173b46\" stroke-opacity=\"0.35\" \
         stroke-width=\"0.5\" stroke-linejoin=\"round\">"
    ));
    for Cell { share, corners, .. } in cells {
        let color = colorscale::color(&surface.colorscale, share);
        canvas.path(&(polyline(&corners) + "Z"), &format!("fill=\"{color}\""));
    }
    canvas.close("</g>");
}

/// Numbers and names: of the first two axes along the near edges of the floor, of the third along the left edge.
fn axes(canvas: &mut Canvas, panel: &Panel, scene: &Scene, outer: &Rect) {
    let [near_x, near_y] = [scene.view.towards[0].signum(), scene.view.towards[1].signum()];
    let middle = scene.view.at([0.0; 3]);
    for (k, label) in [(0, &panel.x.label), (1, &panel.y.label)] {
        let out = |along: f64, by: f64| {
            let signs =
                if k == 0 { [along, near_y * by, -1.0] } else { [near_x * by, along, -1.0] };
            scene.view.at(corner(signs[0], signs[1], signs[2]))
        };
        let ticks = scene.scales[k].ticks(TICKS);
        let is_left = out(0.0, 1.0).0 < middle.0;
        let anchor = if is_left { Anchor::End } else { Anchor::Start };
        let mut marks = polyline(&[out(-1.0, 1.0), out(1.0, 1.0)]);
        for (share, number) in ticks.places.iter().zip(&ticks.labels) {
            let along = 2.0 * share - 1.0;
            marks += &polyline(&[out(along, 1.0), out(along, 1.05)]);
            let (x, y) = out(along, 1.06);
            let aside = if is_left { -2.0 } else { 2.0 };
            let at = Text::tick(x + aside, y + 0.9 * FONT, anchor);
            canvas.text(number, Text { size: FONT, ..at });
        }
        canvas.path(&marks, "fill=\"none\" stroke=\"#2a2a2a\" stroke-width=\"0.9\"");
        let (x, y) = out(0.0, 1.0);
        let name = match &ticks.power {
            Some(power) => format!("{label} {power}"),
            None => label.clone(),
        };
        let at = Text::tick(x + if is_left { -24.0 } else { 24.0 }, y + 30.0, anchor);
        let room = if is_left { at.x - outer.x } else { outer.right() - at.x };
        let size = FONT + 1.0;
        canvas.text(&shortened(&name, size, room - 2.0), Text { size, ..at });
    }
    third_axis(canvas, panel, scene, [near_x, near_y]);
}

fn third_axis(canvas: &mut Canvas, panel: &Panel, scene: &Scene, near: [f64; 2]) {
    let [near_x, near_y] = near;
    let edges = [(near_x, -near_y), (-near_x, near_y)];
    let left = |&(x, y): &(f64, f64)| scene.view.at(corner(x, y, 0.0)).0;
    let leftmost = edges.into_iter().min_by(|a, b| left(a).total_cmp(&left(b)));
    let (x_sign, y_sign) = leftmost.unwrap_or(edges[0]);
    let at = |along: f64| scene.view.at(corner(x_sign, y_sign, along));
    let ticks = scene.scales[2].ticks(TICKS);
    let mut marks = polyline(&[at(-1.0), at(1.0)]);
    for (share, number) in ticks.places.iter().zip(&ticks.labels) {
        // There, the numbers of another axis begin.
        if *share < 0.06 {
            continue;
        }
        let (x, y) = at(2.0 * share - 1.0);
        marks += &polyline(&[(x, y), (x - 4.0, y)]);
        let text = Text::tick(x - 7.0, y + 0.36 * FONT, Anchor::End);
        canvas.text(number, Text { size: FONT, ..text });
    }
    canvas.path(&marks, "fill=\"none\" stroke=\"#2a2a2a\" stroke-width=\"0.9\"");
    let label = panel.z.as_ref().map_or("", |z| z.label.as_str());
    let name = match &ticks.power {
        Some(power) => format!("{label} {power}"),
        None => label.to_string(),
    };
    let (x, y) = at(1.0);
    let above = 12.0 + FONT * (lines(&name).len() as f64 - 1.0);
    let text = Text::tick(x - 10.0, y - above, Anchor::Start);
    canvas.text(&name, Text { size: FONT + 1.0, ..text });
}
