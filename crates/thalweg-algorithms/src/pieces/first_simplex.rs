//! The first simplex of a direct search: by a rule, or as a function of the user's gives it.
//!
//! Reference:
//! * S. Wessing, Proper initialization is crucial for the Nelder-Mead simplex search, Optimization Letters 13 (2019),
//!   <https://doi.org/10.1007/s11590-018-1284-4> (the four rules)

use thalweg_core::{
    OptionField, OptionFunction, OptionKind, OptionValue, Problem, Question, Signature, Stop,
    wrong_question,
};
use thalweg_macros::Choice;

use super::simplex::Simplex;

/// The rule for the first simplex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum InitSimplexMethod {
    /// Regular, around the start, its edges between 1 and 10 times sqrt(2) as the start is large.
    GaoHan,
    /// 5 percent of each coordinate, 0.00025 where it is zero.
    Pfeffer,
    /// A tenth of the largest coordinate, 0.1 for a start at the origin.
    Nash,
    /// Regular with the start as a vertex, its edges as long as the start's norm, but at least 1.
    VaradhanBorchers,
}

/// Where the first simplex comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum FirstSimplex {
    /// From a rule.
    Rule(InitSimplexMethod),
    /// From a function of the start.
    By(OptionFunction),
}

impl FirstSimplex {
    /// As a function of the start gives its n + 1 vertices, one after the other.
    pub fn by(vertices: impl Fn(&[f64]) -> Vec<f64> + Send + Sync + 'static) -> Self {
        FirstSimplex::By(OptionFunction::new("closure", move |question| match question {
            Question::FirstSimplex(x0) => Ok(vertices(x0)),
            other => Err(wrong_question(other)),
        }))
    }

    /// The first simplex around `x0` within the bounds, evaluated, for the value of this option.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn simplex(
        &self,
        problem: &mut Problem<'_>,
        option: &'static str,
        x0: &[f64],
    ) -> Result<Simplex, Stop> {
        let function = match self {
            FirstSimplex::Rule(rule) => return rule.simplex(problem, x0),
            FirstSimplex::By(function) => function,
        };
        let vertices = problem.call(option, function, Question::FirstSimplex(x0.to_vec()))?;
        let bounds = || problem.lower().iter().zip(problem.upper()).cycle();
        if vertices.iter().zip(bounds()).all(|(x, (low, high))| low <= x && x <= high) {
            return Simplex::evaluate(problem, vertices);
        }
        let start = x0.iter().cycle();
        evaluate_within(problem, vertices.iter().zip(start).map(|(x, x0)| x - x0).collect(), x0)
    }
}

impl From<InitSimplexMethod> for FirstSimplex {
    fn from(rule: InitSimplexMethod) -> Self {
        FirstSimplex::Rule(rule)
    }
}

impl From<FirstSimplex> for OptionValue {
    fn from(first: FirstSimplex) -> Self {
        first.to_value()
    }
}

impl OptionField for FirstSimplex {
    const KIND: OptionKind = OptionKind::OrFunction(&InitSimplexMethod::KIND, Signature::Start);

    fn to_value(&self) -> OptionValue {
        match self {
            FirstSimplex::Rule(rule) => rule.to_value(),
            FirstSimplex::By(function) => OptionValue::Function(function.clone()),
        }
    }

    fn from_value(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::Function(function) => Some(FirstSimplex::By(function.clone())),
            other => InitSimplexMethod::from_value(other).map(FirstSimplex::Rule),
        }
    }
}

