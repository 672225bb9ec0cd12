//! The report as a piece of HTML: safe to put into any page, readable on light and on dark ones.

use std::fmt;

use super::sparkline::sparkline;

/// What the report says. Its `Display` is HTML, in which every text is escaped.
///
/// ```
/// let report = thalweg::HtmlReport {
///     sentences: vec!["a < b".into()],
///     introduction: "Changes:".into(),
///     columns: vec!["one_step".into()],
///     rows: vec![("criterion".into(), vec!["1e-12***".into()])],
///     footnote: "***: tiny".into(),
///     values: &[3.0, 2.0, 1.0],
///     maximize: false,
/// };
/// let html = report.to_string();
/// assert!(html.contains("<p>a &lt; b</p>") && html.contains("<svg"));
/// ```
#[derive(Clone, Debug)]
pub struct HtmlReport<'a> {
    /// A paragraph for each.
    pub sentences: Vec<String>,
    /// What stands above the table.
    pub introduction: String,
    /// The heads of the table's columns.
    pub columns: Vec<String>,
    /// The rows of the table: a name and a cell for each column; without rows there is no table.
    pub rows: Vec<(String, Vec<String>)>,
    /// What stands below the table.
    pub footnote: String,
    /// The values of the history; NaN where there is none.
    pub values: &'a [f64],
    /// Whether larger values are better.
    pub maximize: bool,
}

impl fmt::Display for HtmlReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<div style=\"max-width: 52em\">")?;
        for sentence in &self.sentences {
            write!(f, "<p>{}</p>", escaped(sentence))?;
        }
        if let Some(plot) = sparkline(self.values, self.maximize) {
            f.write_str(&plot)?;
        }
        if !self.rows.is_empty() {
            write!(f, "<p>{}</p>", escaped(&self.introduction))?;
            self.table(f)?;
            write!(f, "<p><small>{}</small></p>", escaped(&self.footnote))?;
        }
        f.write_str("</div>")
    }
}

impl HtmlReport<'_> {
    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Pages without a doctype do not hand their colour to tables unless they are told to.
        f.write_str(
            "<table style=\"border-collapse: collapse; color: inherit\"><thead><tr><th></th>",
        )?;
        for column in &self.columns {
            write!(f, "<th style=\"{CELL}text-align: right\">{}</th>", escaped(column))?;
        }
        f.write_str("</tr></thead><tbody>")?;
        for (name, cells) in &self.rows {
            write!(f, "<tr><th style=\"{CELL}text-align: left\">{}</th>", escaped(name))?;
            for cell in cells {
                // Stars are padded to three characters, so that numbers stand below each other.
                write!(f, "<td style=\"{CELL}{NUMBER}\">{}</td>", escaped(cell))?;
            }
            f.write_str("</tr>")?;
        }
        f.write_str("</tbody></table>")
    }
}

const CELL: &str = "padding: 0.15em 0.8em 0.15em 0; ";
const NUMBER: &str = "text-align: right; white-space: pre; font-family: monospace";

/// Text that means the same in HTML, between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, values: &'static [f64]) -> HtmlReport<'static> {
        HtmlReport {
            sentences: vec![text.into()],
            introduction: text.into(),
            columns: vec![text.into()],
            rows: vec![(text.into(), vec![text.into()])],
            footnote: text.into(),
            values,
            maximize: false,
        }
    }

    #[test]
    fn nothing_gets_out_of_its_place() {
        let evil = "</p><script>alert('x' & \"y\")</script>";
        let html = report(evil, &[]).to_string();
        assert!(!html.contains("<script"), "{html}");
        let safe = "&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;";
        assert_eq!(html.matches(safe).count(), 6);
    }

    #[test]
    fn what_is_absent_leaves_nothing_behind() {
        let bare = HtmlReport { rows: Vec::new(), ..report("text", &[]) };
        assert_eq!(bare.to_string(), "<div style=\"max-width: 52em\"><p>text</p></div>");
    }
}
