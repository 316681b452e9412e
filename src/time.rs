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

/// A moment of the Gregorian calendar in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    /// From 1970 on.
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
    /// 1 to 31.
    pub day: u64,
    /// 0 to 23.
    pub hour: u64,
    /// 0 to 59.
    pub minute: u64,
    /// 0 to 59; leap seconds are not counted.
    pub second: u64,
}

const DAY_S: u64 = 86_400;
/// From 1 March of the year 0, so that the leap day is the last of its year, to 1 January 1970.
const DAYS_TO_1970: u64 = 719_468;

impl Utc {
    /// The moment so many whole seconds after 1970-01-01T00:00:00Z.
    #[expect(clippy::arithmetic_side_effects, reason = "seconds in 64 bits are fewer than 2^48 days")]
    pub fn from_unix(unix: u64) -> Utc {
        let (days, second) = (unix / DAY_S + DAYS_TO_1970, unix % DAY_S);
        // Eras of 400 years have the same number of days.
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let of_march = (5 * day + 2) / 153;
        let day = day - (153 * of_march + 2) / 5 + 1;
        let month = if of_march < 10 { of_march + 3 } else { of_march - 9 };
        let year = era * 400 + year + u64::from(month <= 2);
        Utc { year, month, day, hour: second / 3_600, minute: second / 60 % 60, second: second % 60 }
    }

    /// Seconds since 1970-01-01T00:00:00Z; `None` for what is not in the calendar: the 31st of June, the year 1969 or 10000, the 25th hour.
    #[expect(clippy::arithmetic_side_effects, reason = "each part is checked, or compared with what it must be, first")]
    pub fn unix(self) -> Option<u64> {
        let Utc { year, month, day, hour, minute, second } = self;
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 {
            return None;
        }
        if minute > 59 || second > 59 {
            return None;
        }
        let (year, of_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * of_march + 2) / 5 + day - 1;
        let unix = (days - DAYS_TO_1970) * DAY_S + hour * 3_600 + minute * 60 + second;
        (Utc::from_unix(unix) == self).then_some(unix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates() {
        let at = |unix| {
            let Utc { year, month, day, hour, minute, second } = Utc::from_unix(unix);
            format!("{year}-{month}-{day} {hour}:{minute}:{second}")
        };
        assert_eq!(at(0), "1970-1-1 0:0:0");
        assert_eq!(at(951_782_400), "2000-2-29 0:0:0");
        assert_eq!(at(1_795_500_317), "2026-11-24 6:5:17");
        assert_eq!(at(4_107_542_399), "2100-2-28 23:59:59");
        assert_eq!(at(4_107_542_400), "2100-3-1 0:0:0");
        assert_eq!(at(253_402_300_799), "9999-12-31 23:59:59");
        at(u64::MAX);
        let last = Utc { year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59 };
        assert_eq!(last.unix(), Some(253_402_300_799));
        for wrong in [
            Utc { year: 10_000, ..last },
            Utc { year: 1969, ..last },
            Utc { year: 0, ..last },
            Utc { year: u64::MAX, ..last },
            Utc { month: 0, ..last },
            Utc { month: 13, ..last },
            Utc { month: 6, ..last },
            Utc { day: 0, ..last },
            Utc { day: 32, ..last },
            Utc { hour: 24, ..last },
            Utc { minute: 60, ..last },
            Utc { second: 60, ..last },
            Utc { year: 2100, month: 2, day: 29, ..last },
        ] {
            assert_eq!(wrong.unix(), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(unix in 0..253_402_300_800_u64) {
            prop_assert_eq!(Utc::from_unix(unix).unix(), Some(unix));
        }
    }

    #[test]
    fn the_longer_clock_counts() {
        let start = Now { wall_ms: 10_000, boot_ms: 500 };
        let asleep = Now { wall_ms: 10_000, boot_ms: 90_500 };
        let set_back = Now { wall_ms: 1_000, boot_ms: 600 };
        assert_eq!(asleep.since(start), Duration::from_secs(90));
        assert_eq!(set_back.since(start), Duration::from_millis(100));
    }
}
