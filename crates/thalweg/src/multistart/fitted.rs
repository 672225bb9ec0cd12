//! Points where a bowl that is fitted to the explored ones has its minimum.
//!
//! Many objectives with many local minima have one shape at large (a funnel) and another at small (waves). A sample says little
//! about the waves and much about the funnel: where a separable quadratic
//!
//! ```text
//! f(x) ~ c + sum_i b_i t_i + a_i (t_i^2 - s_i t_i - 1),    t_i = (x_i - mean_i) / deviation_i,    s_i = mean of t_i^3
//! ```
//!
//! fitted to the sample has its minimum, there is good reason to look. It costs one evaluation, and the exploration treats the
//! point like any other: it is the start of a local run if its value is among the best. The same is done with the local optima, which
//! have no waves left, as soon as there are enough of them.

/// The shares of the sample, the best points of each, to which a bowl is fitted.
const SHARES: [f64; 3] = [1.0, 0.5, 0.25];
/// The most coordinates for which bowls are fitted.
const MOST_COORDINATES: usize = 300;
/// The most sweeps over the coordinates, and the change of the residual, relative to the values, at which they end.
const SWEEPS: usize = 20;
const SETTLED: f64 = 1e-4;

/// The minima of up to `count` bowls for points (of `n` coordinates) that are sorted by value, best first; one after the other.
/// Each is fitted to no fewer than `per_coefficient` points for each of its coefficients.
pub(super) fn fitted_points(
    points: &[&[f64]],
    values: &[f64],
    n: usize,
    count: usize,
    per_coefficient: usize,
) -> Vec<f64> {
    let mut minima = Vec::new();
    if !can_fit(n) {
        return minima;
    }
    for share in SHARES.into_iter().take(count) {
        let kept = (points.len() as f64 * share) as usize;
        if kept >= per_coefficient * (2 * n + 1) {
            minima.extend(bowl_minimum(&points[..kept], &values[..kept], n));
        }
    }
    minima
}

/// Whether bowls are fitted to points of `n` coordinates.
pub(super) fn can_fit(n: usize) -> bool {
    n <= MOST_COORDINATES
}

/// One coordinate of the fit: the two functions of its standardized values, and their coefficients.
struct Coordinate {
    mean: f64,
    deviation: f64,
    skewness: f64,
    linear: Column,
    quadratic: Column,
    b: f64,
    a: f64,
}

/// A function at every point, and its sum of squares.
struct Column {
    entries: Vec<f64>,
    size: f64,
}

impl Column {
    fn new(entries: Vec<f64>) -> Self {
        let size = entries.iter().map(|f| f * f).sum();
        Column { entries, size }
    }

    /// Take the multiple that explains most of the residual out of it; returns the factor and the sum of squares.
    fn explain(&self, residual: &mut [f64]) -> (f64, f64) {
        if self.size <= 0.0 {
            return (0.0, 0.0);
        }
        let product: f64 = self.entries.iter().zip(&*residual).map(|(f, r)| f * r).sum();
        let share = product / self.size;
        residual.iter_mut().zip(&self.entries).for_each(|(r, f)| *r -= share * f);
        (share, share * share * self.size)
    }
}

impl Coordinate {
    fn new(x: &[f64]) -> Self {
        let count = x.len() as f64;
        let mean = x.iter().sum::<f64>() / count;
        let deviation = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
        let scale = if deviation > 0.0 { deviation } else { 1.0 };
        let linear: Vec<f64> = x.iter().map(|x| (x - mean) / scale).collect();
        let skewness = linear.iter().map(|t| t.powi(3)).sum::<f64>() / count;
        let quadratic = linear.iter().map(|t| t * t - skewness * t - 1.0).collect();
        let (linear, quadratic) = (Column::new(linear), Column::new(quadratic));
        Coordinate { mean, deviation, skewness, linear, quadratic, b: 0.0, a: 0.0 }
    }

    /// Move what the two functions explain of the residual into their coefficients; returns the sum of squares that moved.
    fn fit(&mut self, residual: &mut [f64]) -> f64 {
        let (b, linear) = self.linear.explain(residual);
        let (a, quadratic) = self.quadratic.explain(residual);
        self.b += b;
        self.a += a;
        linear + quadratic
    }

    /// Where the coordinate's part of the bowl is lowest, if it is one.
    fn minimum(&self) -> Option<f64> {
        let t = (self.a * self.skewness - self.b) / (2.0 * self.a);
        (self.a > 0.0 && t.is_finite()).then_some(self.mean + self.deviation * t)
    }
}

/// The minimum of the bowl that fits best, within the range of the points. A coordinate in which it is no bowl keeps the mean of
/// the points.
fn bowl_minimum(points: &[&[f64]], values: &[f64], n: usize) -> Vec<f64> {
    let column = |i: usize| points.iter().map(|point| point[i]).collect::<Vec<f64>>();
    let mut coordinates: Vec<Coordinate> = (0..n).map(|i| Coordinate::new(&column(i))).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut residual: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let size: f64 = residual.iter().map(|r| r * r).sum();
    for _ in 0..SWEEPS {
        let change: f64 = coordinates.iter_mut().map(|axis| axis.fit(&mut residual)).sum();
        if change <= SETTLED * SETTLED * size {
            break;
        }
    }
    let place = |(i, coordinate): (usize, &Coordinate)| {
        let range = points.iter().map(|point| point[i]);
        let (lower, upper) =
            range.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, u), x| (l.min(x), u.max(x)));
        coordinate.minimum().unwrap_or(coordinate.mean).clamp(lower, upper)
    };
    coordinates.iter().enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_core::Rng;

    #[test]
    fn the_minimum_of_a_bowl_is_found_beneath_waves() {
        let mut rng = Rng::new(1);
        let fun = |x: &[f64]| -> f64 {
            x.iter().map(|x| (x - 1.0).powi(2) + 5.0 * (9.0 * x).cos()).sum()
        };
        let mut sample: Vec<Vec<f64>> =
            (0..300).map(|_| (0..3).map(|_| rng.uniform_in(-4.0, 7.0)).collect()).collect();
        sample.sort_by(|a, b| fun(a).total_cmp(&fun(b)));
        let values: Vec<f64> = sample.iter().map(|x| fun(x)).collect();
        let points: Vec<&[f64]> = sample.iter().map(Vec::as_slice).collect();
        let minima = fitted_points(&points, &values, 3, 3, 3);
        assert_eq!(minima.len(), 9);
        assert!(minima[..3].iter().all(|x| (x - 1.0).abs() < 0.2), "{minima:?}");
    }

    #[test]
    fn where_there_is_no_bowl_it_is_the_middle() {
        let sample: Vec<f64> = (0..40).map(f64::from).collect();
        let mut points: Vec<&[f64]> = sample.chunks_exact(1).collect();
        let fun = |x: f64| -x * x;
        points.sort_by(|a, b| fun(a[0]).total_cmp(&fun(b[0])));
        let values: Vec<f64> = points.iter().map(|x| fun(x[0])).collect();
        assert_eq!(fitted_points(&points, &values, 1, 1, 3), [19.5]);
        assert!(fitted_points(&points[..8], &values[..8], 1, 1, 3).is_empty(), "too few points");
    }
}
