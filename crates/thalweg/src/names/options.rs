//! Defaults, and the options that several names of the table share.

use thalweg_core::OptionValue;

use super::{PresetOption, Target};

/// A default as it can stand in a table.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// The native default.
    Native,
    /// No value.
    None,
    /// A number.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
    /// Words.
    Text(&'static str),
}

impl Default {
    /// The value, or `None` for the native default.
    pub fn value(self) -> Option<OptionValue> {
        Some(match self {
            Default::Native => return None,
            Default::None => OptionValue::None,
            Default::Float(value) => OptionValue::Float(value),
            Default::Integer(value) => OptionValue::Integer(value),
            Default::Bool(value) => OptionValue::Bool(value),
            Default::Text(value) => OptionValue::Text(value.to_string()),
        })
    }
}

pub(super) const fn own(name: &'static str) -> PresetOption {
    PresetOption { name, target: Target::Native(name), default: Default::Native }
}

pub(super) const fn with(name: &'static str, default: Default) -> PresetOption {
    PresetOption { name, target: Target::Native(name), default }
}

pub(super) const fn no_effect(name: &'static str, default: Default) -> PresetOption {
    PresetOption { name, target: Target::NoEffect, default }
}

pub(super) const fn renamed(name: &'static str, native: &'static str) -> PresetOption {
    PresetOption { name, target: Target::Native(native), default: Default::Native }
}

pub(super) const fn group(name: &'static str, entries: &'static [PresetOption]) -> PresetOption {
    PresetOption { name, target: Target::Group(entries), default: Default::None }
}

pub(super) const fn refused(
    name: &'static str,
    default: Default,
    why: &'static str,
) -> PresetOption {
    PresetOption { name, target: Target::Refused(why), default }
}

/// The options of NLopt's local algorithms.
pub(super) const NLOPT_LOCAL: &[PresetOption] = &[
    own("convergence_xtol_rel"),
    own("convergence_xtol_abs"),
    own("convergence_ftol_rel"),
    own("convergence_ftol_abs"),
    own("stopping_maxfun"),
];

/// The largest gradient at which NLopt's methods by Lukšan end, which it has no option for; measured.
pub(super) const NLOPT_GTOL: PresetOption = with("convergence_gtol_abs", Default::Float(1e-8));

/// The options of scipy's least squares within bounds.
pub(super) const SCIPY_LS_BOUNDED: &[PresetOption] = &[
    own("convergence_ftol_rel"),
    own("convergence_gtol_rel"),
    own("stopping_maxfun"),
    no_effect("relative_step_size_diff_approx", Default::None),
    own("tr_solver"),
    no_effect("tr_solver_options", Default::None),
];

/// The options of scipy's trust-region methods with second derivatives.
pub(super) const SCIPY_TRUST_REGION: &[PresetOption] = &[
    GTOL,
    own("stopping_maxiter"),
    own("trustregion_initial_radius"),
    own("trustregion_maximal_radius"),
    own("trustregion_threshold_acceptance"),
    no_effect("display", Default::Bool(false)),
    EUCLIDEAN,
];

/// The same with the option of trust-krylov.
pub(super) const SCIPY_TRUST_KRYLOV: &[PresetOption] = &[
    GTOL,
    own("stopping_maxiter"),
    own("inexact"),
    own("trustregion_initial_radius"),
    own("trustregion_maximal_radius"),
    own("trustregion_threshold_acceptance"),
    no_effect("display", Default::Bool(false)),
    EUCLIDEAN,
];

const GTOL: PresetOption = with("convergence_gtol_abs", Default::Float(1e-4));
const EUCLIDEAN: PresetOption = with("norm", Default::Float(2.0));
