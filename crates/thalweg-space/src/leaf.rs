//! Leaves and their paths: where in the user's parameters each number of the flat vector lives.
//!
//! Leaves are matched by path, never by the joined name: the names of `{"a_0": 1}` and of `{"a": [1]}` are the same,
//! their paths are not.

use std::borrow::Cow;
use std::fmt;

/// One step from a container to one of its children.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A field of a struct or a key of a map.
    Key(Cow<'static, str>),
    /// A position in a sequence, or along one axis of an array.
    Index(usize),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Key(key) => f.write_str(key),
            Segment::Index(index) => write!(f, "{index}"),
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Key(key) => write!(f, "{key:?}"),
            Segment::Index(index) => write!(f, "{index}"),
        }
    }
}

impl From<&'static str> for Segment {
    fn from(key: &'static str) -> Self {
        Segment::Key(Cow::Borrowed(key))
    }
}

impl From<String> for Segment {
    fn from(key: String) -> Self {
        Segment::Key(Cow::Owned(key))
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Segment::Index(index)
    }
}

/// The way from the root of the parameters to a leaf or to a container.
///
/// `Display` joins the segments with `_` (the leaf's *name*, not always unique); `Debug` shows them apart.
///
/// ```
/// use thalweg_space::params::Path;
///
/// let path = Path::from(["slopes"]).join(2);
/// assert_eq!(path.to_string(), "slopes_2");
/// assert_eq!(format!("{path:?}"), r#"["slopes", 2]"#);
/// assert!(path.starts_with(&Path::from(["slopes"])));
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    segments: Vec<Segment>,
}

impl Path {
    /// The path of the root: no segments, empty name.
    pub fn root() -> Self {
        Self::default()
    }

    /// The segments from the root downwards.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// This path followed by one more segment.
    #[must_use]
    pub fn join(mut self, segment: impl Into<Segment>) -> Self {
        self.segments.push(segment.into());
        self
    }

    /// Whether `self` lies under `prefix` or is `prefix`.
    pub fn starts_with(&self, prefix: &Path) -> bool {
        self.segments.starts_with(&prefix.segments)
    }

    /// The segments joined with dots.
    pub(crate) fn dotted(&self) -> String {
        self.segments.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
    }

    /// The path made of the first `depth` segments (of all, if there are fewer).
    pub(crate) fn prefix(&self, depth: usize) -> Path {
        Path { segments: self.segments[..depth.min(self.segments.len())].to_vec() }
    }
}

impl<S: Into<Segment>> FromIterator<S> for Path {
    fn from_iter<I: IntoIterator<Item = S>>(segments: I) -> Self {
        Path { segments: segments.into_iter().map(Into::into).collect() }
    }
}

impl<S: Into<Segment>, const N: usize> From<[S; N]> for Path {
    fn from(segments: [S; N]) -> Self {
        segments.into_iter().collect()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.segments.iter().enumerate() {
            if i > 0 {
                f.write_str("_")?;
            }
            write!(f, "{segment}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.segments).finish()
    }
}

/// What a walk over the parameters says about one number of the flat vector.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// Where the number lives.
    pub path: &'a Path,
    /// Whether it sits under a field marked `#[params(fixed)]`.
    pub fixed: bool,
}

/// A walk over parameters that announces each leaf, in the order of the flat vector.
///
/// [`Params::describe`](crate::params::Params::describe) receives one and calls [`leaf`](Leaves::leaf) for a number,
/// [`child`](Leaves::child) to go down.
pub struct Leaves<'a> {
    path: Path,
    fixed: bool,
    visit: &'a mut dyn FnMut(Leaf<'_>),
}

impl fmt::Debug for Leaves<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves").field("path", &self.path).field("fixed", &self.fixed).finish()
    }
}

impl<'a> Leaves<'a> {
    /// A walk that starts at the root and calls `visit` for each leaf.
    pub fn new(visit: &'a mut dyn FnMut(Leaf<'_>)) -> Self {
        Leaves { path: Path::root(), fixed: false, visit }
    }

    /// Announces one number at the present path.
    pub fn leaf(&mut self) {
        (self.visit)(Leaf { path: &self.path, fixed: self.fixed });
    }

    /// Announces one number one segment further down.
    pub fn leaf_at(&mut self, segment: impl Into<Segment>) {
        self.child(segment, Leaves::leaf);
    }

    /// Runs `describe` one segment further down.
    pub fn child(&mut self, segment: impl Into<Segment>, describe: impl FnOnce(&mut Self)) {
        self.path.segments.push(segment.into());
        describe(self);
        self.path.segments.pop();
    }

    /// Runs `describe` with every leaf in it marked as fixed.
    pub fn fixed(&mut self, describe: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.fixed, true);
        describe(self);
        self.fixed = outside;
    }
}
