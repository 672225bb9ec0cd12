//! A line search by parabolas that needs values only: for methods whose gradients cost many evaluations.
//!
//! The first trial is the whole step. From then on the next trial is the vertex of the parabola through the best point and its
//! neighbours (the first time through the start, its slope and the trial), kept within the interval in which a minimum is known to
//! lie. It ends when a vertex is next to the best point, with the best point.

use thalweg_core::Stop;

/// Vertices nearer to the best step than this part of it are not looked at.
const NEAR: f64 = 0.1;
/// How much further than the best step the next one may be, when nothing further is known.
const FARTHER: f64 = 5.0;
/// The part of an interval that trials stay away from its ends.
const MARGIN: f64 = 0.1;

/// The step and the value of the best point along a line on which `value` is the objective at step 0 and `slope < 0` its slope.
/// Nothing if no trial is better than the start.
///
/// # Errors
/// [`Stop`] from an evaluation.
pub fn parabola_search(
    value: f64,
    slope: f64,
    max_evaluations: usize,
    mut evaluate: impl FnMut(f64) -> Result<f64, Stop>,
) -> Result<Option<(f64, f64)>, Stop> {
    let mut points = vec![(0.0, value)];
    let mut next = 1.0;
    for _ in 0..max_evaluations {
        let here = evaluate(next)?;
        let place = points.partition_point(|&(step, _)| step < next);
        points.insert(place, (next, if here.is_nan() { f64::INFINITY } else { here }));
        let best = (0..points.len()).fold(0, |b, i| if points[i].1 < points[b].1 { i } else { b });
        next = propose(&points, best, slope);
        let step = points[best].0;
        if best > 0 && (next - step).abs() <= NEAR * step {
            break;
        }
    }
    let best = points.into_iter().reduce(|best, point| if point.1 < best.1 { point } else { best });
    Ok(best.filter(|&(step, _)| step > 0.0))
}

/// The next step, between the neighbours of the best one.
fn propose(points: &[(f64, f64)], best: usize, slope: f64) -> f64 {
    let step = points[best].0;
    match (best.checked_sub(1).map(|left| points[left]), points.get(best + 1).copied()) {
        (None, Some(right)) => {
            let vertex = slope_vertex(points[0].1, slope, right);
            vertex.clamp(MARGIN * right.0, (1.0 - MARGIN) * right.0)
        }
        (Some(left), Some(right)) => {
            let (low, high) =
                (left.0 + MARGIN * (step - left.0), right.0 - MARGIN * (right.0 - step));
            vertex(left, points[best], right).unwrap_or(0.5 * (step + right.0)).clamp(low, high)
        }
        (Some(left), None) => {
            let vertex = match best {
                1 => slope_vertex(left.1, slope, points[1]),
                _ => vertex(points[best - 2], left, points[best]).unwrap_or(f64::INFINITY),
            };
            // Beyond the last point, whose parabola may open downwards.
            if vertex > left.0 { vertex.min(FARTHER * step) } else { FARTHER * step }
        }
        (None, None) => step,
    }
}

/// The vertex of the parabola with value and slope at 0 through a point; infinite if it falls all the way.
fn slope_vertex(value: f64, slope: f64, (step, there): (f64, f64)) -> f64 {
    let bend = there - value - slope * step;
    if bend == f64::INFINITY {
        MARGIN * step
    } else if bend > 0.0 {
        -slope * step * step / (2.0 * bend)
    } else {
        f64::INFINITY
    }
}

/// The vertex of the parabola through three points, if it opens upwards.
fn vertex(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> Option<f64> {
    let (left, right) = ((b.1 - a.1) / (b.0 - a.0), (c.1 - b.1) / (c.0 - b.0));
    let bend = (right - left) / (c.0 - a.0);
    let vertex = 0.5 * (a.0 + b.0 - left / bend);
    (bend > 0.0 && bend.is_finite()).then_some(vertex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(f: impl Fn(f64) -> f64, slope: f64) -> (Option<(f64, f64)>, usize) {
        let mut n = 0;
        let found = parabola_search(f(0.0), slope, 12, |step| {
            n += 1;
            Ok(f(step))
        });
        (found.unwrap(), n)
    }

    #[test]
    fn a_parabola_takes_two_evaluations() {
        for minimum in [0.2, 3.0, 4.9] {
            let (found, n) = search(|s| (s - minimum).powi(2), -2.0 * minimum);
            let (step, value) = found.unwrap();
            assert!(
                (step - minimum).abs() < 1e-12 && value < 1e-20 && n <= 3,
                "{minimum}: {step} {n}"
            );
        }
        // The whole step was right.
        assert_eq!(search(|s| (s - 1.0).powi(2), -2.0), (Some((1.0, 0.0)), 1));
    }

    #[test]
    fn other_lines_come_near_their_minimum() {
        for (minimum, scale) in [(0.01, 1.0), (0.7, 10.0), (30.0, 0.1)] {
            let f =
                |s: f64| scale * ((s / minimum - 1.0).powi(2) + 0.3 * (s / minimum - 1.0).powi(4));
            let slope = scale * (-2.0 - 1.2) / minimum;
            let (found, n) = search(f, slope);
            let (step, value) = found.unwrap();
            assert!(value < 0.1 * f(0.0) && step > 0.0 && n <= 8, "{minimum}: {step} {value} {n}");
        }
    }

    #[test]
    fn backs_off_from_where_there_is_no_value() {
        let f = |s: f64| if s > 0.3 { f64::NAN } else { (s - 0.2).powi(2) };
        let (step, _) = search(f, -0.4).0.unwrap();
        assert!((step - 0.2).abs() < 0.1, "{step}");
    }

    #[test]
    fn finds_nothing_where_the_slope_is_wrong() {
        assert_eq!(search(|s| s, -1.0), (None, 12));
    }
}
