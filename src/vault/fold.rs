//! What an entry's changes add up to: the newest value of each field.
//!
//! Never fails: one bad value makes a `problem` on its entry, not a vault that cannot be opened.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::otp::{Algorithm, Digits, Kind, Otp, Period, base32};
use crate::secret::{Secret, Text};
use crate::vault::change::{Change, Contents, Value};
use crate::vault::link;
use crate::vault::{Details, Entry, EntryId, RecoveryCode, RecoveryId, Stamp};

/// The names fields have in the JSON.
pub(crate) mod field {
    pub const KIND: &str = "kind";
    pub const ISSUER: &str = "issuer";
    pub const ACCOUNT: &str = "account";
    pub const SECRET: &str = "secret";
    pub const ALGORITHM: &str = "algorithm";
    pub const DIGITS: &str = "digits";
    pub const PERIOD: &str = "period";
    pub const COUNTER: &str = "counter";
    pub const PIN: &str = "pin";
    pub const TAGS: &str = "tags";
    pub const NOTE: &str = "note";
    pub const FAVOURITE: &str = "favourite";
    pub const DELETED: &str = "deleted";
    /// Followed by the code's id: the code itself.
    pub const RECOVERY: &str = "recovery.";
    /// Followed by the code's id: `true` once it has been used.
    pub const USED: &str = "used.";
}

/// A counter's value in JSON: bound to the stamp of the secret it counts for; `null` stands for the change that holds it.
#[derive(Deserialize)]
pub(crate) struct Counter {
    pub of: Option<Stamp>,
    pub next: u64,
}

/// One entry's changes and what they add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// In order, without doubles.
    pub changes: Vec<Change>,
    /// `None` for entries of the program's own kinds.
    pub entry: Option<Entry>,
}

impl Held {
    /// Folds an entry's only change, in a vault that is `shared` or not.
    pub fn one(change: Change, contents: Contents, shared: bool) -> Held {
        let entry = fold(change.entry(), &[contents], shared);
        Held { changes: vec![change], entry }
    }

    /// Folds changes that are in order and of one entry.
    pub fn new(id: EntryId, changes: Vec<Change>, shared: bool) -> Held {
        let contents: Vec<Contents> = changes.iter().map(Change::contents).collect();
        let entry = fold(id, &contents, shared);
        Held { changes, entry }
    }
}

/// The stamps of a field's assignments that nothing has replaced yet, in order.
pub(crate) fn unreplaced(contents: &[Contents], name: &str) -> Vec<Stamp> {
    let replaced: BTreeSet<Stamp> =
        contents.iter().filter_map(|change| change.over.get(name)).flatten().copied().collect();
    let assigned = contents.iter().filter(|change| change.set.get(name).is_some()).map(|change| change.at);
    assigned.filter(|stamp| !replaced.contains(stamp)).collect()
}

/// The newest assignment of a field, among changes in order.
pub(crate) fn newest<'a>(contents: &[Contents<'a>], name: &str) -> Option<(Stamp, Value<'a>)> {
    contents.iter().rev().find_map(|change| change.set.get(name).map(|value| (change.at, *value)))
}

/// The largest counter bound to that stamp's secret.
pub(crate) fn counter_of(contents: &[Contents], secret: Stamp) -> Option<u64> {
    let counter = |change: &Contents| {
        let counter: Counter = change.set.get(field::COUNTER)?.read()?;
        (counter.of.unwrap_or(change.at) == secret).then_some(counter.next)
    };
    contents.iter().filter_map(counter).max()
}

/// Whether another change than `change` moved the counter of the same secret to the same number: two machines drew one code.
pub(crate) fn drawn_twice(changes: &[Change], change: &Change) -> bool {
    let drawn = |change: &Change| {
        let counter: Counter = change.contents().set.get(field::COUNTER)?.read()?;
        Some((counter.of.unwrap_or(change.at()), counter.next))
    };
    let ours = drawn(change);
    ours.is_some() && changes.iter().any(|other| other != change && drawn(other) == ours)
}

