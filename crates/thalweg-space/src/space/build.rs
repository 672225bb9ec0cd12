//! Building a space: checks, consolidation, and the chain of transforms.

use std::sync::Arc;

use super::{BuildOptions, Names, Space};
use crate::bounds::Bounds;
use crate::checks::{check_form, check_selection};
use crate::consolidate::{Model, Shape};
use crate::constraint::Constraint;
use crate::error::{Offender, Offenders, SpaceError};
use crate::plan::{ConstraintPlan, PlannedConstraint};
use crate::transform::Transform;
use crate::transforms::{Covariance, Equal, Fixed, Linear, Probability, SdCorr, Simplex};

impl Space {
    /// Checks start values, bounds and constraints, and builds the space.
    ///
    /// `start` is the user's flat vector and `names` gives the name at a position (called for error messages only). A
    /// parameter with equal bounds is fixed. All parameters may be fixed.
    ///
    /// # Errors
    ///
    /// In this order: start values that are not finite; bounds of the wrong length or without a value between them;
    /// constraints that are ill-formed, in the order of the list; equal parameters that cannot be equal; start values outside
    /// the bounds; constraints that the start values violate, in the order of the list; constraints that do not go together.
    pub fn build(
        start: &[f64],
        names: &dyn Fn(usize) -> String,
        bounds: &Bounds,
        constraints: &[Constraint],
        options: BuildOptions,
    ) -> Result<Space, SpaceError> {
        let names = Names(names);
        check_finite(start, names)?;
        bounds.check(start, names)?;
        if bounds.is_none() && constraints.is_empty() {
            return Ok(Space::compose(Vec::new(), start.to_vec(), bounds));
        }
        for constraint in constraints {
            check_selection(constraint, start.len(), names)?;
            check_form(constraint, names)?;
        }
        let mut model = Model::new(start, names, bounds, constraints, options.repair_start)?;
        if options.repair_start {
            model.repair_start();
        }
        bounds.check_start(&model.start, names)?;
        model.check_start(options.repair_start)?;
        let repairs = if options.repair_start { model.repairs(start) } else { Vec::new() };
        model.copy_start_values();
        model.fix_equal_bounds();
        model.make_blocks()?;
        model.make_rows();

        let mut space = Chain::of(&model).compose(&model);
        space.keep_bounds(&model);
        space.plan = plan(&model);
        space.surplus_rows = model.surplus;
        space.repairs = repairs;
        Ok(space)
    }

    /// Remembers bounds that the transforms imply, but might miss by rounding.
    fn keep_bounds(&mut self, model: &Model<'_>) {
        let blocks = model.blocks.iter().flat_map(|block| block.positions.iter().copied());
        let rows = model.combinations.iter().flat_map(|row| row.weights.iter().map(|w| w.0));
        let regions = model.regions.iter().flat_map(|region| region.positions.iter().copied());
        let moved: Vec<usize> = blocks.chain(rows).chain(regions).collect();
        for position in 0..self.n_user {
            let (lower, upper) = (model.lower[position], model.upper[position]);
            let bounded = lower.is_finite() || upper.is_finite();
            if bounded && moved.contains(&model.representative[position]) {
                self.kept.push((position, lower, upper));
            }
        }
    }
}

/// The stages so far, from the user's side inwards.
struct Chain {
    stages: Vec<Arc<dyn Transform>>,
    /// The user's parameter that each coordinate stands for, ascending.
    places: Vec<usize>,
    /// The start values in these coordinates.
    start: Vec<f64>,
}

