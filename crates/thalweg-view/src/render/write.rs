//! Methods of figures that render and write them.

use std::path::Path;

use serde_json::Value;

use crate::error::FigureError;
use crate::figure::Figure;

impl Figure {
    /// The figure as SVG.
    pub fn to_svg(&self) -> String {
        super::to_svg(self)
    }

    /// The figure as a page that needs no network.
    pub fn to_html(&self) -> String {
        super::to_html(self)
    }

    /// The figure as `{"data": [..], "layout": {..}}`, which plotly.js and `plotly.graph_objects.Figure(**json)` accept.
    pub fn to_plotly_json(&self) -> Value {
        super::to_plotly(self)
    }

    /// Write the figure as SVG.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_svg(&self, path: impl AsRef<Path>) -> Result<(), FigureError> {
        write(path.as_ref(), self.to_svg().as_bytes())
    }

    /// Write the figure as a page that needs no network.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_html(&self, path: impl AsRef<Path>) -> Result<(), FigureError> {
        write(path.as_ref(), self.to_html().as_bytes())
    }

    /// Write the figure as PNG, with two pixels for each of its own, so that it is sharp on all screens.
    ///
    /// # Errors
    /// The file cannot be written.
    #[cfg(feature = "png")]
    pub fn write_png(&self, path: impl AsRef<Path>) -> Result<(), FigureError> {
        write(path.as_ref(), &super::to_png(self, 2.0)?)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FigureError> {
    std::fs::write(path, bytes).map_err(|error| {
        FigureError::Write(format!("the figure cannot be written to {}: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use crate::figure::{Axis, Figure, Panel};

    #[test]
    fn files_that_cannot_be_written_are_named() {
        let figure = Figure::single(Panel::xy(0, 0, Axis::new(""), Axis::new(""), vec![]));
        let message = figure.write_svg("no/such/folder/a.svg").unwrap_err().to_string();
        assert!(
            message.starts_with("the figure cannot be written to no/such/folder/a.svg: "),
            "{message}"
        );
    }
}
