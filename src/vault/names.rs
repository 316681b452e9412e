//! Names of members that can be taken for each other.
//!
//! Which characters look alike, Unicode's tables say, and these differ between versions: so a name is a reason to ask an owner, and never one to refuse a roster.

use std::collections::BTreeMap;

use crate::text::{Looks, looks};
use crate::vault::join::Newcomer;
use crate::vault::roster::Roster;

/// Why a newcomer is not let in before an owner has said yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The name looks like that of a member, or of somebody else who is invited.
    LooksLike(String),
    /// The name mixes letters of different scripts.
    Mixed,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Doubt::LooksLike(name) => write!(f, "the name looks like that of {}", crate::text::clean(name)),
            Doubt::Mixed => f.write_str("the name mixes letters of different scripts"),
        }
    }
}

/// A name in use: a member's, or that of an invitation with this id.
type Taken = (Option<[u8; 32]>, String);

/// The names in use in a vault, by what they look like.
pub struct Names {
    /// More than two of one look are not needed.
    taken: BTreeMap<String, Vec<Taken>>,
}

impl Names {
    pub(super) fn of(roster: &Roster) -> Names {
        let mut names = Names { taken: BTreeMap::new() };
        for member in roster.members() {
            names.add(None, &member.name);
        }
        for invite in roster.invites() {
            names.add(Some(invite.id), &invite.name);
        }
        names
    }

    /// One more: of a member, or of an invitation with that id.
    pub(super) fn add(&mut self, invite: Option<[u8; 32]>, name: &str) {
        for look in looks(name).alike {
            let alike = self.taken.entry(look).or_default();
            if alike.len() < 2 && !alike.iter().any(|(id, _)| *id == invite) {
                alike.push((invite, name.to_owned()));
            }
        }
    }

    /// What speaks against a name for somebody new; `invite` is the invitation that they answer, whose own name they may take.
    pub(super) fn doubt(&self, name: &str, invite: Option<&[u8; 32]>) -> Option<Doubt> {
        let Looks { alike, mixed } = looks(name);
        let others = alike.iter().filter_map(|look| self.taken.get(look)).flatten();
        let mut others = others.filter(|(id, _)| id.is_none() || id.as_ref() != invite);
        match others.next() {
            Some((_, other)) => Some(Doubt::LooksLike(other.clone())),
            None => mixed.then_some(Doubt::Mixed),
        }
    }

    /// Why an owner has to say yes before that newcomer is let in; `None` where an owner's program does it by itself.
    pub fn doubt_about(&self, newcomer: &Newcomer) -> Option<Doubt> {
        self.doubt(&newcomer.name, Some(&newcomer.invite.id))
    }

    /// A name that nobody takes for another's: the one given, or with a number.
    pub(super) fn free(&self, name: &str, invite: Option<&[u8; 32]>) -> String {
        let is_taken = |name: &str| matches!(self.doubt(name, invite), Some(Doubt::LooksLike(_)));
        if !is_taken(name) {
            return name.to_owned();
        }
        (2..1_000_u32).map(|n| format!("{name} {n}")).find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
    }
}
