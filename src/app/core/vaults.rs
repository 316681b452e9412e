//! The open vaults: the one that was unlocked, and the shared ones that it holds keys to.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::OpenVault;
use crate::app::core::pending::Pending;
use crate::app::msg::SyncState;
use crate::text::clean;
use crate::time::Now;
use crate::vault::find::{EntryRef, PERSONAL};
use crate::vault::seal::VaultId;
use crate::vault::{Clock, Entry, Stamp, Unlocked, VaultError};

/// An open vault.
pub(crate) struct Opened {
    pub(crate) name: String,
    /// `None`: the demo vault, in memory only.
    pub(crate) path: Option<PathBuf>,
    /// What is shown: the saved vault with the changes that are being saved.
    pub(crate) vault: Arc<Unlocked>,
    /// What the file holds.
    pub(crate) saved: Arc<Unlocked>,
    pub(crate) clock: Clock,
    pub(crate) pending: VecDeque<Pending>,
    /// `None`: it has no remote, as far as is known.
    pub(crate) sync: Option<Sync>,
}

impl Opened {
    fn new(open: OpenVault) -> Opened {
        Opened {
            name: open.name,
            path: open.path,
            saved: Arc::clone(&open.vault),
            vault: open.vault,
            clock: open.clock,
            pending: VecDeque::new(),
            sync: None,
        }
    }

    /// Whether entries may be changed here.
    ///
    /// # Errors
    /// As [`Unlocked::may_edit`]; [`VaultError::ShutOut`] where that would reach nobody.
    pub(crate) fn may_edit(&self) -> Result<(), VaultError> {
        self.vault.may_edit()?;
        match self.sync {
            Some(sync) if sync.state == SyncState::ShutOut => Err(VaultError::ShutOut),
            _ => Ok(()),
        }
    }

    /// The saved vault with what is being saved.
    pub(crate) fn to_be(&self) -> Arc<Unlocked> {
        let mut shown = Arc::clone(&self.saved);
        for pending in &self.pending {
            shown = Arc::new(shown.with(&pending.changes));
        }
        shown
    }
}

/// The newest word of a sync, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sync {
    pub(crate) state: SyncState,
    pub(crate) at: Now,
    /// The newest stamp that a sync has seen in this vault.
    pub(crate) reached: Stamp,
}

/// All open vaults; never none. A vault keeps its number until the next lock.
pub(crate) struct Vaults {
    first: Opened,
    shared: Vec<Opened>,
}

impl Vaults {
    pub(crate) fn new(open: OpenVault) -> Vaults {
        Vaults { first: Opened::new(open), shared: Vec::new() }
    }

    /// Takes one more in, unless it is open already.
    pub(crate) fn add(&mut self, open: OpenVault) {
        let room = self.shared.len() < usize::from(u16::MAX.saturating_sub(1));
        if room && self.find(&open.vault.id()).is_none() {
            self.shared.push(Opened::new(open));
        }
    }

    /// The one that was unlocked.
    pub(crate) fn first(&self) -> &Opened {
        &self.first
    }

    pub(crate) fn first_mut(&mut self) -> &mut Opened {
        &mut self.first
    }

    pub(crate) fn get(&self, number: u16) -> Option<&Opened> {
        match number.checked_sub(1) {
            None => Some(&self.first),
            Some(n) => self.shared.get(usize::from(n)),
        }
    }

    pub(crate) fn get_mut(&mut self, number: u16) -> Option<&mut Opened> {
        match number.checked_sub(1) {
            None => Some(&mut self.first),
            Some(n) => self.shared.get_mut(usize::from(n)),
        }
    }

    /// Each with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Opened)> {
        (0..).zip(std::iter::once(&self.first).chain(&self.shared))
    }

    pub(crate) fn len(&self) -> usize {
        self.shared.len().saturating_add(1)
    }

    /// Whether it must be said which vault an entry is in.
    pub(crate) fn several(&self) -> bool {
        !self.shared.is_empty()
    }

    /// The number of the vault with that id.
    pub(crate) fn find(&self, id: &VaultId) -> Option<u16> {
        self.iter().find(|(_, open)| open.vault.id() == *id).map(|(number, _)| number)
    }

    pub(crate) fn name(&self, number: u16) -> &str {
        self.get(number).map_or("", |open| &open.name)
    }

    /// Which vault an entry is in, behind its name in a sentence: " in ops"; nothing for the one that was unlocked.
    pub(crate) fn place(&self, spot: EntryRef) -> String {
        match spot.vault {
            PERSONAL => String::new(),
            number => format!(" in {}", clean(self.name(number))),
        }
    }

    pub(crate) fn entry(&self, spot: EntryRef) -> Option<&Entry> {
        self.get(spot.vault)?.vault.entry(spot.entry)
    }

    /// All entries of the vault of that number, or of all vaults; deleted ones too.
    pub(crate) fn entries(&self, only: Option<u16>) -> impl Iterator<Item = (EntryRef, &Entry)> {
        let wanted = move |(number, _): &(u16, &Opened)| only.is_none_or(|only| only == *number);
        self.iter().filter(wanted).flat_map(|(vault, open)| {
            open.vault.entries().map(move |entry| (EntryRef { vault, entry: entry.id }, entry))
        })
    }

    /// Whether a change is not saved yet.
    pub(crate) fn saving(&self) -> bool {
        self.iter().any(|(_, open)| !open.pending.is_empty())
    }

    /// What had to follow one of those saves, which failed, fails without a word.
    pub(crate) fn make_moot(&mut self, failed: &[crate::app::Ticket]) {
        for open in std::iter::once(&mut self.first).chain(&mut self.shared) {
            open.pending.iter_mut().for_each(|pending| pending.fails_with(failed));
        }
    }

    /// The vault that waits for the answer to that save.
    pub(crate) fn waiting_for(&self, save: crate::app::Ticket) -> Option<u16> {
        self.iter().find(|(_, open)| open.pending.iter().any(|pending| pending.save == save)).map(|(number, _)| number)
    }
}
