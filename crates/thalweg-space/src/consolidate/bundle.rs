//! Linear rows that share parameters, together with the bounds of these: which change of variables makes them hold.
//!
//! On the solutions of the equations, rows and bounds that are multiples of each other become one, with the tighter limits,
//! and those that the others imply go. What is left can be coordinates if no entry has to be two things: if the rows
//! determine as many entries that have no bounds of their own. If it cannot, but bounds a simplex, the shares of its corners
//! are coordinates ([`simplex`](super::simplex)). Otherwise bounds come first, because nothing may ever leave them, then as many
//! equations and inequalities as there is room for; the rest is surplus.
//!
//! The start is taken to satisfy everything, so nothing here can contradict itself but by rounding.

use super::cone::{HalfSpace, is_implied};
use super::equations::{Equations, ZERO, largest};
use super::simplex::{self, SimplexRegion};
use crate::transforms::{CombinationRow, Linear};

/// How close limits may be to be one value, relative to one plus their size.
const SAME: f64 = 1e-12;

/// The most inequalities that are compared with each other by [`is_implied`], which costs the cube of their number.
const COMPARED: usize = 64;

/// A row over the entries of the bundle.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) weights: Vec<f64>,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

/// Rows, and the bounds and start values of the entries that they share.
#[derive(Debug)]
pub(super) struct Bundle<'a> {
    pub(super) rows: &'a [Row],
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
    pub(super) start: Vec<f64>,
}

/// How a bundle is handled.
#[derive(Debug)]
pub(super) struct Solution {
    pub(super) map: Map,
    /// What became of each row.
    pub(super) fates: Vec<Fate>,
}

/// The change of variables.
#[derive(Debug)]
pub(super) enum Map {
    /// Rows as coordinates, and new bounds for entries that stay coordinates.
    Rows { rows: Vec<Row>, bounds: Vec<(usize, f64, f64)> },
    /// Shares of the corners of a simplex.
    Simplex(SimplexRegion),
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// All its parameters are fixed.
    Idle,
    /// The others imply it.
    Implied,
    /// It tightens bounds.
    Bounds,
    /// It is a coordinate.
    Coordinate,
    /// It is a side of a simplex.
    Side,
    /// It is left over.
    Surplus,
}

/// Where a row of the reduced system comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Row(usize),
    Bound(usize),
}

/// Rows and bounds that are multiples of each other on the solutions of the equations.
#[derive(Clone, Debug)]
struct Group {
    /// With the first weight that is not zero equal to one.
    weights: Vec<f64>,
    lower: f64,
    upper: f64,
    /// Each with scale and constant: its own sum is `scale * (weights x) + constant`.
    members: Vec<(Source, f64, f64)>,
}

impl Group {
    /// The entry that it bounds, if it does.
    fn bound(&self) -> Option<(usize, f64, f64)> {
        self.members.iter().find_map(|&(source, scale, constant)| match source {
            Source::Bound(entry) => Some((entry, scale, constant)),
            Source::Row(_) => None,
        })
    }

    /// The limits in the terms of a member.
    fn limits(&self, scale: f64, constant: f64) -> (f64, f64) {
        let (a, b) = (scale * self.lower + constant, scale * self.upper + constant);
        if scale > 0.0 { (a, b) } else { (b, a) }
    }

    /// The finite sides as half-spaces.
    pub(super) fn sides(&self, start: &[f64]) -> Vec<HalfSpace> {
        let at_start: f64 = self.weights.iter().zip(start).map(|(w, x)| w * x).sum();
        let negative = || self.weights.iter().map(|w| -w).collect();
        let upper = HalfSpace { normal: self.weights.clone(), limit: self.upper - at_start };
        let lower = HalfSpace { normal: negative(), limit: at_start - self.lower };
        [upper, lower].into_iter().filter(|side| side.limit.is_finite()).collect()
    }
}

/// The reduced system of some rows and all bounds.
struct System {
    equations: Equations,
    /// The equations as rows, independent of each other.
    rows: Vec<Row>,
    /// The rows of the bundle that they come from.
    equal: Vec<usize>,
    groups: Vec<Group>,
}

