//! Every kind of objective under every kind of algorithm, with and without closed-form derivatives, failures, maximization and
//! fixed parameters, alone and in batches: what the algorithm is told is what can be computed directly.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use thalweg::core::{
    Algorithm, AlgorithmSpec, Configure, Features, Finish, OptionError, OptionValue, Problem,
    SolverKind, Stop, Values, Want,
};
use thalweg::drivers::Blueprint;
use thalweg::{
    Answer, Batch, Bounds, Constraint, ConstraintKind, Direction, ErrorHandling, Failure,
    FlatResult, Objective, OptimizeError, Resolved, StartValues, Status, UserError,
};

const N: usize = 4;
const START: [f64; N] = [0.5, -1.0, 1.5, 2.0];

// ---------------------------------------------------------------------------------------------- an algorithm of requests

/// Asks for what it is told to ask for, and keeps the answers.
#[derive(Clone, Debug)]
struct Asker {
    spec: &'static AlgorithmSpec,
    requests: Vec<(Want, Vec<f64>)>,
    answers: Arc<Mutex<Vec<Values>>>,
}

const fn spec(kind: SolverKind) -> AlgorithmSpec {
    let features = Features {
        kind,
        global: false,
        needs_gradient: true,
        needs_hessian: false,
        uses_hessian: false,
        needs_bounds: false,
        bounds: true,
        infinite_bounds: true,
        linear_constraints: false,
        nonlinear_constraints: false,
        parallel: true,
    };
    AlgorithmSpec { name: "asker", struct_name: "Asker", doc: "", features, options: &[] }
}

static SPECS: [AlgorithmSpec; 3] =
    [spec(SolverKind::Scalar), spec(SolverKind::LeastSquares), spec(SolverKind::Likelihood)];

impl Configure for Asker {
    fn spec(&self) -> &'static AlgorithmSpec {
        self.spec
    }
    fn option(&self, _: &str) -> Option<OptionValue> {
        None
    }
    fn set_option(&mut self, name: &str, _: &OptionValue) -> Result<(), OptionError> {
        Err(OptionError::Unknown { algorithm: "asker", name: name.to_string() })
    }
    fn boxed(&self) -> Box<dyn Algorithm> {
        Box::new(self.clone())
    }
}

impl Algorithm for Asker {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        for (want, points) in &self.requests {
            let values = problem.batch(*want, points)?.clone();
            self.answers.lock().expect("one thread").push(values);
        }
        Ok(Finish::stalled(x0.to_vec(), f64::INFINITY, "every request was answered"))
    }
}

// --------------------------------------------------------------------------------------------------------- an objective

/// Output j is sum_i (j + i + 1) x_i / 4 + (x_(j mod n) - 1)^2 / (j + 1); it fails where x_1 is above 2.25.
#[derive(Clone, Debug)]
struct Quadratics {
    kind: SolverKind,
    m: usize,
    closed_form: bool,
    asked: Vec<Vec<f64>>,
}

impl Quadratics {
    fn outputs(&self, x: &[f64]) -> Vec<f64> {
        let linear =
            |j: usize| x.iter().enumerate().map(|(i, x)| (j + i + 1) as f64 * x / 4.0).sum::<f64>();
        (0..self.m).map(|j| linear(j) + (x[j % N] - 1.0).powi(2) / (j + 1) as f64).collect()
    }

    fn derivative(&self, x: &[f64]) -> Vec<f64> {
        let entry = |j: usize, i: usize| {
            let own = if i == j % N { 2.0 * (x[i] - 1.0) / (j + 1) as f64 } else { 0.0 };
            (j + i + 1) as f64 / 4.0 + own
        };
        (0..self.m).flat_map(|j| (0..N).map(move |i| entry(j, i))).collect()
    }

    fn fails(x: &[f64]) -> bool {
        x[1] > 2.25
    }
}

