//! Choosing parameters by position, by name or by path.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::error::SelectError;
use crate::leaf::{Leaves, Path};
use crate::params::Params;

/// How many names a message lists at most.
const LISTED: usize = 10;

/// Which parameters a bound or a constraint is about.
///
/// Made from what it holds: `0.into()`, `(1..).into()`, `vec![0, 2].into()`, `"slopes".into()`, `["a", "b"].into()`,
/// `Path::from(["slopes"]).into()`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Selector {
    /// All parameters.
    All,
    /// Positions in the flat vector.
    Positions(Vec<usize>),
    /// All positions from this one on.
    From(usize),
    /// Names, each of a leaf or of a container with all leaves below it: `"slopes_2"`, or `"slopes.2"`.
    Names(Vec<String>),
    /// The leaf at this path, or all leaves below it. Never ambiguous.
    Path(Path),
}

impl From<usize> for Selector {
    fn from(position: usize) -> Self {
        Selector::Positions(vec![position])
    }
}

impl From<Vec<usize>> for Selector {
    fn from(positions: Vec<usize>) -> Self {
        Selector::Positions(positions)
    }
}

impl From<&[usize]> for Selector {
    fn from(positions: &[usize]) -> Self {
        Selector::Positions(positions.into())
    }
}

impl<const N: usize> From<[usize; N]> for Selector {
    fn from(positions: [usize; N]) -> Self {
        Selector::Positions(positions.into())
    }
}

/// Ranges with an end are lists of positions.
macro_rules! from_ranges {
    ($($range:ty, $positions:expr;)*) => {$(
        impl From<$range> for Selector {
            fn from(range: $range) -> Self {
                let positions: fn($range) -> Vec<usize> = $positions;
                Selector::Positions(positions(range))
            }
        }
    )*};
}

from_ranges! {
    Range<usize>, |range| range.collect();
    RangeInclusive<usize>, |range| range.collect();
    RangeTo<usize>, |range| (0..range.end).collect();
    RangeToInclusive<usize>, |range| (0..=range.end).collect();
}

impl From<RangeFrom<usize>> for Selector {
    fn from(range: RangeFrom<usize>) -> Self {
        Selector::From(range.start)
    }
}

impl From<RangeFull> for Selector {
    fn from(_: RangeFull) -> Self {
        Selector::All
    }
}

impl From<&str> for Selector {
    fn from(name: &str) -> Self {
        Selector::Names(vec![name.to_string()])
    }
}

impl From<String> for Selector {
    fn from(name: String) -> Self {
        Selector::Names(vec![name])
    }
}

impl<const N: usize> From<[&str; N]> for Selector {
    fn from(names: [&str; N]) -> Self {
        Selector::Names(names.iter().map(ToString::to_string).collect())
    }
}

impl From<&[&str]> for Selector {
    fn from(names: &[&str]) -> Self {
        Selector::Names(names.iter().map(ToString::to_string).collect())
    }
}

impl From<Vec<&str>> for Selector {
    fn from(names: Vec<&str>) -> Self {
        names.as_slice().into()
    }
}

impl From<Vec<String>> for Selector {
    fn from(names: Vec<String>) -> Self {
        Selector::Names(names)
    }
}

impl From<Path> for Selector {
    fn from(path: Path) -> Self {
        Selector::Path(path)
    }
}

/// The paths of all leaves in the order of the flat vector: what selectors are resolved against.
///
/// Built on request only; neither a run nor its evaluations need it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeafTable {
    paths: Vec<Path>,
}

impl LeafTable {
    /// The leaves of `params`.
    pub fn of<P: Params>(params: &P) -> Self {
        LeafTable { paths: params.leaf_paths() }
    }

    /// The leaves with the given paths (for parameters that live outside Rust).
    pub fn from_paths(paths: Vec<Path>) -> Self {
        LeafTable { paths }
    }

