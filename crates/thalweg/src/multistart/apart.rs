//! Starts of local runs that are not next to each other.
//!
//! Two runs from neighbouring points end in the same minimum and say no more than one of them, but look like a confirmation. As in
//! multi-level single linkage (Rinnooy Kan and Timmer 1987, <https://doi.org/10.1007/BF02592071>), a point of the sample waits while
//! one within a critical distance has a better value; here it comes after all others instead of never.

/// The critical distance, in multiples of the distance between N points of a regular grid.
const CRITICAL: f64 = 0.5;
/// With more coordinates, hardly any two points of a sample are neighbours.
const MOST_COORDINATES: usize = 10;

/// The order in which `points` (of `n` coordinates, best first) become starts, of which `wanted` are needed: first those
/// that have no better neighbour before them.
pub(super) fn apart(points: &[Vec<f64>], n: usize, wanted: usize) -> Vec<usize> {
    let mut first: Vec<usize> = Vec::new();
    let mut waiting = Vec::new();
    let spacing = spacing(points, n);
    for (i, point) in points.iter().enumerate() {
        let is_near = |&j: &usize| {
            let steps = point.iter().zip(&points[j]).zip(&spacing);
            steps.map(|((a, b), spacing)| ((a - b) / spacing).powi(2)).sum::<f64>() < 1.0
        };
        if n <= MOST_COORDINATES && first.len() < wanted && first.iter().any(is_near) {
            waiting.push(i);
        } else {
            first.push(i);
        }
    }
    first.extend(waiting);
    first
}

/// Whether a start that led to `end` is nearer to `start` than `end` is, in steps relative to max(|end|, floor): a run from
/// `start` that ends there, too, would only repeat it.
pub(super) fn is_nearer(earlier: &[f64], start: &[f64], end: &[f64], floor: f64) -> bool {
    let distance = |x: &[f64]| {
        let steps =
            x.iter().zip(start).zip(end).map(|((x, y), end)| (x - y) / end.abs().max(floor));
        steps.map(|step| step * step).sum::<f64>()
    };
    distance(earlier) < distance(end)
}

/// The critical distance along every coordinate; infinite where the points do not differ.
fn spacing(points: &[Vec<f64>], n: usize) -> Vec<f64> {
    let count = points.len() as f64;
    let per_axis = count.powf(1.0 / n as f64);
    let width = |i: usize| {
        let mean = points.iter().map(|x| x[i]).sum::<f64>() / count;
        let variance = points.iter().map(|x| (x[i] - mean).powi(2)).sum::<f64>() / count;
        (12.0 * variance).sqrt() // of a uniform distribution
    };
    let spacing = |i: usize| CRITICAL * width(i) / per_axis;
    (0..n).map(spacing).map(|s| if s > 0.0 { s } else { f64::INFINITY }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_better_points_come_last() {
        let points = [0.0, 10.0, 0.1, 5.0, 9.9, 2.5].map(|x| vec![x]);
        assert_eq!(apart(&points, 1, 6), [0, 1, 3, 5, 2, 4]);
        // As soon as there are enough, the others keep their order.
        assert_eq!(apart(&points, 1, 2), [0, 1, 2, 3, 4, 5]);
        assert_eq!(apart(&points, 1, 3), [0, 1, 3, 4, 5, 2]);
    }

    #[test]
    fn starts_nearer_than_the_optimum_repeat_a_run() {
        let (start, end) = ([2.0, 1.0], [1.0, 0.0]);
        assert!(is_nearer(&[2.4, 1.0], &start, &end, 0.1));
        // A step along the second coordinate counts ten times as much.
        assert!(
            is_nearer(&[4.0, 1.0], &start, &end, 0.1) && !is_nearer(&[2.0, 4.0], &start, &end, 0.1)
        );
        assert!(
            !is_nearer(&[2.0, 1.0], &end, &end, 0.1),
            "nothing is nearer than the optimum itself"
        );
    }

    #[test]
    fn coordinates_that_all_points_share_do_not_matter() {
        let points = [[0.0, 7.0], [1.0, 7.0], [0.0, 7.0]].map(|x| x.to_vec());
        assert_eq!(apart(&points, 2, 3), [0, 1, 2]);
        assert_eq!(apart(&[vec![7.0], vec![7.0]], 1, 2), [0, 1]);
    }
}
