//! Agreement with optimagic 0.5 (values by scripts/reference/differentiation_reference.py).

use thalweg_diff::{Bounds, DiffOptions, Method, hessians, jacobian};

mod common;
use common::{scalar, scalar_jacobian, vector, vector_jacobian};

const VALUES: &str = include_str!("data/reference.tsv");

struct Case<'a> {
    name: String,
    order: &'a str,
    func: &'a str,
    x: [f64; 3],
    case: &'a str,
    expected: Vec<f64>,
    computed: Vec<f64>,
}

impl Case<'_> {
    fn exact_jacobian(&self) -> Vec<f64> {
        if self.func == "scalar" { scalar_jacobian(&self.x) } else { vector_jacobian(&self.x) }
    }
}

fn cases() -> Vec<Case<'static>> {
    VALUES.lines().filter(|line| !line.starts_with(['#', 'o'])).map(compute).collect()
}

fn compute(line: &'static str) -> Case<'static> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [order, func, point, method, case, values] = fields[..] else { panic!("{line}") };
    let fun = if func == "scalar" { scalar } else { vector };
    let x = match point {
        "interior" => [0.3, -1.2, 2.5],
        "mixed_scales" => [1e-3, 250.0, -0.05],
        _ => [0.0; 3],
    };
    let mut options = DiffOptions::new(method.parse::<Method>().unwrap());
    let (mut lower, mut upper) = ([-f64::INFINITY; 3], [f64::INFINITY; 3]);
    match case {
        "step_1e-4" => options.step_size = Some(1e-4.into()),
        "factor_2" => options.scaling_factor = 2.0.into(),
        "min_1e-6" => options.min_steps = Some(1e-6.into()),
        "at_upper" => (lower, upper) = (x.map(|v| v - 1.0), x),
        "at_lower" => (lower, upper) = (x, x.map(|v| v + 1.0)),
        _ => {}
    }
    if let Some(n_steps) = case.strip_prefix("richardson_") {
        options.step_size = Some(1e-3.into());
        options.n_steps = n_steps.parse().unwrap();
    }
    let bounds = Bounds::new(&lower, &upper);
    let result = match order {
        "first" => jacobian(fun, &x, bounds, &options),
        _ => hessians(fun, &x, bounds, &options),
    };
    Case {
        name: fields[..5].join(" "),
        order,
        func,
        x,
        case,
        expected: values.split(' ').map(|v| v.parse().unwrap()).collect(),
        computed: result.unwrap().values,
    }
}

#[test]
fn first_derivatives_agree_to_the_last_bit() {
    let mut count = 0;
    for case in cases().iter().filter(|c| c.order == "first" && !c.case.starts_with("rich")) {
        assert_eq!(case.computed, case.expected, "{}", case.name);
        count += 1;
    }
    assert_eq!(count, 108);
}

/// optimagic mixes forward, backward and central limits and errs by up to 1e-3 where the step is
/// 1e-3; thalweg keeps to the method, so it is compared with the exact derivative, too.
#[test]
fn extrapolated_first_derivatives_are_close_and_no_worse() {
    for case in cases().iter().filter(|c| c.case.starts_with("rich")) {
        let exact = case.exact_jacobian();
        for ((computed, expected), exact) in case.computed.iter().zip(&case.expected).zip(exact) {
            let scale = exact.abs().max(1.0);
            assert!(
                (computed - expected).abs() < 1e-3 * scale,
                "{} {computed} {expected}",
                case.name
            );
            let (error, theirs) = ((computed - exact).abs(), (expected - exact).abs());
            assert!(error < theirs + 1e-7 * scale, "{} {error:e} {theirs:e}", case.name);
        }
    }
}

/// The upper triangle: in optimagic the lower one has its brackets the other way round and differs
/// in the last bits, thalweg's Hessians are symmetric.
#[test]
fn second_derivatives_agree_to_the_last_bit() {
    let mut count = 0;
    for case in cases().iter().filter(|c| c.order == "second") {
        assert_eq!(case.computed.len(), case.expected.len(), "{}", case.name);
        for (index, (computed, expected)) in case.computed.iter().zip(&case.expected).enumerate() {
            // Where optimagic has no number, thalweg may have one.
            let same = expected.is_nan() || computed == expected;
            let upper_triangle = index / 3 % 3 <= index % 3;
            assert!(same || !upper_triangle, "{} entry {index}: {computed} {expected}", case.name);
        }
        count += 1;
    }
    assert_eq!(count, 96);
}
