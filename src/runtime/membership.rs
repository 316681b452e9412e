//! What an owner does to who belongs to a vault.

use super::clock;
use crate::app::effect::MemberDeed;
use crate::app::msg::ShownCode;
use crate::text::clean;
use crate::vault::sharing::Work;
use crate::vault::{Renewed, Unlocked, VaultError};

/// How long the code of an invitation is good, in milliseconds: a week.
const INVITE_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The vault after that, what was done in words, and a code that is shown once.
pub(super) fn change(vault: &Unlocked, deed: MemberDeed) -> Result<(Unlocked, String, Option<ShownCode>), VaultError> {
    let (wall_ms, random) = (clock::now().wall_ms, &mut clock::Os);
    Ok(match deed {
        MemberDeed::Invite { name, role } => {
            let invited = vault.invite(&name, role, wall_ms.saturating_add(INVITE_MS), wall_ms, random)?;
            let said = format!("invited {} as {}; the code is good for a week, once", clean(&name), role.name());
            (invited.vault, said, Some(ShownCode::Invitation(invited.code)))
        }
        MemberDeed::Role(member, role) => {
            let said = format!("{} is {} now", clean(&member.name), role.name());
            let Renewed { vault, recovery_code } = vault.set_role(&member, role, wall_ms, random)?;
            (vault, said, recovery_code.map(ShownCode::Recovery))
        }
        MemberDeed::Remove(member) => {
            let Renewed { vault: after, recovery_code } = vault.remove(&member, Work::Usual, wall_ms, random)?;
            let said = match after.to_reenrol().len() {
                0 => format!("removed {}", clean(&member.name)),
                1 => format!("removed {}; the secret they could read is listed below", clean(&member.name)),
                n => format!("removed {}; {n} secrets they could read are listed below", clean(&member.name)),
            };
            (after, said, recovery_code.map(ShownCode::Recovery))
        }
        MemberDeed::GiveKey(asked) => {
            let said = format!("{} has a new key; the old one opens nothing from now on", clean(&asked.name));
            (vault.give_key(&asked, wall_ms, random)?, said, None)
        }
        MemberDeed::Cut(name) => {
            let said = format!("Dropped the changes of {} that no owner stands for", clean(&name));
            (vault.cut(&name, wall_ms)?, said, None)
        }
        MemberDeed::EndInvite(invite) => {
            let said = format!("ended the invite of {}", clean(&invite.name));
            (vault.end_invite(&invite, wall_ms, random)?, said, None)
        }
        MemberDeed::RenewRecovery => {
            let Renewed { vault, recovery_code } = vault.renew_recovery(wall_ms, random)?;
            (vault, "Renewed the recovery code".into(), recovery_code.map(ShownCode::Recovery))
        }
        MemberDeed::Forget(entry, name) => {
            let said = format!("deleted {} for good; backups and old copies keep it", clean(&name));
            (vault.purge(&[entry], wall_ms)?, said, None)
        }
        MemberDeed::Admit(newcomer) => {
            let said = format!("let in {}", clean(&newcomer.name));
            (vault.admit(&newcomer, wall_ms, random)?, said, None)
        }
    })
}
