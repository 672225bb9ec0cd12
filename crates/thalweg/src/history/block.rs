//! Blocks of numbers, whose memory is kept for the next history.
//!
//! Memory that comes fresh from the system costs more at its first use than an evaluation of a small objective. Searches, bootstraps
//! and simulations make one history after the other, so a little of what they free is kept at hand.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

/// The most numbers that are kept (2 MB).
const MOST_KEPT: usize = 1 << 18;
/// Smaller blocks are at hand in the allocator anyway.
const SMALLEST_KEPT: usize = 1 << 11;

static KEPT: Mutex<Vec<Vec<f64>>> = Mutex::new(Vec::new());

/// A vector of numbers that never grows beyond the room it was made with.
#[derive(Debug, Default)]
pub(super) struct Block(Vec<f64>);

impl Block {
    /// An empty block with room for at least as many numbers, and not for half as many more.
    pub fn with_room(numbers: usize) -> Self {
        if numbers < SMALLEST_KEPT {
            return Block(Vec::with_capacity(numbers));
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |block: &Vec<f64>| (numbers..=numbers + numbers / 2).contains(&block.capacity());
        let found = kept.iter().position(fits).map(|i| kept.swap_remove(i));
        Block(found.unwrap_or_else(|| Vec::with_capacity(numbers)))
    }

    /// How many more numbers there is room for.
    pub fn room(&self) -> usize {
        self.0.capacity() - self.0.len()
    }

    /// How many numbers there is room for in all.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Append numbers, for which there has to be room.
    pub fn extend(&mut self, numbers: &[f64]) {
        debug_assert!(numbers.len() <= self.room());
        self.0.extend_from_slice(numbers);
    }
}

impl Deref for Block {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.0
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        let mut copy = Block::with_room(self.0.capacity());
        copy.extend(&self.0);
        copy
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.0.capacity() < SMALLEST_KEPT {
            return;
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers: usize = kept.iter().map(Vec::capacity).sum();
        if numbers + self.0.capacity() <= MOST_KEPT {
            let mut block = std::mem::take(&mut self.0);
            block.clear();
            kept.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_room_asked_for_and_begins_empty_however_often_memory_is_used_again() {
        for round in 0..20 {
            for numbers in [3, 3000, 4000, 100_000, 300_000] {
                let mut block = Block::with_room(numbers);
                assert!(block.is_empty() && block.room() >= numbers);
                assert!(block.capacity() <= numbers + numbers / 2);
                block.extend(&vec![f64::from(round); numbers]);
                let copy = block.clone();
                assert_eq!(copy, block);
                assert!(copy.iter().all(|number| *number == f64::from(round)));
            }
            let kept: usize = KEPT.lock().unwrap().iter().map(Vec::capacity).sum();
            assert!(kept <= MOST_KEPT);
        }
    }
}
