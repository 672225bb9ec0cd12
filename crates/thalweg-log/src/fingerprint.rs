//! What defines a run, field by field.

use serde_json::{Map, Value};

/// The fields that define a run, in order, with their values in words. Numbers are written so that no bit is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    fields: Vec<(String, String)>,
}

/// A field in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: String,
    /// Its value in the log, if it is there.
    pub logged: Option<String>,
    /// Its value now, if it is there.
    pub now: Option<String>,
}

impl Fingerprint {
    /// Add a field.
    pub fn push(&mut self, field: impl Into<String>, value: impl Into<String>) {
        self.fields.push((field.into(), value.into()));
    }

    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == field).map(|(_, value)| value.as_str())
    }

    /// The fields that differ: those of the log first. Lists with one entry for each of `names` are compared entry by entry.
    pub fn differences(&self, now: &Fingerprint, names: &[String]) -> Vec<Difference> {
        let mut found = Vec::new();
        for (field, logged) in &self.fields {
            let new = now.get(field);
            match (entries(logged, names), new.and_then(|new| entries(new, names))) {
                (Some(logged), Some(new)) => {
                    for ((logged, new), name) in logged.iter().zip(new).zip(names) {
                        if *logged != new {
                            let field = format!("{field} of '{name}'");
                            let (logged, now) = (Some(logged.to_string()), Some(new.to_string()));
                            found.push(Difference { field, logged, now });
                        }
                    }
                }
                _ if new != Some(logged) => {
                    let (logged, now) = (Some(logged.clone()), new.map(str::to_string));
                    found.push(Difference { field: field.clone(), logged, now });
                }
                _ => {}
            }
        }
        for (field, value) in &now.fields {
            if self.get(field).is_none() {
                found.push(Difference {
                    field: field.clone(),
                    logged: None,
                    now: Some(value.clone()),
                });
            }
        }
        found
    }

    /// As a JSON object.
    pub fn to_json(&self) -> String {
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|(field, value)| Value::from(vec![field.clone(), value.clone()]))
            .collect();
        Value::from(fields).to_string()
    }

    /// From [`Fingerprint::to_json`].
    pub fn from_json(text: &str) -> Option<Self> {
        let fields: Vec<(String, String)> = serde_json::from_str(text).ok()?;
        Some(Fingerprint { fields })
    }

    /// As a map, for readers.
    pub fn to_map(&self) -> Map<String, Value> {
        self.fields
            .iter()
            .map(|(field, value)| (field.clone(), Value::from(value.clone())))
            .collect()
    }
}

/// The entries of a list with one for each name.
fn entries<'a>(value: &'a str, names: &[String]) -> Option<Vec<&'a str>> {
    let list = value.strip_prefix('[')?.strip_suffix(']')?;
    let entries: Vec<&str> = list.split(", ").collect();
    (entries.len() == names.len() && !entries.iter().any(|entry| entry.contains(['[', '"'])))
        .then_some(entries)
}

/// The most differences that a message tells.
const MOST: usize = 8;

/// Differences in a sentence each.
pub(crate) fn listed(differences: &[Difference]) -> String {
    let sentence = |difference: &Difference| {
        let Difference { field, logged, now } = difference;
        match (logged, now) {
            (Some(logged), Some(now)) => format!("{field} is {logged} in the log and {now} now."),
            (Some(logged), None) => format!("{field} is {logged} in the log and not there now."),
            (None, now) => {
                format!(
                    "{field} is not in the log and {} now.",
                    now.as_deref().unwrap_or("missing")
                )
            }
        }
    };
    let mut sentences: Vec<String> = differences.iter().take(MOST).map(sentence).collect();
    if differences.len() > MOST {
        sentences.push(format!("{} more fields differ.", differences.len() - MOST));
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &str)]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        fields.iter().for_each(|(field, value)| fingerprint.push(*field, *value));
        fingerprint
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let logged = of(&[("algorithm", "lbfgsb"), ("seed", "0"), ("gone", "1")]);
        let now = of(&[("algorithm", "newuoa"), ("seed", "0"), ("new", "2")]);
        assert_eq!(
            listed(&logged.differences(&now, &[])),
            "algorithm is lbfgsb in the log and newuoa now. gone is 1 in the log and not there now. new is not in the log and 2 now."
        );
        assert!(logged.differences(&logged, &[]).is_empty());
    }

    #[test]
    fn lists_of_one_number_per_parameter_are_compared_one_by_one() {
        let names = ["a".to_string(), "b".to_string()];
        let (logged, now) = (of(&[("start", "[1.0, 2.0]")]), of(&[("start", "[1.0, 2.5]")]));
        let text = listed(&logged.differences(&now, &names));
        assert_eq!(text, "start of 'b' is 2.0 in the log and 2.5 now.");
        let longer = of(&[("start", "[1.0, 2.0, 3.0]")]);
        let text = listed(&logged.differences(&longer, &names));
        assert_eq!(text, "start is [1.0, 2.0] in the log and [1.0, 2.0, 3.0] now.");
    }

    #[test]
    fn many_differences_are_counted() {
        let values: Vec<String> = (0..20).map(|i| i.to_string()).collect();
        let mut fields = Fingerprint::default();
        values.iter().for_each(|value| fields.push(format!("x{value}"), value.as_str()));
        let text = listed(&fields.differences(&Fingerprint::default(), &[]));
        assert!(
            text.ends_with("x7 is 7 in the log and not there now. 12 more fields differ."),
            "{text}"
        );
    }

    #[test]
    fn a_fingerprint_survives_json() {
        let fields = of(&[("start of 'a'", "0.1"), ("b", "\"quoted\"")]);
        assert_eq!(Fingerprint::from_json(&fields.to_json()), Some(fields));
        assert_eq!(Fingerprint::from_json("{}"), None);
    }
}
