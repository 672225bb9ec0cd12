//! Scaling of a space: one more transform, next to the algorithm.

use std::fmt;
use std::sync::Arc;

use super::{Names, Space};
use crate::bounds::Bounds;
use crate::transform::Transform;
use crate::transforms::Scale;

/// What the factors are made of. With `z` the free coordinates, `z0` their start values and `x = (z - o) / f`:
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScalingMethod {
    /// `f = max(|z0|, clipping_value) / magnitude`, `o = 0`: start values become as large as `magnitude`.
    #[default]
    StartValues,
    /// `f = (u - l) / magnitude`, `o = l`: the bounds become 0 and `magnitude`.
    Bounds,
    /// `f = 1 / (magnitude max(|df/dz|, clipping_value))` at the start, `o = 0`: there, the objective is about equally
    /// steep in all directions.
    Gradient,
}

impl ScalingMethod {
    /// Every method with its word.
    pub const WORDS: [(&'static str, ScalingMethod); 3] = [
        ("start_values", ScalingMethod::StartValues),
        ("bounds", ScalingMethod::Bounds),
        ("gradient", ScalingMethod::Gradient),
    ];
}

/// How the free coordinates are scaled before an algorithm sees them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// What the factors are made of.
    pub method: ScalingMethod,
    /// What takes the place of smaller start values or slopes, so that nothing is divided by zero.
    pub clipping_value: f64,
    /// How large scaled coordinates become; larger ones make the steps of most algorithms smaller.
    pub magnitude: f64,
}

impl Default for Scaling {
    fn default() -> Self {
        Scaling { method: ScalingMethod::StartValues, clipping_value: 0.1, magnitude: 1.0 }
    }
}

impl Scaling {
    /// Scaling by this method, with defaults for the rest.
    pub fn by(method: ScalingMethod) -> Self {
        Scaling { method, ..Scaling::default() }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    ///
    /// [`ScalingError::ClippingValue`], [`ScalingError::Magnitude`].
    pub fn check(&self) -> Result<(), ScalingError> {
        let unused = self.method == ScalingMethod::Bounds && self.clipping_value == 0.0;
        if !(unused || self.clipping_value > 0.0 && self.clipping_value.is_finite()) {
            return Err(ScalingError::ClippingValue(self.clipping_value));
        }
        if !(self.magnitude > 0.0 && self.magnitude.is_finite()) {
            return Err(ScalingError::Magnitude(self.magnitude));
        }
        Ok(())
    }
}

/// Why a space cannot be scaled.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalingError {
    /// The clipping value is not a positive number.
    ClippingValue(f64),
    /// The magnitude is not a positive number.
    Magnitude(f64),
    /// Parameters without finite bounds, and which they lack; and whether constraints give some parameters coordinates of
    /// their own, which bounds of the parameters do not limit.
    IncompleteBounds(Vec<String>, bool),
    /// Parameters for which there is no finite slope at the start.
    Gradient(Vec<String>),
}

impl fmt::Display for ScalingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[String]| match items.len() {
            0..=10 => items.join(", "),
            n => format!("{} and {} more", items[..10].join(", "), n - 10),
        };
        match self {
            ScalingError::ClippingValue(value) => {
                write!(f, "clipping_value of scaling must be a positive number, not {value:?}.")
            }
            ScalingError::Magnitude(value) => {
                write!(f, "magnitude of scaling must be a positive number, not {value:?}.")
            }
            ScalingError::IncompleteBounds(items, bent) => {
                let remedy = if *bent {
                    "Parameters under constraints such as probabilities have coordinates of their own, which no bounds of \
                     parameters limit: there, scale by start_values or gradient."
                } else {
                    "Give them, or scale by start_values or gradient."
                };
                write!(
                    f,
                    "scaling by bounds needs finite bounds (or soft bounds) of every free parameter; these are missing: \
                     {}. {remedy}",
                    list(items)
                )
            }
            ScalingError::Gradient(items) => write!(
                f,
                "scaling by gradient needs a finite derivative at the start, but it is not finite for: {}. Start \
                 elsewhere, or scale by start_values.",
                list(items)
            ),
        }
    }
}

impl std::error::Error for ScalingError {}

