//! What every algorithm has to do, tested for every algorithm of the catalog.
//!
//! A new algorithm is in this suite by being in the catalog. A bug found in one algorithm becomes a case for all.

mod bounds;
mod drivers;
mod hostile;
mod limits;
mod resume;
mod stacks;
mod starts;
mod support;
mod values;
