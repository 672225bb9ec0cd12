//! Plain tables: as text for a terminal, as Markdown, as CSV.

use std::fmt;

/// A table of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Table { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// The cells of a column.
    pub fn column(&self, name: &str) -> Option<Vec<&str>> {
        let position = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.iter().map(|row| row[position].as_str()).collect())
    }

    /// As a table of Markdown.
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', "<br>"));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = vec!["---".to_string(); self.columns.len()];
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.columns) + &line(&rule) + &rows
    }

    /// As comma-separated values with a heading (RFC 4180).
    pub fn to_csv(&self) -> String {
        let cell = |cell: &String| {
            if cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.clone()
            }
        };
        let line =
            |cells: &Vec<String>| cells.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
        std::iter::once(&self.columns).chain(&self.rows).map(line).collect()
    }
}

impl fmt::Display for Table {
    /// Columns of one width, as a terminal shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.columns[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["problem", "a|b"]);
        table.rows.push(vec!["bard".into(), "one, \"two\"".into()]);
        table.rows.push(vec!["box_3d".into(), "x\ny".into()]);
        table
    }

    #[test]
    fn three_forms() {
        assert_eq!(
            table().to_markdown(),
            "| problem | a\\|b |\n| --- | --- |\n| bard | one, \"two\" |\n| box_3d | x<br>y |\n"
        );
        assert_eq!(table().to_csv(), "problem,a|b\nbard,\"one, \"\"two\"\"\"\nbox_3d,\"x\ny\"\n");
        let mut short = table();
        short.rows.pop();
        assert_eq!(short.to_string(), "problem  a|b\nbard     one, \"two\"\n");
        assert_eq!(table().column("problem"), Some(vec!["bard", "box_3d"]));
        assert_eq!(table().column("problems"), None);
    }
}
