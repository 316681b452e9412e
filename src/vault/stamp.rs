//! Hybrid logical clock stamps: when a change was made, and by which replica.
//!
//! 48 bits of milliseconds since 1970, 16 bits of count, 64 bits of replica id; written as 32 lower-case hexadecimal
//! digits, so that the order of the texts is the order of the stamps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When a change was made. Ordered by time, then count, then replica.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(u128);

impl Stamp {
    /// The largest time a stamp can hold, in milliseconds since 1970 (the year 10889).
    pub const MAX_MS: u64 = (1 << 48) - 1;

    /// A stamp of those parts; `ms` above [`Stamp::MAX_MS`] is cut to it.
    pub fn new(ms: u64, count: u16, replica: u64) -> Stamp {
        Stamp(u128::from(ms.min(Stamp::MAX_MS)) << 80 | u128::from(count) << 64 | u128::from(replica))
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        (self.0 >> 80) as u64
    }

    /// The count that orders changes of one millisecond.
    pub fn count(self) -> u16 {
        (self.0 >> 64) as u16
    }

    /// The replica that made it.
    pub fn replica(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stamp({self})")
    }
}

/// A text that is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stamp has 32 lower-case hexadecimal digits")]
pub struct NotAStamp;

impl FromStr for Stamp {
    type Err = NotAStamp;
    fn from_str(text: &str) -> Result<Stamp, NotAStamp> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(lower_hex) {
            return Err(NotAStamp);
        }
        u128::from_str_radix(text, 16).map(Stamp).map_err(|_| NotAStamp)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stamp, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How far ahead of a machine's clock a stamp is believed, in milliseconds: a day.
pub const AHEAD_MS: u64 = 24 * 60 * 60 * 1000;

/// Makes the stamps of one replica of one vault: each later than the one before and than all it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    replica: u64,
    last: Stamp,
}

impl Clock {
    /// A clock for that replica that has given out `last` before (or nothing: [`Stamp::default`]).
    pub fn new(replica: u64, last: Stamp) -> Clock {
        Clock { replica, last }
    }

    /// The replica whose stamps these are.
    pub fn replica(&self) -> u64 {
        self.replica
    }

    /// The newest stamp given out.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// A new stamp at `wall_ms`, later than `after` and than every earlier one, but for those more than [`AHEAD_MS`] ahead: this machine's clock
    /// was wrong when it gave them out. `None` where no stamp is later.
    pub fn tick(&mut self, wall_ms: u64, after: Stamp) -> Option<Stamp> {
        let is_near = self.last.ms() <= wall_ms.saturating_add(AHEAD_MS);
        let floor = if is_near { self.last.max(after) } else { after };
        let now = Stamp::new(wall_ms, 0, self.replica);
        let next = if now > floor {
            now
        } else if let Some(count) = floor.count().checked_add(1) {
            Stamp::new(floor.ms(), count, self.replica)
        } else {
            Stamp::new(floor.ms().saturating_add(1), 0, self.replica)
        };
        (next > floor).then(|| {
            self.last = next;
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_order_is_time_order(a: (u64, u16, u64), b: (u64, u16, u64)) {
            let (a, b) = (Stamp::new(a.0, a.1, a.2), Stamp::new(b.0, b.1, b.2));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse::<Stamp>(), Ok(a));
        }

        #[test]
        fn a_clock_only_goes_forward(times in prop::collection::vec((0u64..1 << 47, any::<u16>(), any::<u64>(), 0u64..1 << 47), 1..40)) {
            let mut clock = Clock::new(7, Stamp::default());
            for (ms, count, replica, wall) in times {
                let (seen, last) = (Stamp::new(ms, count, replica), clock.last());
                let stamp = clock.tick(wall, seen).unwrap();
                prop_assert!(stamp > seen && (stamp > last || last.ms() > wall + AHEAD_MS));
                prop_assert_eq!(stamp, clock.last());
            }
        }
    }

    #[test]
    fn a_clock_that_was_far_ahead_goes_on_from_the_present() {
        let mut clock = Clock::new(7, Stamp::new(5_000_000_000_000, 3, 7));
        assert_eq!(clock.tick(1_800_000_000_000, Stamp::default()), Some(Stamp::new(1_800_000_000_000, 0, 7)));
        let end = Stamp::new(Stamp::MAX_MS, u16::MAX, u64::MAX);
        assert_eq!(clock.tick(1_800_000_000_000, end), None);
        assert_eq!(clock.last(), Stamp::new(1_800_000_000_000, 0, 7), "and no other change follows it there");
    }

    #[test]
    fn of_two_changes_in_one_millisecond_the_second_counts_on() {
        let mut clock = Clock::new(7, Stamp::default());
        // The first was made before this program started.
        assert_eq!(clock.tick(1_000, Stamp::new(1_000, 0, 7)), Some(Stamp::new(1_000, 1, 7)));
        assert_eq!(clock.tick(1_000, Stamp::default()), Some(Stamp::new(1_000, 2, 7)));
        assert_eq!(clock.tick(1_000, Stamp::new(1_000, u16::MAX, 7)), Some(Stamp::new(1_001, 0, 7)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "0",
            "0193F0000000000000000000000000000",
            "+193f000000000000000000000000000",
            "ABCDEF00000000000000000000000000",
        ] {
            assert_eq!(text.parse::<Stamp>(), Err(NotAStamp), "{text}");
        }
    }
}
