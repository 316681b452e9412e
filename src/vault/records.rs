//! Records beside the changes: signed by whoever left them, each standing by itself.
//!
//! Newcomers and members who may write nothing else leave them in a copy that others read, so one that does not hold is skipped and named, and
//! hinders no other. Of each kind so many are kept as can be told apart by a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::vault::change::Elements;
use crate::vault::roster::{MOST_READERS, Roster};

/// How many records about one invitation, or of one member, are kept: those with the smallest SHA-256.
const MOST: usize = 16;
/// How many records of one kind a copy holds at most.
const MOST_IN_ALL: usize = MOST * MOST_READERS;
/// Bytes of one record's JSON. What it signs is at most 4 KiB of it.
const LONGEST: usize = 8 * 1024;

/// A record that was left out of a copy, in words: whose it is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// What it is, and of whom.
    pub what: String,
    /// Why it does not hold.
    pub why: String,
}

/// Why a record is left out.
pub(super) enum Unfit {
    /// What it asks for is done, or can be done no more.
    Past,
    /// It does not hold.
    Bad(BadRecord),
}

impl Unfit {
    pub fn bad(what: impl Into<String>, why: &str) -> Unfit {
        Unfit::Bad(BadRecord { what: what.into(), why: why.to_owned() })
    }
}

/// A kind of record.
pub(super) trait Record: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What it says once it is verified.
    type Said: Clone;
    /// What such a record is called.
    const NAME: &'static str;

    /// What it says.
    ///
    /// # Errors
    /// Why it is left out.
    fn verify(&self, roster: &Roster) -> Result<Self::Said, Unfit>;
    /// Whether a record that was verified once is still of use.
    fn stands(said: &Self::Said, roster: &Roster) -> bool;
    /// What it is about: of one subject so many are kept.
    fn subject(said: &Self::Said) -> [u8; 32];
    /// The SHA-256 of its parts.
    fn hash(&self) -> [u8; 32];
}

/// Verified records, by subject and SHA-256. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Records<R: Record>(Arc<BTreeMap<Place, (R, R::Said)>>);

type Place = ([u8; 32], [u8; 32]);

impl<R: Record> Default for Records<R> {
    fn default() -> Self {
        Records(Arc::default())
    }
}

impl<R: Record> PartialEq for Records<R> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.keys().eq(other.0.keys())
    }
}

impl<R: Record> Serialize for Records<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values().map(|(record, _)| record))
    }
}

impl<R: Record> Records<R> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What they say.
    pub fn said(&self) -> impl Iterator<Item = &R::Said> {
        self.0.values().map(|(_, said)| said)
    }

    /// Whether every one of these is among `others`.
    pub fn all_in(&self, others: &Self) -> bool {
        Arc::ptr_eq(&self.0, &others.0) || self.0.keys().all(|place| others.0.contains_key(place))
    }

    /// Reads a list. What does not hold is named in `bad`. `None`: it is no list, or one longer than there can be.
    pub fn read(json: &str, roster: &Roster, bad: &mut Vec<BadRecord>) -> Option<Self> {
        let Elements(list) = serde_json::from_str(json).ok()?;
        if list.len() > MOST_IN_ALL {
            return None;
        }
        let mut records = Records::default();
        for record in list {
            let read = |raw: &str| serde_json::from_str::<R>(raw).ok().filter(|_| raw.len() <= LONGEST);
            let Some(record) = read(record) else {
                let what = format!("a {}", R::NAME);
                bad.push(BadRecord { what, why: "it cannot be read".into() });
                continue;
            };
            match record.verify(roster) {
                Ok(said) => records.insert(record, said),
                Err(Unfit::Past) => {}
                Err(Unfit::Bad(why)) => bad.push(why),
            }
        }
        Some(records)
    }

    /// Takes in one that was written here.
    pub fn add(&mut self, record: R, roster: &Roster) {
        if let Ok(said) = record.verify(roster) {
            self.insert(record, said);
        }
    }

    fn insert(&mut self, record: R, said: R::Said) {
        let subject = R::subject(&said);
        let records = Arc::make_mut(&mut self.0);
        records.insert((subject, record.hash()), (record, said));
        let of_subject = || records.range((subject, [0; 32])..=(subject, [0xff; 32]));
        if of_subject().count() > MOST
            && let Some(last) = of_subject().next_back().map(|(place, _)| *place)
        {
            records.remove(&last);
        }
    }

    /// The union of both, of what is still of use under that roster.
    pub fn merge(&mut self, others: &Self, roster: &Roster) {
        if !others.all_in(self) {
            for (record, said) in others.0.values() {
                self.insert(record.clone(), said.clone());
            }
        }
        self.retain(roster);
    }

    /// Leaves out what is of no use under that roster.
    pub fn retain(&mut self, roster: &Roster) {
        if self.0.values().any(|(_, said)| !R::stands(said, roster)) {
            Arc::make_mut(&mut self.0).retain(|_, (_, said)| R::stands(said, roster));
        }
    }
}
