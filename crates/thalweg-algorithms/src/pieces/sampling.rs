//! Samples of the unit cube: uniform, Latin hypercube, Sobol and Halton.
//!
//! [`SamplingMethod`] randomizes all of them by a seeded generator, so that each point is uniform on [0, 1)^n, and all but the
//! uniform one are spread more evenly than chance would. [`sobol_sequence`] and [`halton_sequence`] are the plain sequences.
//!
//! # References
//! * McKay, Beckman, Conover 1979 (Latin hypercube), <https://doi.org/10.1080/00401706.1979.10489755>
//! * Joe, Kuo 2008: Constructing Sobol sequences with better two-dimensional projections (the direction numbers in
//!   `data/sobol_joe_kuo.txt`), <https://doi.org/10.1137/070709359>
//! * Owen 2017: A randomized Halton algorithm in R (random permutations of the digits), <https://arxiv.org/abs/1706.02808>

use thalweg_core::Rng;
use thalweg_macros::Choice;

/// The number of dimensions for which Sobol points can be made: those of the table of direction numbers.
pub const SOBOL_DIMENSIONS: usize = 256;

/// The direction numbers: for dimension d = 2, 3, ... the line "s a m_1 ... m_s".
const SOBOL_TABLE: &str = include_str!("data/sobol_joe_kuo.txt");

/// Sobol points have this many binary digits.
const BITS: usize = 52;

/// How to spread points over the unit cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum SamplingMethod {
    /// Each of `count` equal slices of every coordinate holds one point.
    #[choice(word = "latinhypercube")]
    LatinHypercube,
    /// Independent uniform points.
    Random,
    /// Sobol points with a random digital shift, for up to [`SOBOL_DIMENSIONS`] dimensions; best in powers of two.
    Sobol,
    /// Halton points with randomly permuted digits.
    Halton,
}

impl SamplingMethod {
    /// `count` points in `dim` dimensions, one after the other; `None` when the method has no points in so many dimensions.
    pub fn sample(self, count: usize, dim: usize, rng: &mut Rng) -> Option<Vec<f64>> {
        match self {
            SamplingMethod::LatinHypercube => Some(latin_hypercube(count, dim, rng)),
            SamplingMethod::Random => Some((0..count * dim).map(|_| rng.uniform()).collect()),
            SamplingMethod::Sobol => sobol(count, dim, rng),
            SamplingMethod::Halton => Some(halton(count, dim, rng)),
        }
    }
}

/// A Latin hypercube of `count` points in `dim` dimensions, one after the other.
pub fn latin_hypercube(count: usize, dim: usize, rng: &mut Rng) -> Vec<f64> {
    let mut points = vec![0.0; count * dim];
    for j in 0..dim {
        for (i, slice) in rng.permutation(count).into_iter().enumerate() {
            points[i * dim + j] = below_one((slice as f64 + rng.uniform()) / count as f64);
        }
    }
    points
}

/// The first `count` Sobol points in `dim` dimensions, randomly shifted; `None` beyond [`SOBOL_DIMENSIONS`].
pub fn sobol(count: usize, dim: usize, rng: &mut Rng) -> Option<Vec<f64>> {
    let shifts: Vec<u64> =
        (0..dim).map(|_| (rng.uniform() * (1_u64 << BITS) as f64) as u64).collect();
    sobol_with_shifts(count, &shifts)
}

/// `count` points of the plain Sobol sequence without its first point, which is the corner at zero; `None` beyond
/// [`SOBOL_DIMENSIONS`].
pub fn sobol_sequence(count: usize, dim: usize) -> Option<Vec<f64>> {
    let mut points = sobol_with_shifts(count + 1, &vec![0; dim])?;
    points.drain(..dim);
    Some(points)
}

fn sobol_with_shifts(count: usize, shifts: &[u64]) -> Option<Vec<f64>> {
    let dim = shifts.len();
    let digits = count.next_power_of_two().trailing_zeros().max(1) as usize;
    let directions = sobol_directions(dim, digits)?;
    let mut state = shifts.to_vec();
    let mut points = Vec::with_capacity(count * dim);
    for i in 1..=count {
        points.extend(state.iter().map(|&bits| bits as f64 / (1_u64 << BITS) as f64));
        // The next point in Gray-code order differs by one direction number.
        let digit = (i.trailing_zeros() as usize).min(digits - 1);
        state.iter_mut().zip(&directions).for_each(|(bits, v)| *bits ^= v[digit]);
    }
    Some(points)
}

/// The first `digits` direction numbers of each dimension, by the recurrence of Joe and Kuo (eq. 2.3).
fn sobol_directions(dim: usize, digits: usize) -> Option<Vec<Vec<u64>>> {
    if dim > SOBOL_DIMENSIONS {
        return None;
    }
    let scaled = |m: Vec<u64>| -> Vec<u64> {
        m.iter().take(digits).enumerate().map(|(k, m)| m << (BITS - 1 - k)).collect()
    };
    let mut directions = vec![scaled(vec![1; digits])];
    for line in SOBOL_TABLE.lines().take(dim.saturating_sub(1)) {
        let mut numbers = line.split_ascii_whitespace().map_while(|word| word.parse::<u64>().ok());
        let (s, a) = (numbers.next()? as usize, numbers.next()?);
        let mut m: Vec<u64> = numbers.collect();
        for k in s..digits {
            let inner = (1..s).filter(|i| (a >> (s - 1 - i)) & 1 == 1);
            let new = inner.fold(m[k - s] ^ (m[k - s] << s), |new, i| new ^ (m[k - i] << i));
            m.push(new);
        }
        directions.push(scaled(m));
    }
    Some(directions)
}

