//! What was done and can be undone, and what was undone and can be redone.

use crate::app::Ticket;
use crate::vault::document::Change;
use crate::vault::find::EntryRef;

/// Changes that can be undone (or redone).
pub(crate) struct Done {
    pub(crate) label: String,
    pub(crate) what: What,
    pub(crate) saves: Vec<Ticket>,
}

/// What was done.
pub(crate) enum What {
    /// Those changes of the vault of that number.
    Changes(u16, Vec<Change>),
    /// An entry went from one vault to another.
    Moved { from: EntryRef, to: EntryRef },
}

/// How changes stand to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Can be undone; what was undone before cannot be redone any more.
    New,
    Undo,
    Redo,
    /// Cannot be undone: a counter.
    Silent,
}

/// Both stacks.
#[derive(Default)]
pub(crate) struct Undo {
    undo: Vec<Done>,
    redo: Vec<Done>,
}

impl Undo {
    pub(crate) fn keep(&mut self, step: Step, done: Done) {
        match step {
            Step::New => {
                self.redo.clear();
                self.undo.push(done);
            }
            Step::Redo => self.undo.push(done),
            Step::Undo => self.redo.push(done),
            Step::Silent => {}
        }
    }

    /// The last that was done, or undone.
    pub(crate) fn take(&mut self, step: Step) -> Option<Done> {
        if step == Step::Undo { self.undo.pop() } else { self.redo.pop() }
    }

    /// Whether there is something to be undone, or redone.
    pub(crate) fn has(&self, step: Step) -> bool {
        !(if step == Step::Undo { &self.undo } else { &self.redo }).is_empty()
    }

    /// Those saves have failed: what they saved was never done.
    pub(crate) fn forget(&mut self, lost: &[Ticket]) {
        let kept = |done: &Done| !done.saves.iter().any(|save| lost.contains(save));
        self.undo.retain(kept);
        self.redo.retain(kept);
    }
}
