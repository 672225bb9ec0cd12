//! The generalized Cauchy point: the first local minimizer of a quadratic model along the projected steepest-descent path.
//!
//! The path x(t) = P(x - t g), P the projection onto the bounds, is piecewise linear; it bends where a variable reaches a bound.
//! From one breakpoint to the next the model's slope f' and curvature f'' along the path are updated in O(m^2).
//!
//! | code | paper | meaning |
//! |---|---|---|
//! | `direction` | d | the direction of the current piece |
//! | `p` | p | W'd |
//! | `displacement` | c | W'(x^c - x) |
//! | `slope`, `curvature` | f', f'' | of the model along d |
//! | `to_minimum` | Delta t_min | from the start of the piece to the minimum along it |
//! | `row` | w_b | the row of W of the variable that reaches its bound |
//!
//! Reference: algorithm CP, section 4 of R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, A limited memory algorithm for bound
//! constrained optimization, SIAM J. Sci. Comput. 16 (1995), <https://doi.org/10.1137/0916069>

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::compact_bfgs::{CompactBfgs, dot_products};
use super::step_pairs::Products;

/// The generalized Cauchy point; a reusable workspace.
#[derive(Clone, Debug)]
pub struct CauchyPoint {
    /// The point.
    pub point: Vec<f64>,
    /// Which variables are free there: not held by a bound.
    pub free: Vec<bool>,
    /// W'(point - x).
    pub displacement: Products,
    direction: Vec<f64>,
    /// In no order.
    breakpoints: Vec<Breakpoint>,
    p: Products,
    row: Products,
    product: Products,
}

/// Where the path bends because a variable reaches its bound. Orders by time, the earliest being the greatest.
#[derive(Clone, Copy, Debug)]
struct Breakpoint {
    time: f64,
    variable: usize,
}

impl Ord for Breakpoint {
    fn cmp(&self, other: &Self) -> Ordering {
        other.time.total_cmp(&self.time).then(other.variable.cmp(&self.variable))
    }
}

impl PartialOrd for Breakpoint {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Breakpoint {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Breakpoint {}

/// The point from which the path starts, within its bounds.
#[derive(Clone, Copy, Debug)]
pub struct BoxedPoint<'a> {
    /// The point x.
    pub x: &'a [f64],
    /// The gradient there.
    pub gradient: &'a [f64],
    /// The lower bounds, `-inf` where there is none.
    pub lower: &'a [f64],
    /// The upper bounds, `+inf` where there is none.
    pub upper: &'a [f64],
}

impl CauchyPoint {
    /// A workspace for `dim` variables and at most `capacity` pairs.
    pub fn new(dim: usize, capacity: usize) -> Self {
        CauchyPoint {
            point: vec![0.0; dim],
            free: vec![true; dim],
            displacement: Products::new(capacity),
            direction: vec![0.0; dim],
            breakpoints: Vec::with_capacity(dim),
            p: Products::new(capacity),
            row: Products::new(capacity),
            product: Products::new(capacity),
        }
    }

    /// Find the point for the model `model` around `at.x`.
    pub fn find(&mut self, model: &CompactBfgs, at: BoxedPoint<'_>) {
        let (len, theta) = (model.pairs().len(), model.theta());
        let (first_bend, moves_for_ever) = self.start(at);
        let squared: f64 = self.direction.iter().map(|d| d * d).sum();
        self.displacement.steps[..len].fill(0.0);
        self.displacement.changes[..len].fill(0.0);
        if squared == 0.0 {
            return;
        }

        let mut slope = -squared;
        let mut curvature = theta * squared;
        let least_curvature = f64::EPSILON * curvature;
        if len > 0 {
            model.project(&self.direction, &mut self.p);
            model.middle_product(&self.p, &mut self.product);
            curvature -= dot_products(&self.p, &self.product, len);
        }
        let mut to_minimum = -slope / curvature;
        let mut time = 0.0;

        // The breakpoints have to be in order only if the minimum is not before all of them.
        let is_straight = to_minimum < first_bend;
        let breakpoints =
            if is_straight { Vec::new() } else { std::mem::take(&mut self.breakpoints) };
        let mut ahead = BinaryHeap::from(breakpoints);
        while let Some(next) = ahead.pop() {
            let piece = next.time - time;
            if to_minimum < piece {
                break;
            }
            time = next.time;
            let b = next.variable;
            let d = std::mem::take(&mut self.direction[b]);
            let bound = if d > 0.0 { at.upper[b] } else { at.lower[b] };
            let moved = bound - at.x[b];
            (self.point[b], self.free[b]) = (bound, false);

            slope += piece * curvature + d * d - theta * d * moved;
            curvature -= theta * d * d;
            if len > 0 {
                add(&mut self.displacement, piece, &self.p, len);
                model.row(b, &mut self.row);
                model.middle_product(&self.row, &mut self.product);
                slope += d * dot_products(&self.displacement, &self.product, len);
                curvature += 2.0 * d * dot_products(&self.p, &self.product, len)
                    - d * d * dot_products(&self.row, &self.product, len);
                add(&mut self.p, -d, &self.row, len);
            }
            // Rounding must not turn a convex model into a concave one.
            curvature = curvature.max(least_curvature);
            let at_end = ahead.is_empty() && !moves_for_ever;
            to_minimum = if at_end { 0.0 } else { -slope / curvature };
        }

        if !is_straight {
            self.breakpoints = ahead.into_vec();
        }
        let last = to_minimum.max(0.0);
        time += last;
        add(&mut self.displacement, last, &self.p, len);
        for (i, d) in self.direction.iter().enumerate() {
            if *d != 0.0 {
                self.point[i] = (at.x[i] + time * d).max(at.lower[i]).min(at.upper[i]);
            }
        }
    }

