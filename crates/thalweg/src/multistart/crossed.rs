//! Points that have one coordinate of one local optimum and all others of another.
//!
//! Where coordinates act almost independently of each other, another optimum that is worse on the whole is often better in some of
//! them. Each exchange costs one evaluation, a small part of a local run; one that is better than the best optimum so far is a
//! start for the next local run.

/// The most exchanges between two points.
const MOST_EXCHANGES: usize = 10;

/// The best point with single coordinates of `other`: of those in which the two differ most, relative to max(|best|, floor). One
/// after the other, with the exchanged coordinates.
pub(super) fn crossed_points(
    best: &[f64],
    other: &[f64],
    floor: f64,
    tolerance: f64,
) -> (Vec<f64>, Vec<usize>) {
    let difference = |i: usize| ((other[i] - best[i]) / best[i].abs().max(floor)).abs();
    let mut places: Vec<usize> = (0..best.len()).filter(|&i| difference(i) > tolerance).collect();
    // One exchange makes the one point the other.
    if places.len() < 2 {
        return (Vec::new(), Vec::new());
    }
    places.sort_by(|&a, &b| difference(b).total_cmp(&difference(a)).then(a.cmp(&b)));
    places.truncate(MOST_EXCHANGES);
    let mut points = Vec::with_capacity(places.len() * best.len());
    for &place in &places {
        points.extend_from_slice(best);
        let last = points.len() - best.len();
        points[last + place] = other[place];
    }
    (points, places)
}

#[cfg(test)]
mod tests {
    use super::crossed_points;

    #[test]
    fn coordinates_that_differ_are_exchanged() {
        let (points, places) = crossed_points(&[1.0, 2.0, 0.0], &[1.001, 5.0, 3.0], 0.1, 0.01);
        assert_eq!(places, [2, 1]);
        assert_eq!(points, [1.0, 2.0, 3.0, 1.0, 5.0, 0.0]);
        assert!(crossed_points(&[1.0, 2.0], &[1.0, 3.0], 0.1, 0.01).0.is_empty());
    }
}
