//! Colours for heights.

/// "Aggrnyl" of CARTOcolors (CC BY 4.0, <https://carto.com/carto-colors>), from low to high.
const AGGRNYL: [[u8; 3]; 7] = [
    [36, 86, 104],
    [15, 114, 121],
    [13, 143, 129],
    [57, 171, 126],
    [110, 197, 116],
    [169, 220, 103],
    [237, 239, 93],
];

/// From dark to light grey, for every other name.
const GREYS: [[u8; 3]; 2] = [[60, 60, 60], [245, 245, 245]];

/// The colour for a height between 0, the lowest, and 1, the highest.
pub(crate) fn color(colorscale: &str, share: f64) -> String {
    let [r, g, b] = rgb(colorscale, share);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn rgb(colorscale: &str, share: f64) -> [u8; 3] {
    let stops: &[[u8; 3]] =
        if colorscale.eq_ignore_ascii_case("aggrnyl") { &AGGRNYL } else { &GREYS };
    let last = stops.len() - 1;
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let place = share * last as f64;
    let i = (place as usize).min(last - 1);
    let weight = place - i as f64;
    std::array::from_fn(|k| {
        let (a, b) = (f64::from(stops[i][k]), f64::from(stops[i + 1][k]));
        (a + weight * (b - a)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_from_dark_to_light() {
        assert_eq!(color("Aggrnyl", 0.0), "#245668");
        assert_eq!(color("Aggrnyl", 1.0), "#edef5d");
        assert_eq!(color("aggrnyl", f64::NAN), "#245668");
        assert_eq!(color("other", 0.5), "#999999");
    }
}
