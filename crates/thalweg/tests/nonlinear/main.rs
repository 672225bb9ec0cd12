//! Nonlinear constraints from outside: known solutions, drivers, what is refused, and honest ends.

mod classics;
mod drivers;
mod honest;
mod interpolated;
mod messages;
mod native;
mod sequential;
mod solutions;
