//! How a word on the command line names entries, over all the vaults that are open.
//!
//! Everybody who may write to a shared vault chooses the names and ids that stand there. So a match in a shared vault is never taken in place of
//! one in the personal vault: either the personal entry is the exact match, or the person has to say which vault is meant.

use std::collections::BTreeMap;

use crate::text::{clean, looks};
use crate::vault::{Entry, EntryId};

/// One entry of one of the open vaults: the same id in another vault is another entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRef {
    /// The vault's place among the open ones; [`PERSONAL`] is the one that was unlocked.
    pub vault: u16,
    /// The entry's id in that vault.
    pub entry: EntryId,
}

/// The place of the vault that was unlocked among the open ones.
pub const PERSONAL: u16 = 0;

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// One entry.
    One(EntryRef),
    /// Several, in the order given.
    Several(Vec<EntryRef>),
}

impl From<Vec<EntryRef>> for Found {
    fn from(found: Vec<EntryRef>) -> Found {
        match found.as_slice() {
            [] => Found::Nothing,
            [one] => Found::One(*one),
            _ => Found::Several(found),
        }
    }
}

/// What matches in one vault.
#[derive(Default)]
struct Matches {
    exact: Vec<EntryRef>,
    within: Vec<EntryRef>,
}

impl Matches {
    fn best(self) -> Vec<EntryRef> {
        if self.exact.is_empty() { self.within } else { self.exact }
    }
}

/// Finds the entry that a query names among those in the trash, or among those that are not.
///
/// An id names the entry that has it, and is ambiguous where several vaults have it, in the trash or not. Anything else names entries by exact
/// issuer, account or `issuer:account`, else by a part of those; case, outer and repeated blanks and invisible characters do not count;
/// never fuzzy. Exact matches in the personal vault come first. Without one, matches in several vaults are ambiguous, however good each is; so is a
/// match in a shared vault beside a personal entry that only looks like what was typed.
/// A blank query finds nothing.
pub fn find<'a>(entries: impl Iterator<Item = (EntryRef, &'a Entry)>, query: &str, trash: bool) -> Found {
    if let Ok(id) = query.trim().parse::<EntryId>() {
        return with_id(entries, id, trash);
    }
    let entries: Vec<_> = entries.filter(|(_, entry)| entry.deleted == trash).collect();
    let mut vaults = matches(entries.iter().copied(), query);
    match vaults.remove(&PERSONAL) {
        Some(personal) if !personal.exact.is_empty() => personal.exact.into(),
        Some(personal) => {
            [personal].into_iter().chain(vaults.into_values()).flat_map(Matches::best).collect::<Vec<_>>().into()
        }
        None if vaults.is_empty() => Found::Nothing,
        None => {
            let own = entries.into_iter().filter(|(at, _)| at.vault == PERSONAL);
            let alike = own.filter(|(_, entry)| looks_like(entry, query)).map(|(at, _)| at);
            alike.chain(vaults.into_values().flat_map(Matches::best)).collect::<Vec<_>>().into()
        }
    }
}

/// Whether a name of the entry looks like what was typed: then that may have been meant.
fn looks_like(entry: &Entry, query: &str) -> bool {
    let wanted = looks(query).alike;
    let (issuer, account) = (&*entry.details.issuer, &*entry.details.account);
    [issuer, account, &format!("{issuer}:{account}")]
        .into_iter()
        .any(|name| !name.trim().is_empty() && looks(name).alike.iter().any(|form| wanted.contains(form)))
}

/// All entries that match, the best of each vault: for lists, where nothing hangs on which of them is meant.
pub fn find_all<'a>(entries: impl Iterator<Item = (EntryRef, &'a Entry)>, query: &str) -> Vec<EntryRef> {
    if let Ok(id) = query.trim().parse::<EntryId>() {
        return entries.filter(|(_, entry)| entry.id == id).map(|(at, _)| at).collect();
    }
    matches(entries, query).into_values().flat_map(Matches::best).collect()
}

fn with_id<'a>(entries: impl Iterator<Item = (EntryRef, &'a Entry)>, id: EntryId, trash: bool) -> Found {
    let holders: Vec<(EntryRef, bool)> =
        entries.filter(|(_, entry)| entry.id == id).map(|(at, entry)| (at, entry.deleted)).collect();
    let several = holders.len() > 1;
    holders.into_iter().filter(|(_, deleted)| several || *deleted == trash).map(|(at, _)| at).collect::<Vec<_>>().into()
}

fn matches<'a>(entries: impl Iterator<Item = (EntryRef, &'a Entry)>, query: &str) -> BTreeMap<u16, Matches> {
    let mut vaults: BTreeMap<u16, Matches> = BTreeMap::new();
    let wanted = folded(query);
    if wanted.is_empty() {
        return vaults;
    }
    for (at, entry) in entries {
        let (issuer, account) = (folded(&entry.details.issuer), folded(&entry.details.account));
        let both = format!("{issuer}:{account}");
        let exact = issuer == wanted || account == wanted || both == wanted;
        // What lies within the issuer or the account lies within both.
        if exact || both.contains(&wanted) {
            let matches = vaults.entry(at.vault).or_default();
            if exact { &mut matches.exact } else { &mut matches.within }.push(at);
        }
    }
    vaults
}