fn fold(id: EntryId, contents: &[Contents], shared: bool) -> Option<Entry> {
    let mut values: Vec<(&str, Stamp, Value)> = Vec::with_capacity(16);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut recovery: BTreeMap<&str, Value> = BTreeMap::new();
    for change in contents {
        for (name, value) in &change.set.0 {
            if let Some(code) = name.strip_prefix(field::USED) {
                if value.read() == Some(true) {
                    used.insert(code);
                }
            } else if let Some(code) = name.strip_prefix(field::RECOVERY) {
                recovery.insert(code, *value);
            } else if let Some(known) = values.iter_mut().find(|(known, ..)| known == name) {
                *known = (known.0, change.at, *value);
            } else {
                values.push((name, change.at, *value));
            }
        }
    }
    let get = |name: &str| values.iter().find(|(known, ..)| *known == name).map(|(_, at, value)| (*at, *value));
    let present = |name: &str| get(name).filter(|(_, value)| !value.is_null());
    let text = |name: &str| present(name).and_then(|(_, value)| value.text()).unwrap_or_default();

    let mut problem = None;
    let mut wrong = |words: String| {
        problem.get_or_insert(words);
    };
    let kind = match present(field::KIND).map(|(_, value)| value.text()) {
        // Links are kept in personal vaults. In a shared one it would be a way to hide an entry from everybody.
        Some(Some(name)) if &*name == link::KIND && !shared => return None,
        Some(Some(name)) => Kind::from_name(&name).unwrap_or_else(|| {
            wrong(format!("this version makes no codes of the kind \"{}\"", crate::text::clean(&name)));
            Kind::Totp
        }),
        _ => {
            wrong("the vault does not say what kind of code this is".into());
            Kind::Totp
        }
    };
    let secret = match present(field::SECRET).map(|(_, value)| value.text()) {
        None => Some(Secret::default()),
        Some(words) => words.and_then(|words| base32::decode(&words).ok()),
    };
    let secret = secret.unwrap_or_else(|| {
        wrong("its secret is not base32".into());
        Secret::default()
    });
    let algorithm = match present(field::ALGORITHM) {
        None => kind.default_algorithm(),
        Some((_, value)) => value.text().and_then(|name| Algorithm::from_name(&name)).unwrap_or_else(|| {
            wrong("its algorithm is unknown to this version".into());
            kind.default_algorithm()
        }),
    };
    let digits = match present(field::DIGITS) {
        None => kind.default_digits(),
        Some((_, value)) => value.read().and_then(Digits::new).unwrap_or_else(|| {
            wrong("its number of digits is not 1 to 10".into());
            kind.default_digits()
        }),
    };
    let period = match present(field::PERIOD) {
        None => kind.default_period(),
        Some((_, value)) => value.read().and_then(Period::new).unwrap_or_else(|| {
            wrong("its period is not 1 to 86400 seconds".into());
            kind.default_period()
        }),
    };
    let counter = get(field::SECRET).and_then(|(secret, _)| counter_of(contents, secret)).unwrap_or(0);
    let tags: Vec<Text> = present(field::TAGS).and_then(|(_, value)| value.read()).unwrap_or_default();
    let recovery_codes = recovery.iter().filter_map(|(code, value)| {
        Some(RecoveryCode { id: Some(RecoveryId((*code).to_owned())), code: value.text()?, used: used.contains(code) })
    });
    let details = Details {
        otp: Otp {
            kind,
            secret,
            algorithm,
            digits,
            period,
            counter,
            pin: present(field::PIN).and_then(|(_, value)| value.text()),
        },
        issuer: text(field::ISSUER),
        account: text(field::ACCOUNT),
        tags,
        note: text(field::NOTE),
        recovery_codes: recovery_codes.collect(),
        favourite: present(field::FAVOURITE).and_then(|(_, value)| value.read()).unwrap_or(false),
    };
    Some(Entry {
        id,
        details,
        deleted: present(field::DELETED).and_then(|(_, value)| value.read()).unwrap_or(false),
        problem,
        conflicts: if contents.len() > 1 { conflicts(contents) } else { Vec::new() },
        added: contents.first().map(|change| change.at).unwrap_or_default(),
        changed: contents.last().map(|change| change.at).unwrap_or_default(),
    })
}

/// Fields with two unreplaced assignments of different values. Counters and used recovery codes only grow: they never conflict.
fn conflicts(contents: &[Contents]) -> Vec<String> {
    let names: BTreeSet<&Cow<str>> =
        contents.iter().flat_map(|change| change.set.0.iter().map(|(name, _)| name)).collect();
    let conflict = |name: &str| {
        let open = unreplaced(contents, name);
        let mut values = contents
            .iter()
            .filter(|change| open.contains(&change.at))
            .filter_map(|change| change.set.get(name).map(|value| value.json()));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    names
        .into_iter()
        .filter(|name| **name != field::COUNTER && !name.starts_with(field::USED) && conflict(name))
        .map(|name| name.to_string())
        .collect()
}
