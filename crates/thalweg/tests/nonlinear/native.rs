//! An algorithm that keeps constraints itself: what it is given, and what it is held to.

use std::cell::Cell;

use thalweg::core::{Algorithm, Extra, Finish, Problem, Stop, Test, Want};
use thalweg::{NonlinearConstraint, Options, Status, minimize};

use crate::classics::INF;

/// Asks for everything at the start, compares, and claims to have converged at a given point.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "claims", kind = Scalar, supports(bounds, nonlinear_constraints))]
struct Claims {
    /// The first coordinate of the point.
    #[option(default = 0.0)]
    at: f64,
}

impl Algorithm for Claims {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        assert_eq!(problem.constraint_limits(), [(-INF, 1.0), (0.5, 0.5), (0.5, 0.5)]);
        assert_eq!(problem.constraint_tolerances(), [1e-5, 0.1, 0.1]);
        assert_eq!(problem.constraint_sizes(), [1, 2]);
        let (mut constraints, mut jacobian) = (Vec::new(), Vec::new());
        problem.constraints(x0, &mut constraints)?;
        assert_eq!(constraints, [0.5, 0.5, 0.25]);
        problem.constraint_jacobian(x0, &mut jacobian)?;
        let expected = [1.0, 1.0, 1.0, 0.0, 0.0, 0.5];
        assert!(jacobian.iter().zip(expected).all(|(j, e)| (j - e).abs() < 1e-6), "{jacobian:?}");
        let both = Want::VALUE | Want::CONSTRAINTS | Want::CONSTRAINT_JACOBIAN;
        let points = [x0, &[0.25, 0.5]].concat();
        let values = problem.batch(both, &points)?;
        assert_eq!(values.constraints, [0.5, 0.5, 0.25, 0.3125, 0.25, 0.25]);
        assert_eq!(values.values, [1.0, 0.75]);
        let x = vec![self.at, 0.5];
        let value = problem.value(&x)?;
        let test = Test { measure: "nothing", value: 0.0, tolerance: 0.0, option: "" };
        Ok(Finish::converged(x, value, test))
    }
}

fn run(at: f64, calls: &Cell<usize>) -> thalweg::OptimizeResult<[f64; 2]> {
    let counted = |x: &[f64; 2]| {
        calls.set(calls.get() + 1);
        [x[0], x[1] * x[1]]
    };
    minimize(|x: &[f64; 2]| x[0] + x[1], [0.5, 0.5])
        .nonlinear(|x: &[f64; 2]| x[0] * x[0] + x[1] * x[1], -INF, 1.0)
        .constraint(NonlinearConstraint::new(counted).equal_to(0.5).tol(0.1).derivative(
            |x, out| {
                out.copy_from_slice(&[1.0, 0.0, 0.0, x[1]]);
            },
        ))
        .algorithm(Claims { at })
        .run()
        .expect("runs")
}

#[test]
fn it_sees_limits_values_and_derivatives() {
    let calls = Cell::new(0);
    // No point that it asks for is feasible.
    let result = run(0.25, &calls);
    assert_eq!(result.status, Status::Invalid);
    assert!(result.message.contains("value 0 of constraints[1] (nonlinear) is 0.25"), "{result}");
    assert!((result.max_constraint_violation - 0.25).abs() < 1e-15);
}

#[test]
fn an_end_at_a_point_that_violates_a_constraint_is_no_success() {
    let run = |at: f64| {
        minimize(|x: &[f64; 2]| -x[0] + x[1], [0.5, 0.5])
            .nonlinear(|x: &[f64; 2]| x[0], -INF, 1.0)
            .algorithm(Ends { at })
            .run()
            .expect("runs")
    };
    let good = run(0.75);
    assert!(good.success && good.params == [0.75, 0.5] && good.fun == -0.25, "{good}");
    let bad = run(1.5);
    assert_eq!((bad.status, bad.params), (Status::Invalid, [0.5, 0.5]));
    assert_eq!(
        bad.message,
        "the point of the algorithm violates the constraints by more than the best evaluated point, which is returned; \
         converged: nothing 0.000e0 <= 0.000e0"
    );
    let tolerated = run(1.000_005);
    assert!(tolerated.success && (tolerated.max_constraint_violation - 5e-6).abs() < 1e-12);
}

/// Claims to have converged at a given point.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "ends", kind = Scalar, supports(bounds, nonlinear_constraints))]
struct Ends {
    /// The first coordinate of the point.
    #[option(default = 0.0)]
    at: f64,
}

