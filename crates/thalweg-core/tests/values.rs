//! Answers, and the problem as an algorithm sees it.

use thalweg_core::testing::FunctionOracle;
use thalweg_core::{
    Experience, Iteration, OptionCall, Oracle, Problem, ProblemSpec, Request, Stop, Values, Want,
};

/// Numbers every point's answer by the point: outputs 10 x + j, derivatives 100 x + entry.
struct Numbered {
    m: usize,
    answered: usize,
}

impl Oracle for Numbered {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        let (n, m, k) = (request.dim, self.m, request.len());
        values.prepare(request.want, k, n, m, 2);
        for (i, x) in request.iter().enumerate() {
            let fill = |column: &mut Vec<f64>, width: usize, scale: f64| {
                if column.len() == k * width {
                    let own = column[i * width..(i + 1) * width].iter_mut().enumerate();
                    own.for_each(|(j, entry)| *entry = scale * x[0] + j as f64);
                }
            };
            values.values[i] = x[0];
            fill(&mut values.gradients, n, 100.0);
            fill(&mut values.residuals, m, 10.0);
            fill(&mut values.jacobians, m * n, 100.0);
            fill(&mut values.contributions, m, 10.0);
            fill(&mut values.scores, m * n, 100.0);
            fill(&mut values.constraints, 2, 10.0);
            fill(&mut values.constraint_jacobians, 2 * n, 100.0);
            fill(&mut values.hessians, n * n, 1000.0);
            if request.want.contains(Want::HESSIAN_PRODUCT) {
                values.products[i * n..(i + 1) * n].copy_from_slice(request.direction(i));
            }
        }
        self.answered += k;
        Ok(())
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        if iteration.value < 0.0 { Err(Stop::Callback) } else { Ok(()) }
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        call.answer().map_err(|error| Stop::Failed(error.message))
    }
}

const ALL: [Want; 10] = [
    Want::VALUE,
    Want::GRADIENT,
    Want::RESIDUALS,
    Want::JACOBIAN,
    Want::CONTRIBUTIONS,
    Want::SCORES,
    Want::CONSTRAINTS,
    Want::CONSTRAINT_JACOBIAN,
    Want::HESSIAN,
    Want::HESSIAN_PRODUCT,
];

fn everything() -> Want {
    ALL.into_iter().fold(Want::default(), |all, want| all | want)
}

#[test]
fn wants_are_sets() {
    assert!(ALL.iter().all(|&want| everything().contains(want)));
    assert!(!Want::default().intersects(everything()) && !Want::default().is_evaluation());
    let evaluations: Vec<bool> = ALL.iter().map(|want| want.is_evaluation()).collect();
    assert_eq!(evaluations[..6], [true, false, true, false, true, false]);
    assert!(!evaluations[6..].contains(&true));
    let derivatives: Vec<bool> = ALL.iter().map(|want| want.is_derivative()).collect();
    assert_eq!(derivatives[..6], [false, true, false, true, false, true]);
    assert!(!derivatives[6..].contains(&true));
    let second: Vec<Want> = ALL.into_iter().filter(|want| want.is_second_derivative()).collect();
    assert_eq!(second, [Want::HESSIAN, Want::HESSIAN_PRODUCT]);
    let bits: std::collections::BTreeSet<u16> = ALL.iter().map(|want| want.bits()).collect();
    assert_eq!(bits.len(), ALL.len());
}

#[test]
fn only_what_is_wanted_is_sized_and_the_sizes_follow_the_request() {
    let mut values = Values::default();
    values.prepare(Want::JACOBIAN | Want::CONSTRAINTS, 2, 3, 4, 5);
    assert_eq!(
        (values.values.len(), values.jacobians.len(), values.constraints.len()),
        (2, 24, 10)
    );
    assert!(values.gradients.is_empty() && values.residuals.is_empty() && values.scores.is_empty());
    values.prepare(Want::JACOBIAN, 1, 3, 4, 0);
    assert_eq!((values.values.len(), values.jacobians.len()), (1, 12));
    values.clear();
    assert_eq!(values, Values::default());
}

