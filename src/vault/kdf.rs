//! Argon2id (RFC 9106), bounded before any memory is taken.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};

use crate::secret::{Text, wiping_frames};
use crate::vault::VaultError;
use crate::vault::seal::Key;

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
    /// The memory that this process may have, in bytes: the machine's, or less where its control group says so.
    pub ram: u64,
}

/// The least memory a slot may ask for, in KiB (19 MiB, the least that OWASP advises).
const LEAST_M_KIB: u64 = 19 * 1024;
/// The most memory a slot may ask for on any machine, in KiB (4 GiB).
const MOST_M_KIB: u64 = 4 * 1024 * 1024;
/// The most work that all slots of a file may ask for together: the sum of memory times passes, in KiB (16 GiB).
const MOST_WORK_KIB: u64 = 16 * 1024 * 1024;
/// What `choose` aims at.
const AIM: Duration = Duration::from_millis(500);
/// The most memory `choose` takes, in KiB (512 MiB).
const MOST_CHOSEN_M_KIB: u64 = 512 * 1024;

fn refused(what: String) -> Result<(), VaultError> {
    Err(VaultError::ParametersRefused(what))
}

/// Checks what the slots of one file cost against the bounds that hold on every machine: for each m from 19 MiB to 4 GiB, t 2 to 64 and p 1 to 16, and for all
/// together m·t of at most 16 GiB. Whoever types a passphrase that opens nothing pays for every slot.
///
/// # Errors
/// [`VaultError::ParametersRefused`] naming the number.
pub fn check_all(costs: &[Cost]) -> Result<(), VaultError> {
    let mut work = 0_u64;
    for cost in costs {
        let m = u64::from(cost.m_kib);
        if m < LEAST_M_KIB {
            return refused(format!("{m} KiB of memory, and less than 19 MiB is too weak"));
        }
        if m > MOST_M_KIB {
            return refused(format!("{} MiB of memory, and {} MiB are allowed", m / 1024, MOST_M_KIB / 1024));
        }
        if !(2..=64).contains(&cost.t) {
            return refused(format!("{} passes, and 2 to 64 are allowed", cost.t));
        }
        if !(1..=16).contains(&cost.p) {
            return refused(format!("{} lanes, and 1 to 16 are allowed", cost.p));
        }
        work = work.saturating_add(m.saturating_mul(u64::from(cost.t)));
    }
    if work > MOST_WORK_KIB {
        return refused(format!("memory times passes of {} MiB in all, and 16 GiB are allowed", work / 1024));
    }
    Ok(())
}

impl Limits {
    /// Checks one cost before it is paid: [`check_all`], and at most half of this machine's memory.
    ///
    /// # Errors
    /// [`VaultError::ParametersRefused`] naming the number.
    pub fn check(&self, cost: Cost) -> Result<(), VaultError> {
        check_all(&[cost])?;
        let (m, most) = (u64::from(cost.m_kib), self.ram / 2 / 1024);
        if m > most {
            return refused(format!("{} MiB of memory, and this machine allows {} MiB", m / 1024, most / 1024));
        }
        Ok(())
    }
}

/// Does `work` on threads of its own, one a core, for Argon2's lanes; `None` when they cannot be had. Those that rayon would start by itself
/// are a panic then, and stay when the work is done.
pub(crate) fn on_threads<R: Send>(work: impl FnOnce() -> R + Send) -> Option<R> {
    // The threads end with the pool, and the system keeps what is on their stacks for the next ones.
    Some(rayon::ThreadPoolBuilder::new().build().ok()?.install(|| wiping_frames(work)))
}

/// Derives a slot's key from a passphrase's UTF-8 bytes, as typed.
///
/// # Errors
/// [`VaultError::ParametersRefused`], or [`VaultError::Memory`] when it cannot be had (never an abort).
pub fn derive(passphrase: &Text, salt: &[u8; 16], cost: Cost, limits: &Limits) -> Result<Key, VaultError> {
    limits.check(cost)?;
    let params = Params::new(cost.m_kib, cost.t, cost.p, Some(32))
        .map_err(|problem| VaultError::ParametersRefused(problem.to_string()))?;
    let memory = || VaultError::Memory { mib: u64::from(cost.m_kib) / 1024 };
    // The crate takes the memory fallibly and from zeroed pages, which saves touching it once more.
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Key::filled(|key| {
        on_threads(|| argon2.hash_password_into(passphrase.as_bytes(), salt, key)).ok_or_else(memory)?.map_err(
            |problem| match problem {
                argon2::Error::OutOfMemory => memory(),
                other => VaultError::ParametersRefused(other.to_string()),
            },
        )
    })
}

