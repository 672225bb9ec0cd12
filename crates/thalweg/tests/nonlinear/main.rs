//! Nonlinear constraints from outside.
mod classics;

use classics::*;
use thalweg::{ConstraintHandling, NonlinearConstraint, minimize};

#[test]
fn look() {
    for algorithm in ["lbfgsb", "neldermead", "neldermead_parallel"] {
        for p in CLASSICS {
            let fun = p.fun;
            let c = p.constraints;
            let calls = std::cell::Cell::new(0);
            let r = minimize(move |x: &Vec<f64>| fun(x), p.start.to_vec())
                .bounds(.., p.bounds.0, p.bounds.1)
                .constraint(
                    NonlinearConstraint::new(|x: &Vec<f64>| {
                        calls.set(calls.get() + 1);
                        c(x)
                    })
                    .lower(p.lower.to_vec())
                    .upper(p.upper.to_vec()),
                )
                .constraint_handling(ConstraintHandling::AugmentedLagrangian)
                .option("stopping_maxfun", 50000)
                .algorithm(algorithm)
                .run()
                .unwrap();
            let err =
                r.params.iter().zip(p.solution).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!(
                "{algorithm:12} {:20} fev {:5} cev {} jev {:4} sub {:?} rho {:?} err {err:.1e} df {:.1e} viol {:.1e} {} {}",
                p.name,
                r.n_fun_evals,
                calls.get(),
                r.n_jac_evals,
                r.extras.get("n_subproblems"),
                r.extras.get("penalty"),
                r.fun - p.value,
                r.max_constraint_violation,
                r.status,
                if r.success { "" } else { &r.message }
            );
        }
    }
}
