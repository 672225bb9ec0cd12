//! The hash by which the log knows a point whose numbers it need not hold.

/// A 64-bit hash of the bits of a point. It is part of the file's format: it must never change.
///
/// Every number is mixed in by multiplication with the golden ratio and a shift, so that every bit of every number reaches the
/// upper half and, by the shift, the lower one.
pub fn point_hash(point: &[f64]) -> u64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let start = (point.len() as u64).wrapping_mul(GOLDEN);
    let mixed = point.iter().fold(start, |hash, x| {
        let mixed = (hash ^ x.to_bits()).wrapping_mul(GOLDEN);
        (mixed ^ (mixed >> 32)).wrapping_mul(GOLDEN).rotate_left(23)
    });
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::point_hash;

    #[test]
    fn the_hash_is_part_of_the_format() {
        assert_eq!(point_hash(&[]), 0);
        assert_eq!(point_hash(&[1.0, 2.0]), 1_235_088_760_898_441_430);
    }

    #[test]
    fn near_points_differ() {
        let mut seen = HashSet::new();
        for i in 0..200_u64 {
            for j in 0..200_u64 {
                let x = f64::from_bits(1.0_f64.to_bits() + i);
                let y = f64::from_bits(0.1_f64.to_bits() + j);
                assert!(seen.insert(point_hash(&[x, y])), "{i} {j}");
                assert!(seen.insert(point_hash(&[y, x])), "{i} {j}");
            }
        }
        assert_ne!(point_hash(&[0.0]), point_hash(&[-0.0]));
        assert_ne!(point_hash(&[0.0]), point_hash(&[0.0, 0.0]));
    }
}
