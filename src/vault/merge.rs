//! Union of changes: commutative, associative, idempotent.
//!
//! Old changes are dropped by a rule on the union alone, so that replicas agree whatever the order in which they met.

use std::collections::BTreeMap;

use crate::vault::Stamp;
use crate::vault::change::{Change, Contents};
use crate::vault::fold::{Counter, field};

/// How many assignments of a field are kept: the newest and 20 before it.
pub const KEPT: usize = 21;

/// The union of two lists of changes of one entry, each in order, without the changes that are past keeping.
pub(crate) fn union(ours: &[Change], theirs: Vec<Change>) -> Vec<Change> {
    // Theirs are taken over, not copied: opening a vault holds each change once.
    let mut all = theirs;
    all.reserve_exact(ours.len());
    all.extend_from_slice(ours);
    all.sort();
    all.dedup();
    prune(all)
}

/// Drops exactly those changes each of whose fields has 21 newer assignments. Secrets and recovery codes are never dropped, nor is the
/// highest counter of a secret.
fn prune(changes: Vec<Change>) -> Vec<Change> {
    if changes.len() <= KEPT {
        return changes;
    }
    let contents: Vec<Contents> = changes.iter().map(Change::contents).collect();
    let mut highest: BTreeMap<Stamp, u64> = BTreeMap::new();
    let counter = |change: &Contents| {
        let counter: Counter = change.set.get(field::COUNTER)?.read()?;
        Some((counter.of.unwrap_or(change.at), counter.next))
    };
    for (secret, next) in contents.iter().filter_map(counter) {
        let known = highest.entry(secret).or_insert(next);
        *known = next.max(*known);
    }
    let mut newer: BTreeMap<&str, usize> = BTreeMap::new();
    let mut keep = vec![true; changes.len()];
    for (change, keep) in contents.iter().zip(&mut keep).rev() {
        let mut past = !change.set.0.is_empty();
        for (name, _) in &change.set.0 {
            let seen = newer.entry(name).or_insert(0);
            let lasting = name == field::SECRET || name.starts_with(field::RECOVERY) || name.starts_with(field::USED);
            if *seen < KEPT || lasting {
                past = false;
            }
        }
        for (name, _) in &change.set.0 {
            let newer = newer.entry(name).or_insert(0);
            *newer = newer.saturating_add(1);
        }
        if counter(change).is_some_and(|(secret, next)| highest.get(&secret) == Some(&next)) {
            past = false;
        }
        *keep = !past;
    }
    drop(contents);
    changes.into_iter().zip(keep).filter_map(|(change, keep)| keep.then_some(change)).collect()
}
