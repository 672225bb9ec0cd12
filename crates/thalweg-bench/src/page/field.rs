//! Who takes part, in groups that have a picture each.

use thalweg::algorithms::CATALOG;
use thalweg::core::SolverKind;

use crate::compare::{PAIRINGS, Pairing};
use crate::run::Entrant;

/// Algorithms that are shown together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name in files.
    pub name: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The algorithms that belong here; others are put by what they need.
    members: &'static [&'static str],
}

/// All groups in the order of the page.
pub const GROUPS: &[Group] = &[
    Group {
        name: "quasi_newton",
        title: "With derivatives: quasi-Newton",
        members: &["bfgs", "scipy_bfgs", "lbfgsb", "nlopt_lbfgsb", "nlopt_var", "variable_metric"],
    },
    Group {
        name: "trust_regions",
        title: "With derivatives: Newton's method in a trust region",
        members: &["dogleg", "trust_exact", "trust_krylov", "trust_ncg", "fides"],
    },
    Group {
        name: "derivatives",
        title: "With derivatives: the others",
        members: &[], // whatever uses gradients
    },
    Group {
        name: "models",
        title: "Without derivatives: models and directions",
        members: &["bobyqa", "newuoa", "uobyqa", "powell", "praxis", "cobyla", "compass_search"],
    },
    Group {
        name: "simplices",
        title: "Without derivatives: the others",
        members: &[], // whatever uses values
    },
    Group {
        name: "least_squares",
        title: "Least squares",
        members: &[], // whatever uses residuals
    },
];

/// An algorithm that takes part.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// Its public name.
    pub name: &'static str,
    /// The name of its group.
    pub group: &'static str,
    /// The implementation that it is compared with, and the options for that.
    pub pairing: Option<Pairing>,
    /// The largest number of evaluations.
    pub max_evaluations: u64,
}

/// Every local algorithm of the catalog that needs no bounds, and every name that is compared with a reference.
pub fn field() -> Vec<Contestant> {
    let local = CATALOG.iter().filter(|entry| {
        let features = entry.spec.features;
        !features.global && !features.needs_bounds && features.kind != SolverKind::Likelihood
    });
    let mut names: Vec<&'static str> = local.map(|entry| entry.spec.name).collect();
    names.extend(PAIRINGS.iter().map(|pairing| pairing.algorithm));
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(contestant).collect()
}

fn contestant(name: &'static str) -> Option<Contestant> {
    let features = thalweg::describe(name)?.features;
    let named = GROUPS.iter().find(|group| group.members.contains(&name));
    let group = match (named, features.kind, features.needs_gradient) {
        (Some(group), ..) => group.name,
        (None, SolverKind::LeastSquares, _) => "least_squares",
        (None, _, true) => "derivatives",
        (None, _, false) => "simplices",
    };
    let pairing = PAIRINGS.iter().find(|pairing| pairing.algorithm == name).copied();
    let usual = if features.needs_gradient { 1000 } else { 2000 };
    let max_evaluations = pairing.map_or(usual, |pairing| pairing.max_evaluations);
    Some(Contestant { name, group, pairing, max_evaluations })
}

impl Contestant {
    /// With the options of its comparison.
    pub(super) fn entrant(&self) -> Entrant {
        let options = self.pairing.map_or(&[][..], |pairing| pairing.options);
        let entrant = Entrant::from(self.name).option("stopping_maxfun", self.max_evaluations);
        options.iter().fold(entrant, |entrant, (name, value)| entrant.option(name, *value))
    }
}
