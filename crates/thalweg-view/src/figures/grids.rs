//! Which points a picture of slices needs, and where their values belong.
//!
//! A slice varies one parameter over an even grid between its bounds, a pair varies two, and the others stay at the start. The start
//! itself is a point of every slice. Each pair is evaluated once, for both of the places of the grid of panels where it is drawn.

use crate::error::FigureError;

/// Messages name so many parameters.
const MOST_NAMED: usize = 10;

/// What slices are about: the start, the bounds, and which parameters are varied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SliceSpace {
    /// All parameters at the start.
    pub start: Vec<f64>,
    /// The lower bounds of all parameters, if there are any.
    pub lower: Option<Vec<f64>>,
    /// The upper bounds of all parameters, if there are any.
    pub upper: Option<Vec<f64>>,
    /// The positions of the parameters that are varied.
    pub positions: Vec<usize>,
    /// Their names.
    pub names: Vec<String>,
    /// Points of the grid for each parameter.
    pub n_gridpoints: usize,
}

impl SliceSpace {
    /// The number of parameters that are varied.
    pub(crate) fn len(&self) -> usize {
        self.positions.len()
    }

    /// That there is something to vary, and between which bounds.
    pub(crate) fn check(&self) -> Result<(), FigureError> {
        if self.positions.is_empty() {
            return Err(FigureError::invalid(
                "no parameter is selected. selector has to select at least one.",
            ));
        }
        if self.names.len() != self.len() {
            let (n, m) = (self.names.len(), self.len());
            return Err(FigureError::invalid(format!("there are {n} names for {m} parameters.")));
        }
        if self.n_gridpoints < 2 {
            return Err(FigureError::invalid(format!(
                "n_gridpoints is {}. It has to be at least 2.",
                self.n_gridpoints
            )));
        }
        let n = self.start.len();
        if let Some(position) = self.positions.iter().find(|&&position| position >= n) {
            return Err(FigureError::invalid(format!(
                "position {position} is selected, but there are {n} parameters."
            )));
        }
        for (side, bounds) in [("lower", &self.lower), ("upper", &self.upper)] {
            if let Some(bounds) = bounds.as_ref().filter(|bounds| bounds.len() != n) {
                let m = bounds.len();
                return Err(FigureError::invalid(format!(
                    "there are {m} {side} bounds for {n} parameters."
                )));
            }
        }
        self.check_finite_bounds()
    }

    fn check_finite_bounds(&self) -> Result<(), FigureError> {
        let lacks = |(&position, name): (&usize, &String)| {
            let sides = [("lower", &self.lower), ("upper", &self.upper)];
            let missing: Vec<&str> = (sides.into_iter())
                .filter(|(_, side)| side.as_ref().is_none_or(|b| !b[position].is_finite()))
                .map(|(side, _)| side)
                .collect();
            (!missing.is_empty()).then(|| format!("{name} ({})", missing.join(", ")))
        };
        let missing: Vec<String> =
            self.positions.iter().zip(&self.names).filter_map(lacks).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let more = if missing.len() > MOST_NAMED { ", ..." } else { "" };
        let named = missing[..missing.len().min(MOST_NAMED)].join(", ");
        Err(FigureError::invalid(format!(
            "All selected parameters must have finite lower/upper bounds. These have none: {named}{more}."
        )))
    }

    fn bounds(&self, which: usize) -> [f64; 2] {
        let position = self.positions[which];
        [&self.lower, &self.upper].map(|side| side.as_ref().map_or(f64::NAN, |side| side[position]))
    }

    /// The start of a parameter.
    pub(crate) fn start_of(&self, which: usize) -> f64 {
        self.start[self.positions[which]]
    }

    /// The even grid between the bounds of a parameter.
    pub(crate) fn grid(&self, which: usize) -> Vec<f64> {
        let [lower, upper] = self.bounds(which);
        let last = (self.n_gridpoints - 1) as f64;
        let point = |i: usize| lower * (1.0 - i as f64 / last) + upper * (i as f64 / last);
        (0..self.n_gridpoints).map(point).collect()
    }

    /// That grid with the start in its place.
    pub(crate) fn grid_with_start(&self, which: usize) -> Vec<f64> {
        let (mut grid, start) = (self.grid(which), self.start_of(which));
        let place = grid.partition_point(|&x| x < start);
        if grid.get(place) != Some(&start) {
            grid.insert(place, start);
        }
        grid
    }

    /// The pairs of varied parameters, each once.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        let n = self.len();
        (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect()
    }
}

/// Which of its points a picture needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) slices: bool,
    pub(crate) pairs: bool,
}

/// The points that `needs` says, one after the other: the start, the slices, the pairs.
pub(crate) fn points(space: &SliceSpace, needs: Needs) -> Vec<f64> {
    let mut points = space.start.clone();
    let mut add = |changes: &[(usize, f64)]| {
        let from = points.len();
        points.extend_from_slice(&space.start);
        for &(which, value) in changes {
            points[from + space.positions[which]] = value;
        }
    };
    if needs.slices {
        for which in 0..space.len() {
            space.grid_with_start(which).into_iter().for_each(|x| add(&[(which, x)]));
        }
    }
    if needs.pairs {
        for (i, j) in space.pairs() {
            let (first, second) = (space.grid(i), space.grid(j));
            for &y in &second {
                first.iter().for_each(|&x| add(&[(i, x), (j, y)]));
            }
        }
    }
    points
}

