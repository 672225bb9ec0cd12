//! What can be wrong with a benchmark, and the nearest of the words that would be right.

use std::fmt;

use thalweg::OptimizeError;

/// Why there is no benchmark, no result or no report.
#[derive(Debug)]
pub enum BenchmarkError {
    /// An argument cannot be used; the message names it, its value and what would be right.
    Invalid(String),
    /// The algorithm does not exist, or one of its options does not.
    Algorithm(OptimizeError),
}

impl BenchmarkError {
    /// An argument that cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        BenchmarkError::Invalid(message.into())
    }
}

impl fmt::Display for BenchmarkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BenchmarkError::Invalid(message) => f.write_str(message),
            BenchmarkError::Algorithm(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for BenchmarkError {}

impl From<OptimizeError> for BenchmarkError {
    fn from(error: OptimizeError) -> Self {
        BenchmarkError::Algorithm(error)
    }
}

/// "`what` `why`. Did you mean '...'? There are ...": the error for a word that is none of `known`.
pub fn unknown<'a>(
    what: &str,
    why: &str,
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> BenchmarkError {
    let known: Vec<&str> = known.into_iter().collect();
    let Some(nearest) = nearest(word, &known) else {
        return BenchmarkError::invalid(format!("{what} {why}."));
    };
    let mut message = format!("{what} {why}. Did you mean '{nearest}'?");
    if known.len() <= LISTED {
        message += &format!(" There are {}.", known.join(", "));
    }
    BenchmarkError::invalid(message)
}

/// As many words are listed; more would hide the message.
const LISTED: usize = 12;

/// The word of `known` with the smallest edit distance to `word` (Levenshtein 1966), the first of several.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().copied().min_by_key(|candidate| edit_distance(word, candidate))
}

/// How many letters have to be put in, taken out or exchanged to get from one word to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distances() {
        for (a, b, distance) in
            [("", "", 0), ("kitten", "sitting", 3), ("abc", "", 3), ("bar", "bard", 1)]
        {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
            assert_eq!(edit_distance(b, a), distance, "{b} {a}");
        }
    }

    #[test]
    fn unknown_words_are_answered_by_the_nearest() {
        let error = unknown("there", "is no such word", "bart", ["meyer", "bard"]);
        let text = "there is no such word. Did you mean 'bard'? There are meyer, bard.";
        assert_eq!(error.to_string(), text);
        let many: Vec<String> = (0..20).map(|i| format!("word_{i}")).collect();
        let error = unknown("there", "is none", "word_a", many.iter().map(String::as_str));
        assert_eq!(error.to_string(), "there is none. Did you mean 'word_0'?");
        assert_eq!(unknown("there", "is none", "word", []).to_string(), "there is none.");
    }
}
