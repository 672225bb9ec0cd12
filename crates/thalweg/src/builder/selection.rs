//! Choosing parameters for bounds and constraints: by position, name, path, or by a closure over the parameters.

use std::fmt;

use thalweg_space::params::{LeafTable, Params, Selector};
use thalweg_space::{SelectError, SpaceError};

/// Which parameters a bound or a constraint is about: whatever makes a [`Selector`], or a closure made by [`by`].
pub enum Selection<'a, P> {
    /// Positions, names or a path.
    Selector(Selector),
    /// A closure that picks the parameters out of all of them.
    By(By<'a, P>),
}

/// A closure that picks parameters out of all of them. Made by [`by`].
pub struct By<'a, P>(Choose<'a, P>);

type Choose<'a, P> = Box<dyn Fn(&P) -> Vec<f64> + 'a>;

/// Choose parameters by a closure that returns them: a number, a vector, an array, a tuple of such things, or any other
/// [`Params`].
///
/// The closure is called once, with the positions 0, 1, 2, ... in place of the parameters' values. So it may select and
/// rearrange, but not compute.
///
/// ```
/// use thalweg::{by, minimize, params::Params};
///
/// #[derive(Clone, Params)]
/// struct Model {
///     level: f64,
///     shares: Vec<f64>,
/// }
///
/// let start = Model { level: 0.5, shares: vec![0.2, 0.3, 0.5] };
/// let fun = |m: &Model| (m.level - m.shares[0]).powi(2) + m.shares.iter().map(|s| s * s).sum::<f64>();
/// let result = minimize(fun, start)
///     .probability(by(|m: &Model| m.shares.clone()))
///     .lower(by(|m: &Model| m.level), 0.4)
///     .algorithm("lbfgsb")
///     .run()?;
/// assert!((result.params.shares.iter().sum::<f64>() - 1.0).abs() < 1e-15);
/// assert!(result.params.level >= 0.4);
/// # Ok::<(), thalweg::OptimizeError>(())
/// ```
pub fn by<'a, P, R: Params>(choose: impl Fn(&P) -> R + 'a) -> By<'a, P> {
    By(Box::new(move |params| choose(params).to_flat()))
}

impl<P, S: Into<Selector>> From<S> for Selection<'_, P> {
    fn from(selector: S) -> Self {
        Selection::Selector(selector.into())
    }
}

impl<'a, P> From<By<'a, P>> for Selection<'a, P> {
    fn from(by: By<'a, P>) -> Self {
        Selection::By(by)
    }
}

impl<P> fmt::Debug for Selection<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Selector(selector) => selector.fmt(f),
            Selection::By(by) => by.fmt(f),
        }
    }
}

impl<P> fmt::Debug for By<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("By(closure)")
    }
}

impl<P: Params> Selection<'_, P> {
    /// The positions among the `n` parameters of which `start` is a template.
    pub(crate) fn positions(&self, start: &P, n: usize) -> Result<Vec<usize>, SelectError> {
        match self {
            Selection::Selector(Selector::All) => Ok((0..n).collect()),
            // Names and paths are built only where something is selected by them.
            Selection::Selector(Selector::Positions(positions))
                if positions.iter().all(|&position| position < n) =>
            {
                Ok(positions.clone())
            }
            Selection::Selector(selector) => LeafTable::of(start).select(selector),
            Selection::By(By(choose)) => {
                let labelled = |label: fn(f64) -> f64| {
                    let labels: Vec<f64> = (0..n).map(|position| label(position as f64)).collect();
                    let labelled = start.with_flat(&labels).map_err(|error| match error {
                        SpaceError::FlatLength { expected, .. } => {
                            SelectError::OutOfRange { position: expected, n }
                        }
                        _ => SelectError::OutOfRange { position: n, n },
                    })?;
                    Ok(choose(&labelled))
                };
                // What is computed from positions may be a position by chance, but not with other labels, too.
                let (found, relabelled) = (labelled(|p| p)?, labelled(|p| 2.0 * p + 1.0)?);
                let computed =
                    found.iter().zip(&relabelled).find(|&(p, label)| 2.0 * p + 1.0 != *label);
                match computed {
                    Some((&value, _)) => Err(SelectError::Computed { value, n }),
                    None => found.into_iter().map(|value| position(value, n)).collect(),
                }
            }
        }
    }
}

/// The position that a closure returned as a number.
fn position(value: f64, n: usize) -> Result<usize, SelectError> {
    let is_position = value >= 0.0 && value < n as f64 && value.fract() == 0.0;
    if is_position { Ok(value as usize) } else { Err(SelectError::Computed { value, n }) }
}
