//! A population of points with their values, and what evolutionary methods do with it.

use thalweg_core::{Problem, Rng};

/// Members (points of n coordinates), their values, by how much they violate each constraint, and which of them is best.
#[derive(Clone, Debug)]
pub struct Population {
    dim: usize,
    members: Vec<f64>,
    values: Vec<f64>,
    /// One row per member; empty rows where there are no constraints.
    violations: Vec<f64>,
    best: usize,
}

impl Population {
    /// A population of points of `dim` coordinates, given one after the other, one value for each, and by how much each violates the
    /// constraints: zeros where it keeps them.
    pub fn new(dim: usize, members: Vec<f64>, values: Vec<f64>, violations: Vec<f64>) -> Self {
        debug_assert!(violations.len().is_multiple_of(values.len()));
        let mut population = Population { dim, members, values, violations, best: 0 };
        population.find_best();
        population
    }

    /// The number n of coordinates.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All members, one after the other.
    pub fn members(&self) -> &[f64] {
        &self.members
    }

    /// The member of this number.
    pub fn member(&self, i: usize) -> &[f64] {
        &self.members[i * self.dim..(i + 1) * self.dim]
    }

    /// The member with the smallest value of those that keep the constraints, or the one that violates them least.
    pub fn best(&self) -> &[f64] {
        self.member(self.best)
    }

    /// The value of that member.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// Whether all members keep the constraints.
    pub fn is_feasible(&self) -> bool {
        self.violations.iter().all(|v| *v == 0.0)
    }

    /// The mean of the values and their standard deviation; neither is finite when one of the values is not.
    pub fn mean_and_deviation(&self) -> (f64, f64) {
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        let variance = self.values.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    /// One trial per member: it takes the member's place if it is not worse by Lampinen's rule. Of two points that keep the
    /// constraints, the one with the larger value is worse; one that violates them is worse than one that keeps them, and than
    /// another one that violates any of them less.
    pub fn select(&mut self, trials: &[f64], values: &[f64], violations: &[f64]) {
        let (n, c) = (self.dim, self.n_constraints());
        for (i, (trial, &value)) in trials.chunks_exact(n).zip(values).enumerate() {
            let rows = i * c..(i + 1) * c;
            let (new, old) = (&violations[rows.clone()], &self.violations[rows.clone()]);
            let keeps = |violations: &[f64]| violations.iter().all(|v| *v == 0.0);
            let is_taken = match (keeps(new), keeps(old)) {
                (true, true) => value <= self.values[i],
                (new_keeps, false) => new_keeps || new.iter().zip(old).all(|(new, old)| new <= old),
                (false, true) => false,
            };
            if is_taken {
                self.members[i * n..(i + 1) * n].copy_from_slice(trial);
                self.values[i] = value;
                self.violations[rows.clone()].copy_from_slice(&violations[rows]);
            }
        }
        self.find_best();
    }

    fn n_constraints(&self) -> usize {
        self.violations.len() / self.values.len()
    }

    /// `K` members chosen by chance that differ from each other and from member `i`; there have to be more than `K`.
    pub fn others<const K: usize>(&self, i: usize, rng: &mut Rng) -> [&[f64]; K] {
        debug_assert!(self.values.len() > K);
        let mut chosen = [i; K];
        for k in 0..K {
            while chosen[k] == i || chosen[..k].contains(&chosen[k]) {
                chosen[k] = rng.below(self.values.len());
            }
        }
        chosen.map(|j| self.member(j))
    }

    fn find_best(&mut self) {
        let c = self.n_constraints();
        let violation = |i: usize| self.violations[i * c..(i + 1) * c].iter().sum::<f64>();
        let mut best = (violation(self.best), self.values[self.best]);
        for (i, &value) in self.values.iter().enumerate() {
            let this = (violation(i), value);
            if this < best {
                (self.best, best) = (i, this);
            }
        }
    }
}

/// Draw every coordinate that is not within its bounds anew, uniformly between them. The bounds have to be finite.
pub fn redraw_outside(x: &mut [f64], problem: &Problem<'_>, rng: &mut Rng) {
    for (x, (&low, &high)) in x.iter_mut().zip(problem.lower().iter().zip(problem.upper())) {
        if !(low..=high).contains(x) {
            *x = between(low, high, rng.uniform());
        }
    }
}

/// The point at the fraction `t` of the way from `low` to `high`; does not overflow in wide boxes.
pub fn between(low: f64, high: f64, t: f64) -> f64 {
    (low * (1.0 - t) + high * t).clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_keeps_the_better_and_prefers_the_new_of_equals() {
        let mut population = Population::new(1, vec![0.0, 1.0, 2.0], vec![5.0, 3.0, 4.0], vec![]);
        assert_eq!((population.best(), population.best_value()), (&[1.0][..], 3.0));
        population.select(&[10.0, 11.0, 12.0], &[6.0, 3.0, 1.0], &[]);
        assert_eq!(population.members(), [0.0, 11.0, 12.0]);
        assert_eq!(population.best_value(), 1.0);
        assert_eq!(population.mean_and_deviation().0, 3.0);
    }

    #[test]
    fn constraints_come_before_values() {
        let violations = vec![0.0, 0.0, 0.5, 0.0, 1.0, 1.0, 2.0, 2.0];
        let members: Vec<f64> = (0..4).map(f64::from).collect();
        let mut population = Population::new(1, members, vec![9.0, 1.0, 0.0, 0.0], violations);
        assert_eq!((population.best(), population.is_feasible()), (&[0.0][..], false));
        // Smaller but outside; inside whatever the value; one row better, the other worse; both better.
        let outside = [0.1, 0.0, 0.0, 0.0, 0.0, 1.5, 1.0, 2.0];
        population.select(&[10.0, 11.0, 12.0, 13.0], &[0.0, 8.0, 0.0, 7.0], &outside);
        assert_eq!(population.members(), [0.0, 11.0, 2.0, 13.0]);
        assert_eq!((population.best(), population.best_value()), (&[11.0][..], 8.0));
    }

    #[test]
    fn where_none_keeps_the_constraints_the_nearest_is_best() {
        let population =
            Population::new(1, vec![0.0, 1.0], vec![0.0, 9.0], vec![f64::INFINITY, 3.0]);
        assert_eq!(population.best(), [1.0]);
    }

    #[test]
    fn others_are_all_different() {
        let members: Vec<f64> = (0..6).map(f64::from).collect();
        let population = Population::new(1, members.clone(), members, vec![]);
        let rng = &mut Rng::new(2);
        for _ in 0..50 {
            let mut chosen = population.others::<5>(3, rng).map(|x| x[0]);
            chosen.sort_by(f64::total_cmp);
            assert_eq!(chosen, [0.0, 1.0, 2.0, 4.0, 5.0]);
        }
    }

    #[test]
    fn wide_boxes_do_not_overflow() {
        assert_eq!(between(-f64::MAX, f64::MAX, 0.5), 0.0);
        assert_eq!(between(-1.0, 3.0, 0.25), 0.0);
    }
}