impl Space {
    /// This space with scaled coordinates. `soft` stands in where bounds are missing for [`ScalingMethod::Bounds`];
    /// `gradient` is that of the objective at the start in this space, for [`ScalingMethod::Gradient`]. `names` gives
    /// the name of a user's parameter.
    ///
    /// ```
    /// use thalweg_space::{Bounds, BuildOptions, Scaling, Space};
    ///
    /// let names = |i: usize| i.to_string();
    /// let space = Space::build(&[200.0, 1.0, 0.0125], &names, &Bounds::none(), &[], BuildOptions::default())?;
    /// let scaling = Scaling { magnitude: 2.0, ..Scaling::default() };
    /// let scaled = space.with_scaling(&scaling, &Bounds::none(), None, &names).unwrap();
    /// assert_eq!(scaled.start(), [2.0, 2.0, 0.25]);
    /// # Ok::<(), thalweg_space::SpaceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ScalingError`]; without a gradient, scaling by it fails for every parameter.
    pub fn with_scaling(
        &self,
        scaling: &Scaling,
        soft: &Bounds,
        gradient: Option<&[f64]>,
        names: &dyn Fn(usize) -> String,
    ) -> Result<Space, ScalingError> {
        scaling.check()?;
        let n = self.n_free();
        let name = |k: usize| Names(names).of(self.user_position(k));
        let (factor, offset) = match scaling.method {
            ScalingMethod::StartValues => {
                let size = |z: &f64| z.abs().max(scaling.clipping_value) / scaling.magnitude;
                (self.start.iter().map(size).collect(), vec![0.0; n])
            }
            ScalingMethod::Bounds => self.between_bounds(soft, scaling.magnitude, &name)?,
            ScalingMethod::Gradient => {
                let missing = vec![f64::NAN; n];
                let slopes = gradient.unwrap_or(&missing);
                let wrong = (0..n).filter(|&k| !slopes[k].is_finite());
                let wrong: Vec<String> = wrong.map(|k| format!("'{}'", name(k))).collect();
                if !wrong.is_empty() {
                    return Err(ScalingError::Gradient(wrong));
                }
                let size = |slope: &f64| slope.abs().max(scaling.clipping_value);
                let factor = |slope| 1.0 / (size(slope) * scaling.magnitude);
                (slopes.iter().map(factor).collect(), vec![0.0; n])
            }
        };
        Ok(self.scaled(factor, offset))
    }

    /// This space with a [`Scale`] as its innermost transform.
    fn scaled(&self, factor: Vec<f64>, offset: Vec<f64>) -> Space {
        let positive = |f: f64| f.clamp(f64::MIN_POSITIVE, f64::MAX);
        let factor = factor.into_iter().map(positive).collect();
        let n = self.n_free();
        let lower = self.lower.clone().unwrap_or_else(|| vec![f64::NEG_INFINITY; n]);
        let upper = self.upper.clone().unwrap_or_else(|| vec![f64::INFINITY; n]);
        let scale = Scale::new(factor, offset, (lower.clone(), upper.clone()), &self.start);
        let mut start = vec![0.0; n];
        scale.to_internal(&self.start, &mut start);
        let (low, high) = scale.internal_bounds(&lower, &upper);
        let mut stages = self.stages.clone();
        stages.push(Arc::new(scale));
        let (lower, upper) = (self.lower.as_ref().map(|_| low), self.upper.as_ref().map(|_| high));
        Space { stages, start, lower, upper, ..self.clone() }
    }

    /// Factors and offsets that map bounds to 0 and `magnitude`; equal ones keep their distance of zero with a factor of 1.
    fn between_bounds(
        &self,
        soft: &Bounds,
        magnitude: f64,
        name: &dyn Fn(usize) -> String,
    ) -> Result<(Vec<f64>, Vec<f64>), ScalingError> {
        let (soft_lower, soft_upper) = self.carry(soft);
        let n = self.n_free();
        let hard = |side: &Option<Vec<f64>>, k: usize| side.as_ref().map(|side| side[k]);
        let pick = |hard: Option<f64>, soft: f64| hard.filter(|b| b.is_finite()).unwrap_or(soft);
        let (mut factor, mut offset, mut missing) = (vec![1.0; n], vec![0.0; n], Vec::new());
        for k in 0..n {
            let lower = pick(hard(&self.lower, k), soft_lower[k]);
            let upper = pick(hard(&self.upper, k), soft_upper[k]);
            match (lower.is_finite(), upper.is_finite()) {
                (true, true) => {
                    offset[k] = lower;
                    if upper > lower {
                        factor[k] = (upper - lower) / magnitude;
                    }
                }
                (true, false) => missing.push(format!("'{}' (upper)", name(k))),
                (false, true) => missing.push(format!("'{}' (lower)", name(k))),
                (false, false) => missing.push(format!("'{}' (lower and upper)", name(k))),
            }
        }
        if missing.is_empty() {
            Ok((factor, offset))
        } else {
            Err(ScalingError::IncompleteBounds(missing, self.factors().is_none()))
        }
    }

