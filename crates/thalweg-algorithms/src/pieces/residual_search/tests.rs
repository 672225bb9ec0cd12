use super::*;

#[test]
fn the_lower_limit_of_the_radius_goes_down_by_tenths_and_ends_without_a_jump() {
    let mut radii = Radii { delta: 1.0, rho: 1.0, first: 1.0, errors: [f64::INFINITY; 3] };
    let mut seen = Vec::new();
    while radii.rho > 1e-8 {
        radii.reduce((0.1, 0.5), 1e-8);
        seen.push(radii.rho);
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert_eq!((seen[0], seen[7]), (0.1, 1e-8));
}

#[test]
fn models_are_exact_enough_when_their_errors_are_smaller_than_their_bend() {
    let mut radii = Radii { delta: 1.0, rho: 0.5, first: 1.0, errors: [f64::INFINITY; 3] };
    assert_eq!(radii.curvature_that_shows(), f64::INFINITY);
    [0.1, -0.2, 0.0].into_iter().for_each(|error| radii.record(error));
    assert_eq!(radii.curvature_that_shows(), 8.0 * 0.2 / 0.25);
}
