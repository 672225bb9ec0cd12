//! Nelder-Mead in a few of the variables, until the simplex has become small: the inner search of subplex (Rowan 1990, chapter 5).
//!
//! Vertices have fixed places: a new vertex takes the place of the one that it replaces. Of equal values the one in the earlier place
//! ranks first. Trial points are moved to the nearest point within the bounds; when this leaves them where the centroid, the old or the
//! best vertex is, the simplex has collapsed and the search ends.

use thalweg_core::{Problem, Stop};

/// Reflection, expansion, outer and inner contraction: multiples of the way from the worst vertex to the centroid.
const REFLECTION: f64 = 1.0;
const EXPANSION: f64 = 2.0;
const OUTER: f64 = 0.5;
const INNER: f64 = -0.5;
/// The factor by which the simplex shrinks toward its best vertex.
const SHRINK: f64 = 0.5;
/// The largest number of moves, per variable. Noise could keep a simplex from becoming small.
const MAX_MOVES: usize = 200;
/// A bound nearer than this part of a step is no place for a vertex.
const TOO_NEAR: f64 = 0.1;
/// Points have fallen together when no coordinate differs by more than this part of its size.
const SAME: f64 = 1e-13;

/// A point with its value.
#[derive(Clone, Debug)]
pub struct Best {
    /// All variables.
    pub x: Vec<f64>,
    /// The objective there.
    pub value: f64,
    /// Whether the objective was finite at any point that was asked for.
    pub defined: bool,
}

/// A search in the subspace of some `variables`.
pub struct SubspaceSearch<'s, 'a> {
    problem: &'s mut Problem<'a>,
    variables: &'s [usize],
    /// All variables; the others keep their values.
    x: Vec<f64>,
    best: &'s mut Best,
    simplex: Vertices,
    trial: Vec<f64>,
    centroid: Vec<f64>,
}

/// What became of a trial point.
enum Trial {
    Value(f64),
    Collapsed,
}

/// The vertices of a simplex in their places.
#[derive(Clone, Debug)]
struct Vertices {
    points: Vec<Vec<f64>>,
    values: Vec<f64>,
    /// `order[rank]` is the place of the vertex of that rank.
    order: Vec<usize>,
}

impl<'s, 'a> SubspaceSearch<'s, 'a> {
    /// A search from the best point, which it replaces by better ones.
    pub fn new(problem: &'s mut Problem<'a>, variables: &'s [usize], best: &'s mut Best) -> Self {
        let part: Vec<f64> = variables.iter().map(|&i| best.x[i]).collect();
        let (x, k) = (best.x.clone(), variables.len());
        let simplex = Vertices { points: vec![part], values: vec![best.value], order: Vec::new() };
        let (trial, centroid) = (vec![0.0; k], vec![0.0; k]);
        SubspaceSearch { problem, variables, x, best, simplex, trial, centroid }
    }

