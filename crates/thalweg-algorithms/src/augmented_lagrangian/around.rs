//! Name, options and needs of an algorithm with constraints around it: those of the algorithm.

use std::sync::{Mutex, PoisonError};

use thalweg_core::{
    Algorithm, AlgorithmSpec, Configure, Features, OptionError, OptionKind, OptionValue,
};

use super::AugmentedLagrangian;

/// Tolerances, which the first subproblems need not meet.
const TOLERANCES: [&str; 3] = ["convergence_ftol", "convergence_xtol", "convergence_gtol"];

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
                let _ = inner.set_option(option.name, &own.powf(exponent).into());
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