/// The first `count` Halton points in `dim` dimensions, every digit of every coordinate randomly permuted.
pub fn halton(count: usize, dim: usize, rng: &mut Rng) -> Vec<f64> {
    let mut points = vec![0.0; count * dim];
    for (j, base) in primes(dim).into_iter().enumerate() {
        let n_digits = (BITS as f64 / (base as f64).log2()).ceil() as usize;
        let permutations: Vec<Vec<usize>> = (0..n_digits).map(|_| rng.permutation(base)).collect();
        for i in 0..count {
            let (mut rest, mut weight, mut x) = (i, 1.0, 0.0);
            for permutation in &permutations {
                weight /= base as f64;
                x += permutation[rest % base] as f64 * weight;
                rest /= base;
            }
            points[i * dim + j] = below_one(x);
        }
    }
    points
}

/// The first `count` points of the plain Halton sequence: the digits of i to the j-th prime base, mirrored at the point.
pub fn halton_sequence(count: usize, dim: usize) -> Vec<f64> {
    let mut points = vec![0.0; count * dim];
    for (j, base) in primes(dim).into_iter().enumerate() {
        for i in 0..count {
            let (mut rest, mut weight) = (i, 1.0);
            while rest > 0 {
                weight /= base as f64;
                points[i * dim + j] += (rest % base) as f64 * weight;
                rest /= base;
            }
        }
    }
    points
}

fn primes(count: usize) -> Vec<usize> {
    let mut primes: Vec<usize> = Vec::with_capacity(count);
    let mut candidate = 2;
    while primes.len() < count {
        let has_divisor =
            primes.iter().take_while(|p| *p * *p <= candidate).any(|p| candidate % p == 0);
        if !has_divisor {
            primes.push(candidate);
        }
        candidate += 1;
    }
    primes
}

/// Sums of digits may round up to 1.
fn below_one(x: f64) -> f64 {
    x.min(1.0 - f64::EPSILON / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [SamplingMethod; 4] = [
        SamplingMethod::LatinHypercube,
        SamplingMethod::Random,
        SamplingMethod::Sobol,
        SamplingMethod::Halton,
    ];

    /// Whether each of `count` equal slices of the interval holds one of the `count` numbers.
    fn is_stratified(numbers: impl Iterator<Item = f64>, count: usize) -> bool {
        let mut slices: Vec<usize> = numbers.map(|x| (x * count as f64) as usize).collect();
        slices.sort_unstable();
        slices == (0..count).collect::<Vec<_>>()
    }

    #[test]
    fn points_lie_in_the_unit_cube_and_follow_the_seed() {
        for method in METHODS {
            let sample = |seed| method.sample(50, 7, &mut Rng::new(seed)).unwrap();
            assert_eq!(sample(1).len(), 350);
            assert!(sample(1).iter().all(|x| (0.0..1.0).contains(x)));
            assert_eq!(sample(1), sample(1));
            assert_ne!(sample(1), sample(2));
            let mean = sample(3).iter().sum::<f64>() / 350.0;
            assert!((mean - 0.5).abs() < 0.06, "{method:?}: {mean}");
        }
    }

    #[test]
    fn every_coordinate_is_stratified() {
        let rng = &mut Rng::new(5);
        let latin = latin_hypercube(11, 3, rng);
        let sobol = sobol(64, SOBOL_DIMENSIONS, rng).unwrap();
        for j in 0..3 {
            assert!(is_stratified(latin.iter().skip(j).step_by(3).copied(), 11));
        }
        for j in 0..SOBOL_DIMENSIONS {
            let column = sobol.iter().skip(j).step_by(SOBOL_DIMENSIONS);
            assert!(is_stratified(column.copied(), 64), "{j}");
        }
        for (j, count) in [(0, 32), (1, 27), (2, 25)] {
            let halton = halton(count, 3, rng);
            assert!(is_stratified(halton.iter().skip(j).step_by(3).copied(), count));
        }
    }

    #[test]
    fn sobol_points_without_shift_are_those_of_joe_and_kuo() {
        // The columns 1, 2, 3, 21, 101 and 256 of the sequence's first points, as scipy 1.17.1 has them.
        let points = sobol_with_shifts(8, &[0; 256]).unwrap();
        let expected = [
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25, 0.25, 0.25, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.75, 0.25],
            [0.375, 0.375, 0.625, 0.125, 0.625, 0.375],
            [0.875, 0.875, 0.125, 0.625, 0.125, 0.875],
            [0.625, 0.125, 0.875, 0.375, 0.875, 0.625],
            [0.125, 0.625, 0.375, 0.875, 0.375, 0.125],
        ];
        for (i, row) in expected.iter().enumerate() {
            let ours = [0, 1, 2, 20, 100, 255].map(|j| points[i * 256 + j]);
            assert_eq!(ours, *row, "point {i}");
        }
    }

    #[test]
    fn sobol_says_where_its_table_ends() {
        assert!(sobol(4, SOBOL_DIMENSIONS + 1, &mut Rng::new(0)).is_none());
        assert_eq!(SOBOL_TABLE.lines().count() + 1, SOBOL_DIMENSIONS);
    }

    #[test]
    fn halton_bases_are_the_primes() {
        assert_eq!(primes(8), [2, 3, 5, 7, 11, 13, 17, 19]);
    }
}
