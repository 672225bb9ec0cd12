//! A step within a ball |p| <= radius, and what a quadratic model g'p + p'B p / 2 promises of it.

use thalweg_linalg::dot;

/// The minimizer of the model within the ball, or what comes near it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegionStep {
    /// The step.
    pub p: Vec<f64>,
    /// By how much it lowers the model.
    pub decrease: f64,
    /// Whether the ball cut it off.
    pub on_boundary: bool,
}

impl RegionStep {
    /// The step p with the model's gradient `B p + g` there, from which the model's value follows: (g + B p + g)'p / 2.
    pub fn new(p: Vec<f64>, gradient: &[f64], gradient_there: &[f64], on_boundary: bool) -> Self {
        let decrease = -0.5 * (dot(gradient, &p) + dot(gradient_there, &p));
        RegionStep { p, decrease, on_boundary }
    }
}

/// The two t, in order, at which p + t d, with p in the ball, is on the sphere; zeros if d is zero.
pub fn to_sphere(p: &[f64], d: &[f64], radius: f64) -> [f64; 2] {
    let (a, b) = (dot(d, d), dot(p, d));
    if a == 0.0 {
        return [0.0; 2];
    }
    let c = (radius * radius - dot(p, p)).max(0.0);
    let root = (b * b + a * c).sqrt();
    // Each root in the form without cancellation.
    if b > 0.0 {
        [-(b + root) / a, c / (b + root)]
    } else if root > b {
        [-c / (root - b), (root - b) / a]
    } else {
        [0.0; 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg_linalg::nrm2;

    #[test]
    fn both_ways_to_the_sphere() {
        for (p, d) in
            [([0.5, 0.0], [2.0, 1.0]), ([0.5, 0.0], [-2.0, 1.0]), ([0.0, 0.0], [0.0, 3.0])]
        {
            let [back, ahead] = to_sphere(&p, &d, 1.5);
            assert!(back < 0.0 && ahead > 0.0);
            for t in [back, ahead] {
                let end: Vec<f64> = p.iter().zip(d).map(|(p, d)| p + t * d).collect();
                assert!((nrm2(&end) - 1.5).abs() < 1e-15, "{end:?}");
            }
        }
        assert_eq!(to_sphere(&[1.0], &[0.0], 2.0), [0.0, 0.0]);
        assert_eq!(to_sphere(&[2.0], &[1.0], 2.0), [-4.0, 0.0]);
    }

    #[test]
    fn the_decrease_is_that_of_the_model() {
        // g = (1, -2), B = diag(2, 4), p = (-1, 1): g'p + p'Bp / 2 = -3 + 3.
        let step = RegionStep::new(vec![-1.0, 1.0], &[1.0, -2.0], &[-1.0, 2.0], false);
        assert_eq!(step.decrease, 0.0);
        let newton = RegionStep::new(vec![-0.5, 0.5], &[1.0, -2.0], &[0.0, 0.0], false);
        assert_eq!(newton.decrease, 0.75);
    }
}