    /// Build a simplex with these `steps` (of all variables) and move it until its size is `shrinkage` times the first one.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn run(mut self, steps: &[f64], shrinkage: f64) -> Result<(), Stop> {
        self.first_simplex(steps)?;
        let target = shrinkage * self.simplex.size();
        for _ in 0..MAX_MOVES * self.variables.len() {
            if self.simplex.size() < target || !self.step()? {
                break;
            }
        }
        Ok(())
    }

    /// Each vertex is one step away from the best point before it.
    fn first_simplex(&mut self, steps: &[f64]) -> Result<(), Stop> {
        for (j, &i) in self.variables.iter().enumerate() {
            for (trial, &i) in self.trial.iter_mut().zip(self.variables) {
                *trial = self.best.x[i];
            }
            let (low, high) = (self.problem.lower()[i], self.problem.upper()[i]);
            self.trial[j] = vertex_within(self.trial[j], steps[i], low, high);
            let value = self.value_of_trial()?;
            self.simplex.points.push(self.trial.clone());
            self.simplex.values.push(value);
        }
        self.simplex.order = (0..=self.variables.len()).collect();
        self.simplex.sort();
        Ok(())
    }

    /// One move: reflect the worst vertex, then expand, contract or shrink. Whether the simplex is still one.
    fn step(&mut self) -> Result<bool, Stop> {
        let k = self.variables.len();
        self.simplex.centroid(&mut self.centroid);
        let (best, second_worst, worst) =
            (self.simplex.value(0), self.simplex.value(k - 1), self.simplex.value(k));
        let Trial::Value(reflected) = self.try_multiple(REFLECTION)? else { return Ok(false) };
        if best <= reflected && reflected < second_worst {
            self.simplex.replace_worst(&self.trial, reflected);
            return Ok(true);
        }

        let reflection = self.trial.clone();
        let (multiple, to_beat) = if reflected < best {
            (EXPANSION, reflected)
        } else if reflected < worst {
            (OUTER, reflected)
        } else {
            (INNER, worst)
        };
        let Trial::Value(second) = self.try_multiple(multiple)? else { return Ok(false) };
        if second < to_beat {
            self.simplex.replace_worst(&self.trial, second);
        } else if reflected < best {
            self.simplex.replace_worst(&reflection, reflected);
        } else {
            return self.shrink();
        }
        Ok(true)
    }

    /// Move every vertex but the best halfway towards it. Whether the simplex is still one.
    fn shrink(&mut self) -> Result<bool, Stop> {
        let best = self.simplex.order[0];
        for place in (0..=self.variables.len()).filter(|place| *place != best) {
            let Vertices { points, .. } = &self.simplex;
            for (trial, (b, x)) in
                self.trial.iter_mut().zip(points[best].iter().zip(&points[place]))
            {
                *trial = b + SHRINK * (x - b);
            }
            if same(&self.trial, &points[best]) || same(&self.trial, &points[place]) {
                return Ok(false);
            }
            let value = self.value_of_trial()?;
            self.simplex.points[place].copy_from_slice(&self.trial);
            self.simplex.values[place] = value;
        }
        self.simplex.sort();
        Ok(true)
    }

    /// Evaluate c + multiple (c - worst) with the centroid c, moved within the bounds.
    fn try_multiple(&mut self, multiple: f64) -> Result<Trial, Stop> {
        let worst = self.simplex.worst();
        for (j, &i) in self.variables.iter().enumerate() {
            let c = self.centroid[j];
            let there = c + multiple * (c - worst[j]);
            self.trial[j] = there.max(self.problem.lower()[i]).min(self.problem.upper()[i]);
        }
        if same(&self.trial, &self.centroid) || same(&self.trial, worst) {
            return Ok(Trial::Collapsed);
        }
        self.value_of_trial().map(Trial::Value)
    }

    /// The objective where the subspace's variables have the trial's values. A point that overflowed counts as undefined.
    fn value_of_trial(&mut self) -> Result<f64, Stop> {
        if !self.trial.iter().all(|x| x.is_finite()) {
            return Ok(f64::INFINITY);
        }
        for (&i, &trial) in self.variables.iter().zip(&self.trial) {
            self.x[i] = trial;
        }
        let value = self.problem.value(&self.x)?;
        self.best.defined |= value.is_finite() && self.x != self.best.x;
        // Of equal values the last one counts: this is what keeps searches on plateaus going.
        if value <= self.best.value {
            self.best.value = value;
            self.best.x.copy_from_slice(&self.x);
        }
        Ok(value)
    }
}

impl Vertices {
    fn value(&self, rank: usize) -> f64 {
        self.values[self.order[rank]]
    }

    fn worst(&self) -> &[f64] {
        &self.points[self.order[self.order.len() - 1]]
    }

    /// The distance between the best and the worst vertex, summed over the coordinates (Rowan, section 5.3.4).
    fn size(&self) -> f64 {
        let best = &self.points[self.order[0]];
        self.worst().iter().zip(best).map(|(w, b)| (w - b).abs()).sum()
    }

    /// The mean of all vertices but the worst.
    fn centroid(&self, centroid: &mut [f64]) {
        let worst = self.order[self.order.len() - 1];
        centroid.fill(0.0);
        for (_, point) in self.points.iter().enumerate().filter(|(place, _)| *place != worst) {
            centroid.iter_mut().zip(point).for_each(|(c, x)| *c += x);
        }
        let share = 1.0 / centroid.len() as f64;
        centroid.iter_mut().for_each(|c| *c *= share);
    }

