//! What an entry's changes add up to: the newest value of each field.
//!
//! Never fails: one bad value makes a `problem` on its entry, not a vault that cannot be opened.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::otp::{Algorithm, Digits, Kind, Otp, Period, base32};
use crate::secret::{Secret, Text};
use crate::vault::change::{Change, Contents, Value};
use crate::vault::link;
use crate::vault::merge::{KEPT, kept};
use crate::vault::surplus::Surplus;
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
    /// Those that have one name: they count however many others there are.
    pub const ALWAYS: [&str; 13] =
        [KIND, ISSUER, ACCOUNT, SECRET, ALGORITHM, DIGITS, PERIOD, COUNTER, PIN, TAGS, NOTE, FAVOURITE, DELETED];
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
    /// How many of them, from the first, are not dated ahead of this machine's clock: only these are folded.
    pub due: usize,
    /// `None` for entries of the program's own kinds.
    pub entry: Option<Entry>,
}

impl Held {
    /// Folds an entry's only change, in a vault that is `shared` or not.
    pub fn one(change: Change, contents: Contents, shared: bool) -> Held {
        let entry = fold(change.entry(), &[contents], shared, 0);
        Held { changes: vec![change], due: 1, entry }
    }

    /// Folds changes of one entry that are stamped until `horizon_ms`, without those that are past keeping. Where the clock is not known
    /// (`None`) all are folded and none is dropped.
    pub fn new(id: EntryId, mut changes: Vec<Change>, shared: bool, horizon_ms: Option<u64>) -> Held {
        changes.sort();
        changes.dedup();
        let due = due(&changes, horizon_ms);
        let mut contents: Vec<Contents> = changes.iter().take(due).map(Change::contents).collect();
        let surplus = Surplus::of(&contents);
        let keep = if horizon_ms.is_some() { kept(&contents, &surplus) } else { Vec::new() };
        retain(&mut contents, &keep);
        let due = contents.len();
        let left_out = surplus.take_out(&mut contents);
        let entry = if due > 0 { fold(id, &contents, shared, left_out) } else { None };
        drop(contents);
        retain(&mut changes, &keep);
        Held { changes, due, entry }
    }

    /// The changes that count now, in order.
    pub fn in_force(&self) -> &[Change] {
        self.changes.get(..self.due).unwrap_or_default()
    }

    /// Those dated too far ahead of this machine's clock.
    pub fn waiting(&self) -> &[Change] {
        self.changes.get(self.due..).unwrap_or_default()
    }
}

/// How many changes, of some in order, are stamped until `horizon_ms`.
pub(crate) fn due(changes: &[Change], horizon_ms: Option<u64>) -> usize {
    changes.partition_point(|change| horizon_ms.is_none_or(|horizon| change.at().ms() <= horizon))
}

/// Leaves those elements for which `keep` says so.
fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    list.retain(|_| keep.next().is_none_or(|keep| *keep));
}

/// The assignments of each field of one entry, by name: for whoever looks at several fields.
pub(crate) struct Assignments<'c, 'a> {
    contents: &'c [Contents<'a>],
    fields: BTreeMap<&'c str, Assigned>,
}

/// The assignments of one field.
#[derive(Default)]
struct Assigned {
    /// The places of the changes that assign it, in order.
    places: Vec<usize>,
    /// The stamps of the assignments that later ones replace.
    replaced: BTreeSet<Stamp>,
}

