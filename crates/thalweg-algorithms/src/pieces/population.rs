//! A population of points with their values, and what evolutionary methods do with it.

use thalweg_core::{Problem, Rng};

/// Members (points of n coordinates), their values, and which of them is best.
#[derive(Clone, Debug)]
pub struct Population {
    dim: usize,
    members: Vec<f64>,
    values: Vec<f64>,
    best: usize,
}

impl Population {
    /// A population of points of `dim` coordinates, given one after the other, and one value for each.
    pub fn new(dim: usize, members: Vec<f64>, values: Vec<f64>) -> Self {
        let mut population = Population { dim, members, values, best: 0 };
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

    /// The member with the smallest value.
    pub fn best(&self) -> &[f64] {
        self.member(self.best)
    }

    /// The smallest value.
    pub fn best_value(&self) -> f64 {
        self.values[self.best]
    }

    /// The mean of the values and their standard deviation; neither is finite when one of the values is not.
    pub fn mean_and_deviation(&self) -> (f64, f64) {
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        let variance = self.values.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    /// One trial per member: it takes the member's place if its value is not larger.
    pub fn select(&mut self, trials: &[f64], values: &[f64]) {
        for (i, (trial, &value)) in trials.chunks_exact(self.dim).zip(values).enumerate() {
            if value <= self.values[i] {
                self.members[i * self.dim..(i + 1) * self.dim].copy_from_slice(trial);
                self.values[i] = value;
            }
        }
        self.find_best();
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
        for (i, &value) in self.values.iter().enumerate() {
            if value < self.values[self.best] {
                self.best = i;
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
        let mut population = Population::new(1, vec![0.0, 1.0, 2.0], vec![5.0, 3.0, 4.0]);
        assert_eq!((population.best(), population.best_value()), (&[1.0][..], 3.0));
        population.select(&[10.0, 11.0, 12.0], &[6.0, 3.0, 1.0]);
        assert_eq!(population.members(), [0.0, 11.0, 12.0]);
        assert_eq!(population.best_value(), 1.0);
        assert_eq!(population.mean_and_deviation().0, 3.0);
    }

    #[test]
    fn others_are_all_different() {
        let members: Vec<f64> = (0..6).map(f64::from).collect();
        let population = Population::new(1, members.clone(), members);
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
