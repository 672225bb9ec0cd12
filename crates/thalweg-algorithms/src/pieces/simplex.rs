//! The simplex of Nelder-Mead methods: n + 1 vertices with their values, always in order from best to worst.
//!
//! Equal values keep their order, a new vertex behind the old ones of its value (the rule of Lagarias et al. 1998,
//! <https://doi.org/10.1137/S1052623496303470>, section 2).

use thalweg_core::{Extra, Finish, Problem, Stop, Test};

use super::vertex_sum::{self, VertexSum};

/// How far from a minimum its neighbours are, relative to each coordinate, in a check of the minimum.
const PROBE_STEP: f64 = 1e-5;

/// The multiples of a Nelder-Mead step, as in Lagarias et al. 1998.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// rho: how far the worst vertex is reflected.
    pub reflection: f64,
    /// chi: how far a good reflection is expanded.
    pub expansion: f64,
    /// psi: how far a bad reflection is contracted.
    pub contraction: f64,
    /// sigma: the factor by which the simplex shrinks toward its best vertex.
    pub shrink: f64,
}

impl Coefficients {
    /// Those of Nelder and Mead, or those of Gao and Han 2012 (<https://doi.org/10.1007/s10589-010-9329-3>, eq. 4.1), which
    /// depend on the number of variables and keep large simplices from collapsing.
    ///
    /// Both agree for two variables. For one variable, where the adaptive shrink factor would be zero, the former are used.
    pub fn new(adaptive: bool, n: usize) -> Self {
        let n = if adaptive { n.max(2) as f64 } else { 2.0 };
        Coefficients {
            reflection: 1.0,
            expansion: 1.0 + 2.0 / n,
            contraction: 0.75 - 1.0 / (2.0 * n),
            shrink: 1.0 - 1.0 / n,
        }
    }
}

/// The points of one step, kept to be used again.
#[derive(Clone, Debug)]
pub struct Trial {
    centroid: Vec<f64>,
    reflected: Vec<f64>,
    second: Vec<f64>,
}

impl Trial {
    /// Room for points of `n` variables.
    pub fn new(n: usize) -> Self {
        Trial { centroid: vec![0.0; n], reflected: vec![0.0; n], second: vec![0.0; n] }
    }
}

/// n + 1 vertices in n dimensions and their values, ranked from best (0) to worst (n).
#[derive(Clone, Debug)]
pub struct Simplex {
    dim: usize,
    /// The vertices one after the other, in the order in which they were given.
    points: Vec<f64>,
    values: Vec<f64>,
    /// `order[rank]` is the place of the vertex of that rank.
    order: Vec<usize>,
    /// In many dimensions.
    sum: Option<VertexSum>,
}

