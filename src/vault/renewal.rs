//! A vault's recovery code: a new one in the place of the one in force, and coming in by it.

use crate::secret::{Random, Secret, Text};
use crate::vault::roster::{Member, Role, Roster};
use crate::vault::seal::{MemberKey, PublicKeys, VaultId};
use crate::vault::sharing::{as_refusal, check_name};
use crate::vault::{Unlocked, VaultError, recovery};

/// A recovery code that is to be in force.
pub(super) struct NewCode {
    code: Secret,
    pub keys: PublicKeys,
}

impl NewCode {
    pub fn random(vault: &VaultId, random: &mut dyn Random) -> Result<NewCode, VaultError> {
        let code = recovery::random(random)?;
        let keys = MemberKey::from_recovery_code(&code, vault)?.public();
        Ok(NewCode { code, keys })
    }

    /// As it is printed.
    pub fn write(&self) -> Result<Text, VaultError> {
        recovery::write(&self.code)
    }
}

/// A vault, and its recovery code where that is a new one: to be shown once.
#[derive(Debug)]
pub struct Renewed {
    /// The vault.
    pub vault: Unlocked,
    /// Seven groups of four letters and digits. The code before opens nothing that comes after.
    pub recovery_code: Option<Text>,
}

impl Renewed {
    pub(super) fn new(vault: Unlocked, code: Option<&NewCode>) -> Result<Renewed, VaultError> {
        Ok(Renewed { vault, recovery_code: code.map(NewCode::write).transpose()? })
    }
}

impl Unlocked {
    /// A new code for when that member is an owner no longer: they may know the one in force.
    pub(super) fn code_after(&self, member: &Member, random: &mut dyn Random) -> Result<Option<NewCode>, VaultError> {
        let was_owner = member.role == Role::Owner;
        was_owner.then(|| NewCode::random(&self.header.vault, random)).transpose()
    }

    /// A new recovery code in the place of the one in force, which opens nothing that comes after: with a new epoch.
    ///
    /// # Errors
    /// [`VaultError::Refused`] unless the member is an owner.
    pub fn renew_recovery(&self, wall_ms: u64, random: &mut dyn Random) -> Result<Renewed, VaultError> {
        self.owner("renew the recovery code")?;
        if self.opened_by_recovery() {
            return Err(VaultError::Refused("set a new passphrase first; the code was used in its place".into()));
        }
        let code = NewCode::random(&self.header.vault, random)?;
        let mut vault = self.clone();
        vault.document.roster.renew_recovery(&code.keys, &self.member, wall_ms).map_err(as_refusal)?;
        vault.next_epoch(wall_ms, random)?;
        Renewed::new(vault, Some(&code))
    }

    /// Comes into a shared vault that was opened with the recovery code, as one more owner under that name, with a new code and a new epoch. Somebody
    /// else's name gets a number behind it.
    ///
    /// # Errors
    /// [`VaultError::Refused`] unless it was opened with the recovery code, or for a name that cannot be used.
    pub fn come_in_by_code(&self, name: &str, wall_ms: u64, random: &mut dyn Random) -> Result<Renewed, VaultError> {
        if !self.opened_by_recovery() || !self.is_shared() {
            return Err(VaultError::Refused("only the recovery code of a shared vault lets an owner in".into()));
        }
        check_name(name)?;
        let name = self.names().free(name, None);
        let own = MemberKey::random(random)?;
        let code = NewCode::random(&self.header.vault, random)?;
        let mut document = self.document.clone();
        let roster: &mut Roster = &mut document.roster;
        roster.admit_by_code(&name, &own.public(), &code.keys, &self.member, wall_ms).map_err(as_refusal)?;
        document.set_roster_again(&self.document.roster);
        let vault = Unlocked::of_parts(self.header.clone(), own, None, self.vault_key.clone(), document);
        let mut vault = vault.at(wall_ms);
        vault.next_epoch(wall_ms, random)?;
        Renewed::new(vault, Some(&code))
    }
}
