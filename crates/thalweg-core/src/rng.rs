//! Seeded randomness: the only source of chance that an algorithm may use.

use rand::rand_core::Infallible;
use rand::{Rng as _, RngExt as _, SeedableRng as _, TryRng};
use rand_pcg::Pcg64;

/// A seeded, portable random number generator (PCG XSL 128/64).
///
/// It implements [`rand::Rng`], so that the distributions of `rand` work with it. The same seed gives the same numbers
/// on every platform and in every version of thalweg.
///
/// ```
/// use thalweg_core::Rng;
/// let (mut a, mut b) = (Rng::new(7), Rng::new(7));
/// assert_eq!(a.uniform(), b.uniform());
/// assert_ne!(a.stream(1).uniform(), a.stream(2).uniform());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rng {
    seed: u64,
    generator: Pcg64,
}

impl Rng {
    /// The generator for a seed.
    pub fn new(seed: u64) -> Self {
        Rng { seed, generator: Pcg64::seed_from_u64(seed) }
    }

    /// An independent generator for part `key` of the work (a population member, a local run), so that results
    /// do not depend on the order or the number of workers. It depends on the seed and the key only.
    pub fn stream(&self, key: u64) -> Rng {
        Rng::new(mix(self.seed ^ mix(key.wrapping_add(1))))
    }

    /// Uniform on [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.generator.random::<f64>()
    }

    /// Uniform on [low, high).
    pub fn uniform_in(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform on the integers 0, ..., n - 1.
    ///
    /// # Panics
    /// When `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        self.generator.random_range(0..n)
    }

    /// Standard normal (Box-Muller, both deviates from fresh uniforms, one kept).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A random order of 0, ..., n - 1 (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

/// The finalizer of SplitMix64: turns neighbouring keys into unrelated seeds.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.generator.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.generator.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.generator.fill_bytes(bytes);
        Ok(())
    }
}
