//! Argon2id (RFC 9106), bounded before any memory is taken.

use crate::secret::{Secret, Text};
use crate::vault::VaultError;

/// What one derivation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub m_kib: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

impl Cost {
    /// What is measured upwards from: 64 MiB, 3 passes, 4 lanes.
    pub const START: Cost = Cost { m_kib: 64 * 1024, t: 3, p: 4 };
}

/// What this machine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The machine's memory in bytes.
    pub ram: u64,
}

impl Limits {
    /// Checks a cost before it is paid: m from 19 MiB to min(4 GiB, RAM/2), t 2 to 64, p 1 to 16, m·t at most 16 GiB.
    ///
    /// # Errors
    /// [`VaultError::ParametersRefused`] naming the number.
    pub fn check(&self, cost: Cost) -> Result<(), VaultError> {
        let _ = cost;
        todo!()
    }
}

/// Derives 32 bytes.
///
/// # Errors
/// [`VaultError::ParametersRefused`], or [`VaultError::Memory`] when it cannot be had (never an abort).
pub fn derive(passphrase: &Text, salt: &[u8; 16], cost: Cost, limits: &Limits) -> Result<Secret, VaultError> {
    let _ = (passphrase, salt, cost, limits);
    todo!()
}

/// The cost that takes about half a second: from [`Cost::START`] upwards, memory first, at most min(512 MiB, RAM/4).
/// `time` derives once at that cost and says how long it took.
pub fn choose(limits: &Limits, time: &mut dyn FnMut(Cost) -> std::time::Duration) -> Cost {
    let _ = (limits, time);
    todo!()
}