    fn replace_worst(&mut self, x: &[f64], value: f64) {
        let place = self.order[self.order.len() - 1];
        self.points[place].copy_from_slice(x);
        self.values[place] = value;
        self.sort();
    }

    fn sort(&mut self) {
        let values = &self.values;
        self.order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]).then(i.cmp(&j)));
    }
}

/// Whether two points are one but for rounding.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SAME * (a.abs() + b.abs()))
}

/// x + step if that is within the bounds, or else the bound that is in the way unless x is almost there, or else x - step.
fn vertex_within(x: f64, step: f64, low: f64, high: f64) -> f64 {
    let there = x + step;
    let bound = there.max(low).min(high);
    if bound == there || (bound - x).abs() > TOO_NEAR * step.abs() {
        return bound;
    }
    (x - step).max(low).min(high)
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    fn search(
        oracle: &mut FunctionOracle<'_>,
        spec: &ProblemSpec,
        variables: &[usize],
        x0: &[f64],
        steps: &[f64],
    ) -> Best {
        let problem = &mut Problem::new(oracle, spec);
        let value = problem.value(x0).unwrap();
        let mut best = Best { x: x0.to_vec(), value, defined: false };
        SubspaceSearch::new(problem, variables, &mut best).run(steps, 0.25).unwrap();
        best
    }

    #[test]
    fn the_first_points_are_those_of_the_definition() {
        let mut oracle = FunctionOracle::scalar(|x| (x[0] - 3.0).powi(2) + x[2].powi(2) + x[1]);
        let spec = ProblemSpec::unconstrained(3);
        let best = search(&mut oracle, &spec, &[0, 2], &[1.0, 7.0, 1.0], &[1.0, 9.0, 1.0]);
        let points: Vec<&[f64]> = oracle.trace.iter().map(|(_, x)| &x[..]).collect();
        // The start, a step in each variable from the better of both, the reflection of the worst; once more, and an expansion.
        let first = [[1.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 0.0], [2.0, 0.0], [2.5, -0.5]];
        assert_eq!(points[..6], first.map(|[x, z]| [x, 7.0, z]));
        assert!(best.defined && best.value <= 7.5, "{best:?}");
        assert_eq!(best.x[1], 7.0);
    }

    #[test]
    fn a_simplex_that_is_pressed_flat_against_a_bound_ends_the_search() {
        let mut oracle = FunctionOracle::scalar(|x| x[0]).with_budget(100);
        let spec = ProblemSpec {
            lower: vec![0.0],
            upper: vec![8.0],
            n_outputs: 1,
            ..ProblemSpec::unconstrained(1)
        };
        let best = search(&mut oracle, &spec, &[0], &[3.0], &[2.0]);
        let points: Vec<f64> = oracle.trace.iter().map(|(_, x)| x[0]).collect();
        assert_eq!(points, [3.0, 5.0, 1.0, 0.0]);
        assert_eq!((best.x[0], best.value), (0.0, 0.0));
    }

    #[test]
    fn of_equal_values_the_last_point_is_the_best() {
        let mut oracle = FunctionOracle::scalar(|_| 1.0);
        let spec = ProblemSpec::unconstrained(1);
        let best = search(&mut oracle, &spec, &[0], &[2.0], &[1.0]);
        let (_, last) = oracle.trace.last().unwrap();
        assert_eq!(&best.x, last);
        assert_ne!(best.x, [2.0]);
    }

    #[test]
    fn a_vertex_is_within_the_bounds_and_off_the_start() {
        assert_eq!(vertex_within(1.0, 2.0, 0.0, 8.0), 3.0);
        assert_eq!(vertex_within(1.0, 2.0, 0.0, 2.0), 2.0);
        assert_eq!(vertex_within(1.0, 2.0, -4.0, 1.1), -1.0);
        assert_eq!(vertex_within(1.0, -2.0, 1.0, 9.0), 3.0);
    }
}
