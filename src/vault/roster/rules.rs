//! What each operation needs, and what it does to the roster.

use std::sync::Arc;

use data_encoding::BASE64;

use super::link::{CodeKeys, Link, Op, Placed, bytes, keys, name_fits, signed_text};
use super::{
    Event, Invite, KEPT_LINKS, MOST_LINKS, MOST_READERS, Member, RECOVERY, Renewal, Role, Roster, Signer, Whose,
    altered,
};
use crate::vault::request;
use crate::vault::seal::{PublicKeys, key_id, signed_by};
use crate::vault::{EntryId, VaultError};

const NOBODY: &str = "it is about nobody in the roster";
const NO_INVITE: &str = "it is about no open invite";

impl Roster {
    /// Puts one more link on, if it may follow. When it may not, the roster is as it was.
    pub(super) fn take(&mut self, link: Link) -> Result<(), VaultError> {
        let n = self.links.len();
        let wrong = |what: &str| altered(format!("roster link {n}: {what}"));
        let signer = self.member_by_key(&link.by).ok_or_else(|| wrong("it is signed by nobody in the roster"))?;
        // Whatever an operation of tomorrow is, an owner signs it.
        if signer.role != Role::Owner {
            return Err(wrong("it is signed by somebody who is not an owner"));
        }
        if !signed_by(&link.by, &signed_text(Some(&self.vault), &link.bytes), &link.signature) {
            return Err(wrong("its signature does not hold"));
        }
        let text = link.read()?;
        if text.n != n as u64 || text.previous.as_deref() != Some(BASE64.encode(&self.head).as_str()) {
            return Err(wrong("it does not follow the one before"));
        }
        let shuts_out = matches!(text.op, Op::Remove { .. } | Op::Close { .. } | Op::Epoch { .. });
        if n >= MOST_LINKS || n >= MOST_LINKS.saturating_sub(KEPT_LINKS) && !shuts_out {
            return Err(wrong("the roster has as many links as there may be"));
        }
        let by = signer.name.clone();
        // Of the recovery code nothing is taken but what it is for.
        let by_code = match &text.op {
            Op::Admit { invite: None, .. } => self.is_shared(),
            Op::Rekey { agreed: None, .. } => !self.is_shared(),
            _ => false,
        };
        match (by == RECOVERY, by_code) {
            (true, false) => return Err(wrong("the recovery code lets somebody in, and does nothing else")),
            (false, true) => {
                return Err(wrong("it does without an invite or an old key what the recovery code alone may"));
            }
            _ => {}
        }
        let placed = Placed::new(link, &text)?;
        let what = self.apply(text.op, &placed, text.at, &by, &wrong)?;
        if let Some(what) = what {
            Arc::make_mut(&mut self.past).events.push(Event { at_ms: text.at, by, what });
        }
        self.put(placed);
        Ok(())
    }

