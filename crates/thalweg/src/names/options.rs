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

/// The options of NLopt's COBYLA.
pub(super) const NLOPT_COBYLA: &[PresetOption] = &[
    own("convergence_xtol_rel"),
    own("convergence_xtol_abs"),
    own("convergence_ftol_rel"),
    own("convergence_ftol_abs"),
    own("stopping_maxfun"),
    with("rules", Default::Text("powell")),
];

/// The largest gradient at which NLopt's methods by Lukšan end, which it has no option for; measured.
pub(super) const NLOPT_GTOL: PresetOption = with("convergence_gtol_abs", Default::Float(1e-8));

/// The options of scipy's trf.
pub(super) const SCIPY_LS_TRF: &[PresetOption] = &ls_bounded(&[
    renamed("regularize", "lsmr_regularize"),
    LSMR_DAMP,
    LSMR_ATOL,
    LSMR_BTOL,
    LSMR_CONLIM,
    LSMR_MAXITER,
    LSMR_SHOW,
]);

/// The options of scipy's dogbox.
pub(super) const SCIPY_LS_DOGBOX: &[PresetOption] =
    &ls_bounded(&[LSMR_DAMP, LSMR_ATOL, LSMR_BTOL, LSMR_CONLIM, LSMR_MAXITER, LSMR_SHOW]);

/// The options of scipy's least squares within bounds, with those of the solver of its steps.
const fn ls_bounded(of_solver: &'static [PresetOption]) -> [PresetOption; 6] {
    [
        own("convergence_ftol_rel"),
        own("convergence_gtol_rel"),
        own("stopping_maxfun"),
        no_effect("relative_step_size_diff_approx", Default::None),
        own("tr_solver"),
        group("tr_solver_options", of_solver),
    ]
}

const LSMR_DAMP: PresetOption =
    refused("damp", Default::Float(0.0), "how much steps are regularized is not a choice");
const LSMR_ATOL: PresetOption = renamed("atol", "lsmr_atol");
const LSMR_BTOL: PresetOption = renamed("btol", "lsmr_btol");
const LSMR_CONLIM: PresetOption = renamed("conlim", "lsmr_conlim");
const LSMR_MAXITER: PresetOption = renamed("maxiter", "lsmr_maxiter");
const LSMR_SHOW: PresetOption = no_effect("show", Default::Bool(false));

/// Options of algorithms of ours that have the name of one of optimagic's own, beside their native ones.
pub(crate) const BESIDE_NATIVE: &[(&str, &[PresetOption])] =
    &[("pounders", &[group("trustregion_subsolver_options", POUNDERS_STEPS)])];

/// How optimagic's pounders finds its steps. Ours are exact, or end by tests of their own.
const POUNDERS_STEPS: &[PresetOption] = &[
    no_effect("conjugate_gradient_method", Default::Text("cg")),
    no_effect("maxiter", Default::Integer(50)),
    no_effect("maxiter_gradient_descent", Default::Integer(5)),
    no_effect("gtol_abs", Default::Float(1e-8)),
    no_effect("gtol_rel", Default::Float(1e-8)),
    no_effect("gtol_scaled", Default::Float(0.0)),
    no_effect("gtol_abs_cg", Default::Float(1e-8)),
    no_effect("gtol_rel_cg", Default::Float(1e-6)),
    no_effect("k_easy", Default::Float(0.1)),
    no_effect("k_hard", Default::Float(0.2)),
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
