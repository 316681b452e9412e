//! A vault file that nobody has opened yet, and what it takes to open one.

use data_encoding::HEXLOWER;

use crate::secret::Text;
use crate::vault::document::Document;
use crate::vault::file::File;
use crate::vault::kdf::derive;
use crate::vault::passphrase::slot_data;
use crate::vault::records::BadRecord;
use crate::vault::rekey::{self, LinkKeys};
use crate::vault::roster::{RECOVERY, Role, Roster};
use crate::vault::seal::{self, Key, MemberKey, NotAuthentic, body_key, signed_by};
use crate::vault::unlocked::{body_data, signed_text};
use crate::vault::{Cost, Limits, Unlocked, VaultError, recovery};

/// A vault file that has been read and whose signature holds; nothing of it has been decrypted.
#[derive(Debug, Clone)]
pub struct Locked {
    pub(super) file: File,
}

impl Locked {
    /// Reads a vault's bytes: sizes, JSON, key derivation bounds, signature. No passphrase is needed to find damage.
    ///
    /// # Errors
    /// [`VaultError::NotAVault`], [`VaultError::Damaged`], [`VaultError::Newer`], [`VaultError::ParametersRefused`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Locked, VaultError> {
        let locked = Locked::read_unbound(bytes)?;
        locked.check(limits)?;
        Ok(locked)
    }

    /// The same for a file of which no slot will be opened.
    pub(super) fn read_unbound(bytes: &[u8]) -> Result<Locked, VaultError> {
        let (version, file) = File::read(bytes)?;
        let holds = signed_by(&file.author, &signed_text(&file.header_bytes, &file.nonce, &file.body), &file.signature);
        if version != 1 {
            // The version is not under the signature: where all else is format 1 and holds, only that number is wrong.
            return Err(match holds {
                true => VaultError::Damaged("its version number is wrong".into()),
                false => VaultError::Newer(format!("format {version}")),
            });
        }
        if !holds {
            return Err(VaultError::Damaged("its signature does not hold".into()));
        }
        Ok(Locked { file })
    }

    /// Whether this machine pays what its slots ask for.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), VaultError> {
        self.file.header.slots.iter().try_for_each(|slot| limits.check(slot.cost))
    }

    /// The 16 bytes of the vault id, as 32 hexadecimal digits.
    pub fn vault_id(&self) -> String {
        HEXLOWER.encode(&self.file.header.vault)
    }

    /// The epoch, from 1.
    pub fn epoch(&self) -> u64 {
        self.file.header.epoch
    }

    /// What each slot's derivation costs; empty for a shared vault.
    pub fn costs(&self) -> Vec<Cost> {
        self.file.header.slots.iter().map(|slot| slot.cost).collect()
    }

    /// How many members' keys the vault key is sealed to.
    pub fn grants(&self) -> usize {
        self.file.header.grants.len()
    }

    /// The signing key of who wrote the file, as 64 hexadecimal digits.
    pub fn author(&self) -> String {
        HEXLOWER.encode(&self.file.author)
    }

    /// Opens with a passphrase. Takes about half a second: never call it on the screen's thread.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::Memory`], [`VaultError::Altered`] and what the body can be wrong with.
    pub fn unlock(&self, passphrase: &Text, limits: &Limits) -> Result<Unlocked, VaultError> {
        if self.file.header.slots.is_empty() {
            return Err(VaultError::NotAMember);
        }
        for slot in &self.file.header.slots {
            let key = derive(passphrase, &slot.salt, slot.cost, limits)?;
            let mut wrapped = zeroize::Zeroizing::new(slot.key.to_vec());
            let data = slot_data(&self.file.header.vault, slot.cost, &slot.salt);
            if seal::open(&key, &slot.nonce, &data, &mut wrapped).is_ok() {
                let member = Key::from_slice(&wrapped).ok_or_else(|| VaultError::Altered("its key slot".into()))?;
                return open(&self.file, LinkKeys::of(MemberKey::new(member)?), From::Elsewhere);
            }
        }
        Err(VaultError::WrongPassphrase)
    }

    /// Opens with the printed recovery code.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when it is no code at all (a typing error), [`VaultError::NotAMember`] when it is not this vault's.
    pub fn unlock_with_recovery_code(&self, code: &Text) -> Result<Unlocked, VaultError> {
        let code = recovery::read(code).ok_or_else(|| {
            VaultError::Refused(
                "this is not a recovery code: it has seven groups of four letters and digits, and one of them is wrong"
                    .into(),
            )
        })?;
        let keys = LinkKeys::of(MemberKey::from_recovery_code(&code, &self.file.header.vault)?);
        open(&self.file, keys, From::Elsewhere)
    }

    /// Opens this machine's own working copy of a shared vault with the keys that the personal vault keeps.
    ///
    /// # Errors
    /// [`VaultError::NotAMember`], [`VaultError::Altered`], [`VaultError::NotEntitled`].
    pub fn open_working_copy(&self, keys: &LinkKeys) -> Result<Unlocked, VaultError> {
        open(&self.file, keys.clone(), From::WorkingCopy)
    }

    /// Opens a copy of a shared vault that came from elsewhere: its author may write, and every change is its author's, or it is refused.
    ///
    /// # Errors
    /// As [`Locked::open_working_copy`].
    pub fn open_from_elsewhere(&self, keys: &LinkKeys) -> Result<Unlocked, VaultError> {
        open(&self.file, keys.clone(), From::Elsewhere)
    }
}

