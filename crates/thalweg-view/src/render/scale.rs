//! From numbers to pixels: ranges of axes, and where their ticks are.

use crate::figure::Axis;

/// A range shorter than this share of its largest number is widened: its ticks could not be told apart.
const SHORTEST: f64 = 1e-9;
/// The largest number that a range may reach, so that its length is a number.
const LARGEST: f64 = 1e307;
/// Numbers with exponents up to this have all their digits.
const EXPONENTS: f64 = 290.0;
/// Numbers whose size is between these are written without an exponent.
const PLAIN: std::ops::Range<f64> = 1e-3..1e5;

/// The two ends of an axis, in the numbers along which it is even: logarithms where it is logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) log: bool,
    /// Whether ticks are at whole numbers only.
    pub(crate) whole: bool,
}

impl Scale {
    /// The scale of an axis: its own range, or one that holds `values` with `room` on both sides, as a share of its length.
    pub(crate) fn new(axis: &Axis, values: impl Iterator<Item = f64>, room: f64) -> Self {
        let log = axis.log;
        let to_even = |value: f64| if log { value.log10() } else { value };
        let own = axis.range.map(|ends| ends.map(to_even));
        if let Some([low, high]) = own.filter(|ends| ends.iter().all(|end| end.is_finite())) {
            return Scale::between(low.min(high), low.max(high), log);
        }
        let even = values.map(to_even).filter(|value| value.is_finite());
        let (low, high) = even
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Scale { low: 0.0, high: 1.0, log, whole: false };
        }
        let Scale { low, high, .. } = Scale::between(low, high, log);
        let room = room * (high - low);
        Scale { low: low - room, high: high + room, log, whole: false }
    }

    /// From `low` to `high`, or wider where that is too short.
    fn between(low: f64, high: f64, log: bool) -> Self {
        let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
        let size = low.abs().max(high.abs());
        let shortest = (SHORTEST * size).max(1e-290);
        if high - low >= shortest {
            return Scale { low, high, log, whole: false };
        }
        let half = match (log, low == high) {
            (true, _) => 0.5,
            (false, true) if size == 0.0 => 1.0,
            (false, true) => (0.1 * size).max(shortest),
            (false, false) => shortest,
        };
        let middle = low + 0.5 * (high - low);
        Scale { low: middle - half, high: middle + half, log, whole: false }
    }

    /// Where `value` is between the ends, 0 to 1; NaN for what has no place.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        // What is beyond the largest number is drawn there.
        let near = value.clamp(-LARGEST, LARGEST);
        if value.is_finite() { (near - self.low) / (self.high - self.low) } else { f64::NAN }
    }

    /// About `n` ticks between the ends, with what is written at them.
    pub(crate) fn ticks(&self, n: usize) -> Ticks {
        if self.log { self.decades(n) } else { self.even_ticks(n) }
    }

    /// Ticks at the multiples of 1, 2 or 5 times a power of ten; at least two.
    fn even_ticks(&self, n: usize) -> Ticks {
        if self.whole {
            let step = nice_step((self.high - self.low) / n.max(1) as f64);
            return self.multiples(step.max(1.0));
        }
        let wanted =
            (n.max(1)..).map(|n| self.multiples(nice_step((self.high - self.low) / n as f64)));
        let mut few = wanted.take(4).skip_while(|ticks| ticks.places.len() < 2);
        few.next().unwrap_or_else(|| self.multiples(nice_step((self.high - self.low) / 5.0)))
    }

    fn multiples(&self, step: f64) -> Ticks {
        // A rounding error of an end does not cost its tick.
        let slack = 1e-9 * (self.high - self.low);
        let (first, last) =
            (((self.low - slack) / step).ceil(), ((self.high + slack) / step).floor());
        let count = (last - first).clamp(0.0, 1000.0) as usize;
        let numbers: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
        let places = numbers.iter().map(|&number| self.share(number).clamp(0.0, 1.0)).collect();
        let (labels, power) = plain_labels(&numbers, step);
        Ticks { places, labels, power }
    }

    /// Ticks at powers of ten; between few of them, also at multiples.
    fn decades(&self, n: usize) -> Ticks {
        let mut ticks = Ticks { places: Vec::new(), labels: Vec::new(), power: None };
        if self.high - self.low > 2.0 {
            let (first, last) = (self.low.ceil() as i64, self.high.floor() as i64);
            let least = ((last - first) as usize).div_ceil(n.max(1)) as i64;
            let every = [1, 2, 3, 5, 10, 20, 50, 100].into_iter().find(|every| *every >= least);
            let every = every.unwrap_or(200);
            let mut decades: Vec<i64> =
                (first..=last).filter(|decade| decade.rem_euclid(every) == 0).collect();
            if decades.len() < 2 {
                decades = vec![first, last];
            }
            for decade in decades {
                ticks.push(self.share_of_log(decade as f64), power_of_ten(decade));
            }
            return ticks;
        }
        let decades = (self.low.floor() as i64)..=(self.high.ceil() as i64);
        for (decade, digit) in decades.flat_map(|decade| [1, 2, 5].map(|digit| (decade, digit))) {
            let log = decade as f64 + f64::from(digit).log10();
            if (self.low - 1e-9..=self.high + 1e-9).contains(&log) {
                ticks.push(self.share_of_log(log), digit_times_power(digit, decade));
            }
        }
        let are_numbers = self.low > -EXPONENTS && self.high < EXPONENTS;
        if ticks.places.len() > 1 || !are_numbers {
            return ticks;
        }
        // Less than a decade: ticks of the numbers themselves.
        let [low, high] = [self.low, self.high].map(|end| 10f64.powf(end));
        let even = Scale::between(low, high, false);
        let mut ticks = even.even_ticks(n);
        let numbers = ticks.places.iter().map(|place| even.low + place * (even.high - even.low));
        ticks.places = numbers.map(|number| self.share(number).clamp(0.0, 1.0)).collect();
        ticks
    }

    fn share_of_log(&self, log: f64) -> f64 {
        ((log - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// Ticks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticks {
    /// Where they are between the ends, 0 to 1.
    pub(crate) places: Vec<f64>,
    /// What is written at them.
    pub(crate) labels: Vec<String>,
    /// A power of ten that all labels are to be multiplied with.
    pub(crate) power: Option<String>,
}

impl Ticks {
    fn push(&mut self, place: f64, label: String) {
        self.places.push(place);
        self.labels.push(label);
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `least`.
pub(crate) fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0].iter().map(|digit| digit * power).find(|step| *step >= least * 0.999_999);
    step.unwrap_or(10.0 * power)
}

/// Labels with as many digits as the step needs, and the power of ten that they leave out.
fn plain_labels(numbers: &[f64], step: f64) -> (Vec<String>, Option<String>) {
    let size = numbers.iter().fold(step, |size, number| size.max(number.abs()));
    let exponent = if PLAIN.contains(&size) { 0 } else { size.log10().floor() as i32 };
    let step_exponent = (step.log10() + 1e-9).floor() as i32;
    let decimals = usize::try_from((exponent - step_exponent).clamp(0, 12)).unwrap_or(0);
    let label = |number: &f64| {
        // Dividing keeps digits that multiplying with a negative power loses.
        let scaled = if exponent >= 0 {
            number / 10f64.powi(exponent)
        } else {
            number * 10f64.powi((-exponent).min(300)) * 10f64.powi((-exponent - 300).max(0))
        };
        let text = format!("{scaled:.decimals$}");
        let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
        if is_zero { "0".to_string() } else { text.replace('-', "\u{2212}") }
    };
    let power = (exponent != 0).then(|| format!("×{}", power_of_ten(exponent.into())));
    (numbers.iter().map(label).collect(), power)
}

/// "10⁻³"; small powers are written out.
fn power_of_ten(exponent: i64) -> String {
    match exponent {
        -2..=4 => format!("{}", 10f64.powi(exponent as i32)),
        _ => format!("10{}", superscript(exponent)),
    }
}

fn digit_times_power(digit: i32, exponent: i64) -> String {
    match (digit, exponent) {
        (1, _) => power_of_ten(exponent),
        (_, -2..=4) => {
            let decimals = usize::try_from(-exponent).unwrap_or(0);
            format!("{:.decimals$}", f64::from(digit) * 10f64.powi(exponent as i32))
        }
        _ => format!("{digit}×10{}", superscript(exponent)),
    }
}

fn superscript(number: i64) -> String {
    let raise = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    number.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(values: &[f64], log: bool) -> Scale {
        Scale::new(&Axis { log, ..Axis::new("") }, values.iter().copied(), 0.0)
    }

    fn labels(values: &[f64], log: bool, n: usize) -> String {
        let ticks = scale(values, log).ticks(n);
        let power = ticks.power.map_or(String::new(), |power| format!(" {power}"));
        ticks.labels.join(" ") + &power
    }

    #[test]
    fn labels_are_short_and_exact() {
        assert_eq!(labels(&[0.0, 10.0], false, 5), "0 2 4 6 8 10");
        assert_eq!(labels(&[-0.5, 0.5], false, 4), "\u{2212}0.5 0 0.5");
        assert_eq!(labels(&[0.0, 263.0], false, 6), "0 50 100 150 200 250");
        assert_eq!(labels(&[0.0, 4.2e6], false, 4), "0 2 4 ×10⁶");
        assert_eq!(labels(&[0.0, 3e-7], false, 3), "0 1 2 3 ×10⁻⁷");
        assert_eq!(labels(&[1e5, 1.001e5], false, 2), "1.0000 1.0005 1.0010 ×10⁵");
        assert_eq!(labels(&[7.0], false, 3), "6.5 7.0 7.5");
        assert_eq!(labels(&[f64::NAN], false, 2), "0 0.5 1.0");
    }

    #[test]
    fn logarithmic_axes_have_decades() {
        assert_eq!(labels(&[1e-3, 1e6], true, 5), "0.01 1 100 10⁴ 10⁶".replace("10⁴", "10000"));
        assert_eq!(labels(&[1e-12, 1e12], true, 4), "10⁻¹⁰ 1 10¹⁰");
        assert_eq!(labels(&[3.0, 40.0], true, 5), "5 10 20");
        assert_eq!(labels(&[2e7, 3e8], true, 5), "2×10⁷ 5×10⁷ 10⁸ 2×10⁸");
        assert_eq!(labels(&[3.1, 3.4], true, 3), "3.1 3.2 3.3 3.4");
        assert_eq!(labels(&[-1.0, 0.0], true, 3), "1 2 5 10");
    }

    proptest! {
        #[test]
        fn all_values_and_ticks_have_a_place(
            values in prop::collection::vec(prop_oneof![any::<f64>(), -1.0..1.0, Just(0.0)], 0..6),
            log in any::<bool>(),
            room in 0.0..0.1,
            n in 1usize..12,
        ) {
            let axis = Axis { log, ..Axis::new("") };
            let scale = Scale::new(&axis, values.iter().copied(), room);
            prop_assert!(scale.low < scale.high && (scale.high - scale.low).is_finite());
            for &value in values.iter().filter(|value| !log || **value > 0.0) {
                let share = scale.share(value);
                if value.is_finite() {
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&share), "{value} at {share} of {scale:?}");
                }
            }
            let ticks = scale.ticks(n);
            prop_assert_eq!(ticks.places.len(), ticks.labels.len());
            prop_assert!(ticks.places.len() <= 4 * n + 4, "{:?}", ticks);
            prop_assert!(ticks.places.iter().all(|place| (0.0..=1.0).contains(place)), "{:?}", ticks);
            prop_assert!(ticks.labels.iter().all(|label| label.chars().count() <= 16), "{:?}", ticks);
        }
    }
}