#[test]
fn split_answers_are_merged_to_what_one_batch_would_have_been() {
    let points: Vec<f64> = (0..10).map(f64::from).collect();
    let mut oracle = Numbered { m: 3, answered: 0 };
    let mut whole = Values::default();
    let request = Request { directions: &points, ..Request::batch(everything(), &points, 2) };
    oracle.answer(&request, &mut whole).unwrap();
    assert_eq!((whole.hessians.len(), &whole.products[..]), (20, &points[..]));
    let mut merged = Values::default();
    for (from, count) in [(0, 2), (2, 1), (3, 2)] {
        merged.append(&whole, everything(), from, count, 5);
    }
    assert_eq!(merged, whole);
}

#[test]
fn every_question_gets_its_own_column() {
    let mut oracle = Numbered { m: 2, answered: 0 };
    let spec = ProblemSpec { n_outputs: 2, ..ProblemSpec::unconstrained(2) };
    let mut problem = Problem::new(&mut oracle, &spec);
    let (x, mut a, mut b) = ([3.0, 0.0], Vec::new(), Vec::new());

    assert_eq!(problem.value(&x), Ok(3.0));
    assert_eq!((problem.value_and_gradient(&x, &mut a), &a[..]), (Ok(3.0), &[300.0, 301.0][..]));
    assert_eq!((problem.gradient(&x, &mut a), &a[..]), (Ok(()), &[300.0, 301.0][..]));
    assert_eq!((problem.residuals(&x, &mut a), &a[..]), (Ok(3.0), &[30.0, 31.0][..]));
    assert_eq!(problem.jacobian(&x, &mut a), Ok(()));
    assert_eq!(a, [300.0, 301.0, 302.0, 303.0]);
    assert_eq!(problem.residuals_and_jacobian(&x, &mut a, &mut b), Ok(3.0));
    assert_eq!((&a[..], b.len()), (&[30.0, 31.0][..], 4));
    assert_eq!((problem.contributions(&x, &mut a), &a[..]), (Ok(3.0), &[30.0, 31.0][..]));
    assert_eq!(problem.contributions_and_scores(&x, &mut a, &mut b), Ok(3.0));
    assert_eq!((&a[..], b.len()), (&[30.0, 31.0][..], 4));
    assert_eq!((problem.constraints(&x, &mut a), &a[..]), (Ok(()), &[30.0, 31.0][..]));
    assert_eq!(problem.constraint_jacobian(&x, &mut a), Ok(()));
    assert_eq!(a, [300.0, 301.0, 302.0, 303.0]);
    assert_eq!(problem.hessian(&x, &mut a), Ok(()));
    assert_eq!(a, [3000.0, 3001.0, 3002.0, 3003.0]);
    assert_eq!((problem.hessian_product(&x, &[5.0, 6.0], &mut a), a.len()), (Ok(()), 2));
    assert_eq!(a, [5.0, 6.0]);
    assert_eq!(problem.values(&[1.0, 0.0, 2.0, 0.0]), Ok(&[1.0, 2.0][..]));
    assert_eq!(oracle.answered, 14);
}

#[test]
fn buffers_are_exchanged_not_copied() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let spec = ProblemSpec::unconstrained(2);
    let mut problem = Problem::new(&mut oracle, &spec);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    problem.value_and_gradient(&[1.0, 0.0], &mut first).unwrap();
    problem.value_and_gradient(&[2.0, 0.0], &mut second).unwrap();
    let places = [first.as_ptr(), second.as_ptr()];
    for i in 0..4 {
        problem.value_and_gradient(&[f64::from(i), 0.0], &mut first).unwrap();
        problem.value_and_gradient(&[2.0, 0.0], &mut second).unwrap();
        assert_eq!(first, [100.0 * f64::from(i), 100.0 * f64::from(i) + 1.0]);
        assert_eq!(second, [200.0, 201.0]);
    }
    // Three buffers go round for ever: two here and one inside.
    let known = [first.as_ptr(), second.as_ptr()];
    assert!(known.iter().any(|place| places.contains(place)));
}

#[test]
fn no_points_have_no_values() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let spec = ProblemSpec::unconstrained(2);
    assert_eq!(Problem::new(&mut oracle, &spec).values(&[]), Ok(&[][..]));
    assert_eq!(oracle.answered, 0);
}

#[test]
#[should_panic(expected = "points of 2 variables, not 3 numbers")]
fn points_are_whole() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let _ = Problem::new(&mut oracle, &ProblemSpec::unconstrained(2)).values(&[1.0, 2.0, 3.0]);
}