/// The vault key, by whichever of those keys has a grant.
pub(super) fn granted(file: &File, keys: &[&MemberKey]) -> Option<Key> {
    let header = &file.header;
    let open_grant =
        |grant| keys.iter().find_map(|member| seal::open_grant(grant, member, &header.vault, header.epoch));
    header.grants.iter().find_map(open_grant)
}

/// Opens the body with that vault key.
pub(super) fn open_body(file: &File, vault_key: &Key) -> Result<zeroize::Zeroizing<Vec<u8>>, NotAuthentic> {
    let mut body = zeroize::Zeroizing::new(file.body.clone());
    let key = body_key(vault_key, &file.header.vault, file.header.epoch).map_err(|_| NotAuthentic)?;
    seal::open(&key, &file.nonce, &body_data(&file.header_bytes), &mut body)?;
    Ok(body)
}

/// Opens the body, and holds the header against the roster. Whether its author may write is not looked at.
pub(super) fn decrypt(file: &File, vault_key: &Key, horizon_ms: Option<u64>) -> Result<Document, VaultError> {
    decrypt_and_note(file, vault_key, horizon_ms, &mut Vec::new()).map(|(document, _)| document)
}

/// The same, with the body's bytes; `bad` gets the records that do not hold.
pub(super) fn decrypt_and_note(
    file: &File,
    vault_key: &Key,
    horizon_ms: Option<u64>,
    bad: &mut Vec<BadRecord>,
) -> Result<(Document, zeroize::Zeroizing<Vec<u8>>), VaultError> {
    let header = &file.header;
    let body = open_body(file, vault_key)
        .map_err(|NotAuthentic| VaultError::Altered("its body does not belong to its header".into()))?;
    let document = Document::read_and_note(&header.vault, &body, horizon_ms, bad)?;
    if !document.roster.is_epoch(header.epoch, vault_key) {
        return Err(VaultError::Altered("its epoch is not the one its roster names".into()));
    }
    if document.roster.is_shared() && !header.slots.is_empty() {
        return Err(VaultError::Altered("it is shared and yet has a passphrase slot".into()));
    }
    Ok((document, body))
}

/// Where a file comes from: what it has to prove depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// This machine's own working copy: what this member's program wrote was verified before, and a viewer's or a newcomer's is nobody else's.
    WorkingCopy,
    /// Anywhere else: by somebody who may write, every change signed by its author, whoever's key sealed it.
    Elsewhere,
}

/// Opens a file with a member's keys, where the clock is not known.
pub(super) fn open(file: &File, keys: LinkKeys, from: From) -> Result<Unlocked, VaultError> {
    open_until(file, keys, from, None)
}

/// The same; changes stamped after `horizon_ms` wait.
pub(super) fn open_until(
    file: &File,
    keys: LinkKeys,
    from: From,
    horizon_ms: Option<u64>,
) -> Result<Unlocked, VaultError> {
    let LinkKeys { member, older, invite } = keys;
    let own: Vec<MemberKey> = std::iter::once(member.clone()).chain(older).collect();
    let keys: Vec<&MemberKey> = own.iter().chain(&invite).collect();
    let vault_key = granted(file, &keys).ok_or(VaultError::NotAMember)?;
    let document = decrypt(file, &vault_key, horizon_ms)?;
    let roster = &document.roster;
    let is_own = || keys.iter().any(|key| key.public().sign == file.author);
    if from == From::Elsewhere || !roster.is_shared() || !is_own() {
        entitled(roster, &file.author)?;
        document.check_signatures(None)?;
    }
    let member = rekey::in_force(&own, roster).cloned().unwrap_or(member);
    let me = roster.member_by_key(&member.public().sign);
    let invited = invite.as_ref().is_some_and(|invite| roster.invite_by_key(&invite.public().sign).is_some());
    if me.is_none() && !invited {
        return Err(VaultError::NotAMember);
    }
    let recovery = me.is_some_and(|me| me.name == RECOVERY);
    Ok(Unlocked { header: file.header.clone(), member, own, invite, vault_key, document, recovery })
}

/// Whether that key's member may write this vault.
pub(super) fn entitled(roster: &Roster, author: &[u8; 32]) -> Result<(), VaultError> {
    match roster.member_by_key(author) {
        None => match roster.member_who_had(author) {
            Some(member) if roster.is_in(member) => {
                Err(VaultError::NotEntitled(format!("it is signed with a key that {} has replaced", member.name)))
            }
            Some(gone) => Err(VaultError::NotEntitled(format!("{} was removed", gone.name))),
            None => Err(VaultError::NotEntitled("its author is not in its roster".into())),
        },
        // It lets somebody in, who signs with a key of their own.
        Some(author) if author.name == RECOVERY => {
            Err(VaultError::NotEntitled("it is signed with the recovery code's key".into()))
        }
        Some(author) if author.role < Role::Editor => {
            Err(VaultError::NotEntitled(format!("{} may only view", author.name)))
        }
        Some(_) => Ok(()),
    }
}
