//! The open vaults and what is done with them, whatever screen is shown.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::app::core::index::Order;
use crate::app::core::list::List;
use crate::app::core::undo::Undo;
use crate::app::core::vaults::{Opened, Vaults};
use crate::app::{OpenVault, Ticket, Trouble};
use crate::otp::Code;
use crate::vault::find::EntryRef;
use crate::vault::{Entry, Unlocked};

/// The open vaults and what is done with them. Dropped whole when they lock.
pub(crate) struct Session {
    pub(crate) vaults: Vaults,
    pub(crate) undo: Undo,
    pub(crate) list: List,
    /// The entry that the screens over the list are about.
    pub(crate) focus: Option<EntryRef>,
    /// Codes are shown only when asked for.
    pub(crate) hidden: bool,
    pub(crate) revealed: Option<EntryRef>,
    /// A counter's code that was just drawn and saved.
    pub(crate) drawn_code: Option<(EntryRef, Code)>,
    /// A new passphrase is being set.
    pub(crate) changing_passphrase: Option<Ticket>,
    /// The vaults are not what the screens were last told.
    pub(crate) changed: bool,
}

impl Session {
    pub(crate) fn new(open: Vec<OpenVault>, order: Order, hidden: bool) -> Option<Session> {
        let mut open = open.into_iter();
        let mut vaults = Vaults::new(open.next()?);
        open.for_each(|open| vaults.add(open));
        let list = List::of(&vaults, order);
        Some(Session {
            vaults,
            undo: Undo::default(),
            list,
            focus: None,
            hidden,
            revealed: None,
            drawn_code: None,
            changing_passphrase: None,
            changed: false,
        })
    }

    /// The entry that is acted on: the one that a screen is about, else the one selected in the list.
    pub(crate) fn selected(&self) -> Option<(EntryRef, &Entry)> {
        let spot = self.focus.or_else(|| self.list.selected())?;
        Some((spot, self.vaults.entry(spot)?))
    }

    /// The vault that new entries go to: the one whose tab is chosen, else the one that was unlocked.
    pub(crate) fn target(&self) -> u16 {
        self.list.vault().unwrap_or(0)
    }

    /// The shared vault that is meant: the one whose tab is chosen, else that of the selected entry, else the first.
    pub(crate) fn shared(&self) -> Option<u16> {
        let shared = |number: &u16| self.vaults.get(*number).is_some_and(|open| open.vault.is_shared());
        let chosen = self.list.vault().filter(shared);
        let entry = || self.selected().map(|(spot, _)| spot.vault).filter(shared);
        chosen.or_else(entry).or_else(|| self.vaults.iter().map(|(number, _)| number).find(shared))
    }

    /// The entries of the vault whose tab is chosen, else of all, without those in the trash.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.vaults.entries(self.list.vault()).map(|(_, entry)| entry).filter(|entry| !entry.deleted)
    }

    /// Shows another state of a vault.
    pub(crate) fn show(&mut self, number: u16, vault: Arc<Unlocked>) {
        let Some(open) = self.vaults.get_mut(number) else { return };
        let same = Arc::ptr_eq(&vault, &open.vault) || *vault == *open.vault;
        open.vault = vault;
        if !same {
            self.renew();
        }
    }

    /// What the file of that vault now holds is shown, with what is being saved.
    pub(crate) fn show_saved(&mut self, number: u16) {
        if let Some(shown) = self.vaults.get(number).map(Opened::to_be) {
            self.show(number, shown);
        }
    }

    /// Something in the vaults is not what it was.
    pub(crate) fn renew(&mut self) {
        self.list.renew(&self.vaults);
        self.changed = true;
    }

    /// Selects an entry, in the list of all where it is not among those that are shown.
    pub(crate) fn show_entry(&mut self, spot: EntryRef) {
        let shown = self.list.select(spot);
        if !shown && self.vaults.entry(spot).is_some_and(|entry| !entry.deleted) {
            self.list.query.clear();
            self.list.searching = false;
            self.list.choose_tab(0);
            self.list.select(spot);
        }
    }

    /// Whether a screen of that width names each entry's vault: where there is little room, only when it differs from row to row.
    pub(crate) fn names_vaults(&self, w: u16) -> bool {
        self.vaults.several() && (w >= 80 || self.list.vault().is_none())
    }

    /// Opened with the recovery code: nothing can be saved until there is a new passphrase.
    pub(crate) fn must_set_passphrase(&self) -> bool {
        self.vaults.first().vault.opened_by_recovery()
    }

    /// The vault that was unlocked has a new passphrase, or keeps the old one.
    pub(crate) fn passphrase_changed(&mut self, result: Result<Arc<Unlocked>, Trouble>) -> Result<(), Trouble> {
        self.changing_passphrase = None;
        let vault = result?;
        self.vaults.first_mut().saved = Arc::clone(&vault);
        self.show(0, vault);
        Ok(())
    }

    /// Whether that entry's code is shown.
    pub(crate) fn shows_code(&self, spot: EntryRef) -> bool {
        !self.hidden || self.revealed == Some(spot)
    }

    /// Whether the vault of that number can be changed.
    ///
    /// # Errors
    /// Whether that vault may be edited now; else the reason, for the person who tried.
    pub(crate) fn may_edit(&self, vault: u16) -> Result<(), Cow<'static, str>> {
        let Some(open) = self.vaults.get(vault) else { return Ok(()) };
        open.may_edit().map_err(|error| error.to_string().into())
    }
}

/// A vault's name for people: the file's stem.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "vault".into(), |stem| stem.to_string_lossy().into_owned())
}
