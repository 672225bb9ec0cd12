//! What is known of a problem from runs on similar ones.

/// What runs on similar problems have shown, for an algorithm to begin with. It may be wrong: nothing but the number of evaluations
/// should depend on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experience {
    /// The curvature on past steps, the oldest first: the memory with which a quasi-Newton method may begin.
    pub curvature: Vec<CurvaturePair>,
    /// How far from the start the solution is expected, in each coordinate; empty if nobody knows. First steps of methods without
    /// derivatives need not be longer.
    pub reach: Vec<f64>,
}

impl Experience {
    /// The part of usual first steps, at most 1, that reaches as far as the solution is expected.
    ///
    /// ```
    /// use thalweg_core::Experience;
    ///
    /// let near = Experience { reach: vec![0.1, 0.4], ..Experience::default() };
    /// assert_eq!(near.part_of(&[1.0, 2.0]), 0.2);
    /// assert_eq!(Experience::default().part_of(&[1.0, 2.0]), 1.0);
    /// ```
    #[must_use]
    pub fn part_of(&self, first_steps: &[f64]) -> f64 {
        let parts = self.reach.iter().zip(first_steps).map(|(reach, step)| reach / step);
        parts.reduce(f64::max).map_or(1.0, |part| part.min(1.0))
    }
}

/// A step and by how much the gradient changes on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurvaturePair {
    /// The step.
    pub step: Vec<f64>,
    /// The gradient at its end less that at its beginning.
    pub change: Vec<f64>,
}
