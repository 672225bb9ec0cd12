//! The interface that drivers implement.

use crate::{Iteration, OptionCall, Request, Stop, Values};

/// Answers an algorithm's requests. Implemented by the evaluator (the direct driver) and by every other driver: ask/tell,
/// lockstep batches, replay.
pub trait Oracle {
    /// Answer every point of `request` into `values`, whose columns it sizes with [`Values::prepare`].
    ///
    /// # Errors
    /// [`Stop`] ends the run: a limit is reached, the user interrupts, the objective failed.
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop>;

    /// Take note of the end of an iteration: count it, tell the user's callback.
    ///
    /// # Errors
    /// [`Stop`] ends the run, as in [`Oracle::answer`].
    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop>;

    /// Ask a function of the user's that stands for the value of an option: call it with [`OptionCall::answer`] where the user's
    /// code may run, or pass the call on.
    ///
    /// # Errors
    /// [`Stop`] ends the run: the function failed.
    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop>;
}

impl<O: Oracle + ?Sized> Oracle for &mut O {
    fn answer(&mut self, request: &Request<'_>, values: &mut Values) -> Result<(), Stop> {
        (**self).answer(request, values)
    }

    fn iteration(&mut self, iteration: &Iteration<'_>) -> Result<(), Stop> {
        (**self).iteration(iteration)
    }

    fn call(&mut self, call: OptionCall) -> Result<Vec<f64>, Stop> {
        (**self).call(call)
    }
}
