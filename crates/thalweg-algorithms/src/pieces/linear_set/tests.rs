use super::*;
use thalweg_core::ProblemSpec;
use thalweg_core::testing::FunctionOracle;

fn value(x: &[f64]) -> f64 {
    3.0 * x[0] - 2.0 * x[1] + 0.5 * x[2]
}

#[test]
fn models_of_linear_functions_are_exact_after_every_exchange() {
    let mut oracle = FunctionOracle::scalar(value);
    let spec = ProblemSpec::unconstrained(3);
    let mut problem = Problem::new(&mut oracle, &spec);
    let mut set = LinearSet::evaluate(&mut problem, &[1.0, 2.0, 3.0], &[1.0, -0.5, 2.0])
        .unwrap()
        .expect("finite");
    let mut rng = thalweg_core::Rng::new(1);
    for round in 0..60 {
        set.choose_best(0.0);
        let gradient = set.model(false).gradient;
        for (g, e) in gradient.iter().zip([3.0, -1.0, 1.0]) {
            assert!((g - e).abs() < 1e-9, "{round}: {gradient:?}");
        }
        let d: Vec<f64> = (0..3).map(|_| rng.uniform() - 0.5).collect();
        let x = set.after(&d);
        let known = Known { value: value(&x), constraints: Vec::new() };
        let better = known.value < set.best().value;
        if let Some(t) = set.replaceable(&d, better, (1.0, 1, 1.0)) {
            assert!(set.replace(t, &x, known));
        }
    }
}

#[test]
fn the_geometry_is_that_of_the_simplex() {
    let mut oracle = FunctionOracle::scalar(|x| x.iter().sum());
    let spec = ProblemSpec::unconstrained(3);
    let mut problem = Problem::new(&mut oracle, &spec);
    let mut set = LinearSet::evaluate(&mut problem, &[0.0; 3], &[1.0; 3]).unwrap().expect("finite");
    assert_eq!((set.farthest().1, set.flattest().1), (1.0, 1.0));
    let flat = Known { value: 0.0, constraints: Vec::new() };
    assert!(set.replace(1, &[3.0, 0.0, 0.0], flat.clone()));
    assert_eq!((set.farthest(), set.flattest().1), ((1, 3.0), 1.0));
    assert!(!set.replace(1, &[0.0, 1.0, 0.0], flat), "on a face");
}

#[test]
fn of_equally_far_points_the_worst_is_found_by_its_merit() {
    let mut oracle = FunctionOracle::scalar(|x| x[0] + 2.0 * x[1] + 3.0 * x[2]);
    let spec = ProblemSpec::unconstrained(3);
    let mut problem = Problem::new(&mut oracle, &spec);
    let mut set = LinearSet::evaluate(&mut problem, &[0.0; 3], &[1.0; 3]).unwrap().expect("finite");
    let most = set.farthest();
    assert_eq!((most, set.worst_as_far(most.1, 0.0)), ((1, 1.0), 3));
    set.violations[2] = 1.0;
    assert_eq!((set.worst_as_far(1.0, 0.5), set.worst_as_far(1.0, 2.0)), (3, 2));
    let far = Known { value: 0.5, constraints: Vec::new() };
    assert!(set.replace(1, &[3.0, 0.0, 0.0], far));
    assert_eq!(set.worst_as_far(set.farthest().1, 2.0), 1, "the others are nearer");
}

#[test]
fn first_points_turn_round_at_bounds_and_where_nothing_is_defined() {
    let mut oracle =
        FunctionOracle::scalar(|x| if x[1] > 0.2 { f64::INFINITY } else { x[0] + x[1] });
    let spec = ProblemSpec {
        lower: vec![-5.0, -5.0],
        upper: vec![0.25, 5.0],
        ..ProblemSpec::unconstrained(2)
    };
    let mut problem = Problem::new(&mut oracle, &spec);
    let set = LinearSet::evaluate(&mut problem, &[0.0, 0.0], &[1.0; 2]).unwrap().unwrap();
    assert_eq!(set.points, [-1.0, -0.5, 0.0, 0.0, -1.0, 0.0]);
}

#[test]
fn first_points_follow_the_best_one_and_their_directions() {
    let mut oracle = FunctionOracle::scalar(value);
    let spec = ProblemSpec::unconstrained(3);
    let mut problem = Problem::new(&mut oracle, &spec);
    let set = LinearSet::evaluate(&mut problem, &[0.0; 3], &[-1.0, -0.5, 2.0]).unwrap();
    let set = set.expect("finite");
    assert_eq!(set.points, [-1.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -0.5, 0.0, -1.0, 0.0, 2.0]);
    assert_eq!(set.best_point(), [-1.0, 0.0, 0.0]);
}

#[test]
fn the_weight_of_violations_follows_the_ranges_of_constraints_that_matter() {
    let limits = [(0.0, f64::INFINITY), (-9.0, f64::INFINITY)];
    let spec = ProblemSpec {
        constraint_limits: limits.to_vec(),
        constraint_tolerances: vec![1e-5; 2],
        ..ProblemSpec::unconstrained(1)
    };
    let mut oracle = FunctionOracle::scalar(|x| 6.0 * x[0]);
    let problem = Problem::new(&mut oracle, &spec);
    let known = |value: f64, c: f64| Known { value, constraints: vec![c, 1.0] };
    let set = LinearSet {
        n: 1,
        points: vec![0.0, 1.0],
        known: vec![known(0.0, -1.0), known(6.0, 2.0)],
        violations: vec![1.0, 0.0],
        ways: vec![0.0, 1.0],
        lagrange: vec![-1.0, 1.0],
        curvature: Curvature::none(1, 3),
        exchanges: 0,
        scale: vec![1.0],
        is_downward: vec![false],
        lower: problem.lower(),
        upper: problem.upper(),
        limits: problem.constraint_limits().to_vec(),
    };
    assert_eq!(set.weight_of_ranges(), 2.0);
    assert_eq!(set.model(false).limits, [(1.0, f64::INFINITY), (-10.0, f64::INFINITY)]);
    assert_eq!((set.model(false).gradient, set.model(false).jacobian), (vec![6.0], vec![3.0, 0.0]));
}

