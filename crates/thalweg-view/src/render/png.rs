//! Figures as PNG, through their SVG, with a font of our own: the same pixels on every machine, also on those without fonts.
//!
//! The fonts of the machine are asked only for letters that ours does not have, such as Chinese names of parameters.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::FigureError;
use crate::figure::Figure;
use crate::render::svg::to_svg;

const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";
/// The letters of our font: pairs of the first and the last.
const RANGES: &str = include_str!("../../fonts/ranges.txt");

/// The figure as PNG, `scale` pixels for each of its own: 2 for screens and paper with high resolution.
///
/// # Errors
/// The picture has no pixel, or more than there is memory for.
pub fn to_png(figure: &Figure, scale: f32) -> Result<Vec<u8>, FigureError> {
    let failed =
        |why: String| FigureError::Write(format!("the figure cannot be drawn as PNG: {why}"));
    let svg = to_svg(figure);
    let options =
        Options { fontdb: Arc::new(fonts(&svg)), font_family: FAMILY.into(), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|error| failed(error.to_string()))?;
    let pixels = |length: u32| (length as f32 * scale).round() as u32;
    let (width, height) = (pixels(figure.width), pixels(figure.height));
    let mut picture = Pixmap::new(width, height).ok_or_else(|| {
        failed(format!("{width} x {height} pixels. scale has to be positive and not too large."))
    })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(|error| failed(error.to_string()))
}

fn fonts(text: &str) -> fontdb::Database {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    if !text.chars().all(|c| c.is_control() || is_ours(c)) {
        fonts.load_system_fonts();
    }
    fonts
}

fn is_ours(c: char) -> bool {
    RANGES.lines().any(|line| {
        let mut ends = line.split(' ').filter_map(|end| u32::from_str_radix(end, 16).ok());
        matches!((ends.next(), ends.next()), (Some(first), Some(last)) if (first..=last).contains(&(c as u32)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Axis, Panel};

    fn figure(label: &str) -> Figure {
        Figure::single(Panel::xy(0, 0, Axis::new(label), Axis::new(""), vec![]))
    }

    /// Pixels that are not white.
    fn ink(png: &[u8]) -> usize {
        let picture = Pixmap::decode_png(png).unwrap();
        picture.pixels().iter().filter(|pixel| pixel.red() < 200).count()
    }

    #[test]
    fn text_is_drawn_without_fonts_of_the_machine() {
        let (without, with) = (
            to_png(&figure("."), 1.0).unwrap(),
            to_png(&figure("σ² of β₁ é Ж ≤ 10⁻³"), 1.0).unwrap(),
        );
        assert!(ink(&with) > ink(&without) + 200, "{} {}", ink(&with), ink(&without));
        assert!("σ² of β₁ é Ж ≤ 10⁻³ − × …".chars().all(is_ours));
        assert!(!is_ours('数'));
    }

    #[test]
    fn the_scale_is_the_size() {
        let png = to_png(&figure("x"), 2.0).unwrap();
        let picture = Pixmap::decode_png(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (1400, 900));
        let message = to_png(&figure("x"), 0.0).unwrap_err().to_string();
        assert_eq!(
            message,
            "the figure cannot be drawn as PNG: 0 x 0 pixels. scale has to be positive and not too large."
        );
    }
}
