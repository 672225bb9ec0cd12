//! Linear and order constraints as rows over the parameters that are free, each handled in its bundle.

use std::collections::BTreeMap;

use super::Model;
use super::bundle::{Bundle, Fate, Map, Row};
use super::cone::{HalfSpace, contradiction};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{Clash, Named};
use crate::plan::{Handling, Keeper, LinearRow};
use crate::transforms::CombinationRow;

/// A weight left over from a sum, relative to the largest, that is rounding.
const CANCELLED: f64 = 1e-14;

/// How close limits may be to be one value, relative to one plus their size.
const SAME: f64 = 1e-12;

/// The most inequalities among which a contradiction is looked for.
const SEARCHED: usize = 300;

/// Parameters within a simplex.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) positions: Vec<usize>,
    pub(crate) corners: Vec<Vec<f64>>,
    pub(crate) shares: Vec<(Vec<f64>, f64)>,
}

/// The rows of a constraint over the user's parameters; none if it is of another kind.
pub(crate) fn rows_of(constraint: &Constraint) -> Vec<LinearRow> {
    let row = |positions: Vec<usize>, weights: Vec<f64>, lower: f64, upper: f64| LinearRow {
        constraint: constraint.index,
        positions,
        weights,
        lower,
        upper,
    };
    let chain = |positions: &[usize], sign: f64| {
        let step = |pair: &[usize]| row(pair.to_vec(), vec![-sign, sign], 0.0, f64::INFINITY);
        positions.windows(2).map(step).collect()
    };
    match &constraint.kind {
        ConstraintKind::Linear { positions, weights, lower, upper } => {
            vec![row(positions.clone(), weights.clone(), *lower, *upper)]
        }
        ConstraintKind::Increasing { positions } => chain(positions, 1.0),
        ConstraintKind::Decreasing { positions } => chain(positions, -1.0),
        _ => Vec::new(),
    }
}

/// A row of the list, and what it still asks for.
struct Open {
    /// The place of its constraint in the list.
    constraint: usize,
    original: LinearRow,
    fate: Option<Fate>,
}

/// A row over free representatives.
struct Plugged {
    weights: BTreeMap<usize, f64>,
    lower: f64,
    upper: f64,
}

