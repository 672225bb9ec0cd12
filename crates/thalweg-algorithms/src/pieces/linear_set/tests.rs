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
        lagrange: vec![-1.0, 1.0],
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
