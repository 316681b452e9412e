//! What is asked of the outside.

use crate::app::{Effect, Ticket};

/// Effects on their way out, and the numbers that their answers come with.
#[derive(Default)]
pub(crate) struct Outbox {
    effects: Vec<Effect>,
    next: u64,
    /// What is being copied.
    pub(crate) copying: Vec<(Ticket, String)>,
}

impl Outbox {
    pub(crate) fn send(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// A ticket that was never given out before.
    pub(crate) fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.saturating_add(1);
        ticket
    }

    /// Sends an effect that is answered; gives back the ticket of its answer.
    pub(crate) fn ask(&mut self, effect: impl FnOnce(Ticket) -> Effect) -> Ticket {
        let ticket = self.ticket();
        self.effects.push(effect(ticket));
        ticket
    }

    pub(crate) fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
