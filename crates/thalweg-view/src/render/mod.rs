//! Renderers of figures, one form each.

mod colorscale;
mod html;
mod plotly;
#[cfg(feature = "png")]
mod png;
mod scale;
mod svg;
mod text;
mod write;

pub use html::to_html;
pub use plotly::to_plotly;
#[cfg(feature = "png")]
pub use png::to_png;
pub use svg::to_svg;
