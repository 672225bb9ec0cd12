//! Columns of numbers in JSON: what is not finite is `null`, a gap.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

fn to_number(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// A column.
pub(crate) mod column {
    use super::{Deserialize, Deserializer, Serialize, Serializer, to_number};

    pub(crate) fn serialize<S: Serializer>(column: &[f64], to: S) -> Result<S::Ok, S::Error> {
        // serde_json itself writes null for numbers that are not finite.
        column.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Option<f64>>::deserialize(from)?.into_iter().map(to_number).collect())
    }
}

/// Rows of a table.
pub(crate) mod rows {
    use super::{Deserialize, Deserializer, Serialize, Serializer, to_number};

    pub(crate) fn serialize<S: Serializer>(rows: &[Vec<f64>], to: S) -> Result<S::Ok, S::Error> {
        rows.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Vec<f64>>, D::Error> {
        let rows = Vec::<Vec<Option<f64>>>::deserialize(from)?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(to_number).collect()).collect())
    }
}