/// A name as it is compared.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in clean(text).split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::secret::Secret;
    use crate::vault::{Details, Stamp};

    fn id(number: usize) -> EntryId {
        format!("00000000-0000-4000-8000-{number:012}").parse().unwrap()
    }

    fn entry(number: usize, issuer: &str, account: &str) -> Entry {
        Entry {
            id: id(number),
            details: Details::new(Otp::new(Kind::Totp, Secret::from(&b"key"[..])), issuer, account),
            deleted: false,
            problem: None,
            conflicts: Vec::new(),
            left_out: 0,
            added: Stamp::default(),
            changed: Stamp::default(),
        }
    }

    fn entries() -> Vec<Entry> {
        [
            ("GitHub", "octo@example.com"),
            ("GitHub", "work"),
            ("GitLab", "octo@example.com"),
            ("Zürich", ""),
            ("", "github"),
            ("My\u{200b}  Bank ", ""),
        ]
        .into_iter()
        .zip(1..)
        .map(|((issuer, account), number)| entry(number, issuer, account))
        .collect()
    }

    /// Vault and number of what is found in those vaults.
    fn over(vaults: &[&[Entry]], query: &str, trash: bool) -> Vec<(u16, usize)> {
        let all = (0..)
            .zip(vaults)
            .flat_map(|(vault, entries)| entries.iter().map(move |entry| (EntryRef { vault, entry: entry.id }, entry)));
        let place = |at: EntryRef| (at.vault, (0..100).find(|number| id(*number) == at.entry).unwrap());
        match find(all, query, trash) {
            Found::Nothing => Vec::new(),
            Found::One(at) => vec![place(at)],
            Found::Several(all) => all.into_iter().map(place).collect(),
        }
    }

    fn found(query: &str) -> Vec<usize> {
        over(&[&entries()], query, false).into_iter().map(|(_, number)| number).collect()
    }

    #[test]
    fn an_id_then_an_exact_name_then_a_part_of_one() {
        assert_eq!(found("00000000-0000-4000-8000-000000000003"), [3]);
        assert_eq!(found("github"), [1, 2, 5]);
        assert_eq!(found("GITHUB:WORK"), [2]);
        assert_eq!(found("gitl"), [3]);
        assert_eq!(found("git"), [1, 2, 3, 5]);
        assert_eq!(found(" zÜrich "), [4]);
        assert_eq!(found("hub:wo"), [2]);
        assert_eq!(found("my bank"), [6]);
        assert_eq!(found("ghub"), Vec::<usize>::new(), "never fuzzy");
        assert_eq!(found(""), Vec::<usize>::new());
        assert_eq!(found(" \u{200b} "), Vec::<usize>::new());
    }

    #[test]
    fn no_name_in_a_shared_vault_stands_before_one_in_the_personal() {
        let own = [entry(1, "Bank Austria", "maya"), entry(2, "Mail", "maya")];
        for planted in ["Bank", "BANK", " bank", "Bank\u{200b}", "Bank\u{a0}", "ba\u{ad}nk"] {
            let team = [entry(3, planted, "ops"), entry(4, "Mail", "ops")];
            assert_eq!(over(&[&own, &team], "bank", false), [(0, 1), (1, 3)], "{planted:?}");
        }
        let team = [entry(3, "Mail", "ops"), entry(4, "mail", ""), entry(5, "Cloud", "root")];
        assert_eq!(over(&[&own, &team], "mail", false), [(0, 2)], "the exact one of one's own");
        assert_eq!(over(&[&own, &team], "cloud", false), [(1, 5)]);
        // What looks the same, in another script or another normal form, may have been meant.
        for (own, planted) in [("Bank", "B\u{430}nk"), ("Cafe\u{301}", "Caf\u{e9}"), ("PayPal", "PayPaI")] {
            let (own, team) = ([entry(1, own, "maya")], [entry(3, planted, "ops")]);
            assert_eq!(over(&[&own, &team], planted, false), [(0, 1), (1, 3)], "{planted}");
        }
        // Two shared vaults, and an exact match in one of them only.
        let other = [entry(6, "Cloud Nine", "eve")];
        assert_eq!(over(&[&own, &team, &other], "cloud", false), [(1, 5), (2, 6)]);
        assert_eq!(over(&[&own, &team, &other], "maya", false), [(0, 1), (0, 2)]);
    }

    #[test]
    fn an_id_that_stands_in_several_vaults_names_none_of_them() {
        let own = [entry(1, "Bank", "maya")];
        let team = [entry(1, "Planted", "ops"), entry(2, &id(3).to_string(), "a name that is no id")];
        let query = id(1).to_string();
        assert_eq!(over(&[&own, &team], &query, false), [(0, 1), (1, 1)]);
        // Nor does it matter which of them lies in the trash.
        let mut gone = own.clone();
        gone[0].deleted = true;
        for trash in [false, true] {
            assert_eq!(over(&[&gone, &team], &query, trash), [(0, 1), (1, 1)]);
        }
        assert_eq!(over(&[&gone], &query, true), [(0, 1)]);
        assert_eq!(over(&[&gone], &query, false), []);
        assert_eq!(over(&[&own, &team], &id(3).to_string(), false), [], "an id is never looked for among names");
    }
}
