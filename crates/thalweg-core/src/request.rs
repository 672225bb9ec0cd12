//! What an algorithm can ask, and the columns in which it is answered.

use std::ops::BitOr;

/// The set of quantities asked for at each point of a [`Request`].
///
/// ```
/// use thalweg_core::Want;
/// let want = Want::VALUE | Want::GRADIENT;
/// assert!(want.contains(Want::GRADIENT) && !want.contains(Want::RESIDUALS));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Want(u16);

impl Want {
    /// The objective's value (scalar; the aggregate of residuals or contributions where the objective has these).
    pub const VALUE: Want = Want(1);
    /// The gradient of the value.
    pub const GRADIENT: Want = Want(2);
    /// The residuals of a least-squares objective.
    pub const RESIDUALS: Want = Want(4);
    /// The Jacobian of the residuals.
    pub const JACOBIAN: Want = Want(8);
    /// The contributions of a likelihood objective.
    pub const CONTRIBUTIONS: Want = Want(16);
    /// The Jacobian of the contributions ("scores").
    pub const SCORES: Want = Want(32);
    /// The values of the nonlinear constraints.
    pub const CONSTRAINTS: Want = Want(64);
    /// The Jacobian of the nonlinear constraints.
    pub const CONSTRAINT_JACOBIAN: Want = Want(128);
    /// The Hessian of the value.
    pub const HESSIAN: Want = Want(256);
    /// The product of the Hessian of the value with the direction that comes with each point.
    pub const HESSIAN_PRODUCT: Want = Want(512);

    /// Whether everything in `other` is wanted.
    #[inline]
    pub fn contains(self, other: Want) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether anything in `other` is wanted.
    #[inline]
    pub fn intersects(self, other: Want) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether a value of the objective (value, residuals or contributions) is wanted: such a point counts as one
    /// evaluation of the objective.
    #[inline]
    pub fn is_evaluation(self) -> bool {
        self.intersects(Want::VALUE | Want::RESIDUALS | Want::CONTRIBUTIONS)
    }

    /// Whether a (first) derivative of the objective is wanted.
    #[inline]
    pub fn is_derivative(self) -> bool {
        self.intersects(Want::GRADIENT | Want::JACOBIAN | Want::SCORES)
    }

    /// Whether a second derivative of the objective is wanted, or its product with a direction.
    #[inline]
    pub fn is_second_derivative(self) -> bool {
        self.intersects(Want::HESSIAN | Want::HESSIAN_PRODUCT)
    }

    /// Whether the nonlinear constraints or their derivatives are wanted.
    #[inline]
    pub fn is_constraint(self) -> bool {
        self.intersects(Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN)
    }

    /// What is wanted here and not in `other`.
    #[inline]
    pub fn without(self, other: Want) -> Want {
        Want(self.0 & !other.0)
    }

    /// The set as a number, for logs and comparisons between runs.
    pub fn bits(self) -> u16 {
        self.0
    }
}

impl BitOr for Want {
    type Output = Want;
    #[inline]
    fn bitor(self, other: Want) -> Want {
        Want(self.0 | other.0)
    }
}

impl Want {
    /// Union that is usable in constants.
    pub const fn and(self, other: Want) -> Want {
        Want(self.0 | other.0)
    }
}

/// How a request is to be taken, where that is not as the run says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How many points count as one batch in histories; 0 for as many as are evaluated at the same time.
    pub batch_size: usize,
    /// Whether the run goes on where the objective fails, a penalty standing in for its value, or ends; none for what the run says.
    pub goes_on: Option<bool>,
    /// Whether the points are left out of the history of the result. They count, and are logged, as all others.
    pub unlisted: bool,
}

/// One or several independent points, and what is wanted at each of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request<'a> {
    /// What is wanted at each point.
    pub want: Want,
    /// The points, one after the other: `len() * dim` numbers.
    pub points: &'a [f64],
    /// The number of variables.
    pub dim: usize,
    /// The directions of products with Hessians, one for each point; empty unless products are wanted.
    pub directions: &'a [f64],
    /// How it is to be taken.
    pub manner: Manner,
}

impl<'a> Request<'a> {
    /// A request at one point.
    #[inline]
    pub fn one(want: Want, x: &'a [f64]) -> Self {
        Request { want, points: x, dim: x.len(), directions: &[], manner: Manner::default() }
    }

    /// A request for the product of the Hessian at a point with a direction.
    #[inline]
    pub fn product(x: &'a [f64], direction: &'a [f64]) -> Self {
        debug_assert_eq!(x.len(), direction.len());
        Request { directions: direction, ..Request::one(Want::HESSIAN_PRODUCT, x) }
    }

    /// A request at several points of `dim` variables each.
    #[inline]
    pub fn batch(want: Want, points: &'a [f64], dim: usize) -> Self {
        debug_assert!(dim > 0 && points.len().is_multiple_of(dim));
        Request { want, points, dim, directions: &[], manner: Manner::default() }
    }

