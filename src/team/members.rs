//! Who belongs to a vault: each change saved here and sent. Callers begin with [`on_newest`], so that it stands on the newest list of members to be had.

use super::{Keeper, OpenFile, Published, TeamError};
use crate::secret::{Random, Text};
use crate::store::{Os, StoreError};
use crate::vault::check::label;
use crate::vault::join::Newcomer;
use crate::vault::request::NewKey;
use crate::vault::roster::{Invite, Member, Role};
use crate::vault::sharing::{Invited, Work};
use crate::vault::{Entry, EntryId, Renewed, Unlocked, VaultError};

/// How long an invitation is good unless somebody says otherwise, in seconds.
pub const INVITATION_S: u64 = 7 * 24 * 60 * 60;

/// What comes of a change that is saved here, and whether the remote has it.
pub type Sent<T> = Result<(T, Published), TeamError>;

/// A way in for one person.
pub struct Invitation {
    /// To be shown once, and handed over.
    pub code: Text,
    /// In milliseconds since 1970.
    pub expires_ms: u64,
}

/// Somebody who was shut out.
pub struct Removed {
    /// Where an owner left: a new one, to be shown once.
    pub recovery_code: Option<Text>,
    /// How many entries have secrets that somebody who is gone could read.
    pub to_reenrol: usize,
    /// What entries were called that had a code until their changes were dropped.
    pub lost: Vec<String>,
}

/// Holds the vault's one sync of this machine until it is released, and takes in what is new.
pub fn on_newest(keeper: &mut dyn Keeper) -> Result<Published, TeamError> {
    keeper.hold()?;
    Ok(keeper.sync())
}

fn send<T>(
    keeper: &mut dyn Keeper,
    change: impl FnOnce(&Unlocked, u64, &mut dyn Random) -> Result<(Unlocked, T), VaultError>,
) -> Sent<T> {
    let file = keeper.file();
    let (vault, value) = change(&file.vault, (file.machine.now_ms)(), &mut Os)?;
    file.save(&vault)?;
    Ok((value, keeper.sync()))
}

/// Invites somebody, for that many seconds.
pub fn invite(keeper: &mut dyn Keeper, name: &str, role: Role, seconds: u64) -> Sent<Invitation> {
    send(keeper, |vault, now, random| {
        let expires_ms = now.saturating_add(seconds.saturating_mul(1000));
        let Invited { vault, code, expires_ms } = vault.invite(name, role, expires_ms, now, random)?;
        Ok((vault, Invitation { code, expires_ms }))
    })
}

/// Ends an invitation and its code.
pub fn end_invite(keeper: &mut dyn Keeper, invite: &Invite) -> Sent<()> {
    send(keeper, |vault, now, random| Ok((vault.end_invite(invite, now, random)?, ())))
}

/// Lets in one of those who used an invitation; the name they have now.
pub fn admit(keeper: &mut dyn Keeper, newcomer: &Newcomer) -> Sent<String> {
    send(keeper, |vault, now, random| {
        let vault = vault.admit(newcomer, now, random)?;
        let member = vault.roster().member_by_key(&newcomer.keys.sign);
        let name = member.map_or(&newcomer.name, |member| &member.name).clone();
        Ok((vault, name))
    })
}

/// Puts the key in force that a member asks for.
pub fn give_key(keeper: &mut dyn Keeper, asked: &NewKey) -> Sent<()> {
    send(keeper, |vault, now, random| Ok((vault.give_key(asked, now, random)?, ())))
}

/// Gives a member another role; a new recovery code where they were an owner. `None` when they have that role already.
pub fn set_role(
    keeper: &mut dyn Keeper,
    member: &Member,
    role: Role,
) -> Result<Option<(Option<Text>, Published)>, TeamError> {
    if member.role == role {
        return Ok(None);
    }
    send(keeper, |vault, now, random| vault.set_role(member, role, now, random).map(parts)).map(Some)
}

fn parts(renewed: Renewed) -> (Unlocked, Option<Text>) {
    (renewed.vault, renewed.recovery_code)
}

/// Shuts a member out of everything that comes after.
///
/// # Errors
/// As [`Unlocked::remove`] and [`OpenFile::save`]; [`TeamError::TooManyChanges`] where `work` has to say what becomes of them.
pub fn remove(keeper: &mut dyn Keeper, member: &Member, work: Work) -> Sent<Removed> {
    let removed = send(keeper, |vault, now, random| {
        let (next, recovery_code) = parts(vault.remove(member, work, now, random)?);
        let has_code = |entry: &Entry| !entry.deleted && entry.problem.is_none();
        let lost = vault.entries().filter(|entry| has_code(entry) && !next.entry(entry.id).is_some_and(has_code));
        let lost = lost.map(label).collect();
        let to_reenrol = next.to_reenrol().len();
        Ok((next, Removed { recovery_code, to_reenrol, lost }))
    });
    let OpenFile { vault, machine, .. } = keeper.file();
    match removed {
        Err(TeamError::Store(StoreError::Vault(VaultError::Refused(why))))
            if work == Work::Usual && vault.remove(member, Work::Keep, (machine.now_ms)(), &mut Os).is_ok() =>
        {
            Err(TeamError::TooManyChanges(why))
        }
        removed => removed,
    }
}

/// Drops what somebody did whose key has ended, and no owner stands for.
pub fn cut(keeper: &mut dyn Keeper, name: &str) -> Sent<()> {
    send(keeper, |vault, now, _| Ok((vault.cut(name, now)?, ())))
}

/// Puts a new recovery code in the place of the one in force.
pub fn renew_recovery(keeper: &mut dyn Keeper) -> Sent<Option<Text>> {
    send(keeper, |vault, now, random| vault.renew_recovery(now, random).map(parts))
}

/// Deletes an entry for good.
pub fn purge(keeper: &mut dyn Keeper, entry: EntryId) -> Sent<()> {
    send(keeper, |vault, now, _| Ok((vault.purge(&[entry], now)?, ())))
}

/// How many entries taking back all that a member did since then would change.
pub fn would_revert(file: &OpenFile, member: &Member, since_ms: u64) -> Result<usize, TeamError> {
    file.would_change(|vault, clock, now| vault.plan_revert(member, since_ms, clock, now))
}

/// Takes back all that a member did since then.
pub fn revert(keeper: &mut dyn Keeper, member: &Member, since_ms: u64) -> Result<Published, TeamError> {
    keeper.file().change(|vault, clock, now| vault.plan_revert(member, since_ms, clock, now))?;
    Ok(keeper.sync())
}
