//! The catalog: one line per algorithm. To be listed here is to be tested, documented and offered to users.

use thalweg_core::CatalogEntry;

use crate::algorithms::bfgs::Bfgs;
use crate::algorithms::bhhh::Bhhh;
use crate::algorithms::bobyqa::Bobyqa;
use crate::algorithms::cobyla::Cobyla;
use crate::algorithms::compass_search::CompassSearch;
use crate::algorithms::conjugate_gradient::ConjugateGradient;
use crate::algorithms::dfols::Dfols;
use crate::algorithms::differential_evolution::DifferentialEvolution;
use crate::algorithms::dogbox::Dogbox;
use crate::algorithms::dogleg::Dogleg;
use crate::algorithms::interior_trust_region::InteriorTrustRegion;
use crate::algorithms::lbfgsb::Lbfgsb;
use crate::algorithms::levenberg_marquardt::LevenbergMarquardt;
use crate::algorithms::migrad::Migrad;
use crate::algorithms::neldermead::NelderMead;
use crate::algorithms::neldermead_parallel::NelderMeadParallel;
use crate::algorithms::newton_cg::NewtonCg;
use crate::algorithms::newuoa::Newuoa;
use crate::algorithms::pounders::Pounders;
use crate::algorithms::powell::Powell;
use crate::algorithms::praxis::Praxis;
use crate::algorithms::pybobyqa::Pybobyqa;
use crate::algorithms::slsqp::Slsqp;
use crate::algorithms::subplex::Subplex;
use crate::algorithms::trf::Trf;
use crate::algorithms::truncated_newton::TruncatedNewton;
use crate::algorithms::trust_exact::TrustExact;
use crate::algorithms::trust_krylov::TrustKrylov;
use crate::algorithms::trust_ncg::TrustNcg;
use crate::algorithms::variable_metric::VariableMetric;

/// Every algorithm, in alphabetical order.
pub const CATALOG: &[CatalogEntry] = &[
    CatalogEntry::of::<Bfgs>(),
    CatalogEntry::of::<Bhhh>(),
    CatalogEntry::of::<Bobyqa>(),
    CatalogEntry::of::<Cobyla>(),
    CatalogEntry::of::<CompassSearch>(),
    CatalogEntry::of::<ConjugateGradient>(),
    CatalogEntry::of::<Dfols>(),
    CatalogEntry::of::<DifferentialEvolution>(),
    CatalogEntry::of::<Dogbox>(),
    CatalogEntry::of::<Dogleg>(),
    CatalogEntry::of::<InteriorTrustRegion>(),
    CatalogEntry::of::<Lbfgsb>(),
    CatalogEntry::of::<LevenbergMarquardt>(),
    CatalogEntry::of::<Migrad>(),
    CatalogEntry::of::<NelderMead>(),
    CatalogEntry::of::<NelderMeadParallel>(),
    CatalogEntry::of::<NewtonCg>(),
    CatalogEntry::of::<Newuoa>(),
    CatalogEntry::of::<Pounders>(),
    CatalogEntry::of::<Powell>(),
    CatalogEntry::of::<Praxis>(),
    CatalogEntry::of::<Pybobyqa>(),
    CatalogEntry::of::<Slsqp>(),
    CatalogEntry::of::<Subplex>(),
    CatalogEntry::of::<Trf>(),
    CatalogEntry::of::<TruncatedNewton>(),
    CatalogEntry::of::<TrustExact>(),
    CatalogEntry::of::<TrustKrylov>(),
    CatalogEntry::of::<TrustNcg>(),
    CatalogEntry::of::<VariableMetric>(),
];

/// The algorithm of this name.
///
/// ```
/// assert!(thalweg_algorithms::find("no_such_algorithm").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static CatalogEntry> {
    CATALOG.iter().find(|entry| entry.spec.name == name)
}
