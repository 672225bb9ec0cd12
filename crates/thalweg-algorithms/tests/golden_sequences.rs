//! Plain Sobol and Halton points are those of scipy; the values come from scripts/reference/golden_sequences.py.

use serde_json::Value;
use thalweg_algorithms::pieces::sampling::{halton_sequence, sobol_sequence};

#[test]
fn plain_sequences_are_those_of_scipy() {
    let golden: Value = serde_json::from_str(include_str!("golden/sequences.json")).unwrap();
    let samples = golden["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 8);
    for sample in samples {
        let size = |key: &str| sample[key].as_u64().unwrap() as usize;
        let (count, dim) = (size("count"), size("dim"));
        let (ours, tolerance) = match sample["method"].as_str().unwrap() {
            "sobol" => (sobol_sequence(count, dim).unwrap(), 0.0),
            _ => (halton_sequence(count, dim), 1e-15),
        };
        let points = sample["points"].as_array().unwrap();
        assert_eq!(ours.len(), points.len());
        for (ours, golden) in ours.iter().zip(points) {
            let golden = golden.as_f64().unwrap();
            assert!((ours - golden).abs() <= tolerance, "{count} x {dim}: {ours} and {golden}");
        }
    }
}
