//! What each operation needs, and what it does to the roster.

use data_encoding::BASE64;

use super::link::{Link, Op, bytes, keys, signed_text};
use super::{Event, Invite, Member, RECOVERY, Role, Roster, altered, fork};
use crate::vault::seal::{PublicKeys, key_id, signed_by};
use crate::vault::{EntryId, VaultError};

const NO_OWNER: &str = "it is signed by somebody who is not an owner";

impl Roster {
    /// Puts one more link on, if it may follow. When it may not, the roster is as it was.
    pub(super) fn take(&mut self, link: Link) -> Result<(), VaultError> {
        let n = self.links.len() as u64;
        let wrong = |what: &str| altered(format!("roster link {n}: {what}"));
        let signer = self.member_by_key(&link.by).ok_or_else(|| wrong("it is signed by nobody in the roster"))?;
        if !signed_by(&link.by, &signed_text(Some(&self.vault), &link.bytes), &link.signature) {
            return Err(wrong("its signature does not hold"));
        }
        let is_owner = signer.role == Role::Owner;
        let text = match link.read() {
            // Whatever an operation of tomorrow is, an owner signs it.
            Err(VaultError::Newer(_)) if !is_owner => return Err(wrong(NO_OWNER)),
            text => text?,
        };
        if text.n != n || text.previous.as_deref() != Some(BASE64.encode(&self.head()).as_str()) {
            return Err(wrong("it does not follow the one before"));
        }
        let own_key = matches!(&text.op, Op::Rekey { old, .. } if *old == BASE64.encode(&link.by));
        if !is_owner && !own_key {
            return Err(wrong(NO_OWNER));
        }
        let signer = signer.clone();
        let origin = fork::origin(&link, &text)?;
        let what = self.apply(text.op, &link, origin, text.at, text.again.is_some(), &signer, &wrong)?;
        if let Some(what) = what {
            self.events.push(Event { at_ms: text.at, by: signer.name, what });
        }
        self.links.push(link);
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "one link's parts, taken apart once")]
    fn apply(
        &mut self,
        op: Op,
        link: &Link,
        origin: [u8; 32],
        at: u64,
        is_again: bool,
        signer: &Member,
        wrong: &dyn Fn(&str) -> VaultError,
    ) -> Result<Option<String>, VaultError> {
        match op {
            Op::Found { .. } => Err(wrong("a vault is founded once")),
            Op::Invite { name, role, sign, exchange, expires } => {
                if role == Role::Owner || name == RECOVERY || name.is_empty() {
                    return Err(wrong("it invites in a way that is not allowed"));
                }
                let keys = keys(&sign, &exchange)?;
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let what = format!("invited {name} as {}", role.name());
                let by = signer.name.clone();
                self.invites.push(Invite { id: origin, name, role, keys, expires_ms: expires, since_ms: at, by });
                Ok(Some(what))
            }
            Op::Admit { name, role, sign, exchange, invite } => {
                let keys = keys(&sign, &exchange)?;
                let mut let_in_by = signer.name.clone();
                if let Some(invite) = invite {
                    let open = self.open_invite(&invite, wrong)?;
                    let invite = self.invites.get(open).ok_or_else(|| wrong("it answers no open invite"))?;
                    if invite.role != role {
                        return Err(wrong("it gives another role than the invite"));
                    }
                    let_in_by.clone_from(&invite.by);
                    self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                    self.invites.remove(open);
                } else {
                    if role != Role::Owner || name != RECOVERY {
                        return Err(wrong("somebody is let in without an invite"));
                    }
                    self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                }
                let what = format!("let in {name} as {}", role.name());
                let (signed_with, key_ids) = (vec![keys.sign], vec![key_id(&keys.sign)]);
                self.members.push(Member {
                    name,
                    role,
                    keys,
                    signed_with,
                    key_ids,
                    since_ms: at,
                    let_in_by: Some(let_in_by),
                });
                Ok(Some(what))
            }
            Op::Close { invite } => {
                let open = self.open_invite(&invite, wrong)?;
                let invite = self.invites.remove(open);
                Ok(Some(format!("ended the invite of {}", invite.name)))
            }
            Op::Role { member, role } => {
                let sign = bytes::<32>(&member)?;
                if role != Role::Owner && is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays one"));
                }
                let member = self.members.iter_mut().find(|member| member.keys.sign == sign && member.name != RECOVERY);
                let member = member.ok_or_else(|| wrong("it is about nobody in the roster"))?;
                member.role = role;
                Ok(Some(format!("made {} {}", member.name, with_article(role))))
            }
            Op::Rekey { old, sign, exchange } => {
                let old = bytes::<32>(&old)?;
                let keys = keys(&sign, &exchange)?;
                if link.by != old && signer.name != RECOVERY {
                    return Err(wrong("a new key is signed by the old one or by the recovery code"));
                }
                if !self.members.iter().any(|member| member.keys.sign == old) {
                    return Err(wrong("it replaces a key that is not in force"));
                }
                self.enter(keys).ok_or_else(|| wrong("a key enters once, ever"))?;
                let mut name = String::new();
                for member in self.members.iter_mut().filter(|member| member.keys.sign == old) {
                    member.keys = keys;
                    member.signed_with.push(keys.sign);
                    member.key_ids.push(key_id(&keys.sign));
                    name.clone_from(&member.name);
                }
                let what = format!("gave {name} a new key");
                self.rekeyed.push(name);
                Ok(Some(what))
            }
            Op::Remove { member, newest } => {
                let sign = bytes::<32>(&member)?;
                if sign == link.by {
                    return Err(wrong("nobody removes themselves"));
                }
                if is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays"));
                }
                let place = self.members.iter().position(|member| member.keys.sign == sign);
                let member = self.members.remove(place.ok_or_else(|| wrong("it is about nobody in the roster"))?);
                let what = format!("removed {}", member.name);
                self.left_at.push((member.name.clone(), newest));
                self.gone.push(member);
                Ok(Some(what))
            }
            Op::Vouch { changes } => {
                let hashes = changes.iter().map(|hash| bytes::<16>(hash)).collect::<Result<Vec<_>, _>>()?;
                self.vouched.extend(hashes);
                Ok(None)
            }
            Op::Epoch { epoch, commitment } => {
                if Some(epoch) != self.epoch.checked_add(1) {
                    return Err(wrong("epochs follow one another"));
                }
                self.commitment = Some(bytes(&commitment)?);
                self.epoch = epoch;
                self.rekeyed.clear();
                Ok((epoch > 1).then(|| "changed the vault key".to_owned()))
            }
            Op::Purge { entries } => {
                let entries: Result<Vec<EntryId>, _> = entries.iter().map(|entry| entry.parse()).collect();
                let entries = entries.map_err(|_| wrong("it names something that is no entry"))?;
                let what = match entries.len() {
                    1 => "deleted an entry for good".to_owned(),
                    n => format!("deleted {n} entries for good"),
                };
                self.purged.extend(entries);
                Ok(Some(what))
            }
            Op::Moot if is_again => Ok(None),
            Op::Moot => Err(wrong("it says nothing")),
        }
    }

    fn open_invite(&self, id: &str, wrong: &dyn Fn(&str) -> VaultError) -> Result<usize, VaultError> {
        let id = bytes::<32>(id)?;
        self.invites.iter().position(|invite| invite.id == id).ok_or_else(|| wrong("it is about no open invite"))
    }

    fn enter(&mut self, keys: PublicKeys) -> Option<()> {
        let known = |key| self.seen_keys.contains(key);
        if known(&keys.sign) || known(&keys.exchange) || keys.sign == keys.exchange {
            return None;
        }
        self.seen_keys.extend([keys.sign, keys.exchange]);
        Some(())
    }
}

fn is_last_owner(members: &[Member], sign: &[u8; 32]) -> bool {
    let others = members.iter().filter(|member| member.keys.sign != *sign);
    !others.into_iter().any(|member| member.role == Role::Owner && member.name != RECOVERY)
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Editor => "an editor",
        Role::Owner => "an owner",
    }
}
