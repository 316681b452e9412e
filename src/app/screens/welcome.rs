//! First run: make a vault, import a file into a new one, or look at the demo.

use std::path::PathBuf;

use crate::app::core::outbox::Outbox;
use crate::app::core::passphrase::Twice;
use crate::app::keymap::{Action, Screen};
use crate::app::{Effect, Ticket, Trouble, VaultChoice};
use crate::config::keys::Key;

/// The first-run screen.
pub(crate) struct Welcome {
    /// Where a vault would be made.
    pub(crate) path: PathBuf,
    pub(crate) chosen: usize,
    /// The passphrase for a new vault is being chosen.
    pub(crate) create: Option<Twice>,
    /// An import follows once the vault is made.
    pub(crate) import_after: bool,
    /// The runtime is making or opening one.
    pub(crate) busy: Option<Ticket>,
    pub(crate) trouble: Option<Trouble>,
}

/// What can be begun with.
pub(crate) const CHOICES: [(&str, &str); 3] = [
    ("Make a vault", "a passphrase of your own, twice; then add entries"),
    ("Import a file", "make a vault and fill it from another program's file"),
    ("Look at the demo", "a vault with made-up entries; nothing is kept"),
];

impl Welcome {
    pub(crate) fn new(path: PathBuf) -> Welcome {
        Welcome { path, chosen: 0, create: None, import_after: false, busy: None, trouble: None }
    }

    pub(crate) fn id(&self) -> Screen {
        if self.create.is_some() { Screen::Create } else { Screen::Welcome }
    }

    pub(crate) fn key(&mut self, key: &Key) {
        if let Some(twice) = self.create.as_mut().filter(|_| self.busy.is_none()) {
            twice.key(key);
            self.trouble = None;
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        if let Some(twice) = &mut self.create {
            twice.paste(text);
        }
    }

    /// Does an action; gives back the vault that is to be unlocked. `own`: the vaults that are there.
    pub(crate) fn act(&mut self, action: Action, own: &[&VaultChoice], out: &mut Outbox) -> Option<PathBuf> {
        match action {
            Action::Up => self.chosen = self.chosen.saturating_sub(1),
            // The three choices, then the vaults.
            Action::Down => {
                let last = CHOICES.len().saturating_add(own.len()).saturating_sub(1);
                self.chosen = self.chosen.saturating_add(1).min(last);
            }
            Action::Back if self.busy.is_none() => (self.create, self.trouble) = (None, None),
            Action::NextField | Action::PreviousField => {
                if let Some(twice) = &mut self.create {
                    twice.at_second = !twice.at_second;
                }
            }
            Action::ShowTyped => {
                if let Some(twice) = &mut self.create {
                    twice.show_typed();
                }
            }
            Action::Submit if self.busy.is_none() => return self.submit(own, out),
            _ => {}
        }
        None
    }

    fn submit(&mut self, own: &[&VaultChoice], out: &mut Outbox) -> Option<PathBuf> {
        if let Some(twice) = &mut self.create {
            if let Some(passphrase) = twice.submit() {
                let path = self.path.clone();
                self.busy = Some(out.ask(|ticket| Effect::CreateVault { ticket, path, passphrase }));
                self.trouble = None;
            }
            return None;
        }
        match self.chosen.checked_sub(CHOICES.len()) {
            Some(n) => return own.get(n).map(|vault| vault.path.clone()),
            None if self.chosen == 2 => self.busy = Some(out.ask(Effect::OpenDemo)),
            None => {
                self.import_after = self.chosen == 1;
                self.create = Some(Twice::new());
            }
        }
        None
    }
}
