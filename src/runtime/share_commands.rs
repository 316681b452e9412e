//! What the screen asks for about shared vaults themselves: creating one, joining one, saying where one is kept. Done on the syncing thread.

use super::jobs::Report;
use super::syncing::{SyncedVault, Thread};
use super::trouble::{self, trouble};
use crate::app::effect::{ShareDeed, ShareRow};
use crate::app::msg::Shared;
use crate::app::{Msg, Trouble};
use crate::secret::Text;
use crate::store::StoreError;
use crate::team::TeamError;
use crate::team::create::{self, Created};
use crate::team::join::{self, Joined, Names};
use crate::team::remote::{self, Kept};
use crate::text::clean;
use crate::vault::roster::Role;
use crate::vault::seal::VaultId;
use crate::vault::sharing::Me;
use crate::vault::{Link, VaultError};

/// Which row of the form a trouble belongs to.
type Refused = (ShareRow, Trouble);

fn at(row: ShareRow) -> impl Fn(TeamError) -> Refused {
    move |error| (row, trouble::team(&error))
}

fn locked(row: ShareRow) -> Refused {
    (row, trouble("the vault is locked; nothing was changed", None))
}

impl Thread {
    pub(super) fn share(&mut self, deed: ShareDeed) -> Result<Shared, Refused> {
        let generation = self.opening.generation.get();
        let done = match deed {
            ShareDeed::Found { name, member } => self.create(generation, &name, &member),
            ShareDeed::Join { address, code, member } => self.join(generation, &address, &code, member.as_deref()),
            ShareDeed::Remote { vault, address } => self.keep_at(generation, &vault, &address),
        };
        // The link in it may be there although the rest failed.
        self.merge_personal(generation);
        let warnings = self.warnings();
        done.map(|shared| Shared { said: [shared.said, warnings].concat(), ..shared })
    }

    /// The personal vault; never after a lock.
    fn personal(&mut self, generation: u64, row: ShareRow) -> Result<&mut SyncedVault, Refused> {
        self.open(generation, |known| !known.file.vault.is_shared()).ok_or_else(|| locked(row))
    }

    /// Has the worker take over what was done to the personal vault.
    fn merge_personal(&mut self, generation: u64) {
        if let Some(merge) = self.open(generation, |known| !known.file.vault.is_shared()).map(|known| known.merge()) {
            let _ = self.opening.commands.send(merge);
        }
    }

    /// Opens a vault that the personal one has a new key to, as the screen's.
    fn also_open(&mut self, generation: u64, path: &std::path::Path, link: &Link) -> Result<(), Trouble> {
        self.merge_personal(generation);
        self.tried.insert(link.vault.clone());
        let open = self.opening.open_linked(generation, path, link)?;
        self.opening.sender.send(Report::Msg(Msg::AlsoOpened(open)));
        Ok(())
    }

    fn create(&mut self, generation: u64, name: &str, member: &str) -> Result<Shared, Refused> {
        let personal = self.personal(generation, ShareRow::Name)?;
        let row = |error: TeamError| match error {
            error @ TeamError::Store(StoreError::Vault(VaultError::Refused(_))) => at(ShareRow::Member)(error),
            error => at(ShareRow::Name)(error),
        };
        let Created { path, link, recovery_code } = create::create(&mut personal.file, name, member).map_err(row)?;
        let made = format!("made the shared vault {} with you as owner, named {}", clean(name), clean(member));
        // Whatever hinders that it is opened: its recovery code is shown only this once.
        let made = match self.also_open(generation, &path, &link) {
            Ok(()) => made,
            Err(trouble) => format!("{made}; it could not be opened yet: {}", trouble.message),
        };
        Ok(Shared {
            title: "the vault's recovery code".into(),
            code: Some(recovery_code),
            said: vec![
                made,
                "The code takes an owner's place when every owner's key is lost: the command join takes it, too. It is shown this \
                 once: write it on paper."
                    .into(),
                "Next: the command remote puts the vault where the others can reach it; then m and i invite them.".into(),
            ],
        })
    }

    fn join(&mut self, generation: u64, address: &str, code: &Text, member: Option<&str>) -> Result<Shared, Refused> {
        let user = self.opening.user.clone();
        let machine = self.personal(generation, ShareRow::Address)?.file.machine.clone();
        let there = remote::look(&machine, address).map_err(at(ShareRow::Address))?;
        let names = Names { member, user: &user, vault: None };
        let row = |error: TeamError| match error {
            error @ (TeamError::NotACode
            | TeamError::WrongCode
            | TeamError::WrongRecoveryCode
            | TeamError::Store(StoreError::Vault(VaultError::Refused(_)))) => at(ShareRow::Code)(error),
            error => at(ShareRow::Address)(error),
        };
        let Joined { path, link, vault, recovery_code } =
            join::join(&mut self.personal(generation, ShareRow::Address)?.file, &there, code, &names).map_err(row)?;
        self.also_open(generation, &path, &link).map_err(|trouble| (ShareRow::Address, trouble))?;
        let (name, role, let_in) = match vault.me() {
            Me::Member { name, role } => (name, role, true),
            Me::Pending { name, role } => (member.map_or(name, str::to_owned), role, false),
        };
        let mut said = vec![format!("you are in {} as {}, {}", clean(&link.name), clean(&name), role.name())];
        said.push(match (let_in, role) {
            (true, _) => {
                "The code that you used is spent. This one takes its place and lets one more owner in; it is shown this once. If \
                 an owner's key is lost, remove that member under m."
            }
            (_, Role::Viewer) => "You can read this vault, and copy codes. A viewer does not edit.",
            _ => "You can read this vault. You can edit once an owner's next sync admits you.",
        }
        .into());
        said.push(format!("Your six words: {}", vault.own_words()));
        said.push(
            "Read them to an owner, who sees the same beside your name under m, before and after you are let in."
                .into(),
        );
        Ok(Shared { title: format!("joined {}", clean(&link.name)), code: recovery_code, said })
    }

    fn keep_at(&mut self, generation: u64, vault: &VaultId, address: &str) -> Result<Shared, Refused> {
        let row = ShareRow::Address;
        self.personal(generation, row)?;
        let mut job = self.job(|known| known.file.vault.id() == *vault).ok_or_else(|| locked(row))?;
        job.tries = true;
        let Kept { url, guarantees } = remote::keep_at(&mut job, address).map_err(at(row))?;
        let (id, shared) = (job.known.file.vault.vault_id(), job.known.file.vault.is_shared());
        if shared {
            let personal = self.personal(generation, row)?;
            remote::remember_in_link(&mut personal.file, &id, &url).map_err(at(row))?;
        }
        let there = format!("it is kept at {} now", clean(&url));
        Ok(Shared { title: "where the vault is kept".into(), code: None, said: [vec![there], guarantees].concat() })
    }
}