impl Simplex {
    /// Evaluate the `points` ((n + 1) * n numbers) in one batch.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn evaluate(problem: &mut Problem<'_>, points: Vec<f64>) -> Result<Self, Stop> {
        let values = problem.values(&points)?.to_vec();
        Ok(Simplex::new(problem.dim(), points, values))
    }

    /// A simplex of known `values` (n + 1) at `points` ((n + 1) * n).
    pub fn new(dim: usize, points: Vec<f64>, values: Vec<f64>) -> Self {
        let sum = (dim >= vertex_sum::FEWEST).then(|| VertexSum::new(dim, &points));
        let mut simplex = Simplex { dim, points, values, order: (0..=dim).collect(), sum };
        simplex.sort_from(0);
        simplex
    }

    /// The vertex of this rank (n entries).
    #[inline]
    pub fn vertex(&self, rank: usize) -> &[f64] {
        let start = self.order[rank] * self.dim;
        &self.points[start..start + self.dim]
    }

    /// The value at the vertex of this rank.
    #[inline]
    pub fn value(&self, rank: usize) -> f64 {
        self.values[self.order[rank]]
    }

    /// The mean of the `count` best vertices, summed from the best on (but for the mean of all except the worst in many dimensions).
    pub fn centroid(&self, count: usize, centroid: &mut [f64]) {
        let kept = self.sum.as_ref().filter(|_| count == self.dim);
        if kept.is_some_and(|sum| sum.mean_without(self.vertex(self.dim), centroid)) {
            return;
        }
        let mut done = 0;
        while done < self.dim {
            done += match self.dim - done {
                8.. => self.mean_of::<8>(done, count, centroid),
                2.. => self.mean_of::<2>(done, count, centroid),
                _ => self.mean_of::<1>(done, count, centroid),
            };
        }
    }

    /// `WIDTH` coordinates of the mean of the `count` best vertices; returns `WIDTH`. The sums stay in registers.
    #[inline]
    fn mean_of<const WIDTH: usize>(&self, at: usize, count: usize, mean: &mut [f64]) -> usize {
        let mut sums = [0.0; WIDTH];
        sums.copy_from_slice(&self.points[self.order[0] * self.dim + at..][..WIDTH]);
        for place in &self.order[1..count] {
            let vertex = &self.points[place * self.dim + at..][..WIDTH];
            (0..WIDTH).for_each(|k| sums[k] += vertex[k]);
        }
        mean[at..at + WIDTH].copy_from_slice(&sums.map(|sum| sum / count as f64));
        WIDTH
    }

    /// Put another vertex in the place of the one of this rank, and restore the order.
    pub fn replace(&mut self, rank: usize, x: &[f64], value: f64) {
        self.set(rank, x, value);
        if rank < self.dim {
            return self.sort_from(rank);
        }
        let (&place, others) = self.order.split_last().expect("a simplex has vertices");
        let new_rank = others.partition_point(|&other| self.values[other] <= value);
        self.order.copy_within(new_rank..rank, new_rank + 1);
        self.order[new_rank] = place;
    }

    /// Put other vertices and values in the place of those of ranks `first`, `first + 1`, ..., and restore the order.
    pub fn replace_from(&mut self, first: usize, points: &[f64], values: &[f64]) {
        for (i, (x, &value)) in points.chunks_exact(self.dim).zip(values).enumerate() {
            self.set(first + i, x, value);
        }
        self.sort_from(first);
    }

    /// Move every vertex but the best to `factor` times its distance from the best, and evaluate them in one batch.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn shrink(&mut self, problem: &mut Problem<'_>, factor: f64) -> Result<(), Stop> {
        let mut points = self.shrunk(factor);
        points.chunks_exact_mut(self.dim).for_each(|x| problem.clip(x));
        let values = problem.values(&points)?;
        self.replace_from(1, &points, values);
        Ok(())
    }

    /// Every vertex but the best, moved to `factor` times its distance from the best.
    pub fn shrunk(&self, factor: f64) -> Vec<f64> {
        let best = self.vertex(0);
        let mut points = Vec::with_capacity(self.dim * self.dim);
        for rank in 1..=self.dim {
            points.extend(self.vertex(rank).iter().zip(best).map(|(x, b)| b + factor * (x - b)));
        }
        points
    }

    /// One step of Nelder and Mead: reflect the worst vertex, then expand or contract. `value` may move the point that it is asked
    /// for (into the bounds). Returns whether a better vertex took the worst one's place; if not, the simplex has to shrink.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn step(
        &mut self,
        step: &Coefficients,
        trial: &mut Trial,
        mut value: impl FnMut(&mut [f64]) -> Result<f64, Stop>,
    ) -> Result<bool, Stop> {
        let n = self.dim;
        let Trial { centroid, reflected, second } = trial;
        self.centroid(n, centroid);
        let worst = self.vertex(n);
        let mut try_step = |multiple: f64, x: &mut Vec<f64>| {
            step_from(centroid, worst, multiple, x);
            value(x)
        };

        let f_reflected = try_step(step.reflection, reflected)?;
        let accepted = if f_reflected < self.value(0) {
            let f_second = try_step(step.reflection * step.expansion, second)?;
            let expand = f_second < f_reflected;
            Some(if expand { (second, f_second) } else { (reflected, f_reflected) })
        } else if f_reflected < self.value(n - 1) {
            Some((reflected, f_reflected))
        } else if f_reflected < self.value(n) {
            let f_second = try_step(step.reflection * step.contraction, second)?;
            (f_second <= f_reflected).then_some((second, f_second))
        } else {
            let f_second = try_step(-step.contraction, second)?;
            (f_second < self.value(n)).then_some((second, f_second))
        };
        let Some((x, value)) = accepted else { return Ok(false) };
        self.replace(n, x, value);
        Ok(true)
    }

    /// The first point that beats the best vertex among those one small step away from it in each coordinate, up and down,
    /// within the bounds: at most 2 n evaluations, in one batch.
    ///
    /// A simplex can lose a dimension, above all where trial points are moved onto bounds, and then shrinks to a point that is
    /// no minimum. Smooth objectives are found out by this.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn better_neighbour(&self, problem: &mut Problem<'_>) -> Result<Option<Vec<f64>>, Stop> {
        let best = self.vertex(0);
        let mut points = Vec::with_capacity(2 * self.dim * self.dim);
        for i in 0..self.dim {
            let (low, high, x) = (problem.lower()[i], problem.upper()[i], best[i]);
            let step = (PROBE_STEP * x.abs().max(1.0)).min(0.5 * (high - low));
            for there in [x + step, x - step] {
                if there > low && there < high {
                    points.extend_from_slice(best);
                    let start = points.len() - self.dim;
                    points[start + i] = there;
                }
            }
        }
        let values = problem.values(&points)?;
        let better = values.iter().position(|&value| value < self.value(0));
        Ok(better.map(|i| points[i * self.dim..(i + 1) * self.dim].to_vec()))
    }

    /// The difference between the worst and the best value; NaN when both are infinite.
    pub fn value_spread(&self) -> f64 {
        self.value(self.dim) - self.value(0)
    }

    /// The largest distance of a vertex from the best one, in any coordinate.
    pub fn size(&self) -> f64 {
        let best = self.vertex(0);
        let distances = self.points.chunks_exact(self.dim).map(|x| {
            x.iter().zip(best).fold(0.0_f64, |largest, (x, b)| largest.max((x - b).abs()))
        });
        distances.fold(0.0, f64::max)
    }

    /// Whether no vertex differs from the best one by more than the last digit, from where shrinking may not lead any nearer.
    fn is_a_point(&self) -> bool {
        let best = self.vertex(0);
        let is_same = |(x, b): (&f64, &f64)| (x - b).abs() <= f64::EPSILON * b.abs();
        self.points.chunks_exact(self.dim).all(|x| x.iter().zip(best).all(is_same))
    }

    /// Whether nothing more can come of this simplex, and why: for a shrunken simplex that meets no convergence test.
    pub fn is_spent(&self, smallest_size: f64) -> Option<String> {
        let size = self.size();
        if self.value(0) == f64::INFINITY && size <= smallest_size {
            Some(format!(
                "the objective is not finite at any vertex of a simplex of size {size:.3e}"
            ))
        } else if self.is_a_point() {
            let spread = self.value_spread();
            Some(format!(
                "the simplex is a single point but for rounding; the objective varies by {spread:.3e} there"
            ))
        } else {
            None
        }
    }

    /// The result of a run that met a `test`: the best vertex, with the whole simplex as a further output.
    pub fn converged(self, test: Test) -> Finish {
        let finish = Finish::converged(self.vertex(0).to_vec(), self.value(0), test);
        self.attach(finish)
    }

    /// The result of a run that cannot go on: the best vertex, with the whole simplex as a further output.
    pub fn stalled(self, reason: String) -> Finish {
        let finish = Finish::stalled(self.vertex(0).to_vec(), self.value(0), reason);
        self.attach(finish)
    }

    fn attach(&self, finish: Finish) -> Finish {
        let points = (0..=self.dim).flat_map(|rank| self.vertex(rank).iter().copied()).collect();
        let values: Vec<f64> = (0..=self.dim).map(|rank| self.value(rank)).collect();
        finish.with("simplex", Extra::Matrix(points, self.dim)).with("simplex_values", values)
    }

    fn set(&mut self, rank: usize, x: &[f64], value: f64) {
        let place = self.order[rank];
        let vertex = &mut self.points[place * self.dim..(place + 1) * self.dim];
        let is_worn = self.sum.as_mut().is_some_and(|sum| sum.change(vertex, x));
        vertex.copy_from_slice(x);
        self.values[place] = value;
        if is_worn {
            self.sum = Some(VertexSum::new(self.dim, &self.points));
        }
    }

    /// Insertion sort: stable. The vertices before `rank` are in order.
    fn sort_from(&mut self, rank: usize) {
        for i in rank.max(1)..self.order.len() {
            let place = self.order[i];
            let value = self.values[place];
            let mut rank = i;
            while rank > 0 && self.values[self.order[rank - 1]] > value {
                self.order[rank] = self.order[rank - 1];
                rank -= 1;
            }
            self.order[rank] = place;
        }
    }
}

