//! What every transform must satisfy, tested once for all.

use proptest::prelude::*;

use crate::transform::Transform;

/// Numbers of a moderate size.
pub(crate) fn number() -> impl Strategy<Value = f64> {
    -10.0..10.0
}

/// The length of a vector, and distinct places in it in any order: `length(k)` of them for a `k` from 1 to 4, and up to
/// two more entries.
pub(crate) fn placed(length: fn(usize) -> usize) -> impl Strategy<Value = (usize, Vec<usize>)> {
    (1usize..=4, 0usize..=2).prop_flat_map(move |(k, more)| {
        let n = length(k) + more;
        let positions = Just((0..n).collect::<Vec<usize>>()).prop_shuffle();
        positions.prop_map(move |all| (n, all[..length(k)].to_vec()))
    })
}

/// Checks the laws of [`Transform`] at one internal point, for kinds that can obey any bounds.
pub(crate) fn check_laws(transform: &dyn Transform, internal: &[f64]) {
    check_map(transform, internal);
    // Bounds that the point touches on one side or the other.
    let user = user_of(transform, internal);
    let room = |i: usize, parity: usize| if i % 2 == parity { 1.0 } else { 0.0 };
    let lower: Vec<f64> = user.iter().enumerate().map(|(i, u)| u - room(i, 0)).collect();
    let upper: Vec<f64> = user.iter().enumerate().map(|(i, u)| u + room(i, 1)).collect();
    check_bounds(transform, internal, &lower, &upper);
}

/// Checks everything but bounds at one internal point.
pub(crate) fn check_map(transform: &dyn Transform, internal: &[f64]) {
    let (n_user, n_internal) = (transform.n_user(), transform.n_internal());
    assert_eq!(internal.len(), n_internal);
    assert!(n_internal <= n_user);
    round_trips(transform, internal);
    pull_back_is_the_transposed_derivative(transform, internal);
    if transform.is_affine() {
        the_derivative_is_the_same_elsewhere(transform, internal);
    }
    let positions: Vec<usize> = (0..n_internal).map(|i| transform.user_position(i)).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
    assert!(positions.last().is_none_or(|&last| last < n_user), "{positions:?}");
}

fn user_of(transform: &dyn Transform, internal: &[f64]) -> Vec<f64> {
    let mut user = vec![f64::NAN; transform.n_user()];
    transform.to_user(internal, &mut user);
    user
}

fn assert_close(actual: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (a, e) in actual.iter().zip(expected) {
        assert!((a - e).abs() <= tolerance * (1.0 + e.abs()), "{what}: {actual:?} {expected:?}");
    }
}

fn round_trips(transform: &dyn Transform, internal: &[f64]) {
    let user = user_of(transform, internal);
    let mut back = vec![f64::NAN; internal.len()];
    transform.to_internal(&user, &mut back);
    assert_close(&back, internal, 1e-10, "to_internal(to_user(z))");
    assert_close(&user_of(transform, &back), &user, 1e-10, "to_user(to_internal(u))");
}

fn pull_back_is_the_transposed_derivative(transform: &dyn Transform, internal: &[f64]) {
    // Central differences give the columns of J; unit gradients pulled back give its rows.
    let columns: Vec<Vec<f64>> = (0..internal.len())
        .map(|j| {
            let step = 1e-5 * (1.0 + internal[j].abs());
            let shifted = |by: f64| {
                let mut point = internal.to_vec();
                point[j] += by;
                user_of(transform, &point)
            };
            let (above, below) = (shifted(step), shifted(-step));
            above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * step)).collect()
        })
        .collect();
    for i in 0..transform.n_user() {
        let mut unit = vec![0.0; transform.n_user()];
        unit[i] = 1.0;
        let mut row = vec![f64::NAN; internal.len()];
        transform.pull_back(internal, &unit, &mut row);
        let expected: Vec<f64> = columns.iter().map(|column| column[i]).collect();
        assert_close(&row, &expected, 1e-6, "row of the derivative");
    }
}

fn the_derivative_is_the_same_elsewhere(transform: &dyn Transform, internal: &[f64]) {
    let elsewhere: Vec<f64> =
        internal.iter().enumerate().map(|(i, z)| z + 1.0 + i as f64).collect();
    let weights: Vec<f64> = (0..transform.n_user()).map(|i| 1.0 / (1.0 + i as f64)).collect();
    let (mut here, mut there) = (vec![f64::NAN; internal.len()], vec![f64::NAN; internal.len()]);
    transform.pull_back(internal, &weights, &mut here);
    transform.pull_back(&elsewhere, &weights, &mut there);
    assert_eq!(here, there);
}

/// Checks that the corners of the internal bounds obey the user's, which the kind must be able to represent.
pub(crate) fn check_bounds(
    transform: &dyn Transform,
    internal: &[f64],
    lower: &[f64],
    upper: &[f64],
) {
    let (internal_lower, internal_upper) = transform.internal_bounds(lower, upper);
    for corner in [&internal_lower, &internal_upper] {
        let point: Vec<f64> = corner
            .iter()
            .zip(internal)
            .map(|(bound, own)| if bound.is_finite() { *bound } else { *own })
            .collect();
        for (i, value) in user_of(transform, &point).iter().enumerate() {
            let slack = 1e-9 * (1.0 + value.abs());
            assert!(
                lower[i] - slack <= *value && *value <= upper[i] + slack,
                "bounds of entry {i}"
            );
        }
    }
}