/// A set at three corners of a square, for an objective and a constraint of two variables.
fn with_curves(functions: fn(&[f64]) -> (f64, f64), check: impl FnOnce(&mut LinearSet<'_>)) {
    let corners = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let mut set = LinearSet {
        n: 2,
        points: corners.to_vec(),
        known: corners.chunks(2).map(|x| known(functions, x)).collect(),
        violations: vec![0.0; 3],
        ways: Vec::new(),
        lagrange: Vec::new(),
        curvature: Curvature::none(2, 2),
        exchanges: 0,
        scale: vec![1.0; 2],
        is_downward: vec![false; 2],
        lower: &[-INF; 2],
        upper: &[INF; 2],
        limits: vec![(0.0, INF)],
    };
    assert!(set.refresh());
    check(&mut set);
}

fn known(functions: fn(&[f64]) -> (f64, f64), x: &[f64]) -> Known {
    let (value, constraint) = functions(x);
    Known { value, constraints: vec![constraint] }
}

#[test]
fn ways_are_those_to_the_points_after_every_exchange() {
    let functions: fn(&[f64]) -> (f64, f64) = |x| (x[0] * x[0] + 3.0 * x[1], x[0] - x[1]);
    with_curves(functions, |set| {
        let mut rng = thalweg_core::Rng::new(7);
        for round in 0..60 {
            let x = [rng.uniform_in(-1.0, 1.0), rng.uniform_in(-1.0, 1.0)];
            if !set.replace(round % 3, &x, known(functions, &x)) {
                break;
            }
            if round % 2 == 0 {
                set.choose_best(1.0);
            }
            for k in 0..=2 {
                assert_eq!(set.way_to(k), set.way(set.point(k)), "{round}");
            }
        }
    });
}

#[test]
fn the_curvature_of_quadratic_functions_is_learned() {
    let functions: fn(&[f64]) -> (f64, f64) = |x| {
        let objective = 3.0 * x[0] * x[0] - x[0] * x[1] + 0.5 * x[1] * x[1] + x[0] - 2.0 * x[1];
        (objective, x[0] * x[1] - x[1] + 4.0)
    };
    with_curves(functions, |set| {
        let mut rng = thalweg_core::Rng::new(2);
        for _ in 0..400 {
            let x = [4.0 * rng.uniform() - 2.0, 4.0 * rng.uniform() - 2.0];
            set.learn(&x, &known(functions, &x));
        }
        for (i, expected) in [[6.0, -1.0, -1.0, 1.0], [0.0, 1.0, 1.0, 0.0]].iter().enumerate() {
            let hessian = set.curvature.hessian(i);
            let near = hessian.iter().zip(expected).all(|(h, e)| (h - e).abs() < 1e-6);
            assert!(near, "{i}: {hessian:?}");
        }
        let (linear, model) = (set.model(false), set.model(true));
        let x = set.best_point();
        let gradient = [6.0 * x[0] - x[1] + 1.0, -x[0] + x[1] - 2.0];
        let far = |of: &[f64]| (of[0] - gradient[0]).abs().max((of[1] - gradient[1]).abs());
        assert!(far(&model.gradient) < 1e-6 && far(&linear.gradient) > 0.1);
        assert!((model.jacobian[0] - x[1]).abs() < 1e-6);
        assert!((model.jacobian[1] - (x[0] - 1.0)).abs() < 1e-6);
    });
}

#[test]
fn a_model_goes_through_the_point_that_it_learned_from() {
    let functions: fn(&[f64]) -> (f64, f64) = |x| (x[0].exp() + x[1].powi(4), x[0].sin() - x[1]);
    with_curves(functions, |set| {
        let x = [0.3, -0.8];
        set.learn(&x, &known(functions, &x));
        let (model, d) = (set.model(true), set.way(&x));
        let curvature = model.curvature.expect("curved");
        let value = set.best().value + dot(&model.gradient, &d) + curvature.bends(&d)[0];
        assert!((value - functions(&x).0).abs() < 1e-12);
        let constraint = set.best().constraints[0] + dot(&model.jacobian, &d);
        assert!((constraint + curvature.bends(&d)[1] - functions(&x).1).abs() < 1e-12);
    });
}

#[test]
fn a_curvature_that_is_worse_than_none_is_given_up() {
    with_curves(
        |x| (x[0], x[1]),
        |set| {
            let at = |x: [f64; 2], value: f64| (x, Known { value, constraints: vec![x[1]] });
            let (x, known) = at([0.5, 0.5], 1e9);
            set.learn(&x, &known);
            assert!(nrm2(set.curvature.hessian(0)) > 1e8 && nrm2(set.curvature.hessian(1)) < 1e-9);
            for (x, known) in [at([0.1, 0.2], 0.1), at([0.2, 0.3], 0.2)] {
                assert!(nrm2(set.curvature.hessian(0)) > 1e7);
                set.learn(&x, &known);
            }
            assert!(nrm2(set.curvature.hessian(0)) < 1e-9);
        },
    );
}