    /// Bounds of the user's parameters as bounds of the free coordinates.
    fn carry(&self, bounds: &Bounds) -> (Vec<f64>, Vec<f64>) {
        let sides = (0..self.n_user).map(|position| bounds.at(position)).unzip();
        self.stages.iter().fold(sides, |(lower, upper): (Vec<f64>, Vec<f64>), stage| {
            stage.internal_bounds(&lower, &upper)
        })
    }

    /// The factors of [`with_scaling`](Space::with_scaling), one per free coordinate; `None` for a space that is not scaled.
    pub fn scale(&self) -> Option<&[f64]> {
        self.stages.last().and_then(|stage| stage.scale())
    }

    /// The factor of every free coordinate, if each moves only the parameter that it stands for, by its factor: when
    /// derivatives with respect to coordinates are derivatives with respect to parameters but for that factor.
    pub fn factors(&self) -> Option<Vec<f64>> {
        let mut factors = vec![1.0; self.n_user];
        for stage in &self.stages {
            let own = stage.factors()?;
            let outer = |(k, factor): (usize, &f64)| factor * factors[stage.user_position(k)];
            factors = own.iter().enumerate().map(outer).collect();
        }
        Some(factors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constraint::{Constraint, ConstraintKind};
    use crate::space::BuildOptions;
    use crate::transforms::Covariance;

    fn name(i: usize) -> String {
        format!("x{i}")
    }

    fn build(start: &[f64], bounds: &Bounds) -> Space {
        Space::build(start, &name, bounds, &[], BuildOptions::default()).unwrap()
    }

    fn scaled(space: &Space, scaling: Scaling) -> Result<Space, ScalingError> {
        space.with_scaling(&scaling, &Bounds::none(), None, &name)
    }

    #[test]
    fn start_values_become_the_magnitude_unless_they_are_small() {
        let bounds = Bounds::new([-200.0, -2.0, f64::NAN], [600.0, 2.0, f64::NAN]);
        let space = build(&[200.0, -1.0, 0.0125], &bounds);
        let two = scaled(&space, Scaling { magnitude: 2.0, ..Scaling::default() }).unwrap();
        assert_eq!(two.start(), [2.0, -2.0, 0.25]);
        assert_eq!(two.lower().unwrap(), [-2.0, -4.0, f64::NEG_INFINITY]);
        assert_eq!(two.upper().unwrap(), [6.0, 4.0, f64::INFINITY]);
        assert_eq!(two.factors().unwrap(), [100.0, 0.5, 0.05]);
        assert_eq!((space.scale(), two.scale()), (None, Some([100.0, 0.5, 0.05].as_slice())));
        let mut work = two.workspace();
        let (mut user, mut gradient) = ([0.0; 3], [0.0; 3]);
        two.to_user(&[1.0, 1.0, 1.0], &mut user, &mut work);
        assert_eq!(user, [100.0, 0.5, 0.05]);
        two.pull_back_gradient(&[0.0; 3], &[1.0, 2.0, 20.0], &mut gradient, &mut work);
        assert_eq!(gradient, [100.0, 1.0, 1.0]);
    }

    #[test]
    fn bounds_become_zero_and_the_magnitude() {
        let bounds = Bounds::new([-1.0, 0.0, 3.0], [3.0, 0.5, 3.0]);
        let space = build(&[1.0, 0.25, 3.0], &bounds);
        let scaling =
            Scaling { magnitude: 10.0, clipping_value: 0.0, ..Scaling::by(ScalingMethod::Bounds) };
        let ten = scaled(&space, scaling).unwrap();
        assert_eq!(ten.start(), [5.0, 5.0]);
        assert_eq!(ten.lower().unwrap(), [0.0, 0.0]);
        assert_eq!(ten.upper().unwrap(), [10.0, 10.0]);
        assert_eq!(ten.factors().unwrap(), [0.4, 0.05]);
    }

    #[test]
    fn soft_bounds_stand_in_for_missing_ones() {
        let space = build(&[1.0, 1.0], &Bounds::lower([0.0, f64::NAN]));
        let soft = Bounds::new([-5.0, -1.0], [2.0, 3.0]);
        let scaling = Scaling::by(ScalingMethod::Bounds);
        let scaled = space.with_scaling(&scaling, &soft, None, &name).unwrap();
        assert_eq!(scaled.factors().unwrap(), [2.0, 4.0]);
        // They are no bounds.
        assert_eq!(scaled.lower().unwrap(), [0.0, f64::NEG_INFINITY]);
        assert_eq!(scaled.upper(), None);
    }

    #[test]
    fn slopes_become_equal() {
        let space = build(&[1.0, 1.0, 1.0], &Bounds::none());
        let scaling = Scaling::by(ScalingMethod::Gradient);
        let slopes = [50.0, -0.25, 0.0];
        let scaled = space.with_scaling(&scaling, &Bounds::none(), Some(&slopes), &name).unwrap();
        assert_eq!(scaled.factors().unwrap(), [0.02, 4.0, 10.0]);
        let mut own = [0.0; 3];
        scaled.pull_back_gradient(scaled.start(), &slopes, &mut own, &mut scaled.workspace());
        assert_eq!(own, [1.0, -1.0, 0.0]);
    }

    #[test]
    fn factors_are_of_single_parameters_only() {
        let fixed = Constraint::new(0, ConstraintKind::Fixed { positions: vec![0], value: None });
        let space =
            Space::build(&[4.0, 2.0], &name, &Bounds::none(), &[fixed], BuildOptions::default())
                .unwrap();
        assert_eq!(space.factors().unwrap(), [1.0]);
        assert_eq!(scaled(&space, Scaling::default()).unwrap().factors().unwrap(), [2.0]);
        let stage: Arc<dyn Transform> = Arc::new(Covariance::new(1, &[0], 0.0));
        let space = Space::compose(vec![stage], vec![4.0], &Bounds::none());
        assert_eq!(scaled(&space, Scaling::default()).unwrap().factors(), None);
    }

    #[test]
    fn extreme_start_values_keep_factors_finite() {
        let space = build(&[1e308], &Bounds::none());
        let huge = scaled(&space, Scaling { magnitude: 1e-5, ..Scaling::default() }).unwrap();
        assert!(huge.start()[0].is_finite() && huge.factors().unwrap()[0].is_finite());
    }

    #[test]
    fn says_what_is_wrong() {
        let space = build(
            &[1.0, 2.0, 3.0],
            &Bounds::new([0.0, f64::NAN, f64::NAN], [f64::NAN, 5.0, f64::NAN]),
        );
        let said = |scaling: Scaling| scaled(&space, scaling).unwrap_err().to_string();
        for clipping_value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                said(Scaling { clipping_value, ..Scaling::default() }),
                format!(
                    "clipping_value of scaling must be a positive number, not {clipping_value:?}."
                )
            );
        }
        assert_eq!(
            said(Scaling { magnitude: 0.0, ..Scaling::default() }),
            "magnitude of scaling must be a positive number, not 0.0."
        );
        assert_eq!(
            said(Scaling::by(ScalingMethod::Bounds)),
            "scaling by bounds needs finite bounds (or soft bounds) of every free parameter; these are missing: \
             'x0' (upper), 'x1' (lower), 'x2' (lower and upper). Give them, or scale by start_values or gradient."
        );
        assert_eq!(
            space
                .with_scaling(
                    &Scaling::by(ScalingMethod::Gradient),
                    &Bounds::none(),
                    Some(&[1.0, f64::NAN, f64::INFINITY]),
                    &name
                )
                .unwrap_err()
                .to_string(),
            "scaling by gradient needs a finite derivative at the start, but it is not finite for: 'x1', 'x2'. Start \
             elsewhere, or scale by start_values."
        );
    }
}