    /// The leaves that `describe` announces.
    pub fn from_walk(describe: impl FnOnce(&mut Leaves<'_>)) -> Self {
        let mut paths = Vec::new();
        describe(&mut Leaves::new(&mut |leaf| paths.push(leaf.path.clone())));
        LeafTable { paths }
    }

    /// The paths by position.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// The positions that `selector` is about, in its order; ascending below each name or path. Positions named twice
    /// come twice.
    ///
    /// ```
    /// use thalweg_space::params::{LeafTable, Path};
    ///
    /// let leaves = LeafTable::of(&(1.0, vec![2.0, 3.0]));
    /// assert_eq!(leaves.select(&"1".into())?, [1, 2]);
    /// assert_eq!(leaves.select(&["1_1", "0"].into())?, [2, 0]);
    /// assert_eq!(leaves.select(&Path::from([1]).into())?, [1, 2]);
    /// # Ok::<(), thalweg_space::SelectError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A position that is too large, a name or a path that no leaf has, a name that several paths share.
    pub fn select(&self, selector: &Selector) -> Result<Vec<usize>, SelectError> {
        match selector {
            Selector::All => Ok((0..self.paths.len()).collect()),
            Selector::Positions(positions) => {
                let n = self.paths.len();
                match positions.iter().find(|&&position| position >= n) {
                    Some(&position) => Err(SelectError::OutOfRange { position, n }),
                    None => Ok(positions.clone()),
                }
            }
            Selector::From(first) => match self.paths.len() {
                n if *first > n => Err(SelectError::OutOfRange { position: *first, n }),
                n => Ok((*first..n).collect()),
            },
            Selector::Names(names) => {
                let mut positions = Vec::new();
                for name in names {
                    positions.extend(self.under(&self.path_named(name)?));
                }
                Ok(positions)
            }
            Selector::Path(path) => match self.under(path) {
                positions if positions.is_empty() => Err(SelectError::UnknownPath {
                    path: path.clone(),
                    available: self.paths.iter().take(LISTED).cloned().collect(),
                    n: self.paths.len(),
                }),
                positions => Ok(positions),
            },
        }
    }

    /// The positions of the leaves at or below `path`, ascending.
    fn under(&self, path: &Path) -> Vec<usize> {
        (0..self.paths.len()).filter(|&i| self.paths[i].starts_with(path)).collect()
    }

    /// The one path, of a leaf or of a container, whose segments join to `name`.
    fn path_named(&self, name: &str) -> Result<Path, SelectError> {
        let mut found: Vec<Path> = Vec::new();
        for path in &self.paths {
            for depth in 0..=path.segments().len() {
                let prefix = path.prefix(depth);
                if is_called(&prefix, name) && !found.contains(&prefix) {
                    found.push(prefix);
                }
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(SelectError::UnknownName {
                name: name.to_string(),
                available: self.paths.iter().take(LISTED).map(ToString::to_string).collect(),
                n: self.paths.len(),
            }),
            _ => Err(SelectError::AmbiguousName { name: name.to_string(), candidates: found }),
        }
    }
}

/// Whether the segments join to `name`, with `_` or, as one writes fields in Rust, with dots.
fn is_called(path: &Path, name: &str) -> bool {
    path.to_string() == name || name.contains('.') && path.dotted() == name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn table() -> LeafTable {
        LeafTable::of(&BTreeMap::from([
            ("a", vec![1.0, 2.0]),
            ("a_0", vec![3.0]),
            ("slope", vec![4.0]),
        ]))
    }

    #[test]
    fn every_selector_finds_its_leaves() {
        let leaves = table();
        assert_eq!(leaves.select(&Selector::All).unwrap(), [0, 1, 2, 3]);
        assert_eq!(leaves.select(&2.into()).unwrap(), [2]);
        assert_eq!(leaves.select(&vec![3, 0].into()).unwrap(), [3, 0]);
        assert_eq!(leaves.select(&[1, 1].into()).unwrap(), [1, 1]);
        assert_eq!(leaves.select(&"a".into()).unwrap(), [0, 1]);
        assert_eq!(leaves.select(&["slope", "a_1"].into()).unwrap(), [3, 1]);
        // With dots, a name says where one segment ends and the next begins.
        assert_eq!(leaves.select(&"a.0".into()).unwrap(), [0]);
        assert_eq!(leaves.select(&"a_0.0".into()).unwrap(), [2]);
        assert_eq!(
            LeafTable::of(&BTreeMap::from([("a.b", 1.0)])).select(&"a.b".into()).unwrap(),
            [0]
        );
        assert_eq!(leaves.select(&Path::from(["a_0"]).into()).unwrap(), [2]);
        assert_eq!(leaves.select(&Path::from(["a"]).join(0).into()).unwrap(), [0]);
        assert_eq!(LeafTable::from_paths(leaves.paths().to_vec()), leaves);
        assert_eq!(LeafTable::of(&1.0).select(&"".into()).unwrap(), [0]);
    }

    #[test]
    fn ranges_and_lists_of_every_kind_select() {
        let leaves = table();
        let select = |selector: Selector| leaves.select(&selector).unwrap();
        assert_eq!(select((1..3).into()), [1, 2]);
        assert_eq!(select((1..=3).into()), [1, 2, 3]);
        assert_eq!(select((..2).into()), [0, 1]);
        assert_eq!(select((..=2).into()), [0, 1, 2]);
        assert_eq!(select((2..).into()), [2, 3]);
        assert_eq!(select((4..).into()), [0; 0], "as for slices");
        assert_eq!(select((..).into()), [0, 1, 2, 3]);
        assert_eq!(select((&[2_usize, 0][..]).into()), [2, 0]);
        assert_eq!(select("slope".to_string().into()), [3]);
        assert_eq!(select(vec!["slope", "a_1"].into()), [3, 1]);
        assert_eq!(select((&["slope", "a_1"][..]).into()), [3, 1]);
        assert_eq!(select(vec!["slope".to_string()].into()), [3]);
        let error = leaves.select(&(5..).into()).unwrap_err().to_string();
        assert_eq!(error, "position 5 is out of range: there are 4 parameters, 0 to 3");
    }

    #[test]
    fn what_cannot_be_found_is_said() {
        let leaves = table();
        let message = |selector: Selector| leaves.select(&selector).unwrap_err().to_string();
        assert_eq!(message(4.into()), "position 4 is out of range: there are 4 parameters, 0 to 3");
        assert_eq!(
            message("slop".into()),
            "no parameter is called 'slop'; the names are 'a_0', 'a_1', 'a_0_0', 'slope_0'"
        );
        assert_eq!(
            message("a_0".into()),
            "the name 'a_0' is ambiguous: [\"a\", 0] and [\"a_0\"] both have it; select by path instead"
        );
        assert_eq!(
            message(Path::from(["b"]).into()),
            "there is no parameter at or below [\"b\"]; the paths are [\"a\", 0], [\"a\", 1], [\"a_0\", 0], [\"slope\", 0]"
        );
        let many = LeafTable::of(&vec![0.0; 25]);
        assert_eq!(
            many.select(&"x".into()).unwrap_err().to_string(),
            "no parameter is called 'x'; the names are '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' and 15 more"
        );
        assert_eq!(
            LeafTable::default().select(&0.into()).unwrap_err().to_string(),
            "position 0 is out of range: there are no parameters"
        );
    }
}