/// c + multiple * (c - vertex): beyond the centroid c for positive multiples, on the vertex's side for negative ones.
pub fn step_from(centroid: &[f64], vertex: &[f64], multiple: f64, trial: &mut [f64]) {
    for (t, (c, x)) in trial.iter_mut().zip(centroid.iter().zip(vertex)) {
        *t = (1.0 + multiple) * c - multiple * x;
    }
}

/// Move the point within the bounds and ask for its value; a point that overflowed counts as undefined.
///
/// # Errors
/// [`Stop`] when the run has to end.
pub fn value_within_bounds(problem: &mut Problem<'_>, x: &mut [f64]) -> Result<f64, Stop> {
    problem.clip(x);
    if all_finite(x) { problem.value(x) } else { Ok(f64::INFINITY) }
}

/// Looks at all of them, which is quicker than stopping at the first that is not.
fn all_finite(x: &[f64]) -> bool {
    x.iter().fold(true, |finite, x| finite & x.is_finite())
}

/// As [`value_within_bounds`] for several points, which are asked for in one batch.
///
/// # Errors
/// [`Stop`] when the run has to end.
pub fn values_within_bounds(
    problem: &mut Problem<'_>,
    points: &mut [f64],
) -> Result<Vec<f64>, Stop> {
    let n = problem.dim();
    points.chunks_exact_mut(n).for_each(|x| problem.clip(x));
    let defined: Vec<bool> = points.chunks_exact(n).map(all_finite).collect();
    let asked: Vec<f64> = points
        .chunks_exact(n)
        .zip(&defined)
        .filter(|(_, defined)| **defined)
        .flat_map(|(x, _)| x.iter().copied())
        .collect();
    if asked.is_empty() {
        return Ok(vec![f64::INFINITY; defined.len()]);
    }
    let mut answers = problem.values(&asked)?.iter().copied();
    let answer = |&defined: &bool| if defined { answers.next() } else { None };
    Ok(defined.iter().map(answer).map(|value| value.unwrap_or(f64::INFINITY)).collect())
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    fn triangle(values: [f64; 3]) -> Simplex {
        Simplex::new(2, vec![0.0, 0.0, 1.0, 0.0, 0.0, 2.0], values.to_vec())
    }

    #[test]
    fn vertices_are_ranked_and_equal_values_keep_their_order() {
        let mut simplex = triangle([3.0, 1.0, 1.0]);
        assert_eq!(simplex.vertex(0), [1.0, 0.0]);
        assert_eq!(simplex.vertex(1), [0.0, 2.0]);
        simplex.replace(2, &[5.0, 5.0], 1.0);
        assert_eq!(simplex.vertex(2), [5.0, 5.0]);
        simplex.replace(2, &[6.0, 6.0], 0.5);
        assert_eq!(simplex.vertex(0), [6.0, 6.0]);
        assert_eq!((simplex.value(0), simplex.value(2)), (0.5, 1.0));
    }

    #[test]
    fn centroid_and_size_are_those_of_the_definition() {
        let simplex = triangle([0.0, 1.0, 2.0]);
        let mut centroid = [0.0; 2];
        simplex.centroid(2, &mut centroid);
        assert_eq!(centroid, [0.5, 0.0]);
        assert_eq!((simplex.size(), simplex.value_spread()), (2.0, 2.0));
    }

    #[test]
    fn a_step_reflects_expands_and_contracts_as_the_values_say() {
        let step = Coefficients::new(false, 2);
        let mut trial = Trial::new(2);
        // The worst vertex (0, 2) is reflected through (0.5, 0) to (1, -2), expanded to (1.5, -4).
        for (slope, expected) in [(1.0, [1.5, -4.0]), (0.0, [1.0, -2.0])] {
            let mut simplex = triangle([0.0, 1.0, 2.0]);
            let better =
                simplex.step(&step, &mut trial, |x| Ok(-1.0 + slope * (x[1] + 2.0))).unwrap();
            assert!(better);
            assert_eq!(simplex.vertex(0), expected);
        }
        // Too bad: contracted inside, to (0.25, 1), which is better than the worst, or not.
        for (inside, better) in [(1.5, true), (2.0, false)] {
            let mut simplex = triangle([0.0, 1.0, 2.0]);
            let value = |x: &mut [f64]| Ok(if x == [0.25, 1.0] { inside } else { 9.0 });
            assert_eq!(simplex.step(&step, &mut trial, value), Ok(better));
        }
    }

    #[test]
    fn a_shrink_is_one_batch_toward_the_best_vertex() {
        let mut simplex = triangle([0.0, 1.0, 2.0]);
        let mut oracle = FunctionOracle::scalar(|x| -x[1]);
        let spec = ProblemSpec::unconstrained(2);
        simplex.shrink(&mut Problem::new(&mut oracle, &spec), 0.5).unwrap();
        assert_eq!((simplex.vertex(0), simplex.value(0)), (&[0.0, 1.0][..], -1.0));
        assert_eq!(simplex.size(), 1.0);
        assert_eq!(oracle.n_evaluations, 2);
    }

    #[test]
    fn adaptive_coefficients_agree_with_the_classical_ones_in_two_dimensions() {
        assert_eq!(Coefficients::new(true, 2), Coefficients::new(false, 10));
        assert_eq!(Coefficients::new(true, 1), Coefficients::new(false, 1));
        assert_eq!(Coefficients::new(true, 10).shrink, 0.9);
    }
}
