//! The data sets of the examples, compiled in; see `data/README.md`. Not an example itself.
#![allow(dead_code)] // each example uses a part

/// NIST's Thurber: electron mobility of semiconductors.
pub const THURBER: Nist = Nist {
    observations: include_str!("../../data/nist_thurber.csv"),
    certified: include_str!("../../data/nist_thurber_certified.csv"),
};
/// NIST's MGH17: a sum of two exponentials.
pub const MGH17: Nist = Nist {
    observations: include_str!("../../data/nist_mgh17.csv"),
    certified: include_str!("../../data/nist_mgh17_certified.csv"),
};

/// The years 1871 to 1970 and the flow of the Nile in each, in 10^8 cubic metres.
pub fn nile() -> [Vec<f64>; 2] {
    columns(include_str!("../../data/nile.csv"))
}

/// A data set of NIST's with certified estimates.
pub struct Nist {
    observations: &'static str,
    certified: &'static str,
}

impl Nist {
    /// The columns x and y.
    pub fn observations(&self) -> [Vec<f64>; 2] {
        columns(self.observations)
    }

    /// NIST's first (far) and second (near) start values, the certified estimates, and their standard deviations.
    pub fn certified(&self) -> [Vec<f64>; 4] {
        let [_, start_1, start_2, certified, deviations] = columns(self.certified);
        [start_1, start_2, certified, deviations]
    }
}

/// The smallest number of digits in which estimates agree with certified ones: -log10 of the relative error.
pub fn digits(estimates: &[f64], certified: &[f64]) -> f64 {
    let digit = |(e, c): (&f64, &f64)| -((e - c).abs() / c.abs()).clamp(1e-11, 1.0).log10();
    estimates.iter().zip(certified).map(digit).fold(11.0, f64::min)
}

/// The columns of a CSV file; words are NaN.
fn columns<const N: usize>(csv: &str) -> [Vec<f64>; N] {
    let mut columns = [const { Vec::new() }; N];
    for line in csv.lines().filter(|line| !line.starts_with('#')).skip(1) {
        for (column, cell) in columns.iter_mut().zip(line.split(',')) {
            column.push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    columns
}