/// The values at the points of [`points`], each where it belongs.
pub(crate) struct Heights {
    /// At the start.
    pub(crate) start: f64,
    /// Over the grid of each parameter; empty if they are not needed.
    pub(crate) slices: Vec<Vec<f64>>,
    /// For each pair (i, j), rows over the grid of j; empty if they are not needed.
    pub(crate) pairs: Vec<Vec<Vec<f64>>>,
}

impl Heights {
    pub(crate) fn sort(
        space: &SliceSpace,
        needs: Needs,
        values: &[f64],
    ) -> Result<Self, FigureError> {
        let n = space.n_gridpoints;
        let lengths: Vec<usize> = match needs.slices {
            true => (0..space.len()).map(|which| space.grid_with_start(which).len()).collect(),
            false => Vec::new(),
        };
        let n_pairs = if needs.pairs { space.pairs().len() } else { 0 };
        let expected = 1 + lengths.iter().sum::<usize>() + n_pairs * n * n;
        if values.len() != expected {
            let given = values.len();
            return Err(FigureError::invalid(format!(
                "there are {given} values for {expected} points."
            )));
        }
        let mut rest = values.iter().map(|&value| if value.is_finite() { value } else { f64::NAN });
        let mut take = |n: usize| -> Vec<f64> { rest.by_ref().take(n).collect() };
        let start = take(1)[0];
        let slices = lengths.into_iter().map(&mut take).collect();
        let pairs = (0..n_pairs).map(|_| (0..n).map(|_| take(n)).collect()).collect();
        Ok(Heights { start, slices, pairs })
    }

    /// The range of all slices, with `expand` of its length on both sides; `None` without any finite value.
    pub(crate) fn range(&self, expand: f64) -> Option<[f64; 2]> {
        let values = self.slices.iter().flatten().filter(|value| !value.is_nan());
        let (lowest, highest) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let room = match highest - lowest {
            0.0 => 0.5 * highest.abs().max(1.0),
            length => expand * length,
        };
        (lowest <= highest).then_some([lowest - room, highest + room])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> SliceSpace {
        SliceSpace {
            start: vec![0.5, 1.0, 7.0],
            lower: Some(vec![0.0, 0.0, f64::NEG_INFINITY]),
            upper: Some(vec![1.0, 2.0, 9.0]),
            positions: vec![0, 1],
            names: vec!["a".into(), "b".into()],
            n_gridpoints: 4,
        }
    }

    #[test]
    fn grids_contain_the_start_once_and_end_at_the_bounds() {
        let grid = space().grid_with_start(0);
        assert_eq!((grid.len(), grid[0], grid[2], grid[4]), (5, 0.0, 0.5, 1.0));
        let odd = SliceSpace { n_gridpoints: 5, ..space() };
        assert_eq!(odd.grid_with_start(1), [0.0, 0.5, 1.0, 1.5, 2.0]);
    }

    #[test]
    fn every_value_lands_where_its_point_was() {
        let (space, needs) = (space(), Needs { slices: true, pairs: true });
        let points = points(&space, needs);
        let values: Vec<f64> =
            points.chunks_exact(3).map(|p| p[0] + 10.0 * p[1] + 100.0 * p[2]).collect();
        let heights = Heights::sort(&space, needs, &values).unwrap();
        assert_eq!(heights.start, 710.5);
        for (x, value) in space.grid_with_start(0).iter().zip(&heights.slices[0]) {
            assert_eq!(x + 710.0, *value);
        }
        for (y, row) in space.grid(1).iter().zip(&heights.pairs[0]) {
            for (x, value) in space.grid(0).iter().zip(row) {
                assert_eq!(x + 10.0 * y + 700.0, *value);
            }
        }
    }

    #[test]
    fn what_cannot_be_sliced_is_said() {
        let message = |space: SliceSpace| space.check().unwrap_err().to_string();
        assert_eq!(
            message(SliceSpace {
                positions: vec![0, 2],
                names: vec!["a".into(), "c".into()],
                ..space()
            }),
            "All selected parameters must have finite lower/upper bounds. These have none: c (lower)."
        );
        assert_eq!(
            message(SliceSpace { upper: None, ..space() }),
            "All selected parameters must have finite lower/upper bounds. These have none: a (upper), b (upper)."
        );
        assert_eq!(
            message(SliceSpace { n_gridpoints: 1, ..space() }),
            "n_gridpoints is 1. It has to be at least 2."
        );
        assert_eq!(
            message(SliceSpace { positions: vec![0, 3], ..space() }),
            "position 3 is selected, but there are 3 parameters."
        );
        assert_eq!(
            message(SliceSpace { lower: Some(vec![0.0]), ..space() }),
            "there are 1 lower bounds for 3 parameters."
        );
        assert_eq!(
            message(SliceSpace { positions: vec![], names: vec![], ..space() }),
            "no parameter is selected. selector has to select at least one."
        );
        let needs = Needs { slices: false, pairs: true };
        let error = Heights::sort(&space(), needs, &[1.0]).err().unwrap();
        assert_eq!(error.to_string(), "there are 1 values for 17 points.");
    }

    #[test]
    fn flat_functions_have_a_range() {
        let range = |values: Vec<f64>| {
            Heights { start: 0.0, slices: vec![values], pairs: vec![] }.range(0.02)
        };
        assert_eq!(range(vec![3.0, 3.0]), Some([1.5, 4.5]));
        assert_eq!(range(vec![f64::NAN]), None);
        assert_eq!(range(vec![0.0, f64::NAN, 1.0]), Some([-0.02, 1.02]));
    }
}
