//! What the screen asks for about shared vaults themselves: making one, joining one, saying where one is kept. Done on the syncing thread.

use super::founding;
use super::jobs::Report;
use super::sharing::{self, SharingError};
use super::syncing::{PATIENCE, Thread};
use super::trouble::trouble;
use super::{clock, session};
use crate::app::effect::{ShareDeed, ShareRow};
use crate::app::msg::Shared;
use crate::app::{Msg, Trouble};
use crate::secret::Text;
use crate::store::sync::SyncError;
use crate::store::sync_lock::SyncLock;
use crate::store::{disk, state};
use crate::text::clean;
use crate::vault::roster::Role;
use crate::vault::seal::VaultId;
use crate::vault::sharing::Me;
use crate::vault::{Edit, Unlocked, VaultError};

/// Which row of the form a trouble belongs to.
type Refused = (ShareRow, Trouble);

fn at(row: ShareRow) -> impl Fn(SharingError) -> Refused {
    move |error| {
        let hint = match &error {
            SharingError::Remote(error) => error.hint(),
            SharingError::Sync(SyncError::Remote(error)) => error.hint(),
            SharingError::Store(error) => error.hint(),
            _ => None,
        };
        (row, trouble(&error, hint))
    }
}

fn locked(row: ShareRow) -> Refused {
    (row, trouble("the vault is locked; nothing was changed", None))
}

impl Thread {
    pub(super) fn share(&mut self, turn: u64, deed: ShareDeed) -> Result<Shared, Refused> {
        match deed {
            ShareDeed::Found { name, member } => self.found(turn, &name, &member),
            ShareDeed::Join { address, code, member } => self.join(turn, &address, &code, member.as_deref()),
            ShareDeed::Remote { vault, address } => self.keep_at(turn, &vault, &address),
        }
    }

    /// The personal vault; never after a lock.
    fn personal(&self, turn: u64, row: ShareRow) -> Result<&Unlocked, Refused> {
        let mine = self.known.iter().find(|known| !known.vault.is_shared() && known.turn == turn);
        mine.filter(|_| turn == self.turn.get()).map(|known| &*known.vault).ok_or_else(|| locked(row))
    }

    /// Saves an edit of the personal vault, merged with what its file holds.
    fn keep(&mut self, edit: Edit) -> Result<(), SharingError> {
        let known = self.known.iter_mut().find(|known| !known.vault.is_shared());
        let known = known.ok_or(SharingError::Nothing("the personal vault's place".into()))?;
        let (wall_ms, home) = (clock::now().wall_ms, &self.home);
        let mut clock = state::clock(home, &known.vault, &mut clock::Os)?;
        let changes = known.vault.plan(&[edit], &mut clock, wall_ms)?;
        // A state folder that cannot be written is no hindrance: the replica is then a new one each time.
        let _ = state::remember(home, &known.vault.vault_id(), &clock);
        let vault = known.vault.with(&changes);
        let limits = &self.opening.limits;
        let saved = disk::save(&known.path, known.tag.as_ref(), &vault, limits, PATIENCE, wall_ms, &mut clock::Os)?;
        known.vault = saved.vault.into();
        known.tag = Some(saved.tag);
        let _ = self.orders.send(session::Order::Look);
        Ok(())
    }

    fn found(&mut self, turn: u64, name: &str, member: &str) -> Result<Shared, Refused> {
        self.personal(turn, ShareRow::Name)?;
        let home = self.home.clone();
        let row = |error: SharingError| match error {
            error @ SharingError::Store(crate::store::StoreError::Vault(VaultError::Refused(_))) => {
                at(ShareRow::Member)(error)
            }
            error => at(ShareRow::Name)(error),
        };
        let (path, link, founded) = founding::found(&home, name, member, &mut |edit| self.keep(edit)).map_err(row)?;
        self.tried.insert(link.vault.clone());
        let made = format!("made the shared vault {} with you as owner, named {}", clean(name), clean(member));
        // Whatever hinders that it is opened: its recovery code is shown only this once.
        let made = match self.opening.open_linked(turn, path, &link) {
            Ok(open) => {
                self.post.send(Report::Msg(Msg::AlsoOpened(open)));
                made
            }
            Err(trouble) => format!("{made}; it could not be opened yet: {}", trouble.message),
        };
        Ok(Shared {
            title: "the vault's recovery code".into(),
            code: Some(founded.recovery_code),
            said: vec![
                made,
                "The code takes an owner's place when every owner's key is lost (tickey join SOURCE --recovery). It is shown this \
                 once: write it on paper."
                    .into(),
                "Next: the command remote puts the vault where the others can reach it; then m and i invite them.".into(),
            ],
        })
    }

