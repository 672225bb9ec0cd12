//! The shared vocabulary of tolerances and limits: one meaning and one default each.
//!
//! An option of this name means this everywhere. `#[option(shared)]` on an algorithm's field takes the default from here;
//! another default needs `#[option(default = .., overrides = "reason")]`.

/// One shared word: a name, its default and its meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    /// The option's name.
    pub name: &'static str,
    /// The default; NaN stands for "none".
    pub default: f64,
    /// What it means.
    pub meaning: &'static str,
}

macro_rules! words {
    ($($constant:ident = $default:expr, $name:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $constant: f64 = $default;)*

        /// Every shared word.
        pub const WORDS: &[Word] = &[$(Word { name: $name, default: $default, meaning: $meaning }),*];
    };
}

words! {
    CONVERGENCE_FTOL_REL = 2e-9, "convergence_ftol_rel", "Stop when the objective's relative change between iterations is below this.";
    CONVERGENCE_FTOL_ABS = 0.0, "convergence_ftol_abs", "Stop when the objective's absolute change between iterations is below this.";
    CONVERGENCE_FTOL_SCALED = 0.0, "convergence_ftol_scaled", "Stop when the objective's change, relative to its value at the start, is below this.";
    CONVERGENCE_XTOL_REL = 1e-5, "convergence_xtol_rel", "Stop when the parameters' relative change between iterations is below this.";
    CONVERGENCE_XTOL_ABS = 0.0, "convergence_xtol_abs", "Stop when the parameters' absolute change between iterations is below this.";
    CONVERGENCE_GTOL_ABS = 1e-5, "convergence_gtol_abs", "Stop when the largest entry of the (projected) gradient is below this.";
    CONVERGENCE_GTOL_REL = 1e-8, "convergence_gtol_rel", "Stop when the gradient, divided by the absolute value of the objective, is below this.";
    CONVERGENCE_GTOL_SCALED = 1e-8, "convergence_gtol_scaled", "Stop when the gradient, divided by its norm at the start, is below this.";
    MAX_LINE_SEARCH_STEPS = 20.0, "max_line_search_steps", "The largest number of evaluations in one line search.";
    LIMITED_MEMORY_STORAGE_LENGTH = 10.0, "limited_memory_storage_length", "The number of past steps from which limited-memory methods build their model of the curvature.";
    N_RESTARTS = 1.0, "n_restarts", "The number of times that the algorithm is started again from its own result.";
}

/// The shared limits, which the evaluator keeps for every algorithm.
pub const LIMITS: &[Word] = &[
    Word {
        name: "stopping_maxfun",
        default: 1e6,
        meaning: "The largest number of evaluations of the objective; those for numerical derivatives do not count.",
    },
    Word { name: "stopping_maxiter", default: 1e6, meaning: "The largest number of iterations." },
    Word { name: "stopping_maxtime", default: f64::NAN, meaning: "The largest time in seconds." },
    Word {
        name: "convergence_target_value",
        default: f64::NAN,
        meaning: "Stop as soon as the objective is at least this good, in the user's sign.",
    },
];

/// The default of `stopping_maxfun` for global algorithms.
pub const MAXFUN_GLOBAL: u64 = 1_000;

/// The word of this name, if it is shared.
pub fn find(name: &str) -> Option<&'static Word> {
    WORDS.iter().chain(LIMITS).find(|word| word.name == name)
}
