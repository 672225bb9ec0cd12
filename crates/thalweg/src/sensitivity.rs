//! How much the objective changes when an algorithm moves each parameter by the same distance.

use std::cell::OnceCell;
use std::fmt;

use thalweg_space::params::Params;
use thalweg_space::{Bounds, BuildOptions, Constraint, Scaling, ScalingMethod, Space};

use crate::builder::Optimization;
use crate::error::OptimizeError;
use crate::numdiff::NumericalDerivatives;
use crate::objective::Objective;
use crate::pipeline::shown_name;
use crate::scaling::gradient_at_start;

/// Below this share of the largest effect, a parameter is called badly scaled: steps that suit the others hardly touch it.
pub const BADLY_SCALED: f64 = 1e-3;

/// What the objective's sensitivity is asked for: the part of a specification that it depends on.
pub struct SensitivityOf<'a> {
    /// The start values.
    pub start: &'a [f64],
    /// The name of the parameter at a position.
    pub names: &'a dyn Fn(usize) -> String,
    /// Bounds.
    pub bounds: &'a Bounds,
    /// Constraints by reparametrization.
    pub constraints: &'a [Constraint],
    /// How the space is built from them.
    pub space: BuildOptions,
    /// How the free coordinates are scaled.
    pub scaling: Option<Scaling>,
    /// What stands in for missing bounds in scaling by bounds.
    pub soft_bounds: &'a Bounds,
    /// How derivatives are computed where the user gives none.
    pub numerical_derivatives: &'a NumericalDerivatives,
}

/// One free parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSensitivity {
    /// The joined name.
    pub name: String,
    /// The start value.
    pub value: f64,
    /// The derivative of the objective with respect to it; of its internal coordinate where constraints tie it to others.
    pub derivative: f64,
    /// The factor with which scaling multiplies the algorithm's steps; 1 without scaling.
    pub scale: f64,
    /// `|derivative * scale|`: the change of the objective per step of one of the algorithm.
    pub effect: f64,
    /// The effect relative to the largest one.
    pub ratio: f64,
}

impl ParameterSensitivity {
    /// What is noteworthy about it.
    pub fn verdict(&self) -> &'static str {
        if self.effect == 0.0 {
            "no effect at the start"
        } else if self.ratio < BADLY_SCALED {
            "badly scaled"
        } else {
            ""
        }
    }
}

/// The sensitivity of an objective to its free parameters at the start. Its text is a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The free parameters in their order.
    pub parameters: Vec<ParameterSensitivity>,
}

impl Sensitivity {
    /// The names of the parameters whose effect is less than a thousandth of the largest, without those that have none.
    pub fn badly_scaled(&self) -> Vec<&str> {
        let bad = |p: &&ParameterSensitivity| p.verdict() == "badly scaled";
        self.parameters.iter().filter(bad).map(|p| p.name.as_str()).collect()
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.parameters.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
        let width = longest.max("parameter".len());
        writeln!(
            f,
            "{:<width$}  {:>11}  {:>11}  {:>11}  {:>11}  {:>9}",
            "parameter", "value", "derivative", "scale", "effect", "ratio"
        )?;
        for p in &self.parameters {
            let line = format!(
                "{:<width$}  {:>11.4e}  {:>11.4e}  {:>11.4e}  {:>11.4e}  {:>9.1e}  {}",
                p.name,
                p.value,
                p.derivative,
                p.scale,
                p.effect,
                p.ratio,
                p.verdict()
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        let quoted = |name: &&str| format!("'{name}'");
        let bad: Vec<String> = self.badly_scaled().iter().map(quoted).collect();
        if bad.is_empty() {
            return f.write_str("No parameter is badly scaled.");
        }
        write!(
            f,
            "Badly scaled: {}. A step of one changes the objective less than {BADLY_SCALED} times as much as in the most \
             sensitive parameter.",
            bad.join(", ")
        )
    }
}

/// The sensitivity of an objective to its free parameters at the start.
///
/// # Errors
/// The specification is wrong, or the user's function failed.
pub fn sensitivity(
    objective: &mut dyn Objective,
    of: &SensitivityOf<'_>,
) -> Result<Sensitivity, OptimizeError> {
    let space = Space::build(of.start, of.names, of.bounds, of.constraints, of.space)?;
    let params = space.user_start();
    if space.n_free() == 0 {
        return Ok(Sensitivity { parameters: Vec::new() });
    }
    let start = objective.start(&params).map_err(OptimizeError::Start)?;
    let how = of.numerical_derivatives;
    let gradient = gradient_at_start(objective, &params, &start, &space, (how, of.names))?;
    let scale = match &of.scaling {
        None => vec![1.0; gradient.len()],
        Some(scaling) => {
            let slopes = (scaling.method == ScalingMethod::Gradient).then_some(&gradient[..]);
            let scaled = space.with_scaling(scaling, of.soft_bounds, slopes, of.names)?;
            scaled.scale().map_or_else(|| vec![1.0; gradient.len()], <[f64]>::to_vec)
        }
    };
    let effects: Vec<f64> = gradient.iter().zip(&scale).map(|(g, s)| (g * s).abs()).collect();
    let largest = effects.iter().copied().fold(0.0, f64::max);
    let parameter = |k: usize| ParameterSensitivity {
        name: shown_name((of.names)(space.user_position(k))),
        value: params[space.user_position(k)],
        derivative: gradient[k],
        scale: scale[k],
        effect: effects[k],
        ratio: if largest > 0.0 { effects[k] / largest } else { 0.0 },
    };
    Ok(Sensitivity { parameters: (0..space.n_free()).map(parameter).collect() })
}

impl<P: Params, O: Objective> Optimization<'_, P, O> {
    /// How sensitive the objective is to each free parameter at the start, as the algorithm would see it: with the scaling
    /// that was asked for. The algorithm does not matter.
    ///
    /// ```
    /// use thalweg::{Scaling, minimize};
    ///
    /// let fun = |x: &[f64; 2]| (x[0] / 1000.0 - 1.0).powi(2) + (x[1] - 1.0).powi(2);
    /// let plain = minimize(fun, [2000.0, 3.0]).sensitivity()?;
    /// assert_eq!(plain.badly_scaled(), ["0"]);
    /// println!("{plain}");
    /// let scaled = minimize(fun, [2000.0, 3.0]).scaling(Scaling::default()).sensitivity()?;
    /// assert!(scaled.badly_scaled().is_empty());
    /// # Ok::<(), thalweg::OptimizeError>(())
    /// ```
    ///
    /// # Errors
    /// The specification is wrong, or the objective failed.
    pub fn sensitivity(mut self) -> Result<Sensitivity, OptimizeError> {
        let flat = self.flat_start()?;
        let (bounds, constraints) = self.restrictions(flat.len())?;
        let soft_bounds = self.soft_bounds_of(flat.len())?;
        let build_options = self.build_options();
        let (template, names) = (&self.start, OnceCell::new());
        let name_of = |i: usize| names.get_or_init(|| template.leaf_names())[i].clone();
        let of = SensitivityOf {
            start: &flat,
            names: &name_of,
            bounds: &bounds,
            constraints: &constraints,
            space: build_options,
            scaling: self.scaling,
            soft_bounds: &soft_bounds,
            numerical_derivatives: &self.numerical_derivatives,
        };
        sensitivity(&mut self.objective, &of)
    }
}