impl Algorithm for Ends {
    fn solve(&self, problem: &mut Problem<'_>, _: &[f64]) -> Result<Finish, Stop> {
        let x = vec![self.at, 0.5];
        let value = problem.value(&x)?;
        let test = Test { measure: "nothing", value: 0.0, tolerance: 0.0, option: "" };
        Ok(Finish::converged(x, value, test))
    }
}

#[test]
fn asking_apart_costs_nothing_twice() {
    let calls = Cell::new(0);
    run(0.25, &calls);
    // The start, the two points of the batch, the end; and the stencil of the constraint without a derivative, twice at the
    // start (alone, and in the batch), once at the other point.
    assert_eq!(calls.get(), 4 + 2 * 3);
}

#[test]
fn the_stencil_of_a_derivative_stays_within_the_bounds() {
    let result = minimize(|x: &[f64; 2]| -x[0] + x[1], [0.5, 0.5])
        .bounds(.., 0.0, 0.5)
        .nonlinear(
            |x: &[f64; 2]| {
                assert!(x.iter().all(|x| (0.0..=0.5).contains(x)), "{x:?}");
                (0.5 - x[0]).sqrt() - x[1].sqrt()
            },
            -INF,
            0.25,
        )
        .constraint_handling(thalweg::ConstraintHandling::AugmentedLagrangian)
        .algorithm("lbfgsb")
        .run()
        .expect("runs");
    assert!(result.fun <= 0.0, "{result}");
}

/// Compares the derivative of the constraints with central differences in its own space.
#[derive(Clone, Debug, Options)]
#[algorithm(name = "compares", kind = Scalar, supports(bounds, nonlinear_constraints))]
struct Compares {
    /// How far from the start.
    #[option(default = 0.05)]
    off: f64,
}

impl Algorithm for Compares {
    fn solve(&self, problem: &mut Problem<'_>, x0: &[f64]) -> Result<Finish, Stop> {
        let n = x0.len();
        let mut x: Vec<f64> = x0.iter().map(|x| x + self.off).collect();
        problem.clip(&mut x);
        let (mut jacobian, mut above, mut below) = (Vec::new(), Vec::new(), Vec::new());
        problem.constraint_jacobian(&x, &mut jacobian)?;
        for i in 0..n {
            let at = x[i];
            x[i] = at + 1e-5;
            problem.constraints(&x, &mut above)?;
            x[i] = at - 1e-5;
            problem.constraints(&x, &mut below)?;
            x[i] = at;
            for (k, (above, below)) in above.iter().zip(&below).enumerate() {
                let difference = (above - below) / 2e-5;
                let entry = jacobian[k * n + i];
                assert!((entry - difference).abs() < 1e-5, "{k} {i}: {entry} is not {difference}");
            }
        }
        let value = problem.value(x0)?;
        let test = Test { measure: "nothing", value: 0.0, tolerance: 0.0, option: "" };
        Ok(Finish::converged(x0.to_vec(), value, test))
    }
}

#[test]
fn derivatives_are_pulled_back_through_every_change_of_variables() {
    let curve = |x: &[f64; 8]| [x[0] * x[1] + x[3].sin(), x[2] * x[4] * x[7], x[5] - x[6] * x[1]];
    for closed_form in [true, false] {
        let mut constraint = NonlinearConstraint::new(curve).lower(-100.0);
        if closed_form {
            constraint = constraint.derivative(|x, out| {
                (out[0], out[1], out[3]) = (x[1], x[0], x[3].cos());
                (out[10], out[12], out[15]) = (x[4] * x[7], x[2] * x[7], x[2] * x[4]);
                (out[17], out[21], out[22]) = (-x[6], 1.0, -x[1]);
            });
        }
        // One parameter is fixed, two are equal, three are probabilities, two are in order; bounds on some.
        let result = minimize(|x: &[f64; 8]| x[0], [1.0, 2.0, 2.0, 0.25, 0.25, 0.5, 0.5, 1.5])
            .fix(0)
            .equal([1, 2])
            .probability(3..6)
            .increasing([6, 7])
            .lower(6, -3.0)
            .constraint(constraint)
            .algorithm(Compares::default())
            .run()
            .expect("runs");
        assert!(result.success, "{result}");
        assert_eq!(result.extras["n_constraint_jac_evals"], Extra::Count(1));
    }
}
