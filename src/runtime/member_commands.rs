//! What an owner asks of the screen about who belongs to a vault. Done on the syncing thread.

use super::syncing::Job;
use crate::app::effect::MemberDeed;
use crate::app::msg::{MemberDone, ShownCode};
use crate::team::members::{self, INVITATION_S};
use crate::team::{Published, SyncReport, TeamError};
use crate::text::clean;
use crate::vault::sharing::Work;

impl Job<'_> {
    pub(super) fn member(&mut self, deed: MemberDeed) -> Result<MemberDone, TeamError> {
        let needs_remote = self.known.file.vault.is_shared() && !matches!(deed, MemberDeed::Forget(..));
        let (said, code, published) = self.change(deed)?;
        let waits = match published {
            Ok(None) if needs_remote => {
                "; this vault has no remote yet: the command remote puts it where they can reach it"
            }
            Err(_) => "; it waits until the remote can be reached",
            Ok(_) => "",
        };
        Ok(MemberDone { said: format!("{said}{waits}"), code })
    }

    fn change(&mut self, deed: MemberDeed) -> Result<(String, Option<ShownCode>, Published), TeamError> {
        Ok(match deed {
            MemberDeed::Invite { name, role } => {
                let (value, published) = members::invite(self, &name, role, INVITATION_S)?;
                let said = format!("invited {} as {}; the code is good for a week, once", clean(&name), role.name());
                (said, Some(ShownCode::Invitation(value.code)), published)
            }
            MemberDeed::Role(member, role) => match members::set_role(self, &member, role)? {
                None => (
                    format!("{} is {} already", clean(&member.name), role.name()),
                    None,
                    Ok(Some(SyncReport::default())),
                ),
                Some((value, published)) => {
                    let said = format!("{} is {} now", clean(&member.name), role.name());
                    (said, value.map(ShownCode::Recovery), published)
                }
            },
            MemberDeed::Remove(member) => {
                let (value, published) = members::remove(self, &member, Work::Usual)?;
                let said = match value.to_reenrol {
                    0 => format!("removed {}", clean(&member.name)),
                    1 => format!("removed {}; the secret they could read is listed below", clean(&member.name)),
                    n => format!("removed {}; {n} secrets they could read are listed below", clean(&member.name)),
                };
                (said, value.recovery_code.map(ShownCode::Recovery), published)
            }
            MemberDeed::GiveKey(asked) => {
                let said = format!("{} has a new key; the old one opens nothing from now on", clean(&asked.name));
                (said, None, members::give_key(self, &asked)?.1)
            }
            MemberDeed::Cut(name) => {
                let said = format!("Dropped the changes of {} that no owner stands for", clean(&name));
                (said, None, members::cut(self, &name)?.1)
            }
            MemberDeed::EndInvite(invite) => {
                let said = format!("ended the invite of {}", clean(&invite.name));
                (said, None, members::end_invite(self, &invite)?.1)
            }
            MemberDeed::RenewRecovery => {
                let (value, published) = members::renew_recovery(self)?;
                ("Renewed the recovery code".into(), value.map(ShownCode::Recovery), published)
            }
            MemberDeed::Forget(entry, name) => {
                let said = format!("deleted {} for good; backups and old copies keep it", clean(&name));
                (said, None, members::purge(self, entry)?.1)
            }
            MemberDeed::Admit(newcomer) => {
                let (value, published) = members::admit(self, &newcomer)?;
                (format!("let in {}", clean(&value)), None, published)
            }
        })
    }
}
