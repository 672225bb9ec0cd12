//! The pictures in docs/pictures that examples/rust/plots.rs draws are those that it draws now.

#[allow(dead_code)] // its main function writes files
#[path = "../../../examples/rust/plots.rs"]
mod example;

/// The text between numbers, and the numbers.
fn taken_apart(svg: &str) -> (String, Vec<f64>) {
    let (mut text, mut numbers, mut number) = (String::new(), Vec::new(), String::new());
    for letter in svg.chars().chain(['\n']) {
        if letter.is_ascii_digit() || letter == '.' || (letter == '-' && number.is_empty()) {
            number.push(letter);
            continue;
        }
        if !number.is_empty() {
            match number.parse() {
                Ok(value) => numbers.push(value),
                Err(_) => text.push_str(&number), // a dash, a dot
            }
            number.clear();
        }
        text.push(letter);
    }
    (text, numbers)
}

#[test]
fn pictures_of_the_example_are_what_it_draws_now() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures");
    for (name, figure) in example::figures().expect("drawn") {
        let path = format!("{folder}/plots-{name}.svg");
        let kept = std::fs::read_to_string(&path).expect("it is there");
        let (text, numbers) = taken_apart(&figure.to_svg());
        let (kept_text, kept_numbers) = taken_apart(&kept);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1.0;
        let is_same = text.trim_end() == kept_text.trim_end()
            && numbers.len() == kept_numbers.len()
            && numbers.iter().zip(&kept_numbers).all(near);
        assert!(is_same, "{path} is stale: run `make pictures`, and look at it");
    }
}
