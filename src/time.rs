//! Time as plain values. Reading a clock is the runtime's work; everything else takes a [`Now`].

use std::time::Duration;

/// One reading of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since 1970-01-01T00:00:00Z by the wall clock. May jump when the clock is set.
    pub wall_ms: u64,
    /// Milliseconds on a clock that never goes back and keeps counting while the machine sleeps (`CLOCK_BOOTTIME`).
    pub boot_ms: u64,
}

impl Now {
    /// Whole seconds since 1970 (Unix time), what RFC 6238 counts.
    pub fn unix(self) -> u64 {
        self.wall_ms / 1000
    }

    /// How much time has passed since `earlier`: by the wall clock or by the boot clock, whichever says more,
    /// so that neither sleep nor a clock set back keeps a vault open.
    pub fn since(self, earlier: Now) -> Duration {
        let wall = self.wall_ms.saturating_sub(earlier.wall_ms);
        let boot = self.boot_ms.saturating_sub(earlier.boot_ms);
        Duration::from_millis(wall.max(boot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_clock_counts() {
        let start = Now { wall_ms: 10_000, boot_ms: 500 };
        let asleep = Now { wall_ms: 10_000, boot_ms: 90_500 };
        let set_back = Now { wall_ms: 1_000, boot_ms: 600 };
        assert_eq!(asleep.since(start), Duration::from_secs(90));
        assert_eq!(set_back.since(start), Duration::from_millis(100));
    }
}
