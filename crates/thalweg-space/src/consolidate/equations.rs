//! Linear equations in reduced echelon form, and what is left of other rows on their solutions.

/// What is left of a weight, relative to the largest of its row, when it counts as zero.
pub(super) const ZERO: f64 = 1e-10;

/// `sum weights x = value`, with weight one at the pivot, where all other equations have zero.
#[derive(Clone, Debug)]
struct Equation {
    pivot: usize,
    weights: Vec<f64>,
    value: f64,
}

/// Equations, each solved for its pivot.
#[derive(Clone, Debug, Default)]
pub(super) struct Equations(Vec<Equation>);

impl Equations {
    /// How many equations there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether an equation determines the entry.
    pub(super) fn determine(&self, entry: usize) -> bool {
        self.0.iter().any(|equation| equation.pivot == entry)
    }

    /// Rewrites `weights x` as `reduced x + constant` without pivots; returns the constant.
    pub(super) fn reduce(&self, weights: &mut [f64]) -> f64 {
        let size = largest(weights);
        let mut constant = 0.0;
        for equation in &self.0 {
            let factor = weights[equation.pivot];
            if factor != 0.0 {
                weights.iter_mut().zip(&equation.weights).for_each(|(w, e)| *w -= factor * e);
                weights[equation.pivot] = 0.0;
                constant += factor * equation.value;
            }
        }
        weights.iter_mut().filter(|w| w.abs() <= ZERO * size).for_each(|w| *w = 0.0);
        constant
    }

    /// Adds an equation, unless it follows from those that are there; returns whether it was added.
    pub(super) fn add(&mut self, weights: &[f64], value: f64) -> bool {
        let mut reduced = weights.to_vec();
        let rest = value - self.reduce(&mut reduced);
        let Some(pivot) = (0..reduced.len())
            .filter(|&i| reduced[i] != 0.0)
            .reduce(|best, i| if reduced[i].abs() > reduced[best].abs() { i } else { best })
        else {
            return false;
        };
        let scale = reduced[pivot];
        reduced.iter_mut().for_each(|w| *w /= scale);
        let added = Equation { pivot, weights: reduced, value: rest / scale };
        for equation in &mut self.0 {
            let factor = equation.weights[pivot];
            equation.weights.iter_mut().zip(&added.weights).for_each(|(w, a)| *w -= factor * a);
            equation.weights[pivot] = 0.0;
            equation.value -= factor * added.value;
        }
        self.0.push(added);
        true
    }

    /// Fills in the pivots of `x`.
    pub(super) fn complete(&self, x: &mut [f64]) {
        for equation in &self.0 {
            let others = (0..x.len()).filter(|&i| i != equation.pivot);
            x[equation.pivot] =
                equation.value - others.map(|i| equation.weights[i] * x[i]).sum::<f64>();
        }
    }
}

/// The largest absolute value.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}