impl Objective for Quadratics {
    fn kind(&self) -> SolverKind {
        self.kind
    }
    fn n_outputs(&self) -> usize {
        self.m
    }
    fn has_derivative(&self) -> bool {
        self.closed_form
    }
    fn start(&mut self, x: &[f64]) -> Result<StartValues, Failure> {
        let derivative = self.closed_form.then(|| self.derivative(x));
        Ok(StartValues { outputs: self.outputs(x), derivative, ..Default::default() })
    }
    fn evaluate(&mut self, batch: &Batch<'_>, answer: Answer<'_>, failures: &mut Vec<Failure>) {
        let Answer { outputs, derivatives, .. } = answer;
        for (index, x) in batch.iter().enumerate() {
            self.asked.push(x.to_vec());
            if Self::fails(x) {
                failures.push(Failure { index, what: "fun", error: UserError::new("too high") });
                continue;
            }
            if batch.wants_outputs {
                outputs[index * self.m..(index + 1) * self.m].copy_from_slice(&self.outputs(x));
            }
            if batch.wants_derivative {
                let width = self.m * N;
                derivatives[index * width..(index + 1) * width]
                    .copy_from_slice(&self.derivative(x));
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------- the direct computation

#[derive(Clone, Debug)]
struct Case {
    objective: Quadratics,
    solver: SolverKind,
    maximize: bool,
    free: Vec<usize>,
    continues: bool,
    requests: Vec<(Want, Vec<f64>)>,
}

/// What an algorithm has to be told at one point.
struct Expected {
    value: f64,
    gradient: Vec<f64>,
    outputs: Vec<f64>,
    derivative: Vec<f64>,
    failed: bool,
}

impl Case {
    fn user(&self, x: &[f64]) -> Vec<f64> {
        let mut user = START.to_vec();
        self.free.iter().zip(x).for_each(|(&i, &x)| user[i] = x);
        user
    }

    fn sign(&self) -> f64 {
        if self.maximize { -1.0 } else { 1.0 }
    }

    /// The scalar objective in the algorithm's sign, and its gradient with respect to the free parameters.
    fn scalar(&self, user: &[f64]) -> (f64, Vec<f64>) {
        let (outputs, jacobian) = (self.objective.outputs(user), self.objective.derivative(user));
        let squares = self.objective.kind == SolverKind::LeastSquares;
        let value = outputs.iter().map(|o| if squares { o * o } else { *o }).sum::<f64>();
        let entry = |i: usize| {
            let weight = |j: usize| if squares { 2.0 * outputs[j] } else { 1.0 };
            (0..outputs.len()).map(|j| weight(j) * jacobian[j * N + i]).sum::<f64>()
        };
        (self.sign() * value, self.free.iter().map(|&i| self.sign() * entry(i)).collect())
    }

    fn at(&self, x: &[f64], kind: SolverKind) -> Expected {
        let user = self.user(x);
        if Quadratics::fails(&user) {
            return self.penalty(x, kind);
        }
        let (value, gradient) = self.scalar(&user);
        let (outputs, jacobian) = (self.objective.outputs(&user), self.objective.derivative(&user));
        let squared =
            self.objective.kind == SolverKind::LeastSquares && kind == SolverKind::Likelihood;
        let (mut own, mut derivative) = (Vec::new(), Vec::new());
        for (j, &o) in outputs.iter().enumerate() {
            own.push(self.sign() * if squared { o * o } else { o });
            let weight = self.sign() * if squared { 2.0 * o } else { 1.0 };
            derivative.extend(self.free.iter().map(|&i| weight * jacobian[j * N + i]));
        }
        Expected { value, gradient, outputs: own, derivative, failed: false }
    }

    fn penalty(&self, x: &[f64], kind: SolverKind) -> Expected {
        let (start, _) = self.scalar(&START);
        let steps: Vec<f64> = self.free.iter().zip(x).map(|(&i, x)| x - START[i]).collect();
        let distance = steps.iter().map(|s| s * s).sum::<f64>().sqrt();
        let value = start + start.abs() + 100.0 + 0.1 * distance;
        let gradient: Vec<f64> = steps.iter().map(|s| 0.1 * s / distance).collect();
        let m = self.objective.m;
        let (output, factor) = match kind {
            SolverKind::LeastSquares => {
                let root = (value / m as f64).sqrt();
                (root, 0.5 / (root * m as f64))
            }
            _ => (value / m as f64, 1.0 / m as f64),
        };
        let derivative = (0..m).flat_map(|_| gradient.iter().map(|g| factor * g)).collect();
        Expected { value, outputs: vec![output; m], derivative, gradient, failed: true }
    }

    fn run(&self, objective: &mut Quadratics) -> (Result<FlatResult, OptimizeError>, Vec<Values>) {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let spec =
            SPECS.iter().find(|spec| spec.features.kind == self.solver).expect("one of three");
        let asker = Asker { spec, requests: self.requests.clone(), answers: Arc::clone(&answers) };
        let fixed = (0..N).filter(|i| !self.free.contains(i)).collect();
        let blueprint = Blueprint {
            has_derivative: self.objective.closed_form,
            direction: if self.maximize { Direction::Maximize } else { Direction::Minimize },
            bounds: Bounds::new([-3.0; N], [3.0; N]),
            constraints: vec![Constraint::new(
                0,
                ConstraintKind::Fixed { positions: fixed, value: None },
            )],
            error_handling: if self.continues {
                ErrorHandling::Continue
            } else {
                ErrorHandling::Raise
            },
            ..Blueprint::new(self.objective.kind, START.to_vec(), Resolved::custom(Box::new(asker)))
        };
        let result = blueprint.run(objective);
        let answers = answers.lock().expect("one thread").clone();
        (result, answers)
    }
}

/// The kind of the outputs that a request speaks of.
fn kind_of(want: Want) -> SolverKind {
    if want.intersects(Want::RESIDUALS | Want::JACOBIAN) {
        SolverKind::LeastSquares
    } else if want.intersects(Want::CONTRIBUTIONS | Want::SCORES) {
        SolverKind::Likelihood
    } else {
        SolverKind::Scalar
    }
}

/// Compared with the largest number: a difference quotient has the rounding errors of the whole sum of squares.
fn close(found: &[f64], expected: &[f64], tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0, |largest: f64, e| largest.max(e.abs()));
    for (f, e) in found.iter().zip(expected) {
        prop_assert!(
            (f - e).abs() <= tolerance * (1.0 + largest),
            "{:?} is not {:?}",
            found,
            expected
        );
    }
    Ok(())
}

/// Check one answer against the direct computation; returns the number of points that failed.
fn check(case: &Case, want: Want, points: &[f64], told: &Values) -> Result<(), TestCaseError> {
    let (n, kind) = (case.free.len(), kind_of(want));
    let tolerance = if case.objective.closed_form { 1e-12 } else { 2e-5 };
    let (mut value, mut gradient, mut outputs, mut derivative) = (vec![], vec![], vec![], vec![]);
    for x in points.chunks_exact(n) {
        let expected = case.at(x, kind);
        value.push(expected.value);
        gradient.extend(expected.gradient);
        outputs.extend(expected.outputs);
        derivative.extend(expected.derivative);
    }
    if want.is_evaluation() {
        close(&told.values, &value, 1e-12)?;
    }
    let columns = [
        (Want::GRADIENT, &told.gradients, &gradient, tolerance),
        (Want::RESIDUALS, &told.residuals, &outputs, 1e-12),
        (Want::JACOBIAN, &told.jacobians, &derivative, tolerance),
        (Want::CONTRIBUTIONS, &told.contributions, &outputs, 1e-12),
        (Want::SCORES, &told.scores, &derivative, tolerance),
    ];
    for (flag, told, expected, tolerance) in columns {
        if want.intersects(flag) {
            close(told, expected, tolerance)?;
        }
    }
    Ok(())
}

// --------------------------------------------------------------------------------------------------------- the strategies

fn wants(solver: SolverKind) -> Vec<Want> {
    let mut wants = vec![Want::VALUE, Want::VALUE | Want::GRADIENT, Want::GRADIENT];
    let own = match solver {
        SolverKind::Scalar => return wants,
        SolverKind::LeastSquares => [Want::RESIDUALS, Want::JACOBIAN],
        SolverKind::Likelihood => [Want::CONTRIBUTIONS, Want::SCORES],
    };
    wants.extend([own[0], own[1], own[0] | own[1]]);
    wants.extend([own[0] | Want::GRADIENT, Want::VALUE | own[1]]);
    wants.push(Want::VALUE | Want::GRADIENT | own[0] | own[1]);
    wants
}

fn case() -> impl Strategy<Value = Case> {
    use SolverKind::{LeastSquares, Likelihood, Scalar};
    let pairs = prop::sample::select(vec![
        (Scalar, Scalar),
        (LeastSquares, Scalar),
        (LeastSquares, LeastSquares),
        (LeastSquares, Likelihood),
        (Likelihood, Scalar),
        (Likelihood, Likelihood),
    ]);
    let free = prop::sample::subsequence((0..N).collect::<Vec<_>>(), 1..=N);
    (pairs, 1_usize..6, any::<[bool; 3]>(), free).prop_flat_map(
        |((kind, solver), m, [closed_form, maximize, continues], free)| {
            let m = if kind == Scalar { 1 } else { m };
            let objective = Quadratics { kind, m, closed_form, asked: Vec::new() };
            let maximize = maximize && kind != LeastSquares;
            // Halves, so that stencils are on the same side of the edge as their centers; now and then the start itself.
            let n = free.len();
            let number = (-5_i32..=5).prop_map(|half| f64::from(half) / 2.0);
            let start: Vec<f64> = free.iter().map(|&i| START[i]).collect();
            let point = prop_oneof![
                4 => prop::collection::vec(number, n),
                1 => Just(start),
            ];
            let points = prop::collection::vec(point, 1..4).prop_map(|points| points.concat());
            let request = (prop::sample::select(wants(solver)), points);
            prop::collection::vec(request, 1..5).prop_map(move |requests| {
                // Ask for a derivative where the value was asked for, as algorithms do.
                let mut all = requests.clone();
                all.extend(requests.iter().map(|(_, points)| (wants(solver)[2], points.clone())));
                let (objective, free) = (objective.clone(), free.clone());
                Case { objective, solver, maximize, free, continues, requests: all }
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn algorithms_are_told_what_can_be_computed_directly(case in case()) {
        let n = case.free.len();
        let mut objective = case.objective.clone();
        let (result, answers) = case.run(&mut objective);

        // Fixed parameters stay, bounds are kept.
        for user in &objective.asked {
            prop_assert!((0..N).all(|i| case.free.contains(&i) || user[i] == START[i]));
            prop_assert!(user.iter().all(|x| (-3.0..=3.0).contains(x)));
        }

        // Each answer, up to the failure that ends the run.
        let failing = |points: &[f64]| {
            points.chunks_exact(n).position(|x| Quadratics::fails(&case.user(x)))
        };
        let end = case.requests.iter().position(|(_, points)| failing(points).is_some());
        let until = if case.continues { None } else { end }.unwrap_or(case.requests.len());
        prop_assert_eq!(answers.len(), until);
        for ((want, points), told) in case.requests.iter().zip(&answers) {
            check(&case, *want, points, told)?;
        }

        // The result is the best point that did not fail, in the user's sign.
        let ended = until < case.requests.len();
        let result = match result {
            Ok(result) => { prop_assert!(!ended); result }
            Err(OptimizeError::User { partial, .. }) => { prop_assert!(ended); *partial }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(result.status, if ended { Status::Failed } else { Status::Stalled });
        let seen = case.requests[..until].iter().filter(|(want, _)| {
            want.is_evaluation() || !case.objective.closed_form
        });
        let mut values: Vec<f64> = vec![case.scalar(&START).0];
        for (_, points) in seen {
            let at = points.chunks_exact(n).map(|x| case.at(x, SolverKind::Scalar));
            values.extend(at.filter(|expected| !expected.failed).map(|expected| expected.value));
        }
        if ended {
            // Points of the batch before the failing one are kept.
            let (want, points) = &case.requests[until];
            let kept = if want.is_derivative() { 0 } else { failing(points).unwrap_or(0) };
            let at = points.chunks_exact(n).take(kept).map(|x| case.scalar(&case.user(x)).0);
            values.extend(at);
        }
        let best = values.iter().copied().fold(f64::INFINITY, f64::min);
        close(&[case.sign() * result.fun], &[best], 1e-12)?;
        let (at_best, _) = case.scalar(&result.params);
        close(&[at_best], &[best], 1e-12)?;

        // Counts and history.
        let history = result.history.as_ref().expect("collected");
        if !ended {
            let points = |want: fn(&Want) -> bool| -> usize {
                let asked = case.requests.iter().filter(|(own, _)| want(own));
                asked.map(|(_, points)| points.len() / n).sum()
            };
            prop_assert_eq!(result.n_jac_evals as usize, points(|want| want.is_derivative()));
            prop_assert_eq!(history.len(), points(|_| true));
            let numbers = history.batches();
            prop_assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
        }
    }
}

#[test]
fn what_the_objective_does_not_have_cannot_be_asked_for() {
    let case = Case {
        objective: Quadratics { kind: SolverKind::Scalar, m: 1, closed_form: true, asked: vec![] },
        solver: SolverKind::Scalar,
        maximize: false,
        free: vec![0, 1, 2, 3],
        continues: true,
        requests: vec![(Want::RESIDUALS, START.to_vec())],
    };
    let (result, _) = case.run(&mut case.objective.clone());
    let message = result.expect_err("asks for residuals").to_string();
    assert!(message.contains("asks for what a least_squares objective has"), "{message}");
}

#[test]
fn no_points_have_no_values_and_no_constraints_none_either() {
    let mut case = Case {
        objective: Quadratics { kind: SolverKind::Scalar, m: 1, closed_form: true, asked: vec![] },
        solver: SolverKind::Scalar,
        maximize: false,
        free: vec![0, 1, 2, 3],
        continues: false,
        requests: vec![(Want::VALUE, vec![]), (Want::CONSTRAINTS, START.to_vec())],
    };
    case.requests.push((Want::VALUE, START.to_vec()));
    let (result, answers) = case.run(&mut case.objective.clone());
    assert!(answers[0].values.is_empty() && answers[1].constraints.is_empty());
    let result = result.expect("a result");
    assert_eq!((result.n_fun_evals, result.history.expect("collected").len()), (1, 1));
}