impl Model<'_> {
    /// Handles all linear and order constraints.
    pub(crate) fn make_rows(&mut self) {
        let mut rows = Vec::new();
        for (k, constraint) in self.constraints.iter().enumerate() {
            let open = |original| Open { constraint: k, original, fate: None };
            rows.extend(rows_of(constraint).into_iter().map(open));
        }
        self.settle_short_rows(&mut rows);
        for members in bundles(&self.open_rows(&rows)) {
            self.solve_bundle(&mut rows, &members);
        }
        self.surplus = rows
            .iter()
            .filter(|row| row.fate == Some(Fate::Surplus))
            .map(|row| row.original.clone())
            .collect();
        self.describe(&rows);
    }

    /// The row with equal parameters summed up and fixed ones taken to the other side.
    pub(crate) fn plug_in(&self, row: &LinearRow, fixed: bool) -> (BTreeMap<usize, f64>, f64) {
        let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
        let mut constant = 0.0;
        for (&position, &weight) in row.positions.iter().zip(&row.weights) {
            let own = self.representative[position];
            if fixed && self.fixed[own] {
                constant += weight * self.start[own];
            } else {
                *weights.entry(own).or_default() += weight;
            }
        }
        let size = row.weights.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
        weights.retain(|_, weight| weight.abs() > CANCELLED * size);
        (weights, constant)
    }

    fn plugged(&self, row: &Open) -> Plugged {
        let (weights, constant) = self.plug_in(&row.original, true);
        let (lower, upper) = (row.original.lower - constant, row.original.upper - constant);
        Plugged { weights, lower, upper }
    }

    fn open_rows(&self, rows: &[Open]) -> Vec<(usize, Plugged)> {
        let open = rows.iter().enumerate().filter(|(_, row)| row.fate.is_none());
        open.map(|(r, row)| (r, self.plugged(row))).collect()
    }

    /// Rows without free parameters ask for nothing, rows of one parameter are bounds, and rows with members of a block are left
    /// over. A bound can fix a parameter and so shorten other rows.
    fn settle_short_rows(&mut self, rows: &mut [Open]) {
        loop {
            let mut settled = false;
            for row in rows.iter_mut().filter(|row| row.fate.is_none()) {
                let Plugged { weights, lower, upper } = self.plugged(row);
                row.fate = if weights.is_empty() {
                    Some(Fate::Idle)
                } else if weights.keys().any(|&position| self.in_block(position)) {
                    Some(Fate::Surplus)
                } else if let (1, Some((&position, &weight))) =
                    (weights.len(), weights.first_key_value())
                {
                    self.bound(position, lower / weight, upper / weight);
                    Some(Fate::Bounds)
                } else {
                    None
                };
                settled |= row.fate.is_some();
            }
            if !settled {
                return;
            }
        }
    }

    /// Tightens the bounds of a parameter by limits in any order; fixes it if they leave one value.
    fn bound(&mut self, position: usize, a: f64, b: f64) {
        self.tighten(position, a.min(b), a.max(b));
        let (lower, upper) = (self.lower[position], self.upper[position]);
        if lower.is_finite() && upper.is_finite() && upper - lower <= SAME * (1.0 + lower.abs()) {
            self.fix_at(position, if lower == upper { lower } else { 0.5 * (lower + upper) });
        }
    }

    fn solve_bundle(&mut self, rows: &mut [Open], members: &[usize]) {
        let plugged: Vec<Plugged> = members.iter().map(|&r| self.plugged(&rows[r])).collect();
        let mut positions: Vec<usize> =
            plugged.iter().flat_map(|row| row.weights.keys().copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        let dense: Vec<Row> = plugged
            .iter()
            .map(|row| {
                let weight = |position| row.weights.get(position).copied().unwrap_or(0.0);
                let weights = positions.iter().map(weight).collect();
                Row { weights, lower: row.lower, upper: row.upper }
            })
            .collect();
        let at = |values: &[f64]| positions.iter().map(|&position| values[position]).collect();
        let bundle = Bundle {
            rows: &dense,
            lower: at(&self.lower),
            upper: at(&self.upper),
            start: at(&self.start),
        };
        let solution = bundle.solve();
        members.iter().zip(solution.fates).for_each(|(&r, fate)| rows[r].fate = Some(fate));
        match solution.map {
            Map::Rows { rows, bounds } => {
                for Row { weights, lower, upper } in rows {
                    let weights = positions.iter().copied().zip(weights).filter(|w| w.1 != 0.0);
                    self.combinations.push(CombinationRow {
                        weights: weights.collect(),
                        lower,
                        upper,
                    });
                }
                for (entry, lower, upper) in bounds {
                    self.tighten(positions[entry], lower, upper);
                    self.bounded.push(positions[entry]);
                }
            }
            Map::Simplex(region) => self.regions.push(Region {
                positions,
                corners: region.corners,
                shares: region.shares,
            }),
        }
    }

    /// Says for each constraint what became of its rows.
    fn describe(&mut self, rows: &[Open]) {
        for (k, constraint) in self.constraints.iter().enumerate() {
            use ConstraintKind::{Decreasing, Increasing, Linear};
            if !matches!(constraint.kind, Linear { .. } | Increasing { .. } | Decreasing { .. }) {
                continue;
            }
            let own = rows.iter().filter(|row| row.constraint == k);
            let fates: Vec<Fate> = own.filter_map(|row| row.fate).collect();
            self.handling[k] = match fates.iter().max() {
                None => Handling::Idle { reason: "it selects too few parameters".into() },
                Some(Fate::Idle) => {
                    Handling::Idle { reason: "all its parameters are fixed".into() }
                }
                Some(Fate::Implied) => Handling::Implied,
                Some(Fate::Bounds) => Handling::Bounds,
                Some(Fate::Coordinate) => {
                    Handling::Reparametrized { how: "linear combinations are coordinates".into() }
                }
                Some(Fate::Side) => Handling::Reparametrized {
                    how: "shares of the corners of a simplex are coordinates".into(),
                },
                Some(Fate::Surplus) => {
                    let rows = fates.iter().filter(|fate| **fate == Fate::Surplus).count();
                    Handling::Surplus { rows, of: fates.len(), keeper: Keeper::Open }
                }
            };
        }
    }

    /// The linear constraints and bounds that no values at all satisfy together, if there are such.
    pub(crate) fn contradiction(&self) -> Option<Clash> {
        let n = self.start.len();
        let (mut sources, mut sides) = (Vec::new(), Vec::new());
        let mut add = |source: Option<usize>,
                       weights: &BTreeMap<usize, f64>,
                       lower: f64,
                       upper: f64| {
            for (sign, limit) in [(1.0, upper), (-1.0, -lower)] {
                if limit.is_finite() {
                    let mut normal = vec![0.0; n];
                    weights.iter().for_each(|(&position, weight)| normal[position] = sign * weight);
                    sources.push(source);
                    sides.push(HalfSpace { normal, limit });
                }
            }
        };
        for (k, constraint) in self.constraints.iter().enumerate() {
            for row in rows_of(constraint) {
                let (weights, _) = self.plug_in(&row, false);
                add(Some(k), &weights, row.lower, row.upper);
            }
        }
        for i in (0..n).filter(|&i| self.representative[i] == i) {
            add(None, &BTreeMap::from([(i, 1.0)]), self.lower[i], self.upper[i]);
        }
        if sides.len() > SEARCHED {
            return None;
        }
        let parts = contradiction(n, &sides)?;
        let mut constraints: Vec<usize> = parts.iter().filter_map(|&part| sources[part]).collect();
        constraints.sort_unstable();
        constraints.dedup();
        let involved = |i: &usize| parts.iter().any(|&part| sides[part].normal[*i] != 0.0);
        let label = |k: usize| {
            let constraint = &self.constraints[k];
            Named { constraint: constraint.index, kind: constraint.word() }
        };
        Some(Clash::Infeasible {
            constraints: constraints.into_iter().map(label).collect(),
            with_bounds: parts.iter().any(|&part| sources[part].is_none()),
            names: self.named((0..n).filter(involved)),
        })
    }
}

/// Groups of rows that share parameters, directly or through others.
fn bundles(rows: &[(usize, Plugged)]) -> Vec<Vec<usize>> {
    let mut found: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for (r, row) in rows {
        let mut members = vec![*r];
        let mut positions: Vec<usize> = row.weights.keys().copied().collect();
        let (touching, apart): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(_, others)| others.iter().any(|other| positions.contains(other)));
        for (other_members, others) in touching {
            members.extend(other_members);
            positions.extend(others);
        }
        members.sort_unstable();
        found = apart;
        found.push((members, positions));
    }
    found.into_iter().map(|bundle| bundle.0).collect()
}
