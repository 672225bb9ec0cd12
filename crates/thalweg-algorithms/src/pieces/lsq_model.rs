//! Quadratic models: that of half a sum of squares, m(s) = g's + (|J s|^2 + s'C s) / 2 with a diagonal C, and one with any matrix.

use thalweg_linalg::dot;

/// The model around the current point; m(0) = 0.
#[derive(Clone, Copy, Debug)]
pub struct LsqModel<'a> {
    /// J, m x n row-major.
    pub jacobian: &'a [f64],
    /// g = J'r.
    pub gradient: &'a [f64],
    /// The diagonal of C.
    pub diagonal: &'a [f64],
}

/// A quadratic model m(s) = g's + s'B s / 2.
pub trait Quadratic {
    /// g.
    fn gradient(&self) -> &[f64];

    /// u'B v.
    fn curvature(&self, u: &[f64], v: &[f64]) -> f64;

    /// m(s).
    fn value(&self, s: &[f64]) -> f64 {
        0.5 * self.curvature(s, s) + dot(self.gradient(), s)
    }

    /// t -> m(s + t d).
    fn along(&self, s: &[f64], d: &[f64]) -> Parabola {
        Parabola {
            square: 0.5 * self.curvature(d, d),
            slope: dot(self.gradient(), d) + self.curvature(s, d),
            constant: self.value(s),
        }
    }

    /// t -> m(t d).
    fn ray(&self, d: &[f64]) -> Parabola {
        let square = 0.5 * self.curvature(d, d);
        Parabola { square, slope: dot(self.gradient(), d), constant: 0.0 }
    }
}

impl Quadratic for LsqModel<'_> {
    fn gradient(&self) -> &[f64] {
        self.gradient
    }

    /// u'(J'J + C)v.
    fn curvature(&self, u: &[f64], v: &[f64]) -> f64 {
        let rows = self.jacobian.chunks_exact(self.gradient.len());
        let squares: f64 = rows.map(|row| dot(row, u) * dot(row, v)).sum();
        squares + (0..u.len()).map(|j| u[j] * self.diagonal[j] * v[j]).sum::<f64>()
    }
}

/// A model with a matrix of its own, n x n row-major and symmetric.
#[derive(Clone, Copy, Debug)]
pub struct DenseModel<'a> {
    /// g.
    pub gradient: &'a [f64],
    /// B.
    pub matrix: &'a [f64],
}

impl Quadratic for DenseModel<'_> {
    fn gradient(&self) -> &[f64] {
        self.gradient
    }

    fn curvature(&self, u: &[f64], v: &[f64]) -> f64 {
        let rows = self.matrix.chunks_exact(self.gradient.len());
        rows.zip(u).map(|(row, u)| u * dot(row, v)).sum()
    }
}

/// t -> square t^2 + slope t + constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parabola {
    /// The factor of t^2.
    pub square: f64,
    /// The factor of t.
    pub slope: f64,
    /// The value at 0.
    pub constant: f64,
}

impl Parabola {
    /// The minimizer in [low, high] and the value there; the first of equal ones, low before high before the vertex.
    pub fn minimize(&self, low: f64, high: f64) -> (f64, f64) {
        let value = |t: f64| t * (self.square * t + self.slope) + self.constant;
        let mut best = (low, value(low));
        let vertex = -0.5 * self.slope / self.square;
        let inside = self.square != 0.0 && low < vertex && vertex < high;
        for t in [high].into_iter().chain(inside.then_some(vertex)) {
            if value(t) < best.1 {
                best = (t, value(t));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_agree_with_the_model() {
        let (jacobian, gradient, diagonal) = ([1.0, 2.0, 0.5, -1.0], [0.3, -0.7], [0.1, 0.0]);
        let model = LsqModel { jacobian: &jacobian, gradient: &gradient, diagonal: &diagonal };
        let (s, d) = ([0.2, 0.4], [1.0, -0.5]);
        let line = model.along(&s, &d);
        let value = line.square * 9.0 + line.slope * 3.0 + line.constant;
        assert!((value - model.value(&[3.2, -1.1])).abs() < 1e-14);
        assert_eq!(model.ray(&d), model.along(&[0.0; 2], &d));
        let matrix = [1.25 + 0.1, 1.5, 1.5, 5.0];
        let dense = DenseModel { gradient: &gradient, matrix: &matrix };
        assert!((dense.value(&s) - model.value(&s)).abs() < 1e-14);
        assert!((dense.curvature(&s, &d) - model.curvature(&s, &d)).abs() < 1e-14);
    }

    #[test]
    fn minimum_of_a_parabola_on_an_interval() {
        let cup = Parabola { square: 1.0, slope: -2.0, constant: 0.0 };
        assert_eq!(cup.minimize(0.0, 3.0), (1.0, -1.0));
        assert_eq!(cup.minimize(2.0, 3.0), (2.0, 0.0));
        let cap = Parabola { square: -1.0, slope: 0.0, constant: 0.0 };
        assert_eq!(cap.minimize(-1.0, 2.0), (2.0, -4.0));
        let line = Parabola { square: 0.0, slope: 1.0, constant: 0.0 };
        assert_eq!(line.minimize(0.0, 2.0), (0.0, 0.0));
    }
}
