//! What an import would do: each candidate added, taken for an update, or skipped, and why.

use std::collections::{HashMap, HashSet};

use super::{Imported, Problem, google};
use crate::otp::{Identity as Codes, Kind, links};
use crate::secret::{NoRandomness, Random};
use crate::vault::{Details, Edit, Entry, EntryId, bounds};

/// What to do with an entry that is there already (the same names and the same codes; or the same names with another secret).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// Leave ours.
    #[default]
    Skip,
    /// Ours takes the new values.
    Replace,
    /// Both.
    Keep,
}

/// What happens to one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A new entry.
    Add,
    /// That entry takes the new values.
    Replace(EntryId),
    /// Nothing, and why.
    Skip(String),
}

/// One row of an import's preview.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stood in the file.
    pub place: String,
    /// The entry.
    pub details: Details,
    /// What was put right or left behind.
    pub notices: Vec<String>,
    /// Ours that it duplicates.
    pub duplicate_of: Option<EntryId>,
    /// What ours holds now.
    pub ours: Option<Box<Details>>,
    /// What will happen; a person may change it row by row.
    pub action: Action,
}

/// An import, planned.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What was read.
    pub rows: Vec<Row>,
    /// What was not.
    pub problems: Vec<Problem>,
    /// What is still missing of exports in several parts, in words.
    pub missing: Vec<String>,
}

/// What makes two entries the same: their names, and all that their codes are made of.
type Identity<'a> = (Codes<'a>, &'a str, &'a str);

fn identity(details: &Details) -> Identity<'_> {
    (details.otp.identity(), &details.issuer, &details.account)
}

fn names(details: &Details) -> Option<(&str, &str)> {
    let names = (details.issuer.as_str(), details.account.as_str());
    (names != ("", "")).then_some(names)
}

/// Plans an import into a vault that holds `existing` (deleted entries are not duplicates).
///
/// The same names and secret with another algorithm, length, period, kind or PIN are not the same entry: one of the two makes wrong codes, and
/// which is for a person to find out. Such a candidate is added, and says so. A candidate without a PIN is the one of ours that has it.
///
/// An entry of ours stands for one candidate only: first for one that is the same in all, then for one of the same names. Two candidates
/// that are the same in all are one, unless both are to be kept.
pub fn plan<'a>(imported: Imported, existing: impl Iterator<Item = &'a Entry>, policy: OnDuplicate) -> Plan {
    let existing: Vec<&Entry> = existing.filter(|entry| !entry.deleted).collect();
    let mut same: HashMap<Identity<'_>, &Entry> = HashMap::new();
    let mut by_names: HashMap<(&str, &str), Vec<&Entry>> = HashMap::new();
    for entry in &existing {
        same.entry(identity(&entry.details)).or_insert(entry);
    }
    for entry in existing {
        let (codes, issuer, account) = identity(&entry.details);
        same.entry((codes.without_pin(), issuer, account)).or_insert(entry);
        if let Some(names) = names(&entry.details) {
            by_names.entry(names).or_default().push(entry);
        }
    }
    let mut taken: HashSet<EntryId> =
        imported.entries.iter().filter_map(|entry| same.get(&identity(&entry.details))).map(|entry| entry.id).collect();

    let mut seen: HashSet<Identity<'_>> = HashSet::new();
    let mut decided = Vec::with_capacity(imported.entries.len());
    for candidate in &imported.entries {
        let mut notices: Vec<String> = candidate.details.otp.short_secret().into_iter().collect();
        let details = &candidate.details;
        if names(details).is_none() {
            notices.push("it has no name: edit gives it one".into());
        }
        let twice = !candidate.trashed && !seen.insert(identity(details));
        let exact = same.get(&identity(details)).copied();
        let ours = exact.or_else(|| {
            let free = by_names.get(&names(details)?)?.iter().find(|entry| !taken.contains(&entry.id))?;
            taken.insert(free.id);
            Some(free)
        });
        let differences = ours.map_or_else(Vec::new, |ours| ours.details.otp.differences(&details.otp));
        let other = differences.join(" and ");
        let action = match (ours, policy) {
            _ if candidate.trashed => Action::Skip("it is in the other program's trash".into()),
            _ if let Err(error) = bounds::check(details, None) => Action::Skip(error.to_string()),
            _ if twice && policy != OnDuplicate::Keep => Action::Skip("it is in the file twice".into()),
            (None, _) | (Some(_), OnDuplicate::Keep) => Action::Add,
            (Some(ours), OnDuplicate::Replace) if merged(details, Some(&ours.details)) == ours.details => {
                Action::Skip("it is there already, with the same values".into())
            }
            (Some(ours), OnDuplicate::Replace) => Action::Replace(ours.id),
            (Some(_), OnDuplicate::Skip) if exact.is_some() => Action::Skip("it is there already".into()),
            (Some(_), OnDuplicate::Skip) if differences.contains(&"secret") => {
                Action::Skip("an entry of this issuer and account is there already, with another secret".into())
            }
            (Some(_), OnDuplicate::Skip) => {
                notices.push(format!("this secret is there already with another {other}: only one makes right codes"));
                Action::Add
            }
        };
        decided.push((ours.map(|entry| (entry.id, Box::new(entry.details.clone()))), action, notices));
    }
    let rows = imported
        .entries
        .into_iter()
        .zip(decided)
        .map(|(candidate, (ours, action, notices))| {
            let (duplicate_of, ours) = ours.unzip();
            Row {
                place: candidate.place,
                details: candidate.details,
                notices: candidate.notices.into_iter().chain(notices).collect(),
                duplicate_of,
                ours,
                action,
            }
        })
        .collect();
    let missing = imported.exports.iter().filter_map(google::Export::missing).collect();
    let mut problems = imported.problems;
    // A name with a link in it would show the secret of that.
    problems.iter_mut().filter(|problem| links::within(&problem.label)).for_each(|problem| problem.label.clear());
    Plan { rows, problems, missing }
}