impl<'c, 'a> Assignments<'c, 'a> {
    /// Those of changes in order.
    pub fn of(contents: &'c [Contents<'a>]) -> Assignments<'c, 'a> {
        let mut fields: BTreeMap<&str, Assigned> = BTreeMap::new();
        for (place, change) in contents.iter().enumerate() {
            for (name, _) in &change.set.0 {
                let field = fields.entry(name).or_default();
                if field.places.last() != Some(&place) {
                    field.places.push(place);
                }
            }
            for (name, stamps) in &change.over.0 {
                // What a change does not set it replaces nothing of, and nothing that came after it.
                if let Some(field) = fields.get_mut(&**name).filter(|field| field.places.last() == Some(&place)) {
                    field.replaced.extend(stamps.iter().filter(|stamp| **stamp < change.at));
                }
            }
        }
        Assignments { contents, fields }
    }

    /// The names of all fields that were ever set.
    pub fn names(&self) -> impl Iterator<Item = &'c str> {
        self.fields.keys().copied()
    }

    /// The assignments of a field, the newest first, each with the place of its change.
    pub fn newest_first(&self, name: &str) -> impl Iterator<Item = (usize, Stamp, Value<'a>)> {
        let places = self.fields.get(name).map_or(&[][..], |field| &field.places);
        places.iter().rev().filter_map(|place| {
            let change = self.contents.get(*place)?;
            Some((*place, change.at, *change.set.get(name)?))
        })
    }

    /// The newest assignment of a field.
    pub fn newest(&self, name: &str) -> Option<(Stamp, Value<'a>)> {
        self.newest_first(name).next().map(|(_, stamp, value)| (stamp, value))
    }

    /// Those of a field's newest assignments that nothing has replaced yet, in order. Older ones are history and stand for nothing.
    pub fn open(&self, name: &str) -> Vec<(&'c Contents<'a>, Value<'a>)> {
        let replaced = |stamp| self.fields.get(name).is_some_and(|field| field.replaced.contains(&stamp));
        let newest = self.newest_first(name).take(KEPT).filter(|(_, stamp, _)| !replaced(*stamp));
        let mut open: Vec<_> =
            newest.filter_map(|(place, _, value)| Some((self.contents.get(place)?, value))).collect();
        open.reverse();
        open
    }

    /// Fields with two open assignments of different values. Counters and used recovery codes only grow: they never conflict.
    pub fn conflicts(&self) -> Vec<String> {
        let conflict = |name: &str| {
            let open = self.open(name);
            open.iter().any(|(_, value)| open.first().is_some_and(|(_, first)| first.json() != value.json()))
        };
        let names = self.names().filter(|name| *name != field::COUNTER && !name.starts_with(field::USED));
        names.filter(|name| conflict(name)).map(str::to_owned).collect()
    }
}

/// The newest assignment of a field, among changes in order.
pub(crate) fn newest<'a>(contents: &[Contents<'a>], name: &str) -> Option<(Stamp, Value<'a>)> {
    contents.iter().rev().find_map(|change| change.set.get(name).map(|value| (change.at, *value)))
}

/// The counter that a change sets, and the stamp of the secret that it counts for.
pub(crate) fn counter(change: &Contents) -> Option<(Stamp, u64)> {
    let counter: Counter = change.set.get(field::COUNTER)?.read()?;
    Some((counter.of.unwrap_or(change.at), counter.next))
}

/// The largest counter bound to that stamp's secret.
pub(crate) fn counter_of<'c, 'a: 'c>(
    contents: impl IntoIterator<Item = &'c Contents<'a>>,
    secret: Stamp,
) -> Option<u64> {
    contents.into_iter().filter_map(counter).filter(|(of, _)| *of == secret).map(|(_, next)| next).max()
}

/// Whether another change than `change` moved the counter of the same secret to the same number: two machines drew one code.
pub(crate) fn drawn_twice(changes: &[Change], change: &Change) -> bool {
    let ours = counter(&change.contents());
    ours.is_some() && changes.iter().any(|other| other != change && counter(&other.contents()) == ours)
}

fn fold(id: EntryId, contents: &[Contents], shared: bool, left_out: usize) -> Option<Entry> {
    let mut values: BTreeMap<&str, (Stamp, Value)> = BTreeMap::new();
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
            } else {
                values.insert(name, (change.at, *value));
            }
        }
    }
    let get = |name: &str| values.get(name).copied();
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
        conflicts: if contents.len() > 1 { Assignments::of(contents).conflicts() } else { Vec::new() },
        left_out,
        added: contents.first().map(|change| change.at).unwrap_or_default(),
        changed: contents.last().map(|change| change.at).unwrap_or_default(),
    })
}
