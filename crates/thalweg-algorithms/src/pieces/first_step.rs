//! How far the first steps go when nobody says: by the room between the bounds, or else by the size of the coordinate.

/// The part of the box that a first step goes.
const OF_THE_BOX: f64 = 0.25;
/// The part of the way to a bound that a first step goes where it would lead beyond.
const OF_THE_WAY: f64 = 0.75;

/// The length of the first step in one coordinate at `x` between `low` and `high`: a quarter of a finite box, but three quarters of
/// the way to a bound that is nearer and on which x does not lie; without bounds the size of x, or 1 if that is zero.
pub fn first_step(x: f64, low: f64, high: f64) -> f64 {
    let mut step = OF_THE_BOX * (high - low);
    for room in [high - x, x - low] {
        if 0.0 < room && room < step {
            step = OF_THE_WAY * room;
        }
    }
    if step.is_finite() {
        step
    } else if x == 0.0 {
        1.0
    } else {
        x.abs()
    }
}

/// The first step in each coordinate.
pub fn first_steps(x: &[f64], lower: &[f64], upper: &[f64]) -> Vec<f64> {
    x.iter().zip(lower.iter().zip(upper)).map(|(&x, (&l, &u))| first_step(x, l, u)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn steps_fit_the_box_the_bounds_and_the_coordinate() {
        assert_eq!(first_step(4.0, 0.0, 8.0), 2.0);
        assert_eq!(first_step(7.0, 0.0, 8.0), 0.75);
        assert_eq!(first_step(5.5, 0.0, 8.0), 2.0);
        assert_eq!(first_step(8.0, 0.0, 8.0), 2.0);
        assert_eq!(first_step(1.0, -1.0, INF), 1.5);
        assert_eq!(first_step(-1.0, -1.0, INF), 1.0);
        assert_eq!(first_step(-3.0, -INF, INF), 3.0);
        assert_eq!(first_step(0.0, -INF, INF), 1.0);
    }
}