#[test]
#[should_panic(expected = "one number per variable")]
fn a_point_has_one_number_per_variable() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let _ = Problem::new(&mut oracle, &ProblemSpec::unconstrained(2)).value(&[1.0]);
}

#[test]
#[should_panic(expected = "a direction has one number per variable")]
fn a_direction_has_one_number_per_variable() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let spec = ProblemSpec::unconstrained(2);
    let _ = Problem::new(&mut oracle, &spec).hessian_product(&[1.0, 2.0], &[1.0], &mut Vec::new());
}

#[test]
fn closures_answer_with_second_derivatives() {
    let hessian = |x: &[f64], h: &mut [f64]| h.copy_from_slice(&[x[0], 1.0, 1.0, 2.0]);
    let spec = ProblemSpec { has_hessian: true, ..ProblemSpec::unconstrained(2) };
    let mut oracle = FunctionOracle::scalar(|_| 0.0).with_hessian(hessian);
    let mut problem = Problem::new(&mut oracle, &spec);
    assert_eq!((problem.has_hessian(), problem.has_hessian_product()), (true, false));
    let mut found = Vec::new();
    problem.hessian(&[3.0, 0.0], &mut found).unwrap();
    assert_eq!(found, [3.0, 1.0, 1.0, 2.0]);
    problem.hessian_product(&[3.0, 0.0], &[1.0, 2.0], &mut found).unwrap();
    assert_eq!(found, [5.0, 5.0], "made of the Hessian");
    assert_eq!(oracle.n_evaluations, 0);
    assert_eq!(oracle.trace[1], (Want::HESSIAN_PRODUCT, vec![3.0, 0.0]));

    let product = |x: &[f64], d: &[f64], out: &mut [f64]| out.copy_from_slice(&[x[0], d[1]]);
    let mut oracle = FunctionOracle::scalar(|_| 0.0).with_hessian_product(product);
    Problem::new(&mut oracle, &spec).hessian_product(&[3.0, 0.0], &[1.0, 2.0], &mut found).unwrap();
    assert_eq!(found, [3.0, 2.0]);
}

#[test]
fn what_is_known_of_a_problem_is_what_was_specified() {
    let mut oracle = Numbered { m: 1, answered: 0 };
    let spec = ProblemSpec {
        lower: vec![0.0, f64::NEG_INFINITY],
        upper: vec![1.0, f64::INFINITY],
        n_outputs: 3,
        constraint_limits: vec![(0.0, 0.0)],
        constraint_tolerances: vec![1e-5],
        constraint_sizes: vec![1],
        has_rough_gradient: true,
        has_hessian: false,
        has_hessian_product: true,
        seed: 5,
        experience: Experience { reach: vec![0.5, 2.0], ..Experience::default() },
    };
    let mut problem = Problem::new(&mut oracle, &spec);
    assert_eq!(problem.experience(), &spec.experience);
    assert_eq!((problem.dim(), problem.n_outputs(), problem.is_bounded()), (2, 3, true));
    assert_eq!(problem.constraint_limits(), [(0.0, 0.0)]);
    assert_eq!(problem.constraint_tolerances(), [1e-5]);
    assert_eq!(problem.constraint_sizes(), [1]);
    assert_eq!((problem.has_hessian(), problem.has_hessian_product()), (false, true));
    assert!(problem.has_rough_gradient());
    let mut x = [3.0, -7.0];
    problem.clip(&mut x);
    assert_eq!(x, [1.0, -7.0]);
    assert_eq!(problem.rng().uniform(), thalweg_core::Rng::new(5).uniform());
    assert_eq!(problem.iteration(&x, 1.0), Ok(()));
    assert_eq!(problem.iteration(&x, -1.0), Err(Stop::Callback));
}

#[test]
fn a_stop_is_passed_on_and_leaves_the_buffers_alone() {
    let mut oracle = FunctionOracle::scalar(|x| x[0])
        .with_gradient(|_, gradient| gradient[0] = 1.0)
        .with_budget(1);
    let spec = ProblemSpec::unconstrained(1);
    let mut problem = Problem::new(&mut oracle, &spec);
    let mut gradient = Vec::new();
    assert_eq!(problem.value_and_gradient(&[2.0], &mut gradient), Ok(2.0));
    assert_eq!(problem.value_and_gradient(&[3.0], &mut gradient), Err(Stop::MaxEvaluations(1)));
    assert_eq!(gradient, [1.0]);
}
