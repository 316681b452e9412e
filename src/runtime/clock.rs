//! The clocks.

use rustix::time::{ClockId, Timespec, clock_gettime};

pub use crate::store::Os;
use crate::time::Now;

/// Counts on while the machine sleeps. Elsewhere than on Linux the monotonic clock does that.
#[cfg(target_os = "linux")]
const BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const BOOT: ClockId = ClockId::Monotonic;

/// What the clocks say.
pub fn now() -> Now {
    Now { wall_ms: milliseconds(clock_gettime(ClockId::Realtime)), boot_ms: milliseconds(clock_gettime(BOOT)) }
}

fn milliseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Random;

    #[test]
    fn the_clocks_agree_with_the_standard_library() {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
        let first = now();
        assert!(first.wall_ms.abs_diff(wall) < 1000, "{first:?}");
        assert!(first.boot_ms > 0 && now().boot_ms >= first.boot_ms);
    }

    #[test]
    fn random_bytes_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        Os.fill(&mut a).unwrap();
        Os.fill(&mut b).unwrap();
        assert_ne!(a, b);
    }
}