    fn apply(
        &mut self,
        op: Op,
        placed: &Placed,
        at: u64,
        signer: &str,
        wrong: &dyn Fn(&str) -> VaultError,
    ) -> Result<Option<String>, VaultError> {
        match op {
            Op::Found { .. } => Err(wrong("a vault is founded once")),
            Op::Invite { name, role, sign, exchange, expires, maker } => {
                if role == Role::Owner || name == RECOVERY || !name_fits(&name) {
                    return Err(wrong("it invites in a way that is not allowed"));
                }
                self.has_room().map_err(wrong)?;
                let keys = keys(&sign, &exchange)?;
                if self.invited.contains_key(&placed.origin) {
                    return Err(wrong("it opens an invite once more"));
                }
                self.enter(keys).map_err(wrong)?;
                let what = format!("invited {name} as {}", role.name());
                let by = signer.to_owned();
                let (id, number) = (placed.origin, self.made);
                self.invited.insert(id, number);
                self.made = number.saturating_add(1);
                let maker = match maker {
                    None => placed.link.by,
                    Some(maker) if placed.is_again => bytes(&maker)?,
                    Some(_) => return Err(wrong("it names another as its maker")),
                };
                let maker = self.member_who_had(&maker).ok_or_else(|| wrong("it was made by nobody"))?.number;
                self.invites.push(Invite {
                    id,
                    name,
                    role,
                    keys,
                    expires_ms: expires,
                    since_ms: at,
                    by,
                    maker,
                    number,
                });
                Ok(Some(what))
            }
            Op::Admit { name, role, sign, exchange, invite, recovery } => {
                let keys = keys(&sign, &exchange)?;
                let mut let_in_by = signer.to_owned();
                if name == RECOVERY || !name_fits(&name) {
                    return Err(wrong("it lets somebody in under an unfit name"));
                }
                if let Some(invite) = invite {
                    let id = bytes::<32>(&invite)?;
                    let invite = self.open_invite(&id).ok_or_else(|| wrong(NO_INVITE))?;
                    if invite.role != role || recovery.is_some() {
                        return Err(wrong("it lets in otherwise than the invite says"));
                    }
                    let_in_by.clone_from(&invite.by);
                    self.enter(keys).map_err(wrong)?;
                    self.end_invite(&id).ok_or_else(|| wrong(NO_INVITE))?;
                } else {
                    let recovery = self.new_code(recovery.as_ref(), true, &[&keys], wrong)?;
                    if role != Role::Owner {
                        return Err(wrong("the recovery code lets in otherwise than as an owner"));
                    }
                    self.has_room().map_err(wrong)?;
                    self.enter(keys).map_err(wrong)?;
                    self.renew(recovery, at, signer, Some(&name));
                }
                let what = format!("let in {name} as {}", role.name());
                self.come(name, role, keys, at, Some(let_in_by));
                Ok(Some(what))
            }
            Op::Close { invite } => {
                let invite = self.end_invite(&bytes(&invite)?).ok_or_else(|| wrong(NO_INVITE))?;
                Ok(Some(format!("ended the invite of {}", invite.name)))
            }
            Op::Role { member, role, recovery } => {
                let sign = bytes::<32>(&member)?;
                let lowered = role != Role::Owner && self.is_owner(&sign);
                if lowered && is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays one"));
                }
                if lowered && sign == placed.link.by {
                    return Err(wrong("an owner is lowered by another one"));
                }
                let recovery = self.new_code(recovery.as_ref(), lowered, &[], wrong)?;
                let member = self.members.iter_mut().find(|member| member.keys.sign == sign && member.name != RECOVERY);
                let member = member.ok_or_else(|| wrong(NOBODY))?;
                member.role = role;
                let what = format!("made {} {}", member.name, with_article(role));
                self.renew(recovery, at, signer, None);
                Ok(Some(what))
            }
            Op::Recovery { sign, exchange } => {
                let keys = keys(&sign, &exchange)?;
                let is_first = self.recovery_key().is_none();
                if is_first {
                    self.has_room().map_err(wrong)?;
                }
                let recovery = self.new_code(Some(&CodeKeys::from(&keys)), true, &[], wrong)?;
                self.renew(recovery, at, signer, None);
                Ok(Some(if is_first { "made the recovery code".into() } else { "renewed the recovery code".into() }))
            }
            Op::Rekey { old, sign, exchange, agreed, signature } => {
                let (old, keys) = (bytes::<32>(&old)?, keys(&sign, &exchange)?);
                let agreed = match agreed {
                    Some(agreed) => request::holds(&self.vault, &old, &keys, &old, &bytes(&agreed)?),
                    // By the recovery code of a personal vault.
                    None => true,
                };
                if !agreed || !request::holds(&self.vault, &old, &keys, &keys.sign, &bytes(&signature)?) {
                    return Err(wrong("the old key or the new one has not agreed to it"));
                }
                let member = self.member_by_key(&old).filter(|member| member.name != RECOVERY);
                let number = member.map(|member| member.number);
                let number = number.ok_or_else(|| wrong("it replaces a key that is not in force"))?;
                self.enter(keys).map_err(wrong)?;
                let member = self.members.iter_mut().find(|member| member.number == number);
                let member = member.ok_or_else(|| wrong(NOBODY))?;
                let signer = Signer { sign: keys.sign, whose: Whose::In(number), nth: member.signed_with.len() };
                member.keys = keys;
                member.signed_with.push(keys.sign);
                member.rekeyed_ms = Some(at);
                Arc::make_mut(&mut self.past).signers.insert(key_id(&keys.sign), signer);
                Ok(Some(format!("gave {} a new key", member.name)))
            }
            Op::Remove { member, newest, recovery } => {
                let sign = bytes::<32>(&member)?;
                if sign == placed.link.by {
                    return Err(wrong("nobody removes themselves"));
                }
                if is_last_owner(&self.members, &sign) {
                    return Err(wrong("the last owner stays"));
                }
                let recovery = self.new_code(recovery.as_ref(), self.is_owner(&sign), &[], wrong)?;
                let is_member = |member: &Member| member.keys.sign == sign && member.name != RECOVERY;
                let place = self.members.iter().position(is_member);
                let member = self.members.remove(place.ok_or_else(|| wrong(NOBODY))?);
                self.renew(recovery, at, signer, None);
                let what = format!("removed {}", member.name);
                let past = Arc::make_mut(&mut self.past);
                let whose = Whose::Gone(past.gone.len());
                for (nth, sign) in member.signed_with.iter().enumerate() {
                    past.signers.insert(key_id(sign), Signer { sign: *sign, whose, nth });
                }
                past.left_at.push((member.name.clone(), newest));
                past.gone.push(member);
                Ok(Some(what))
            }
            Op::Vouch { changes } => {
                let hashes = changes.iter().map(|hash| bytes(hash)).collect::<Result<Vec<_>, _>>()?;
                Arc::make_mut(&mut self.vouched).extend(hashes);
                Ok(None)
            }
            Op::Cut { key } => {
                let sign = bytes::<32>(&key)?;
                let member = self.member_who_had(&sign).ok_or_else(|| wrong(NOBODY))?;
                if self.member_by_key(&sign).is_some() {
                    return Err(wrong("it drops what was done with a key that is in force"));
                }
                let what = format!("dropped the changes of {} that no owner stands for", member.name);
                Arc::make_mut(&mut self.past).cut.insert(key_id(&sign));
                Ok(Some(what))
            }
            Op::Epoch { epoch, commitment } => {
                if Some(epoch) != self.epoch.checked_add(1) {
                    return Err(wrong("epochs follow one another"));
                }
                self.commitment = Some(bytes(&commitment)?);
                self.epoch = epoch;
                Ok((epoch > 1).then(|| "changed the vault key".to_owned()))
            }
            Op::Purge { entries } => {
                let entries: Result<Vec<EntryId>, _> = entries.iter().map(|entry| entry.parse()).collect();
                let entries = entries.map_err(|_| wrong("it names something that is no entry"))?;
                let what = match entries.len() {
                    1 => "deleted an entry for good".to_owned(),
                    n => format!("deleted {n} entries for good"),
                };
                Arc::make_mut(&mut self.purged).extend(entries);
                Ok(Some(what))
            }
            Op::Moot if placed.is_again => Ok(None),
            Op::Moot => Err(wrong("it says nothing")),
        }
    }

    fn is_owner(&self, sign: &[u8; 32]) -> bool {
        self.member_by_key(sign).is_some_and(|member| member.role == Role::Owner)
    }

    /// The keys of the recovery code that a link brings, which must be there where it is `needed`. `others` enter with the same link.
    fn new_code(
        &self,
        recovery: Option<&CodeKeys>,
        needed: bool,
        others: &[&PublicKeys],
        wrong: &dyn Fn(&str) -> VaultError,
    ) -> Result<Option<PublicKeys>, VaultError> {
        let Some(keys) = recovery.map(CodeKeys::read).transpose()? else {
            return if needed { Err(wrong("it leaves a recovery code in force that has to end")) } else { Ok(None) };
        };
        self.may_enter(&keys).map_err(wrong)?;
        let known = [keys.sign, keys.exchange];
        if others.iter().any(|other| known.contains(&other.sign) || known.contains(&other.exchange)) {
            return Err(wrong("a key enters once, ever"));
        }
        Ok(Some(keys))
    }

    /// The recovery code of those keys is in force, and the one before ended. They may enter.
    fn renew(&mut self, keys: Option<PublicKeys>, at: u64, by: &str, came_in: Option<&str>) {
        let Some(keys) = keys else { return };
        let renewal = Renewal { by: by.to_owned(), came_in: came_in.map(str::to_owned) };
        let past = Arc::make_mut(&mut self.past);
        past.keys.extend([keys.sign, keys.exchange]);
        past.renewals.push(renewal);
        let Some(member) = self.members.iter_mut().find(|member| member.name == RECOVERY) else {
            return self.come(RECOVERY.into(), Role::Owner, keys, at, Some(by.to_owned()));
        };
        let signer = Signer { sign: keys.sign, whose: Whose::In(member.number), nth: member.signed_with.len() };
        past.signers.insert(key_id(&keys.sign), signer);
        member.keys = keys;
        member.signed_with.push(keys.sign);
    }

    fn end_invite(&mut self, id: &[u8; 32]) -> Option<Invite> {
        let place = self.place_of(id)?;
        self.invited.remove(id);
        Some(self.invites.remove(place))
    }

    /// Whether one more may have the vault key.
    fn has_room(&self) -> Result<(), &'static str> {
        if self.readers() < MOST_READERS {
            Ok(())
        } else {
            Err("there are as many members and invitations as there may be")
        }
    }

    /// Both keys come in: each enters once, ever, and is one that can be used.
    pub(super) fn enter(&mut self, keys: PublicKeys) -> Result<(), &'static str> {
        self.may_enter(&keys)?;
        Arc::make_mut(&mut self.past).keys.extend([keys.sign, keys.exchange]);
        Ok(())
    }

    /// Whether those keys may come in.
    ///
    /// # Errors
    /// Why not, in words.
    pub(in crate::vault) fn may_enter(&self, keys: &PublicKeys) -> Result<(), &'static str> {
        if !keys.are_sound() {
            return Err("a key of it is not one that can be used");
        }
        if self.has_known(&keys.sign) || self.has_known(&keys.exchange) || keys.sign == keys.exchange {
            return Err("a key enters once, ever");
        }
        Ok(())
    }

    /// One more member, whose keys have entered.
    pub(super) fn come(&mut self, name: String, role: Role, keys: PublicKeys, at: u64, let_in_by: Option<String>) {
        let number = self.came;
        self.came = number.saturating_add(1);
        let signer = Signer { sign: keys.sign, whose: Whose::In(number), nth: 0 };
        Arc::make_mut(&mut self.past).signers.insert(key_id(&keys.sign), signer);
        let signed_with = vec![keys.sign];
        self.members.push(Member { name, role, keys, signed_with, since_ms: at, rekeyed_ms: None, let_in_by, number });
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
