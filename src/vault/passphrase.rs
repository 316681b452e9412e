//! Vaults that a passphrase opens: founding one, and giving one a new passphrase.

use crate::secret::{Random, Text, random_bytes};
use crate::vault::document::Document;
use crate::vault::file::{File, Slot};
use crate::vault::kdf::derive;
use crate::vault::locked::{decrypt, granted};
use crate::vault::renewal::NewCode;
use crate::vault::request::Request;
use crate::vault::roster::{RECOVERY, Roster};
use crate::vault::seal::{self, Key, MemberKey, VaultId};
use crate::vault::unlocked::new_header;
use crate::vault::{Cost, Limits, Unlocked, VaultError};

/// A new vault and the recovery code to be shown once.
#[derive(Debug)]
pub struct Founded {
    /// The vault.
    pub vault: Unlocked,
    /// Seven groups of four letters and digits.
    pub recovery_code: Text,
}

/// What opens a copy of a vault's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenedBy {
    /// What opens the vault now.
    Present,
    /// A passphrase, member key or recovery code that was replaced since.
    Earlier,
    /// Nothing tells: it is damaged, of another vault, or of an epoch to come.
    Unknown,
}

impl Unlocked {
    /// Founds a vault whose one member is `member`, opened by `passphrase`.
    ///
    /// # Errors
    /// When the cost is refused, or there is no memory or randomness.
    pub fn found(
        member: &str,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Founded, VaultError> {
        if member == RECOVERY {
            return Err(VaultError::Refused(format!("the name \"{RECOVERY}\" is kept for the recovery code")));
        }
        let founder = MemberKey::random(random)?;
        let mut roster = Roster::found(member, None, &founder, wall_ms)?;
        let vault = *roster.vault();
        let vault_key = Key::random(random)?;
        roster.start_epoch(&vault_key, &founder, wall_ms)?;
        let code = NewCode::random(&vault, random)?;
        roster.renew_recovery(&code.keys, &founder, wall_ms)?;
        let slot = new_slot(&founder, &vault, passphrase, cost, limits, random)?;
        let header = new_header(&roster, &vault_key, vec![slot], random)?;
        let document = Document::new(roster);
        let vault = Unlocked::of_parts(header, founder, None, vault_key, document);
        Ok(Founded { vault, recovery_code: code.write()? })
    }

    /// The vault under a new passphrase: new member key, new epoch, new slot. The recovery code stays good. After a
    /// recovery-code unlock this is how a new passphrase is set.
    ///
    /// # Errors
    /// As [`Unlocked::found`].
    pub fn change_passphrase(
        &self,
        passphrase: &Text,
        cost: Cost,
        limits: &Limits,
        wall_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Unlocked, VaultError> {
        if self.document.roster.is_shared() {
            return Err(VaultError::Refused(
                "a shared vault has no passphrase of its own: its members open it with theirs".into(),
            ));
        }
        let owner = match self.recovery {
            false => self.member.public().sign,
            true => {
                let mut owners = self.members().iter().filter(|member| member.name != RECOVERY);
                owners.next().ok_or(VaultError::NotAMember)?.keys.sign
            }
        };
        let member = MemberKey::random(random)?;
        let vault_key = Key::random(random)?;
        let mut document = self.document.clone();
        let request = Request::write(&self.header.vault, &owner, &self.member, &member);
        document.roster.rekey(&request, &self.member, wall_ms)?;
        document.roster.start_epoch(&vault_key, &member, wall_ms)?;
        let slot = new_slot(&member, &self.header.vault, passphrase, cost, limits, random)?;
        let header = new_header(&document.roster, &vault_key, vec![slot], random)?;
        Ok(Unlocked::of_parts(header, member, None, vault_key, document))
    }

    /// What opens that copy of this vault's file. A personal vault's copy says it by its key slots, which stay the same until the passphrase changes; any copy,
    /// once the key in use has opened it, by its recovery key.
    pub fn opened_by(&self, bytes: &[u8]) -> OpenedBy {
        // A damaged copy is judged, too: its slots may be whole.
        let Ok((_, file)) = File::read(bytes) else { return OpenedBy::Unknown };
        let (theirs, ours) = (&file.header, &self.header);
        if theirs.vault != ours.vault || theirs.epoch > ours.epoch {
            return OpenedBy::Unknown;
        }
        if !self.is_shared() && theirs.slots != ours.slots {
            return if theirs.epoch < ours.epoch { OpenedBy::Earlier } else { OpenedBy::Unknown };
        }
        let present: Vec<&MemberKey> = std::iter::once(&self.member).chain(&self.invite).collect();
        let Some(vault_key) = granted(&file, &present) else {
            let older: Vec<&MemberKey> = self.own.iter().filter(|key| **key != self.member).collect();
            return if granted(&file, &older).is_some() { OpenedBy::Earlier } else { OpenedBy::Unknown };
        };
        match decrypt(&file, &vault_key, None) {
            Ok(copy) if copy.roster.recovery_key() == self.document.roster.recovery_key() => OpenedBy::Present,
            Ok(_) => OpenedBy::Earlier,
            Err(_) => OpenedBy::Unknown,
        }
    }

    /// Whether this vault was opened with the recovery code: then a new passphrase should be set first of all.
    pub fn opened_by_recovery(&self) -> bool {
        self.recovery
    }
}

pub(super) fn slot_data(vault: &VaultId, cost: Cost, salt: &[u8; 16]) -> Vec<u8> {
    let numbers = [cost.m_kib.to_be_bytes(), cost.t.to_be_bytes(), cost.p.to_be_bytes()].concat();
    [b"tickey/1 slot".as_slice(), vault, &numbers, salt].concat()
}

fn new_slot(
    member: &MemberKey,
    vault: &VaultId,
    passphrase: &Text,
    cost: Cost,
    limits: &Limits,
    random: &mut dyn Random,
) -> Result<Slot, VaultError> {
    let (salt, nonce) = (random_bytes(random)?, random_bytes(random)?);
    let key = derive(passphrase, &salt, cost, limits)?;
    let mut wrapped = zeroize::Zeroizing::new(Vec::with_capacity(48));
    wrapped.extend_from_slice(member.key().expose());
    seal::seal(&key, &nonce, &slot_data(vault, cost, &salt), &mut wrapped)
        .ok()
        .and_then(|()| wrapped.as_slice().try_into().ok())
        .map(|key| Slot { cost, salt, nonce, key })
        .ok_or(VaultError::Internal("the member key could not be wrapped"))
}