    /// The number of points.
    #[inline]
    #[allow(clippy::len_without_is_empty)] // a request has at least one point
    pub fn len(&self) -> usize {
        self.points.len() / self.dim
    }

    /// The `i`-th point.
    #[inline]
    pub fn point(&self, i: usize) -> &'a [f64] {
        &self.points[i * self.dim..(i + 1) * self.dim]
    }

    /// The direction that comes with the `i`-th point.
    ///
    /// # Panics
    /// When no products are wanted.
    #[inline]
    pub fn direction(&self, i: usize) -> &'a [f64] {
        &self.directions[i * self.dim..(i + 1) * self.dim]
    }

    /// The points one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.points.chunks_exact(self.dim)
    }
}

/// The answers to a [`Request`] of k points, in columns; a column that was not wanted may hold anything.
///
/// The buffers are kept and reused between requests. All derivatives are row-major.
/// A point at which the objective is not finite has the value `+inf` (NaN included) or `-inf`; its derivatives,
/// residuals and contributions may then hold anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// k values. Residuals are always accompanied by their sum of squares, contributions by their sum.
    pub values: Vec<f64>,
    /// k gradients of n entries.
    pub gradients: Vec<f64>,
    /// k vectors of m residuals.
    pub residuals: Vec<f64>,
    /// k Jacobians of m rows and n columns.
    pub jacobians: Vec<f64>,
    /// k vectors of m contributions.
    pub contributions: Vec<f64>,
    /// k matrices of m rows (contributions) and n columns.
    pub scores: Vec<f64>,
    /// k vectors of c constraint values.
    pub constraints: Vec<f64>,
    /// k Jacobians of c rows and n columns.
    pub constraint_jacobians: Vec<f64>,
    /// k Hessians of n rows and n columns, symmetric to the last bit.
    pub hessians: Vec<f64>,
    /// k products of Hessians with directions, of n entries.
    pub products: Vec<f64>,
}

impl Values {
    /// Size every wanted column for `k` points of `n` variables, `m` residuals or contributions and `c` constraints.
    pub fn prepare(&mut self, want: Want, k: usize, n: usize, m: usize, c: usize) {
        let resize = |column: &mut Vec<f64>, len: usize| {
            if column.len() != len {
                column.clear();
                column.resize(len, 0.0);
            }
        };
        resize(&mut self.values, k);
        for (flag, column, len) in [
            (Want::GRADIENT, &mut self.gradients, k * n),
            (Want::RESIDUALS, &mut self.residuals, k * m),
            (Want::JACOBIAN, &mut self.jacobians, k * m * n),
            (Want::CONTRIBUTIONS, &mut self.contributions, k * m),
            (Want::SCORES, &mut self.scores, k * m * n),
            (Want::CONSTRAINTS, &mut self.constraints, k * c),
            (Want::CONSTRAINT_JACOBIAN, &mut self.constraint_jacobians, k * c * n),
            (Want::HESSIAN, &mut self.hessians, k * n * n),
            (Want::HESSIAN_PRODUCT, &mut self.products, k * n),
        ] {
            if want.intersects(flag) {
                resize(column, len);
            }
        }
    }

    /// Append the `count` answers of `other` that start at its point `from`, both answering requests for `want`.
    /// Used by drivers that split and merge batches.
    pub fn append(&mut self, other: &Values, want: Want, from: usize, count: usize, of: usize) {
        let copy = |to: &mut Vec<f64>, source: &[f64]| {
            let width = source.len() / of.max(1);
            to.extend_from_slice(&source[from * width..(from + count) * width]);
        };
        copy(&mut self.values, &other.values);
        for (flag, to, source) in [
            (Want::GRADIENT, &mut self.gradients, &other.gradients),
            (Want::RESIDUALS, &mut self.residuals, &other.residuals),
            (Want::JACOBIAN, &mut self.jacobians, &other.jacobians),
            (Want::CONTRIBUTIONS, &mut self.contributions, &other.contributions),
            (Want::SCORES, &mut self.scores, &other.scores),
            (Want::CONSTRAINTS, &mut self.constraints, &other.constraints),
            (
                Want::CONSTRAINT_JACOBIAN,
                &mut self.constraint_jacobians,
                &other.constraint_jacobians,
            ),
            (Want::HESSIAN, &mut self.hessians, &other.hessians),
            (Want::HESSIAN_PRODUCT, &mut self.products, &other.products),
        ] {
            if want.intersects(flag) {
                copy(to, source);
            }
        }
    }

    /// Empty every column, keeping the memory.
    pub fn clear(&mut self) {
        for column in [
            &mut self.values,
            &mut self.gradients,
            &mut self.residuals,
            &mut self.jacobians,
            &mut self.contributions,
            &mut self.scores,
            &mut self.constraints,
            &mut self.constraint_jacobians,
            &mut self.hessians,
            &mut self.products,
        ] {
            column.clear();
        }
    }
}

/// The end of one iteration of an algorithm: the accepted point and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration<'a> {
    /// The current point.
    pub x: &'a [f64],
    /// The objective's value there, as the algorithm sees it (smaller is better).
    pub value: f64,
}
