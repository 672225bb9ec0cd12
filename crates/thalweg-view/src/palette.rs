//! Colours of lines.

use crate::error::FigureError;
use crate::trace::Dash;

/// The ten colours of D3 (category10), which plotly and optimagic use.
pub const D3: [&str; 10] = [
    "#1F77B4", "#FF7F0E", "#2CA02C", "#D62728", "#9467BD", "#8C564B", "#E377C2", "#7F7F7F",
    "#BCBD22", "#17BECF",
];

/// Colours that people with any of the common colour vision deficiencies can tell apart, beginning with those that are best seen
/// on white: M. Okabe and K. Ito, "Color Universal Design" (2008). The yellow is left out, which is not seen on white.
pub const OKABE_ITO: [&str; 7] =
    ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];

/// What stands in the background.
pub const GREY: &str = "#bab0ac";

/// Up to this many lines are told apart by colour alone; where there are more, dashes help.
const FEW_LINES: usize = 3;

/// The colours of lines, used in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette(Vec<String>);

impl Default for Palette {
    /// [`OKABE_ITO`].
    fn default() -> Self {
        Palette::of(&OKABE_ITO)
    }
}

impl Palette {
    fn of(colors: &[&str]) -> Self {
        Palette(colors.iter().map(|color| color.to_string()).collect())
    }

    /// The ten colours of [`D3`].
    pub fn d3() -> Self {
        Palette::of(&D3)
    }

    /// Colours of one's own: "#rrggbb", or other colours that CSS knows.
    ///
    /// # Errors
    /// There is none.
    pub fn new(colors: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, FigureError> {
        let colors: Vec<String> = colors.into_iter().map(Into::into).collect();
        if colors.is_empty() {
            return Err(FigureError::invalid(
                "palette is empty. It has to have at least one colour.",
            ));
        }
        Ok(Palette(colors))
    }

    /// The palette called "okabe_ito" (or "colorblind") or "d3".
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "okabe_ito" | "colorblind" => Some(Palette::default()),
            "d3" => Some(Palette::d3()),
            _ => None,
        }
    }

    /// The colour of line `i`.
    pub fn color(&self, i: usize) -> &str {
        &self.0[i % self.0.len()]
    }

    /// The dash of line `i` of `n`: solid where there are few, and in turn otherwise, so that neighbours differ without colour, too.
    pub fn dash(i: usize, n: usize) -> Dash {
        if n <= FEW_LINES { Dash::Solid } else { Dash::ALL[i % Dash::ALL.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_and_dash_together_tell_many_lines_apart() {
        for palette in [Palette::default(), Palette::d3()] {
            let n = 3 * palette.0.len();
            let looks: std::collections::BTreeSet<_> =
                (0..n).map(|i| (palette.color(i), Palette::dash(i, n).name())).collect();
            assert_eq!(looks.len(), n);
        }
        assert!((0..3).all(|i| Palette::dash(i, 3) == Dash::Solid));
    }

    #[test]
    fn palettes_have_names() {
        assert_eq!(Palette::named("D3"), Some(Palette::d3()));
        assert_eq!(Palette::named("colorblind"), Palette::named("okabe_ito"));
        assert_eq!(Palette::named("red"), None);
        let message = Palette::new(Vec::<String>::new()).unwrap_err().to_string();
        assert_eq!(message, "palette is empty. It has to have at least one colour.");
    }
}
