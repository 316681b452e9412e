//! Which changes of an entry are kept.
//!
//! The rule looks at the set of changes alone, and keeps whatever it looks at: dropping before or after a merge comes to the same, so that
//! replicas agree whatever the order in which they met.

use std::collections::BTreeMap;

use crate::vault::Stamp;
use crate::vault::change::{Contents, key_id_of};
use crate::vault::fold::{counter, field};
use crate::vault::surplus::{Author, Surplus};

/// How many assignments of a field by one author are kept: the newest and 20 before it.
pub const KEPT: usize = 21;

/// Whether each of those changes, which are in order and of one entry, is kept.
///
/// One is dropped if its own author has set each of its fields 21 times since. Nobody's changes make another's go. A change that sets a secret,
/// a PIN or a recovery code, or that one was used, or holds the highest counter of a secret is never dropped. A field that is one too many of its author's
/// is as if it had been set often enough since.
pub(crate) fn kept(changes: &[Contents], surplus: &Surplus) -> Vec<bool> {
    if changes.len() <= KEPT {
        return vec![true; changes.len()];
    }
    let mut highest: BTreeMap<Stamp, u64> = BTreeMap::new();
    for (secret, next) in changes.iter().filter_map(counter) {
        let known = highest.entry(secret).or_insert(next);
        *known = next.max(*known);
    }
    let is_highest =
        |change: &Contents| counter(change).is_some_and(|(secret, next)| highest.get(&secret) == Some(&next));
    // How many newer assignments of a field there are by an author, and the place of the oldest of them: a name doubled in a change is one.
    let mut newer: BTreeMap<(&str, Author), (usize, usize)> = BTreeMap::new();
    let mut keep = vec![true; changes.len()];
    for (place, (change, keep)) in changes.iter().zip(&mut keep).enumerate().rev() {
        let by = key_id_of(&change.by);
        let mut past = !change.set.0.is_empty();
        for (name, _) in &change.set.0 {
            if surplus.leaves_out(by, name) {
                past &= !is_lasting(name);
                continue;
            }
            let (count, oldest) = newer.entry((name, by)).or_insert((0, usize::MAX));
            if *oldest != place {
                past &= *count >= KEPT && !is_lasting(name);
                (*count, *oldest) = (count.saturating_add(1), place);
            }
        }
        *keep = !past || is_highest(change);
    }
    keep
}

/// Whether every assignment of that field is kept.
fn is_lasting(name: &str) -> bool {
    name == field::SECRET || name == field::PIN || name.starts_with(field::RECOVERY) || name.starts_with(field::USED)
}
