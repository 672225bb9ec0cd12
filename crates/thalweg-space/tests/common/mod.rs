//! Constraints on parameters called x0, x1, ..., for tests.

#![allow(dead_code)] // each test file uses what it needs

use thalweg_space::{
    Bounds, BuildOptions, Constraint, ConstraintKind, Handling, Space, SpaceError,
};

pub const INF: f64 = f64::INFINITY;

pub fn list(kinds: Vec<ConstraintKind>) -> Vec<Constraint> {
    kinds.into_iter().enumerate().map(|(index, kind)| Constraint::new(index, kind)).collect()
}

pub fn name(position: usize) -> String {
    format!("x{position}")
}

pub fn build(
    start: &[f64],
    bounds: &Bounds,
    kinds: Vec<ConstraintKind>,
) -> Result<Space, SpaceError> {
    Space::build(start, &name, bounds, &list(kinds), BuildOptions::default())
}

#[track_caller]
pub fn built(start: &[f64], bounds: &Bounds, kinds: Vec<ConstraintKind>) -> Space {
    build(start, bounds, kinds).unwrap_or_else(|error| panic!("{error}"))
}

pub fn fixed(positions: &[usize]) -> ConstraintKind {
    ConstraintKind::Fixed { positions: positions.into(), value: None }
}

pub fn equal(positions: &[usize]) -> ConstraintKind {
    ConstraintKind::Equality { positions: positions.into() }
}

pub fn pairwise(selections: &[&[usize]]) -> ConstraintKind {
    let selections = selections.iter().map(|selection| selection.to_vec()).collect();
    ConstraintKind::PairwiseEquality { selections }
}

pub fn increasing(positions: &[usize]) -> ConstraintKind {
    ConstraintKind::Increasing { positions: positions.into() }
}

pub fn decreasing(positions: &[usize]) -> ConstraintKind {
    ConstraintKind::Decreasing { positions: positions.into() }
}

pub fn linear(positions: &[usize], weights: &[f64], lower: f64, upper: f64) -> ConstraintKind {
    ConstraintKind::Linear { positions: positions.into(), weights: weights.into(), lower, upper }
}

pub fn probability(positions: &[usize]) -> ConstraintKind {
    ConstraintKind::Probability { positions: positions.into() }
}

pub fn covariance(positions: &[usize], regularization: f64) -> ConstraintKind {
    ConstraintKind::Covariance { positions: positions.into(), regularization }
}

pub fn sdcorr(positions: &[usize], regularization: f64) -> ConstraintKind {
    ConstraintKind::Sdcorr { positions: positions.into(), regularization }
}

pub fn user(space: &Space, internal: &[f64]) -> Vec<f64> {
    let mut user = vec![f64::NAN; space.n_user()];
    space.to_user(internal, &mut user, &mut space.workspace());
    user
}

#[track_caller]
pub fn close(actual: &[f64], expected: &[f64]) {
    let near = |(a, e): (&f64, &f64)| (a - e).abs() <= 1e-12 * (1.0 + e.abs());
    let same = actual.len() == expected.len() && actual.iter().zip(expected).all(near);
    assert!(same, "{actual:?} is not {expected:?}");
}

pub fn handling(space: &Space) -> Vec<&Handling> {
    space.plan().constraints.iter().map(|planned| &planned.handling).collect()
}
