//! The structure of parameters, found from the paths of their leaves, so that Python can build what looks like them: maps and
//! structs become dicts, vectors and matrices of numbers arrays, other sequences lists.

use serde_json::{Value, json};
use thalweg_space::params::{Path, Segment};

pub(super) fn of_paths(paths: &[Path]) -> Value {
    let tails: Vec<&[Segment]> = paths.iter().map(Path::segments).collect();
    node(&tails)
}

/// The structure of leaves, given by what is left of their paths.
fn node(tails: &[&[Segment]]) -> Value {
    if let [[]] = tails {
        return json!({ "kind": "number" });
    }
    if tails.is_empty() {
        return json!({ "kind": "list", "items": [] });
    }
    if let Some(shape) = array_shape(tails) {
        return json!({ "kind": "array", "shape": shape });
    }
    let mut keys: Vec<&Segment> = Vec::new();
    let mut items = Vec::new();
    let mut rest = tails;
    while let Some(key) = rest.first().and_then(|tail| tail.first()) {
        let count = rest.iter().take_while(|tail| tail.first() == Some(key)).count();
        let (own, others) = rest.split_at(count);
        items.push(node(&own.iter().map(|tail| &tail[1..]).collect::<Vec<_>>()));
        keys.push(key);
        rest = others;
    }
    if keys.iter().enumerate().all(|(i, key)| matches!(key, Segment::Index(k) if *k == i)) {
        return json!({ "kind": "list", "items": items });
    }
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|key| match key {
            Segment::Key(key) => json!(key),
            Segment::Index(index) => json!(index),
        })
        .collect();
    json!({ "kind": "dict", "keys": keys, "items": items })
}

/// The shape of an array that has these leaves, in this order.
fn array_shape(tails: &[&[Segment]]) -> Option<Vec<usize>> {
    let indices = |tail: &[Segment]| -> Option<Vec<usize>> {
        let index = |segment: &Segment| match segment {
            Segment::Index(index) => Some(*index),
            Segment::Key(_) => None,
        };
        tail.iter().map(index).collect()
    };
    let indices: Vec<Vec<usize>> = tails.iter().map(|tail| indices(tail)).collect::<Option<_>>()?;
    let shape: Vec<usize> = indices.last()?.iter().map(|last| last + 1).collect();
    let fits = shape.iter().product::<usize>() == indices.len()
        && indices.iter().enumerate().all(|(position, index)| {
            let flat = index.iter().zip(&shape).fold(0, |flat, (i, size)| flat * size + i);
            index.len() == shape.len() && flat == position
        });
    fits.then_some(shape)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use thalweg_space::params::Params;

    fn structure<P: Params>(params: &P) -> Value {
        of_paths(&params.leaf_paths())
    }

    #[test]
    fn every_shape_has_its_structure() {
        assert_eq!(structure(&1.0), json!({"kind": "number"}));
        assert_eq!(structure(&vec![1.0, 2.0]), json!({"kind": "array", "shape": [2]}));
        assert_eq!(structure(&[[1.0, 2.0, 3.0]; 2]), json!({"kind": "array", "shape": [2, 3]}));
        let ragged = vec![vec![1.0], vec![1.0, 2.0]];
        let rows = json!([{"kind": "array", "shape": [1]}, {"kind": "array", "shape": [2]}]);
        assert_eq!(structure(&ragged), json!({"kind": "list", "items": rows}));
        let map = BTreeMap::from([("a".to_string(), 1.0), ("b".to_string(), 2.0)]);
        let items = json!([{"kind": "number"}, {"kind": "number"}]);
        assert_eq!(structure(&map), json!({"kind": "dict", "keys": ["a", "b"], "items": items}));
        assert_eq!(structure(&Vec::<f64>::new()), json!({"kind": "list", "items": []}));
    }
}