impl Plan {
    /// The edits that carry it out.
    ///
    /// # Errors
    /// No randomness for new ids.
    pub fn edits(&self, random: &mut dyn Random) -> Result<Vec<Edit>, NoRandomness> {
        let mut edits = Vec::new();
        for row in &self.rows {
            match row.action {
                Action::Add => edits.push(Edit::Add(EntryId::random(random)?, Box::new(row.details.clone()))),
                Action::Replace(id) => {
                    // What ours holds is of use only for the entry it came from.
                    let ours = row.ours.as_deref().filter(|_| row.duplicate_of == Some(id));
                    edits.push(Edit::Change(id, Box::new(merged(&row.details, ours))));
                }
                Action::Skip(_) => {}
            }
        }
        Ok(edits)
    }
}

/// The new values over ours: what the file does not say (tags, a note, recovery codes, the favourite's star) stays.
fn merged(new: &Details, ours: Option<&Details>) -> Details {
    let mut merged = new.clone();
    let Some(ours) = ours else { return merged };
    merged.tags = ours.tags.clone();
    merged.tags.extend(new.tags.iter().filter(|tag| !ours.tags.contains(tag)).cloned());
    if new.note.is_empty() {
        merged.note = ours.note.clone();
    }
    merged.recovery_codes = ours.recovery_codes.clone();
    for recovery in &new.recovery_codes {
        match merged.recovery_codes.iter_mut().find(|kept| kept.code == recovery.code) {
            Some(kept) => kept.used |= recovery.used,
            None => merged.recovery_codes.push(recovery.clone()),
        }
    }
    merged.favourite |= ours.favourite;
    if merged.otp.pin.is_none() && merged.otp.kind == ours.otp.kind {
        merged.otp.pin = ours.otp.pin.clone();
    }
    if merged.otp.kind == Kind::Hotp && merged.otp.secret == ours.otp.secret {
        merged.otp.counter = merged.otp.counter.max(ours.otp.counter);
    }
    merged
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
