//! Name, options and needs of an algorithm with constraints around it: those of the algorithm.

use std::sync::{Mutex, PoisonError};

use thalweg_core::{
    Algorithm, AlgorithmSpec, Configure, Features, OptionError, OptionKind, OptionValue,
};

use super::AugmentedLagrangian;

/// Tolerances, which the first subproblems need not meet.
const TOLERANCES: [&str; 3] = ["convergence_ftol", "convergence_xtol", "convergence_gtol"];
/// Tolerances are not tightened below this.
const TIGHTEST: f64 = 1e-13;

impl AugmentedLagrangian {
    /// The algorithm with its tolerances raised to this power.
    pub(super) fn with_tolerances(&self, exponent: f64) -> Box<dyn Algorithm> {
        let mut inner = self.inner.boxed();
        for option in self.inner.spec().options {
            let is_tolerance = TOLERANCES.iter().any(|prefix| option.name.starts_with(prefix));
            if is_tolerance
                && option.kind == OptionKind::Float
                && let Some(OptionValue::Float(own)) = inner.option(option.name)
                && 0.0 < own
                && own < 1.0
            {
                // A value outside the option's range leaves it as it is.
                let tolerance = own.powf(exponent).max(own.min(TIGHTEST));
                let _ = inner.set_option(option.name, &tolerance.into());
            }
        }
        inner
    }
}

impl Configure for AugmentedLagrangian {
    fn spec(&self) -> &'static AlgorithmSpec {
        constrained_spec(self.inner.spec())
    }

    fn option(&self, name: &str) -> Option<OptionValue> {
        self.inner.option(name)
    }

    fn set_option(&mut self, name: &str, value: &OptionValue) -> Result<(), OptionError> {
        self.inner.set_option(name, value)
    }

    fn boxed(&self) -> Box<dyn Algorithm> {
        Box::new(AugmentedLagrangian { inner: self.inner.boxed(), ..*self })
    }
}

/// The declaration of an algorithm, which now keeps nonlinear constraints. Declarations live as long as the program: there is
/// one for each algorithm.
fn constrained_spec(inner: &'static AlgorithmSpec) -> &'static AlgorithmSpec {
    static SPECS: Mutex<Vec<&'static AlgorithmSpec>> = Mutex::new(Vec::new());
    let features = Features { nonlinear_constraints: true, ..inner.features };
    let mut specs = SPECS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = specs.iter().find(|s| s.name == inner.name && s.features == features) {
        return known;
    }
    let spec: &'static AlgorithmSpec = Box::leak(Box::new(AlgorithmSpec { features, ..*inner }));
    specs.push(spec);
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::lbfgsb::Lbfgsb;

    #[test]
    fn it_looks_like_its_algorithm_but_keeps_constraints() {
        let mut both = AugmentedLagrangian::around(Box::new(Lbfgsb::default()));
        let (own, inner) = (both.spec(), Lbfgsb::default());
        assert!(own.features.nonlinear_constraints && !inner.spec().features.nonlinear_constraints);
        assert_eq!((own.name, own.options.len()), ("lbfgsb", inner.spec().options.len()));
        assert!(std::ptr::eq(own, both.spec()), "one declaration for each algorithm");
        both.set_option("convergence_gtol_abs", &OptionValue::Float(1e-4)).expect("an option");
        assert_eq!(both.boxed().option("convergence_gtol_abs"), Some(OptionValue::Float(1e-4)));
        let error = both.set_option("no_such", &OptionValue::None).expect_err("is refused");
        assert_eq!(error.to_string(), "lbfgsb has no option 'no_such'");
    }

    #[test]
    fn the_first_subproblems_have_loose_tolerances() {
        let both = AugmentedLagrangian::around(Box::new(Lbfgsb::default()));
        let tolerance =
            |exponent: f64| match both.with_tolerances(exponent).option("convergence_gtol_abs") {
                Some(OptionValue::Float(tolerance)) => tolerance,
                other => panic!("{other:?}"),
            };
        assert_eq!(tolerance(1.0), Lbfgsb::default().convergence_gtol_abs);
        assert!((tolerance(0.5) - Lbfgsb::default().convergence_gtol_abs.sqrt()).abs() < 1e-15);
        assert!(
            (tolerance(2.0) / Lbfgsb::default().convergence_gtol_abs.powi(2) - 1.0).abs() < 1e-9
        );
        assert_eq!(tolerance(9.0), TIGHTEST);
    }
}