impl Chain {
    /// All stages that the model needs.
    fn of(model: &Model<'_>) -> Self {
        let n = model.start.len();
        let mut chain =
            Chain { stages: Vec::new(), places: (0..n).collect(), start: model.start.clone() };
        if (0..n).any(|position| model.representative[position] != position) {
            chain.push(Equal::new(&model.representative));
        }
        let held: Vec<usize> = model.blocks.iter().filter_map(|block| block.held).collect();
        chain.fix(|position| model.fixed[position] && !held.contains(&position));
        chain.push_blocks(model);
        let values = chain.push_combinations(model);
        for region in &model.regions {
            let places = chain.find(&region.positions);
            let start: Vec<f64> = places.iter().map(|&place| chain.start[place]).collect();
            let (corners, shares) = (region.corners.clone(), region.shares.clone());
            chain.push(Simplex::new(chain.places.len(), places, corners, shares, &start));
        }
        // Coordinates with one possible value: a fixed first variance, and combinations that are equations.
        for (position, value) in &values {
            let place = chain.find(&[*position])[0];
            chain.start[place] = *value;
        }
        chain.fix(|position| {
            held.contains(&position) || values.iter().any(|value| value.0 == position)
        });
        chain
    }

    fn push(&mut self, stage: impl Transform + 'static) {
        let mut start = vec![0.0; stage.n_internal()];
        stage.to_internal(&self.start, &mut start);
        self.start = start;
        self.places =
            (0..stage.n_internal()).map(|i| self.places[stage.user_position(i)]).collect();
        self.stages.push(Arc::new(stage));
    }

    /// Where the coordinates of parameters are now.
    fn find(&self, positions: &[usize]) -> Vec<usize> {
        positions.iter().map(|position| self.places.partition_point(|own| own < position)).collect()
    }

    /// Takes out coordinates, by the parameters that they stand for.
    fn fix(&mut self, is_fixed: impl Fn(usize) -> bool) {
        if self.places.iter().any(|&position| is_fixed(position)) {
            let places = self.places.clone();
            self.push(Fixed::new(self.start.clone(), |i| is_fixed(places[i])));
        }
    }

    fn push_blocks(&mut self, model: &Model<'_>) {
        for block in &model.blocks {
            let (n, places) = (self.places.len(), self.find(&block.positions));
            match block.shape {
                Shape::Probability { total } => {
                    let start: Vec<f64> = places.iter().map(|&place| self.start[place]).collect();
                    self.push(Probability::with_total(n, &places, &start, total));
                }
                Shape::Covariance { regularization } => {
                    self.push(Covariance::new(n, &places, regularization));
                }
                Shape::Sdcorr { regularization } => {
                    self.push(SdCorr::new(n, &places, regularization));
                }
            }
        }
    }

    /// Adds the stage of linear combinations; returns those that are equations, by the parameter in whose place they are.
    fn push_combinations(&mut self, model: &Model<'_>) -> Vec<(usize, f64)> {
        let mut rows = model.combinations.clone();
        for row in &mut rows {
            for weight in &mut row.weights {
                weight.0 = self.find(&[weight.0])[0];
            }
        }
        let bounded = self.find(&model.bounded);
        let linear = Linear::new(self.places.len(), &rows, |place| !bounded.contains(&place));
        // The bundles have found their rows to be determined, each for itself.
        let Some(linear) = linear.filter(|_| !rows.is_empty()) else { return Vec::new() };
        let values = linear
            .coordinates()
            .filter(|(_, lower, upper)| lower == upper)
            .map(|(place, value, _)| (self.places[place], value))
            .collect();
        self.push(linear);
        values
    }

    fn compose(self, model: &Model<'_>) -> Space {
        let bounds = Bounds::new(model.lower.clone(), model.upper.clone());
        Space::compose(self.stages, model.start.clone(), &bounds)
    }
}

fn plan(model: &Model<'_>) -> ConstraintPlan {
    let planned = |(constraint, handling): (&Constraint, &_)| PlannedConstraint {
        index: constraint.index,
        kind: constraint.word().into(),
        handling: Clone::clone(handling),
    };
    let constraints = model.constraints.iter().zip(&model.handling).map(planned).collect();
    ConstraintPlan { constraints }
}

fn check_finite(start: &[f64], names: Names<'_>) -> Result<(), SpaceError> {
    if start.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    let describe = |position: usize| {
        let (lower, upper) = (f64::NEG_INFINITY, f64::INFINITY);
        Offender { name: names.of(position), position, value: start[position], lower, upper }
    };
    Offenders::find(0..start.len(), |position| !start[position].is_finite(), describe)
        .map_or(Ok(()), |offenders| Err(SpaceError::NonFiniteStart(offenders)))
}