/// The cost that takes about half a second: from [`Cost::START`] upwards, memory first, at most min(512 MiB, RAM/4), then passes.
/// `time` derives once at that cost and says how long it took.
pub fn choose(limits: &Limits, time: &mut dyn FnMut(Cost) -> Duration) -> Cost {
    let most = MOST_CHOSEN_M_KIB.min(limits.ram / 4 / 1024).max(LEAST_M_KIB);
    let start = Cost { m_kib: u64::from(Cost::START.m_kib).min(most) as u32, ..Cost::START };
    let took = time(start).max(Duration::from_millis(1));
    // Time grows in proportion to memory times passes: one measure tells the rest.
    let grow = AIM.as_secs_f64() / took.as_secs_f64();
    if grow <= 1.0 {
        return start;
    }
    let m_kib = ((f64::from(start.m_kib) * grow) as u64).min(most) & !1023;
    let left = grow * f64::from(start.m_kib) / m_kib.max(1) as f64;
    let t = ((f64::from(start.t) * left) as u32).clamp(start.t, 16);
    Cost { m_kib: m_kib as u32, t, p: start.p }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn costs_outside_the_bounds_are_refused_by_name() {
        let limits = Limits { ram: 8 * GIB };
        let cost = |m_kib, t, p| limits.check(Cost { m_kib, t, p });
        assert_eq!(cost(19 * 1024, 2, 1), Ok(()));
        assert_eq!(cost(4 * 1024 * 1024, 4, 16), Ok(()));
        for (m_kib, t, p, word) in [
            (19 * 1024 - 1, 2, 1, "memory"),
            (4 * 1024 * 1024 + 1024, 2, 1, "memory"),
            (u32::MAX, u32::MAX, u32::MAX, "memory"),
            (64 * 1024, 1, 4, "passes"),
            (64 * 1024, 65, 4, "passes"),
            (64 * 1024, 3, 0, "lanes"),
            (64 * 1024, 3, 17, "lanes"),
            (4 * 1024 * 1024, 5, 4, "16 GiB"),
        ] {
            let said = cost(m_kib, t, p).unwrap_err().to_string();
            assert!(said.contains(word), "{said}");
        }
        assert!(Limits { ram: GIB }.check(Cost { m_kib: 513 * 1024, t: 2, p: 1 }).is_err());
    }

    #[test]
    fn the_slots_of_a_file_cost_no_more_together_than_one_may() {
        let cost = |m_kib, t| Cost { m_kib, t, p: 4 };
        let gib = 1024 * 1024;
        assert_eq!(check_all(&[cost(4 * gib, 4)]), Ok(()));
        assert_eq!(check_all(&[cost(gib, 4), cost(gib, 4), cost(2 * gib, 2), cost(gib, 4)]), Ok(()));
        for costs in [
            vec![cost(4 * gib, 4), cost(19 * 1024, 2)],
            vec![cost(4 * gib, 4); 4],
            vec![cost(u32::MAX, u32::MAX); 4],
            vec![cost(256 * 1024, 17); 4],
        ] {
            assert!(matches!(check_all(&costs), Err(VaultError::ParametersRefused(_))), "{costs:?}");
        }
    }

    #[test]
    fn a_fast_machine_takes_more_memory_and_then_more_passes() {
        let limits = Limits { ram: 8 * GIB };
        let per_mib = |micros: u64| {
            move |cost: Cost| Duration::from_micros(micros * u64::from(cost.m_kib / 1024) * u64::from(cost.t))
        };
        let slow = choose(&limits, &mut per_mib(4_000));
        assert_eq!(slow, Cost::START);
        let middling = choose(&limits, &mut per_mib(1_000));
        assert_eq!(middling, Cost { m_kib: 166 * 1024, t: 3, p: 4 });
        let fast = choose(&limits, &mut per_mib(100));
        assert_eq!(fast, Cost { m_kib: 512 * 1024, t: 9, p: 4 });
        assert_eq!(choose(&Limits { ram: GIB / 8 }, &mut per_mib(4_000)).m_kib, 32 * 1024);
    }

    #[test]
    fn the_same_passphrase_and_salt_give_the_same_key() {
        let limits = Limits { ram: 8 * GIB };
        let cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
        let key = |words: &str, salt| derive(&words.into(), &salt, cost, &limits).unwrap();
        assert_eq!(key("one", [1; 16]), key("one", [1; 16]));
        assert_ne!(key("one", [1; 16]), key("two", [1; 16]));
        assert_ne!(key("one", [1; 16]), key("one", [2; 16]));
    }
}
