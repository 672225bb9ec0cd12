//! Options are declared once: what `#[derive(Options)]` and `#[derive(Choice)]` make of a struct.

use thalweg_core::{
    Algorithm, Configure, Declared, Finish, OptionKind, OptionValue, Problem, SolverKind, Stop,
};
use thalweg_macros::{Choice, Options};

/// How to walk.
#[derive(Clone, Copy, Debug, PartialEq, Choice)]
#[choice(crate = thalweg_core)]
pub enum Gait {
    /// One foot after the other.
    SlowWalk,
    /// Both feet off the ground.
    #[choice(word = "run!")]
    Run,
}

/// Walk about.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "walker", kind = Likelihood, global, needs(gradient, bounds), supports(parallel), crate = thalweg_core)]
pub struct Walker {
    /// Stop when the largest entry of the gradient is below this.
    #[option(shared)]
    pub convergence_gtol_abs: f64,
    /// A looser test than usual.
    #[option(default = 0.5, above = 0.0, below = 1.0, overrides = "walkers tire")]
    pub convergence_ftol_rel: f64,
    /// Steps before a rest.
    #[option(default = 10, min = 1, max = 100)]
    pub steps: usize,
    /// How to walk.
    #[option(default = Gait::SlowWalk)]
    pub gait: Gait,
    /// Where to turn round.
    #[option(default = None, min = 0.0)]
    pub turn: Option<f64>,
    /// The length of a step, or its interval.
    #[option(default = (0.5, 1.0), min = 0.0)]
    pub stride: (f64, f64),
    /// Whether to whistle.
    #[option(default = true)]
    pub whistle: bool,
}

impl Algorithm for Walker {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let value = problem.value(x0)?;
        Ok(Finish::exhausted(x0.to_vec(), value, "tired"))
    }
}

#[test]
fn the_declaration_says_everything() {
    let spec = Walker::SPEC;
    assert_eq!((spec.name, spec.struct_name, spec.doc), ("walker", "Walker", "Walk about."));
    let features = spec.features;
    assert_eq!(features.kind, SolverKind::Likelihood);
    assert!(features.global && features.needs_gradient && features.parallel);
    assert!(features.needs_bounds && features.bounds && !features.infinite_bounds);
    assert!(!features.needs_hessian && !features.nonlinear_constraints);
    let names: Vec<_> = spec.options.iter().map(|option| option.name).collect();
    assert_eq!(
        names,
        [
            "convergence_gtol_abs",
            "convergence_ftol_rel",
            "steps",
            "gait",
            "turn",
            "stride",
            "whistle"
        ]
    );
    assert_eq!(spec.options[1].overrides, "walkers tire");
    assert_eq!(spec.options[3].kind, OptionKind::Choice(&["slow_walk", "run!"]));
    assert_eq!(spec.options[4].kind.expectation(), "a number or none");
}

#[test]
fn options_are_set_and_read_by_name() {
    let mut walker = Walker::default();
    assert_eq!(walker.convergence_gtol_abs, 1e-5);
    for (name, value, read) in [
        ("steps", OptionValue::Float(20.0), OptionValue::Integer(20)),
        ("steps", OptionValue::Text("3e1".into()), OptionValue::Integer(30)),
        ("gait", OptionValue::Text("run!".into()), OptionValue::Text("run!".into())),
        ("turn", OptionValue::Integer(3), OptionValue::Float(3.0)),
        ("turn", OptionValue::None, OptionValue::None),
        ("turn", OptionValue::Bool(false), OptionValue::None),
        ("stride", OptionValue::Float(0.25), OptionValue::Float(0.25)),
        ("stride", OptionValue::List(vec![0.1, 0.2]), OptionValue::List(vec![0.1, 0.2])),
        ("whistle", OptionValue::Text("no".into()), OptionValue::Bool(false)),
    ] {
        walker.set_option(name, &value).expect(name);
        assert_eq!(walker.option(name), Some(read));
    }
    assert_eq!((walker.steps, walker.gait, walker.whistle), (30, Gait::Run, false));
    assert_eq!(walker.boxed().option("steps"), Some(OptionValue::Integer(30)));
}

#[test]
fn wrong_options_are_named_with_their_value_and_what_would_be_right() {
    let mut walker = Walker::default();
    let cases = [
        ("speed", OptionValue::Float(1.0), "walker has no option 'speed'"),
        (
            "steps",
            OptionValue::Float(1.5),
            "option 'steps' of walker is 1.5, but has to be a whole number",
        ),
        (
            "steps",
            OptionValue::Integer(0),
            "option 'steps' of walker is 0, but has to be at least 1.0 and at most 100.0",
        ),
        (
            "convergence_gtol_abs",
            OptionValue::Float(-1.0),
            "option 'convergence_gtol_abs' of walker is -1.0, but has to be at least 0.0",
        ),
        (
            "convergence_gtol_abs",
            OptionValue::Float(f64::NAN),
            "option 'convergence_gtol_abs' of walker is NaN, but has to be a number",
        ),
        (
            "convergence_ftol_rel",
            OptionValue::Float(1.0),
            "option 'convergence_ftol_rel' of walker is 1.0, but has to be above 0.0 and below 1.0",
        ),
        (
            "gait",
            OptionValue::Text("hop".into()),
            "option 'gait' of walker is \"hop\", but has to be one of [\"slow_walk\", \"run!\"]",
        ),
        (
            "turn",
            OptionValue::Bool(true),
            "option 'turn' of walker is true, but has to be a number or none",
        ),
        (
            "stride",
            OptionValue::List(vec![2.0, 1.0]),
            "option 'stride' of walker is [2.0, 1.0], but has to be a number or a pair of numbers",
        ),
        (
            "whistle",
            OptionValue::Text("maybe".into()),
            "option 'whistle' of walker is \"maybe\", but has to be true or false",
        ),
    ];
    for (name, value, text) in cases {
        assert_eq!(walker.set_option(name, &value).expect_err(name).to_string(), text);
    }
}