    fn join(&mut self, turn: u64, address: &str, code: &Text, member: Option<&str>) -> Result<Shared, Refused> {
        self.personal(turn, ShareRow::Address)?;
        let cancel = self.cancel.now();
        let url = sharing::full_url(address).map_err(at(ShareRow::Address))?;
        let (_, there) = sharing::look(&self.home, &url, &cancel).map_err(at(ShareRow::Address))?;
        if !there.costs().is_empty() {
            let hint = Some("tickey join brings it onto a machine that has none");
            return Err((ShareRow::Address, trouble("somebody's personal vault lies there", hint)));
        }
        let personal = self.personal(turn, ShareRow::Address)?.clone();
        if personal.link_to(&there.vault_id()).is_some() {
            return Err((ShareRow::Address, trouble("you are in this vault already; nothing was changed", None)));
        }
        let joined = sharing::join(&there, code, member).map_err(|error| match error {
            SharingError::Store(crate::store::StoreError::Vault(VaultError::NotAMember)) => {
                (ShareRow::Code, trouble("this code opens nothing there; it may have been ended", None))
            }
            error => at(ShareRow::Code)(error),
        })?;
        let home = self.home.clone();
        let (path, link) = founding::take_in(&home, &personal, &joined, None, &url, &mut |edit| self.keep(edit))
            .map_err(at(ShareRow::Address))?;
        self.tried.insert(link.vault.clone());
        let open = self.opening.open_linked(turn, path, &link).map_err(|trouble| (ShareRow::Address, trouble))?;
        self.post.send(Report::Msg(Msg::AlsoOpened(open)));
        let (Me::Member { name, role } | Me::Pending { name, role }) = joined.me();
        Ok(Shared {
            title: format!("joined {}", clean(&link.name)),
            code: None,
            said: vec![
                format!(
                    "you are in {} as {}, {}",
                    clean(&link.name),
                    clean(&member.map_or(name, str::to_owned)),
                    role.name()
                ),
                match role {
                    Role::Viewer => {
                        "You can read at once, and copy codes; changing takes the role of an editor.".into()
                    }
                    _ => "You can read at once; what you change has to wait until an owner's program has let you in."
                        .into(),
                },
                format!("Your six words: {}", joined.own_words()),
                "Read them to an owner, who sees the same beside your name under m, before and after you are let in."
                    .into(),
            ],
        })
    }

    fn keep_at(&mut self, turn: u64, vault: &VaultId, address: &str) -> Result<Shared, Refused> {
        let row = ShareRow::Address;
        self.personal(turn, row)?;
        let cancel = self.cancel.now();
        let url = sharing::full_url(address).map_err(at(row))?;
        let guarantees = founding::guarantees(&self.home, &url, &cancel).map_err(at(row))?;
        let known = self.known.iter_mut().find(|known| known.vault.id() == *vault && known.turn == turn);
        let known = known.ok_or_else(|| locked(row))?;
        let (home, id) = (&self.home, known.vault.vault_id());
        let synced = founding::keep_at(home, &id, &url, || {
            let mut remote = sharing::open_remote(home, &url, &cancel)?;
            let (vault, path) = (Unlocked::clone(&known.vault), &known.path);
            let lock = SyncLock::hold(path, &cancel, &mut |_| {})?;
            Ok(sharing::sync_copy(home, path, vault, known.tag, remote.as_mut(), &cancel, &lock)?)
        });
        let (state, said) = known.took(synced.map_err(at(row))?, true);
        known.sync_again_later();
        known.told = true;
        let (msg, shared) = (known.stands(state, said), known.vault.is_shared());
        let _ = self.orders.send(session::Order::Look);
        self.post.send(Report::Msg(msg));
        if shared && let Some(edit) = founding::link_at(self.personal(turn, row)?, &id, &url) {
            self.keep(edit).map_err(at(row))?;
        }
        let there = format!("it is kept at {} now", clean(&url));
        Ok(Shared { title: "where the vault is kept".into(), code: None, said: [vec![there], guarantees].concat() })
    }
}
