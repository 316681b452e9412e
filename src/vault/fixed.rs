//! A fixed stream of bytes for tests and golden fixtures.

use crate::secret::{NoRandomness, Random};
use crate::vault::seal::sha256;

/// SHA-256 of a seed and a counter, block after block: never for a real vault.
pub struct FixedRandom {
    seed: u64,
    block: u64,
}

impl FixedRandom {
    /// The stream of that seed.
    pub fn new(seed: u64) -> FixedRandom {
        FixedRandom { seed, block: 0 }
    }
}

impl Random for FixedRandom {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in out.chunks_mut(32) {
            let block = sha256(&[&self.seed.to_be_bytes(), &self.block.to_be_bytes()]);
            self.block += 1;
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
        Ok(())
    }
}
