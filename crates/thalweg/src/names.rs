//! The one table of public algorithm names: thalweg's own, and optimagic's names that stand for one of them with presets.

mod dfols;
mod nag;
mod not_yet;
mod options;
mod wording;

pub use not_yet::NOT_YET;
pub(crate) use options::BESIDE_NATIVE;
pub use options::Default;
use options::{
    NLOPT_GTOL, NLOPT_LOCAL, SCIPY_LS_DOGBOX, SCIPY_LS_TRF, SCIPY_TRUST_KRYLOV, SCIPY_TRUST_REGION,
    no_effect, own, with,
};
pub use wording::Wording;

/// A name of another library that stands for a native algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The public name.
    pub name: &'static str,
    /// The name of its class in Python.
    pub class_name: &'static str,
    /// The native algorithm.
    pub native: &'static str,
    /// The options that users of this name know.
    pub options: &'static [PresetOption],
    /// What the original reports when it has converged.
    pub success_message: Option<&'static str>,
}

impl Preset {
    /// The preset of this name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

/// An option of a preset.
#[derive(Clone, Copy, Debug)]
pub struct PresetOption {
    /// The public name.
    pub name: &'static str,
    /// What it stands for.
    pub target: Target,
    /// The default under this name.
    pub default: Default,
}

/// What a public option stands for.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// An option of the native algorithm, or a limit, or the seed, or the number of cores.
    Native(&'static str),
    /// Accepted without effect: how the original works inside has no counterpart here.
    NoEffect,
    /// A dictionary of options: that of the name `group_key` sets one of these.
    Group(&'static [PresetOption]),
    /// Something that the native algorithm cannot do: another value than the default is refused, for this reason.
    Refused(&'static str),
}

/// Algorithms of ours that have the name of one of optimagic's own, with its limit on iterations where that is not the shared one.
pub(crate) const MAXITER: &[(&str, u64)] = &[("bhhh", 200), ("pounders", 2000)];

/// Names that optimagic lists among the global algorithms, although the method behind them is a local one.
pub(crate) const LISTED_AS_GLOBAL: &[&str] = &["pygmo_compass_search"];

/// Classes in Python that are not called like the struct.
pub(crate) const CLASS_NAMES: &[(&str, &str)] = &[("bhhh", "BHHH")];

/// Names of other libraries, in alphabetical order.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "fides",
        class_name: "Fides",
        native: "interior_trust_region",
        options: &[
            own("hessian_update_strategy"),
            own("convergence_ftol_abs"),
            own("convergence_ftol_rel"),
            own("convergence_xtol_abs"),
            own("convergence_gtol_abs"),
            own("convergence_gtol_rel"),
            own("stopping_maxiter"),
            PresetOption {
                name: "stopping_max_seconds",
                target: Target::Native("stopping_maxtime"),
                default: Default::Native,
            },
            own("trustregion_initial_radius"),
            own("trustregion_stepback_strategy"),
            own("trustregion_subspace_dimension"),
            own("trustregion_max_stepback_fraction"),
            own("trustregion_decrease_threshold"),
            own("trustregion_increase_threshold"),
            own("trustregion_decrease_factor"),
            own("trustregion_increase_factor"),
            // The original takes an instance of fides' class Broyden instead.
            own("broyden_phi"),
        ],
        success_message: None,
    },
    Preset {
        name: "iminuit_migrad",
        class_name: "IminuitMigrad",
        native: "migrad",
        options: &[own("stopping_maxfun"), own("n_restarts")],
        success_message: None,
    },
    Preset {
        name: "nag_dfols",
        class_name: "NagDFOLS",
        native: "dfols",
        options: dfols::OPTIONS,
        success_message: None,
    },
    Preset {
        name: "nag_pybobyqa",
        class_name: "NagPyBOBYQA",
        native: "pybobyqa",
        options: nag::PYBOBYQA,
        success_message: None,
    },
    Preset {
        name: "nlopt_bobyqa",
        class_name: "NloptBOBYQA",
        native: "bobyqa",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_cobyla",
        class_name: "NloptCOBYLA",
        native: "cobyla",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_lbfgsb",
        class_name: "NloptLBFGSB",
        native: "lbfgsb",
        options: &[
            with("convergence_xtol_rel", Default::Float(1e-5)),
            own("convergence_xtol_abs"),
            own("convergence_ftol_rel"),
            own("convergence_ftol_abs"),
            own("stopping_maxfun"),
            NLOPT_GTOL,
            with("change_relative_to_mean", Default::Bool(true)),
            // The original keeps as many pairs as memory allows.
            with("limited_memory_storage_length", Default::Integer(30)),
            with("step_conditions", Default::Text("wolfe")),
        ],
        success_message: None,
    },
    Preset {
        name: "nlopt_neldermead",
        class_name: "NloptNelderMead",
        native: "neldermead",
        options: &[
            with("convergence_xtol_rel", Default::Float(1e-5)),
            with("convergence_xtol_abs", Default::Float(0.0)),
            with("convergence_ftol_abs", Default::Float(0.0)),
            own("stopping_maxfun"),
            // An option in 2022.
            own("convergence_ftol_rel"),
            with("convergence_combine", Default::Text("any")),
            with("initial_simplex", Default::Text("greedy")),
        ],
        success_message: None,
    },
    Preset {
        name: "nlopt_newuoa",
        class_name: "NloptNEWUOA",
        native: "newuoa",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_praxis",
        class_name: "NloptPRAXIS",
        native: "praxis",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_sbplx",
        class_name: "NloptSbplx",
        native: "subplex",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_slsqp",
        class_name: "NloptSLSQP",
        native: "slsqp",
        options: NLOPT_LOCAL,
        success_message: None,
    },
    Preset {
        name: "nlopt_tnewton",
        class_name: "NloptTNewton",
        native: "truncated_newton",
        options: &[
            own("convergence_xtol_rel"),
            own("convergence_xtol_abs"),
            own("convergence_ftol_rel"),
            own("convergence_ftol_abs"),
            own("stopping_maxfun"),
            NLOPT_GTOL,
        ],
        success_message: None,
    },
    Preset {
        name: "nlopt_var",
        class_name: "NloptVAR",
        native: "variable_metric",
        options: &[
            own("convergence_xtol_rel"),
            own("convergence_xtol_abs"),
            own("convergence_ftol_rel"),
            own("convergence_ftol_abs"),
            own("stopping_maxfun"),
            own("rank_1_update"),
            NLOPT_GTOL,
        ],
        success_message: None,
    },
    Preset {
        name: "pygmo_compass_search",
        class_name: "PygmoCompassSearch",
        native: "compass_search",
        options: &[
            with("population_size", Default::None),
            own("seed"),
            own("discard_start_params"),
            with("stopping_maxfun", Default::Integer(1000)),
            own("start_range"),
            with("stop_range", Default::Float(0.01)),
            own("reduction_coeff"),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_bfgs",
        class_name: "ScipyBFGS",
        native: "bfgs",
        options: &[
            own("convergence_gtol_abs"),
            own("stopping_maxiter"),
            own("norm"),
            own("convergence_xtol_rel"),
            no_effect("display", Default::Bool(false)),
            own("armijo_condition"),
            with("curvature_condition", Default::Float(0.9)),
            with("first_step", Default::Text("last_decrease")),
            with("scaling", Default::Text("never")),
            with("step_conditions", Default::Text("strong_wolfe")),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_cobyla",
        class_name: "ScipyCOBYLA",
        native: "cobyla",
        options: &[
            // Called relative by the original, whose radius ends at it all the same.
            PresetOption {
                name: "convergence_xtol_rel",
                target: Target::Native("convergence_xtol_abs"),
                default: Default::Float(1e-5),
            },
            // The original counts evaluations, not iterations.
            PresetOption {
                name: "stopping_maxiter",
                target: Target::Native("stopping_maxfun"),
                default: Default::Native,
            },
            own("trustregion_initial_radius"),
            no_effect("display", Default::Bool(false)),
            with("first_steps", Default::Text("equal")),
            with("rules", Default::Text("prima")),
            with("convergence_ftol_rel", Default::Float(0.0)),
            // The original has no such test; the native default would end runs before a small tolerance is met.
            PresetOption {
                name: "convergence_radius_rel",
                target: Target::Native("convergence_xtol_rel"),
                default: Default::Float(0.0),
            },
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_conjugate_gradient",
        class_name: "ScipyConjugateGradient",
        native: "conjugate_gradient",
        options: &[
            own("convergence_gtol_abs"),
            own("stopping_maxiter"),
            own("norm"),
            no_effect("display", Default::Bool(false)),
            with("update", Default::Text("polak_ribiere")),
            with("curvature_condition", Default::Float(0.4)),
            with("max_first_step", Default::Float(1.0)),
            with("search_on", Default::Bool(true)),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_differential_evolution",
        class_name: "ScipyDifferentialEvolution",
        native: "differential_evolution",
        options: &[
            own("strategy"),
            with("stopping_maxiter", Default::Integer(1000)),
            with("stopping_maxfun", Default::Integer(1_000_000)),
            own("population_size_multiplier"),
            own("convergence_ftol_rel"),
            own("mutation_constant"),
            own("recombination_constant"),
            own("seed"),
            own("polish"),
            own("sampling_method"),
            own("convergence_ftol_abs"),
            own("n_cores"),
            no_effect("batch_evaluator", Default::Text("joblib")),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_dogleg",
        class_name: "ScipyDogleg",
        native: "dogleg",
        options: SCIPY_TRUST_REGION,
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_lbfgsb",
        class_name: "ScipyLBFGSB",
        native: "lbfgsb",
        options: &[
            own("convergence_ftol_rel"),
            own("convergence_gtol_abs"),
            own("stopping_maxfun"),
            own("stopping_maxiter"),
            own("limited_memory_storage_length"),
            own("max_line_search_steps"),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_ls_dogbox",
        class_name: "ScipyLSDogbox",
        native: "dogbox",
        options: SCIPY_LS_DOGBOX,
        success_message: None,
    },
    Preset {
        name: "scipy_ls_lm",
        class_name: "ScipyLSLM",
        native: "levenberg_marquardt",
        options: &[
            own("convergence_ftol_rel"),
            own("convergence_gtol_rel"),
            own("stopping_maxfun"),
            no_effect("relative_step_size_diff_approx", Default::None),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_ls_trf",
        class_name: "ScipyLSTRF",
        native: "trf",
        options: SCIPY_LS_TRF,
        success_message: None,
    },
    Preset {
        name: "scipy_neldermead",
        class_name: "ScipyNelderMead",
        native: "neldermead",
        options: &[
            own("stopping_maxiter"),
            own("stopping_maxfun"),
            with("convergence_ftol_abs", Default::Float(1e-8)),
            with("convergence_xtol_abs", Default::Float(1e-8)),
            own("adaptive"),
            no_effect("display", Default::Bool(false)),
        ],
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_newton_cg",
        class_name: "ScipyNewtonCG",
        native: "newton_cg",
        options: &[
            // Called relative by the original, whose test is absolute all the same.
            PresetOption {
                name: "convergence_xtol_rel",
                target: Target::Native("convergence_xtol_abs"),
                default: Default::Native,
            },
            own("stopping_maxiter"),
            no_effect("display", Default::Bool(false)),
            with("convergence_gtol_abs", Default::Float(0.0)),
        ],
        success_message: None,
    },
    Preset {
        name: "scipy_powell",
        class_name: "ScipyPowell",
        native: "powell",
        options: &[
            own("convergence_xtol_rel"),
            own("convergence_ftol_rel"),
            own("stopping_maxfun"),
            own("stopping_maxiter"),
            no_effect("display", Default::Bool(false)),
        ],
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_slsqp",
        class_name: "ScipySLSQP",
        native: "slsqp",
        options: &[
            with("convergence_ftol_abs", Default::Float(1e-8)),
            own("stopping_maxiter"),
            no_effect("display", Default::Bool(false)),
            with("convergence_ftol_rel", Default::Float(0.0)),
            with("convergence_xtol_rel", Default::Float(0.0)),
        ],
        success_message: Some("Optimization terminated successfully"),
    },
    Preset {
        name: "scipy_trust_exact",
        class_name: "ScipyTrustExact",
        native: "trust_exact",
        options: SCIPY_TRUST_REGION,
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_trust_krylov",
        class_name: "ScipyTrustKrylov",
        native: "trust_krylov",
        options: SCIPY_TRUST_KRYLOV,
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_trust_ncg",
        class_name: "ScipyTrustNCG",
        native: "trust_ncg",
        options: SCIPY_TRUST_REGION,
        success_message: Some("Optimization terminated successfully."),
    },
    Preset {
        name: "scipy_truncated_newton",
        class_name: "ScipyTruncatedNewton",
        native: "truncated_newton",
        options: &[
            own("convergence_ftol_abs"),
            own("convergence_xtol_abs"),
            own("convergence_gtol_abs"),
            own("stopping_maxfun"),
            own("max_hess_evaluations_per_iteration"),
            own("max_step_for_line_search"),
            with("line_search_severity", Default::Float(-1.0)),
            with("step_conditions", Default::Text("strong_wolfe")),
            with("scale_variables", Default::Bool(true)),
            own("finite_difference_precision"),
            no_effect("criterion_rescale_factor", Default::Float(-1.0)),
            with("func_min_estimate", Default::Float(0.0)),
            no_effect("display", Default::Bool(false)),
            with("convergence_ftol_rel", Default::Float(0.0)),
            with("convergence_xtol_rel", Default::Float(0.0)),
        ],
        success_message: None,
    },
    Preset {
        name: "tao_pounders",
        class_name: "TAOPounders",
        native: "pounders",
        options: &[
            with("convergence_gtol_abs", Default::Float(1e-5)),
            own("convergence_gtol_rel"),
            with("convergence_gtol_scaled", Default::Float(1e-8)),
            with("trustregion_initial_radius", Default::None),
            own("stopping_maxiter"),
        ],
        success_message: None,
    },
];

/// Spellings that users of older material type, and the name that they mean. They work, with a warning.
pub const ALIASES: &[(&str, &str)] =
    &[("nlopt_lbfgs", "nlopt_lbfgsb"), ("scipy_lbfgs", "scipy_lbfgsb")];
