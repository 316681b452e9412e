//! When a vault is synced next.

use std::time::{Duration, Instant};

/// A slow writer can bury a change until its author looks again: so long after a save.
const AGAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// The times at which a vault is to be synced, in no order.
#[derive(Debug, Clone, Default)]
pub(super) struct Due(Vec<Instant>);

impl Due {
    /// Once, now, and at no other time.
    pub(super) fn opened(&mut self, now: Instant) {
        self.0 = vec![now];
    }

    /// Now, and again when a slow writer may have written over what was sent.
    pub(super) fn saved(&mut self, now: Instant) {
        self.0 = vec![now];
        for after in AGAIN {
            self.later(now, after);
        }
    }

    /// Once more, so long after `now`.
    pub(super) fn later(&mut self, now: Instant, after: Duration) {
        self.0.push(now.checked_add(after).unwrap_or(now));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first of the times.
    pub(super) fn first(&self) -> Option<Instant> {
        self.0.iter().min().copied()
    }

    /// Whether one of the times has come; those that have are not due any more.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let before = self.0.len();
        self.0.retain(|due| *due > now);
        self.0.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_again_after_5_and_30_seconds() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut due = Due::default();
        due.saved(start);
        let read: Vec<u64> = (0..60_000).step_by(500).filter(|ms| due.take(at(*ms))).collect();
        assert_eq!(read, [0, 5_000, 30_000]);
        assert_eq!(due.first(), None);
    }

    #[test]
    fn a_later_save_begins_anew_and_what_was_missed_is_done_once() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut due = Due::default();
        due.opened(start);
        assert!(due.take(start) && !due.take(at(100)));
        due.saved(at(1));
        due.saved(at(3));
        assert_eq!(due.first(), Some(at(3)));
        // Asleep for an hour: one sync.
        assert!(due.take(at(3_600)) && !due.take(at(3_600)));
        due.later(at(1), Duration::from_secs(60));
        assert_eq!(due.first(), Some(at(61)));
        due.clear();
        assert!(!due.take(at(7_200)));
    }
}
