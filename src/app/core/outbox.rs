//! What is asked of the outside.

use std::collections::VecDeque;

use crate::app::{Effect, SaveId};

/// Effects on their way out, and the numbers that their answers come with.
#[derive(Default)]
pub(crate) struct Outbox {
    effects: Vec<Effect>,
    next: u64,
    /// What was copied, in the order in which answers will come.
    pub(crate) copying: VecDeque<String>,
}

impl Outbox {
    pub(crate) fn send(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// A number that was never given out before.
    pub(crate) fn next_save(&mut self) -> SaveId {
        let save = SaveId(self.next);
        self.next = self.next.saturating_add(1);
        save
    }

    pub(crate) fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