impl Bundle<'_> {
    pub(super) fn solve(&self) -> Solution {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let mut system = self.reduce(&all);
        self.drop_implied(&mut system);
        let mut fates = self.fates(&system, &all);
        if let Some(map) = self.as_rows(&system) {
            return Solution { map, fates };
        }
        let sides: Vec<HalfSpace> = system
            .groups
            .iter()
            .flat_map(|group| group.sides(&vec![0.0; self.lower.len()]))
            .collect();
        if let Some(region) = simplex::find(&sides, &system.equations, self.lower.len()) {
            fates.iter_mut().filter(|fate| **fate > Fate::Implied).for_each(|f| *f = Fate::Side);
            return Solution { map: Map::Simplex(region), fates };
        }
        self.as_much_as_fits(&fates)
    }

    /// Equations first, then inequalities, then what follows from all of them, each if there is still room for it.
    fn as_much_as_fits(&self, whole: &[Fate]) -> Solution {
        let is_implied = |k: usize| whole[k] == Fate::Implied;
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&k| (is_implied(k), self.rows[k].lower != self.rows[k].upper));
        let mut chosen = Vec::new();
        for k in order {
            chosen.push(k);
            if self.as_rows(&self.reduce(&chosen)).is_none() {
                chosen.pop();
            }
        }
        let system = self.reduce(&chosen);
        let mut fates = self.fates(&system, &chosen);
        // What follows from all rows holds where the surplus rows do.
        for (k, fate) in fates.iter_mut().enumerate() {
            if is_implied(k) && *fate == Fate::Surplus {
                *fate = Fate::Implied;
            }
        }
        let nothing = Map::Rows { rows: Vec::new(), bounds: Vec::new() };
        Solution { map: self.as_rows(&system).unwrap_or(nothing), fates }
    }

    /// Solves equations, also those that limits from two sides amount to, and merges the rest.
    fn reduce(&self, chosen: &[usize]) -> System {
        let mut system = System {
            equations: Equations::default(),
            rows: Vec::new(),
            equal: Vec::new(),
            groups: Vec::new(),
        };
        for &k in chosen {
            let row = &self.rows[k];
            if row.lower == row.upper && system.equations.add(&row.weights, row.lower) {
                system.rows.push(row.clone());
                system.equal.push(k);
            }
        }
        loop {
            system.groups = self.merge(chosen, &system.equations);
            let Some(group) = system.groups.iter().find(|group| is_value(group.lower, group.upper))
            else {
                break;
            };
            let (source, scale, constant) = group.members[0];
            let (lower, upper) = group.limits(scale, constant);
            let value = if lower == upper { lower } else { 0.5 * (lower + upper) };
            let weights = match source {
                Source::Row(k) => self.rows[k].weights.clone(),
                Source::Bound(entry) => self.unit(entry),
            };
            if !system.equations.add(&weights, value) {
                break;
            }
            system.rows.push(Row { weights, lower: value, upper: value });
            let rows = group.members.iter().filter_map(|member| match member.0 {
                Source::Row(k) => Some(k),
                Source::Bound(_) => None,
            });
            system.equal.extend(rows);
        }
        let boxed = system.groups.clone();
        system.groups.iter_mut().for_each(|group| self.open_implied_sides(group, &boxed));
        system.groups.retain(|group| group.lower.is_finite() || group.upper.is_finite());
        system
    }

    fn unit(&self, entry: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.lower.len()];
        weights[entry] = 1.0;
        weights
    }

    /// Bounds and inequalities in reduced form, multiples of each other in one group.
    fn merge(&self, chosen: &[usize], equations: &Equations) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let bounds = (0..self.lower.len())
            .filter(|&i| self.lower[i].is_finite() || self.upper[i].is_finite())
            .map(|i| (Source::Bound(i), self.unit(i), self.lower[i], self.upper[i]));
        let rows = chosen.iter().map(|&k| {
            let Row { weights, lower, upper } = self.rows[k].clone();
            (Source::Row(k), weights, lower, upper)
        });
        for (source, mut weights, lower, upper) in bounds.chain(rows) {
            let constant = equations.reduce(&mut weights);
            let Some(scale) = weights.iter().copied().find(|w| *w != 0.0) else { continue };
            weights.iter_mut().for_each(|w| *w /= scale);
            let (a, b) = ((lower - constant) / scale, (upper - constant) / scale);
            let (lower, upper) = if scale > 0.0 { (a, b) } else { (b, a) };
            let same = |group: &&mut Group| {
                let size = largest(&weights);
                group.weights.iter().zip(&weights).all(|(g, w)| (g - w).abs() <= ZERO * size)
            };
            let member = (source, scale, constant);
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.lower = group.lower.max(lower);
                    group.upper = group.upper.min(upper);
                    group.members.push(member);
                }
                None => groups.push(Group { weights, lower, upper, members: vec![member] }),
            }
        }
        groups
    }

    /// Opens the sides of a row that the box of single entries implies.
    fn open_implied_sides(&self, group: &mut Group, all: &[Group]) {
        if group.weights.iter().filter(|w| **w != 0.0).count() < 2 {
            return;
        }
        let (mut low, mut high) = (0.0, 0.0);
        for (entry, &weight) in group.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            let alone = |other: &&Group| {
                other.weights[entry] != 0.0
                    && other.weights.iter().filter(|w| **w != 0.0).count() == 1
            };
            let (lower, upper) = all
                .iter()
                .find(alone)
                .map_or((f64::NEG_INFINITY, f64::INFINITY), |other| (other.lower, other.upper));
            low += if weight > 0.0 { weight * lower } else { weight * upper };
            high += if weight > 0.0 { weight * upper } else { weight * lower };
        }
        if low.is_finite() && low >= group.lower - SAME * (1.0 + low.abs()) {
            group.lower = f64::NEG_INFINITY;
        }
        if high.is_finite() && high <= group.upper + SAME * (1.0 + high.abs()) {
            group.upper = f64::INFINITY;
        }
    }

    /// Opens every side that the others together imply, those of rows before those of bounds.
    fn drop_implied(&self, system: &mut System) {
        let sides = |group: &Group| group.sides(&self.start);
        if system.groups.iter().map(|group| sides(group).len()).sum::<usize>() > COMPARED {
            return;
        }
        let mut order: Vec<usize> = (0..system.groups.len()).collect();
        order.sort_by_key(|&g| system.groups[g].bound().is_some());
        for g in order {
            for upper in [false, true] {
                let mut without = system.groups[g].clone();
                let side = if upper { &mut without.upper } else { &mut without.lower };
                if !side.is_finite() {
                    continue;
                }
                *side = if upper { f64::INFINITY } else { f64::NEG_INFINITY };
                let others: Vec<HalfSpace> = (0..system.groups.len())
                    .flat_map(|k| sides(if k == g { &without } else { &system.groups[k] }))
                    .collect();
                let gone = sides(&system.groups[g]).into_iter().find(|side| {
                    let is_upper = side.normal == system.groups[g].weights;
                    is_upper == upper
                });
                if gone.is_some_and(|gone| is_implied(&gone, &others)) {
                    system.groups[g] = without;
                }
            }
        }
        system.groups.retain(|group| group.lower.is_finite() || group.upper.is_finite());
    }

    /// Rows as coordinates, if entries without bounds of their own determine them.
    fn as_rows(&self, system: &System) -> Option<Map> {
        let mut rows = system.rows.clone();
        let mut bounds = Vec::new();
        for group in &system.groups {
            if let Some((entry, scale, constant)) = group.bound() {
                let (lower, upper) = group.limits(scale, constant);
                bounds.push((entry, lower.max(self.lower[entry]), upper.min(self.upper[entry])));
            } else if let (Source::Row(k), scale, constant) = group.members[0] {
                let (lower, upper) = group.limits(scale, constant);
                rows.push(Row { weights: self.rows[k].weights.clone(), lower, upper });
            }
        }
        let dense: Vec<CombinationRow> = rows.iter().map(Row::combination).collect();
        let free = |entry: usize| bounds.iter().all(|bound| bound.0 != entry);
        Linear::new(self.lower.len(), &dense, free)?;
        Some(Map::Rows { rows, bounds })
    }

    /// What becomes of each row, given which are part of the system.
    fn fates(&self, system: &System, chosen: &[usize]) -> Vec<Fate> {
        let mut fates = vec![Fate::Surplus; self.rows.len()];
        chosen.iter().for_each(|&k| fates[k] = Fate::Implied);
        for group in &system.groups {
            let fate = if group.bound().is_some() { Fate::Bounds } else { Fate::Coordinate };
            for &(source, ..) in &group.members {
                if let Source::Row(k) = source {
                    fates[k] = fate;
                }
            }
        }
        system.equal.iter().for_each(|&k| fates[k] = Fate::Coordinate);
        fates
    }
}

impl Row {
    /// Only the weights that are not zero.
    fn combination(&self) -> CombinationRow {
        let weights = self.weights.iter().copied().enumerate().filter(|w| w.1 != 0.0).collect();
        CombinationRow { weights, lower: self.lower, upper: self.upper }
    }
}

/// Whether limits leave one value, to rounding.
fn is_value(lower: f64, upper: f64) -> bool {
    lower.is_finite() && upper.is_finite() && upper - lower <= SAME * (1.0 + lower.abs())
}
