//! The end of what values can show.
//!
//! Near a minimum, the decrease that a quadratic model promises falls below the rounding of the values from which it would have to be
//! seen. A search that finds no better point there has not failed: the model's step has become too short to be judged.
//!
//! The largest value of the run stands for the size of the numbers that the objective is computed from: differences of values taken on
//! the way are no more precise, nor are numerical derivatives.

use thalweg_core::Test;

/// Whether the decrease that a model with knowledge of the curvature promises is lost in rounding, `largest` being the largest size of
/// the objective so far. Only asked where a search has found no better point.
pub fn lost_in_rounding(promised: f64, largest: f64) -> Option<Test> {
    let tolerance = f64::EPSILON * largest;
    (0.0..=tolerance).contains(&promised).then_some(Test {
        measure: "decrease that the model promises, lost in rounding,",
        value: promised,
        tolerance,
        option: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_lost_below_the_rounding_of_the_largest_value() {
        let test = lost_in_rounding(1e-17, 4.0).unwrap();
        let text = "decrease that the model promises, lost in rounding, 1.000e-17 <= 8.882e-16";
        assert_eq!(test.to_string(), text);
        assert!(lost_in_rounding(0.0, 0.0).is_some());
        for (promised, largest) in [(1e-15, 4.0), (-1e-20, 4.0), (f64::NAN, 4.0), (1.0, f64::NAN)] {
            assert_eq!(lost_in_rounding(promised, largest), None, "{promised} {largest}");
        }
    }
}
