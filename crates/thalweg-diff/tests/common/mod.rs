//! Two test functions with their derivatives; twins of those in
//! scripts/reference/differentiation_reference.py.

pub(crate) fn scalar(x: &[f64]) -> Vec<f64> {
    let (a, b, c) = (x[0], x[1], x[2]);
    let value =
        100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a) + c / (1.0 + c * c) + a * b * c;
    vec![value]
}

pub(crate) fn vector(x: &[f64]) -> Vec<f64> {
    let (a, b, c) = (x[0], x[1], x[2]);
    vec![(1.0 + a * a).sqrt() * b, c * c * c - a / (2.0 + b * b)]
}

pub(crate) fn scalar_jacobian(x: &[f64]) -> Vec<f64> {
    let (a, b, c) = (x[0], x[1], x[2]);
    let ratio = (1.0 - c * c) / (1.0 + c * c).powi(2);
    let inner = b - a * a;
    vec![-400.0 * a * inner - 2.0 * (1.0 - a) + b * c, 200.0 * inner + a * c, ratio + a * b]
}

pub(crate) fn vector_jacobian(x: &[f64]) -> Vec<f64> {
    let (a, b, c) = (x[0], x[1], x[2]);
    let (root, d) = ((1.0 + a * a).sqrt(), 2.0 + b * b);
    vec![a * b / root, root, 0.0, -1.0 / d, 2.0 * a * b / (d * d), 3.0 * c * c]
}
