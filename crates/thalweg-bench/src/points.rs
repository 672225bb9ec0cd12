//! Tables of points: a name, what the point is, and its coordinates in each line, divided by tabulators.

/// The point in the line that begins with `name` and `what`.
///
/// # Panics
/// If there is none, or it holds something else than numbers: the tables are data of this crate.
pub(crate) fn stored_point(table: &str, name: &str, what: &str) -> Vec<f64> {
    let line = table.lines().find_map(|line| {
        let mut cells = line.split('\t');
        (cells.next() == Some(name) && cells.next() == Some(what)).then_some(cells)
    });
    let cells = line.unwrap_or_else(|| panic!("there is no {what} of {name}"));
    cells.map(|cell| cell.parse().unwrap_or_else(|_| panic!("{what} of {name}: {cell}"))).collect()
}
