//! How long key derivation takes on this machine: measured when a passphrase is set, remembered for the next unlock's estimate.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::secret::Text;
use crate::store::paths::Home;
use crate::vault::kdf::{self, Cost};
use crate::vault::{Limits, VaultError};

/// MiB·passes a second on a machine nothing is known of.
const USUAL: u64 = 1000;

/// The cost that takes about half a second here.
pub fn choose(limits: &Limits) -> Cost {
    kdf::choose(limits, &mut |cost| {
        let began = Instant::now();
        match kdf::derive(&Text::from("how long does this take"), &[0; 16], cost, limits) {
            Ok(_) => began.elapsed(),
            // What cannot be had must not be chosen.
            Err(VaultError::Memory { .. } | VaultError::ParametersRefused(_)) => Duration::MAX,
            Err(_) => Duration::MAX,
        }
    })
}

/// How long deriving at those costs will take, in milliseconds.
pub fn estimate(home: &Home, costs: &[Cost]) -> u64 {
    let speed = std::fs::read_to_string(file(home))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|speed| (1..=1_000_000).contains(speed))
        .unwrap_or(USUAL);
    work(costs).saturating_mul(1000).checked_div(speed).unwrap_or(u64::MAX)
}

/// Remembers how long deriving at those costs took. Nothing depends on it but the estimate, so a failure is nobody's business.
pub fn remember(home: &Home, costs: &[Cost], took: Duration) {
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let speed = work(costs).saturating_mul(1000).checked_div(milliseconds).unwrap_or(0);
    if speed > 0 && std::fs::create_dir_all(&home.state).is_ok() {
        let _ = std::fs::write(file(home), format!("{speed}\n"));
    }
}

fn work(costs: &[Cost]) -> u64 {
    costs.iter().map(|cost| u64::from(cost.m_kib / 1024).saturating_mul(u64::from(cost.t))).sum()
}

fn file(home: &Home) -> PathBuf {
    home.state.join("unlock-speed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_the_next_estimate() {
        let folder = tempfile::tempdir().unwrap();
        let home =
            Home { data: folder.path().into(), state: folder.path().join("state"), config: folder.path().into() };
        let costs = [Cost { m_kib: 64 * 1024, t: 3, p: 4 }];
        assert_eq!(estimate(&home, &costs), 192);
        remember(&home, &costs, Duration::from_millis(480));
        assert_eq!(estimate(&home, &costs), 480);
        std::fs::write(file(&home), "nonsense").unwrap();
        assert_eq!(estimate(&home, &costs), 192);
    }
}
