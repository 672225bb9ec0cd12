//! Parts that several algorithms share, each tested on its own.

pub mod box_model;
pub mod cauchy_point;
pub mod coleman_li;
pub mod column_scale;
pub mod compact_bfgs;
pub mod dense_bfgs;
pub mod descent;
pub mod gradient_norm;
pub mod hager_zhang;
pub mod hessian_product;
pub mod inverse_bfgs;
pub mod lm_parameter;
pub mod lsmr;
pub mod lsq_model;
pub mod lsq_trust_region;
pub mod more_thuente;
pub mod population;
pub mod quasi_definite;
pub mod reflective_step;
pub mod sampling;
pub mod simplex;
pub mod step_pairs;
pub mod subspace_minimization;
pub mod subspace_step;
pub mod truncated_cg;
pub mod trust_region_2d;
