//! Text in pictures: how wide it is, its lines, and what has to be escaped.

/// The widths of the letters from ' ' to '~' in thousandths of the font's size: DejaVu Sans, which is wider than most.
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// The width of all other letters.
const OTHER: u16 = 700;

/// How wide a line is at a font size of `size` pixels.
pub(crate) fn width(line: &str, size: f64) -> f64 {
    let of = |c: char| {
        let index = (c as usize).wrapping_sub(' ' as usize);
        f64::from(WIDTHS.get(index).copied().unwrap_or(OTHER))
    };
    size * line.chars().map(of).sum::<f64>() / 1000.0
}

/// The lines of a label.
pub(crate) fn lines(label: &str) -> Vec<&str> {
    label.split("{linebreak}").flat_map(|part| part.split('\n')).collect()
}

/// A line cut to a width, with an ellipsis in its middle: names often differ at their ends.
pub(crate) fn shortened(line: &str, size: f64, most: f64) -> String {
    if width(line, size) <= most {
        return line.to_string();
    }
    let letters: Vec<char> = line.chars().collect();
    let cut = |n: usize| -> String {
        let (head, tail) = (&letters[..n.div_ceil(2)], &letters[letters.len() - n / 2..]);
        head.iter().chain(['…'].iter()).chain(tail).collect()
    };
    let kept = (0..letters.len()).rev().find(|&n| width(&cut(n), size) <= most);
    cut(kept.unwrap_or(0))
}

/// Text as XML and HTML need it, in attributes, too. Control characters, which XML does not know, are left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_letters() {
        assert!(width("iii", 10.0) < width("mmm", 10.0));
        assert_eq!(width("é", 10.0), 7.0);
        assert_eq!(lines("a{linebreak}b\nc"), ["a", "b", "c"]);
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(shortened("short", 12.0, 100.0), "short");
        let cut = shortened("a very long name of a parameter", 12.0, 100.0);
        assert!(cut.ends_with("meter") && cut.contains('…') && width(&cut, 12.0) <= 100.0, "{cut}");
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escaped("a<b> & \"c\"\u{0}'"), "a&lt;b&gt; &amp; &quot;c&quot;&#39;");
    }
}