impl InitSimplexMethod {
    /// The first simplex around `x0` within the bounds, evaluated.
    ///
    /// # Errors
    /// [`Stop`] when the run has to end.
    pub fn simplex(self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Simplex, Stop> {
        evaluate_within(problem, self.offsets(x0), x0)
    }

    /// The n + 1 vertices relative to the start (Wessing 2019, section 2).
    fn offsets(self, x0: &[f64]) -> Vec<f64> {
        let n = x0.len();
        let dim = n as f64;
        let largest = x0.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        // offsets[0] is the first vertex; then vertex i + 1 is off by `other` in all coordinates and by `own(i)` in the i-th.
        let along_axes = |first: f64, other: f64, own: &dyn Fn(usize) -> f64| {
            let vertex = |i: usize| (0..n).map(move |j| if i == j { own(i) } else { other });
            std::iter::repeat_n(first, n).chain((0..n).flat_map(vertex)).collect()
        };
        match self {
            InitSimplexMethod::GaoHan => {
                let edge = largest.clamp(1.0, 10.0);
                along_axes(edge * (1.0 - (dim + 1.0).sqrt()) / dim, 0.0, &|_| edge)
            }
            InitSimplexMethod::Pfeffer => {
                let step = |i: usize| if x0[i] == 0.0 { 0.00025 } else { 0.05 * x0[i] };
                along_axes(0.0, 0.0, &step)
            }
            InitSimplexMethod::Nash => {
                let step = if largest == 0.0 { 0.1 } else { 0.1 * largest };
                along_axes(0.0, 0.0, &|_| step)
            }
            InitSimplexMethod::VaradhanBorchers => {
                let norm = x0.iter().map(|x| x * x).sum::<f64>().sqrt().max(1.0);
                let (unit, root) = (norm / (dim * 2.0_f64.sqrt()), (dim + 1.0).sqrt());
                along_axes(0.0, unit * (root - 1.0), &|_| unit * (root + dim - 1.0))
            }
        }
    }
}

/// Evaluate the simplex `x0 + offsets`, changed so that it lies within the bounds.
fn evaluate_within(
    problem: &mut Problem<'_>,
    mut offsets: Vec<f64>,
    x0: &[f64],
) -> Result<Simplex, Stop> {
    fit_into_box(&mut offsets, x0, problem.lower(), problem.upper());
    let mut points: Vec<f64> = offsets.iter().zip(x0.iter().cycle()).map(|(d, x)| x + d).collect();
    points.chunks_exact_mut(x0.len()).for_each(|x| problem.clip(x));
    Simplex::evaluate(problem, points)
}

/// Change each coordinate of the simplex `x0 + offsets` by the same rule for all vertices, so that it lies within the bounds:
/// mirror it where there is more room on the other side, scale it to the width of the box, shift it inside.
fn fit_into_box(offsets: &mut [f64], x0: &[f64], lower: &[f64], upper: &[f64]) {
    let n = x0.len();
    for i in 0..n {
        let (down, up) = (lower[i] - x0[i], upper[i] - x0[i]);
        let (mut least, mut most) = (0.0_f64, 0.0_f64);
        for offset in offsets[i..].iter().step_by(n) {
            (least, most) = (least.min(*offset), most.max(*offset));
        }
        let mirrored = (least < down || most > up) && (most > -least) == (up < -down);
        if mirrored {
            (least, most) = (-most, -least);
        }
        let scale = ((up - down) / (most - least)).min(1.0);
        let shift = (down - scale * least).max(0.0) + (up - scale * most).min(0.0);
        let factor = if mirrored { -scale } else { scale };
        offsets[i..].iter_mut().step_by(n).for_each(|offset| *offset = factor * *offset + shift);
    }
}

#[cfg(test)]
mod tests {
    use thalweg_core::{ProblemSpec, testing::FunctionOracle};

    use super::*;

    #[test]
    fn the_rules_have_the_sizes_of_their_papers() {
        let x0 = [0.0, 2.0, -20.0];
        let gao_han = InitSimplexMethod::GaoHan.offsets(&x0);
        assert_eq!(gao_han[..3], [-10.0 / 3.0; 3]);
        assert_eq!(gao_han[3..6], [10.0, 0.0, 0.0]);
        let pfeffer = InitSimplexMethod::Pfeffer.offsets(&x0);
        assert_eq!((pfeffer[3], pfeffer[7], pfeffer[11]), (0.00025, 0.1, -1.0));
        assert_eq!(InitSimplexMethod::Nash.offsets(&x0)[11], 2.0);
        let regular = InitSimplexMethod::VaradhanBorchers.offsets(&x0);
        let norm = 404.0_f64.sqrt();
        for i in 0..4 {
            for j in 0..i {
                let square: f64 =
                    (0..3).map(|k| (regular[3 * i + k] - regular[3 * j + k]).powi(2)).sum();
                assert!((square.sqrt() - norm).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_simplex_of_the_user_changes_only_to_keep_bounds() {
        let vertices = |lower: Vec<f64>| {
            let spec = ProblemSpec { lower, ..ProblemSpec::unconstrained(2) };
            let mut oracle = FunctionOracle::scalar(|x| x[0]);
            let first =
                FirstSimplex::by(|x0| vec![x0[0], x0[1], x0[0] - 0.1, 7.0, 1.0 / 3.0, -1.0]);
            let mut problem = Problem::new(&mut oracle, &spec);
            first.simplex(&mut problem, "init_simplex_method", &[0.3, 0.7]).unwrap();
            oracle.trace.iter().flat_map(|(_, x)| x.clone()).collect::<Vec<f64>>()
        };
        let given = [0.3, 0.7, 0.3 - 0.1, 7.0, 1.0 / 3.0, -1.0];
        assert_eq!(vertices(vec![f64::NEG_INFINITY; 2]), given);
        assert_eq!(vertices(vec![0.0, -1.0]), given);
        // The first coordinate is mirrored at the start, which leaves it where it is.
        let [a, b, c, d, e, f] = vertices(vec![0.25, -1.0])[..] else { panic!("three vertices") };
        assert!(a == 0.3 && (c - 0.4).abs() < 1e-15 && (e - (0.6 - 1.0 / 3.0)).abs() < 1e-15);
        assert!([(b, 0.7), (d, 7.0), (f, -1.0)].iter().all(|(is, was)| (is - was).abs() < 1e-15));
    }

    #[test]
    fn rules_and_functions_are_values_of_the_option() {
        let kind = FirstSimplex::KIND.expectation();
        let words = r#"one of ["gao_han", "pfeffer", "nash", "varadhan_borchers"]"#;
        assert_eq!(kind, format!("{words} or a function of the start"));
        let rule = FirstSimplex::from(InitSimplexMethod::Nash);
        assert_eq!(FirstSimplex::from_value(&"nash".into()), Some(rule.clone()));
        assert_eq!(rule.to_value(), "nash".into());
        let by = FirstSimplex::by(<[f64]>::to_vec);
        assert_eq!(FirstSimplex::from_value(&by.to_value()), Some(by.clone()));
        assert_eq!(FirstSimplex::from_value(&"nelder".into()), None);
    }
}