    /// The first piece of the path and all breakpoints. Returns the time of the first one, and whether some variable meets no bound
    /// on its way.
    fn start(&mut self, at: BoxedPoint<'_>) -> (f64, bool) {
        self.breakpoints.clear();
        self.point.copy_from_slice(at.x);
        let (mut first_bend, mut moves_for_ever) = (f64::INFINITY, false);
        for (i, &gradient) in at.gradient.iter().enumerate() {
            let (x, d) = (at.x[i], -gradient);
            let held = (x <= at.lower[i] && d <= 0.0) || (x >= at.upper[i] && d >= 0.0);
            self.free[i] = !held;
            self.direction[i] = if held { 0.0 } else { d };
            let bound = if d < 0.0 { at.lower[i] } else { at.upper[i] };
            if held || d == 0.0 {
                continue;
            }
            if bound.is_finite() {
                let time = (bound - x) / d;
                first_bend = first_bend.min(time);
                self.breakpoints.push(Breakpoint { time, variable: i });
            } else {
                moves_for_ever = true;
            }
        }
        (first_bend, moves_for_ever)
    }
}

/// `target += factor other`
fn add(target: &mut Products, factor: f64, other: &Products, len: usize) {
    for j in 0..len {
        target.steps[j] += factor * other.steps[j];
        target.changes[j] += factor * other.changes[j];
    }
}

#[cfg(test)]
mod tests {
    use super::super::compact_bfgs::tests::example;
    use super::*;
    use thalweg_linalg::dot;

    fn model_value(b: &[f64], g: &[f64], step: &[f64]) -> f64 {
        let n = g.len();
        dot(g, step)
            + 0.5 * (0..n).map(|i| step[i] * dot(&b[i * n..(i + 1) * n], step)).sum::<f64>()
    }

    #[test]
    fn first_minimizer_along_the_bent_path() {
        let n = 6;
        for (count, width) in [(0, 0.3), (2, 0.05), (3, 0.2), (7, 0.2), (7, 1e3)] {
            let (model, b) = example(n, 4, count);
            let b = if count == 0 {
                (0..n * n).map(|k| f64::from(u8::from(k % (n + 1) == 0))).collect()
            } else {
                b
            };
            let x: Vec<f64> = (0..n).map(|i| if i == 2 { -width } else { 0.0 }).collect();
            let g: Vec<f64> = (0..n).map(|i| (1.3 * i as f64 + 0.4).cos()).collect();
            let (mut lower, mut upper) = (vec![-width; n], vec![2.0 * width; n]);
            (lower[1], upper[5]) = (f64::NEG_INFINITY, f64::INFINITY);
            let at = BoxedPoint { x: &x, gradient: &g, lower: &lower, upper: &upper };
            let mut cauchy = CauchyPoint::new(n, 4);
            cauchy.find(&model, at);

            // Walk along the path in small steps until the model rises.
            let step_at = |t: f64| -> Vec<f64> {
                (0..n).map(|i| (x[i] - t * g[i]).clamp(lower[i], upper[i]) - x[i]).collect()
            };
            let (mut t, dt) = (0.0, 1e-5);
            while model_value(&b, &g, &step_at(t + dt)) < model_value(&b, &g, &step_at(t)) {
                t += dt;
            }
            for (i, step) in step_at(t).iter().enumerate() {
                assert!((cauchy.point[i] - x[i] - step).abs() < 3e-5, "{count} {width} {i}");
                assert!((lower[i]..=upper[i]).contains(&cauchy.point[i]));
            }
            let step: Vec<f64> = cauchy.point.iter().zip(&x).map(|(z, x)| z - x).collect();
            let mut expected = Products::new(4);
            model.project(&step, &mut expected);
            for j in 0..model.pairs().len() {
                assert!((cauchy.displacement.steps[j] - expected.steps[j]).abs() < 1e-9);
                assert!((cauchy.displacement.changes[j] - expected.changes[j]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn stays_where_every_variable_is_held() {
        let model = CompactBfgs::new(2, 3);
        let at = BoxedPoint {
            x: &[0.0, 1.0],
            gradient: &[1.0, -1.0],
            lower: &[0.0, 0.0],
            upper: &[1.0, 1.0],
        };
        let mut cauchy = CauchyPoint::new(2, 3);
        cauchy.find(&model, at);
        assert_eq!((cauchy.point, cauchy.free), (vec![0.0, 1.0], vec![false, false]));
    }
}
