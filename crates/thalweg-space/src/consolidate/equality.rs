//! Sets of parameters that must be equal: the first is free, the others are its copies.

use std::collections::BTreeMap;

use super::Model;
use crate::constraint::ConstraintKind;
use crate::error::{Clash, SpaceError};
use crate::plan::Handling;

/// How far, relative to one plus their size, values of equal parameters may be apart.
pub(crate) const EQUAL: f64 = 1e-10;

impl Model<'_> {
    /// Joins the sets of all equality constraints, and unites what is fixed and bounded in them.
    pub(super) fn join_equal(&mut self) -> Result<(), SpaceError> {
        for (k, constraint) in self.constraints.iter().enumerate() {
            let sets: Vec<Vec<usize>> = match &constraint.kind {
                ConstraintKind::Equality { positions } => vec![positions.clone()],
                ConstraintKind::PairwiseEquality { selections } => {
                    let length = selections.first().map_or(0, Vec::len);
                    (0..length).map(|i| selections.iter().map(|s| s[i]).collect()).collect()
                }
                _ => continue,
            };
            let asks = sets.iter().any(|set| set.len() > 1);
            let saved: usize = sets.iter().map(|set| self.join(set)).sum();
            self.handling[k] = match saved {
                _ if !asks => {
                    Handling::Idle { reason: "it selects fewer than two parameters".into() }
                }
                0 => Handling::Implied,
                saved => Handling::Copies { saved },
            };
        }
        for set in self.sets() {
            self.unite_bounds(&set)?;
            self.unite_fixed(&set)?;
        }
        Ok(())
    }

    /// The sets of two or more equal parameters, each ascending.
    pub(crate) fn sets(&self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, &own) in self.representative.iter().enumerate().filter(|(i, own)| i != *own) {
            sets.entry(own).or_insert_with(|| vec![own]).push(i);
        }
        sets.into_values().collect()
    }

    /// All parameters that are equal to this one, itself included, ascending.
    pub(crate) fn set_of(&self, position: usize) -> Vec<usize> {
        if !self.joined {
            return vec![position];
        }
        let own = self.representative[position];
        (own..self.start.len()).filter(|&i| self.representative[i] == own).collect()
    }

    /// Makes one set of the sets that the members are in; returns how many sets disappear.
    fn join(&mut self, members: &[usize]) -> usize {
        let mut owns = self.representatives(members);
        owns.sort_unstable();
        owns.dedup();
        let Some((&first, others)) = owns.split_first() else { return 0 };
        self.joined |= !others.is_empty();
        for own in &mut self.representative {
            if others.contains(own) {
                *own = first;
            }
        }
        others.len()
    }

    fn unite_bounds(&mut self, set: &[usize]) -> Result<(), SpaceError> {
        let lower = set.iter().map(|&i| self.lower[i]).fold(f64::NEG_INFINITY, f64::max);
        let upper = set.iter().map(|&i| self.upper[i]).fold(f64::INFINITY, f64::min);
        if lower > upper {
            let names = self.named(set.iter().copied());
            return Err(SpaceError::Clash(Box::new(Clash::EqualBounds { names, lower, upper })));
        }
        self.tighten(set[0], lower, upper);
        Ok(())
    }

    fn unite_fixed(&mut self, set: &[usize]) -> Result<(), SpaceError> {
        let fixed: Vec<usize> = set.iter().copied().filter(|&i| self.fixed[i]).collect();
        let Some(&first) = fixed.first() else { return Ok(()) };
        let value = self.start[first];
        let differs = |&i: &usize| (self.start[i] - value).abs() > EQUAL * (1.0 + value.abs());
        if fixed.iter().any(differs) {
            let values = fixed.iter().map(|&i| (self.names.of(i), self.start[i])).collect();
            return Err(SpaceError::Clash(Box::new(Clash::FixedDifferently { values })));
        }
        for &i in set {
            self.fixed[i] = true;
            if fixed.contains(&i) {
                self.start[i] = value;
            }
        }
        Ok(())
    }

    /// Gives equal parameters one start value, now that theirs are known to agree: the fixed one's, or the first one's.
    pub(crate) fn copy_start_values(&mut self) {
        for i in 0..self.start.len() {
            let own = self.representative[i];
            if own == i {
                self.start[i] = self.start[i].clamp(self.lower[i], self.upper[i]);
            } else {
                self.start[i] = self.start[own];
            }
        }
    }
}
