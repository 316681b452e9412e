//! What was done and can be undone, and what was undone and can be redone.

use crate::app::Ticket;
use crate::vault::document::Change;
use crate::vault::find::EntryRef;

/// Changes that can be undone (or redone).
pub(crate) struct UndoStep {
    pub(crate) label: String,
    pub(crate) what: UndoAction,
    pub(crate) saves: Vec<Ticket>,
}

/// What was done.
pub(crate) enum UndoAction {
    /// Those changes of the vault of that number.
    Changes(u16, Vec<Change>),
    /// An entry went from one vault to another.
    Moved { from: EntryRef, to: EntryRef },
}

/// How changes stand to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoKind {
    /// Can be undone; what was undone before cannot be redone any more.
    New,
    Undo,
    Redo,
    /// Cannot be undone: a counter.
    Silent,
}

/// What can be taken back, and what was taken back and can be done again.
#[derive(Default)]
pub(crate) struct Undo {
    undo: Vec<UndoStep>,
    redo: Vec<UndoStep>,
}

impl Undo {
    pub(crate) fn keep(&mut self, step: UndoKind, done: UndoStep) {
        match step {
            UndoKind::New => {
                self.redo.clear();
                self.undo.push(done);
            }
            UndoKind::Redo => self.undo.push(done),
            UndoKind::Undo => self.redo.push(done),
            UndoKind::Silent => {}
        }
    }

    /// The last that was done, or undone.
    pub(crate) fn take(&mut self, step: UndoKind) -> Option<UndoStep> {
        if step == UndoKind::Undo { self.undo.pop() } else { self.redo.pop() }
    }

    /// Whether there is something to be undone, or redone.
    pub(crate) fn has(&self, step: UndoKind) -> bool {
        !(if step == UndoKind::Undo { &self.undo } else { &self.redo }).is_empty()
    }

    /// Those saves have failed: what they saved was never done.
    pub(crate) fn forget(&mut self, lost: &[Ticket]) {
        let kept = |done: &UndoStep| !done.saves.iter().any(|save| lost.contains(save));
        self.undo.retain(kept);
        self.redo.retain(kept);
    }
}
