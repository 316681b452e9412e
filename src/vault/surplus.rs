//! How many fields one author gives an entry.
//!
//! Whoever may write can name new fields without end, and each is looked at by every command. So many count as nobody needs; which do follows from the
//! set of changes alone, and nobody's fields take the place of another's.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::vault::bounds;
use crate::vault::change::{Change, Contents, key_id_of};
use crate::vault::fold::field;

/// The key id that a change names; `None`: it names none.
pub(crate) type Author = Option<[u8; 16]>;

/// The fields that count, where there are more than may be, by their authors.
pub(crate) struct Surplus<'a>(BTreeMap<Author, BTreeSet<Cow<'a, str>>>);

impl<'a> Surplus<'a> {
    /// That of one entry's changes.
    pub fn of(contents: &[Contents<'a>]) -> Surplus<'a> {
        let mut by_author: BTreeMap<Author, BTreeSet<Cow<str>>> = BTreeMap::new();
        let assignments = contents.iter().map(|change| change.set.0.len()).fold(0, usize::saturating_add);
        if assignments <= bounds::FIELDS_BY_ONE {
            return Surplus(by_author);
        }
        for change in contents {
            let names = by_author.entry(key_id_of(&change.by)).or_default();
            for (name, _) in change.set.0.iter().filter(|(name, _)| !field::ALWAYS.contains(&&**name)) {
                let is_beyond = names.len() >= bounds::FIELDS_BY_ONE && names.last().is_some_and(|last| last < name);
                if !is_beyond && names.insert(name.clone()) && names.len() > bounds::FIELDS_BY_ONE {
                    names.pop_last();
                }
            }
        }
        Surplus(by_author)
    }

    /// Whether that author's field is one too many.
    pub fn leaves_out(&self, by: Author, name: &str) -> bool {
        let is_beyond = self.0.get(&by).is_some_and(|names| !names.contains(name));
        is_beyond && !field::ALWAYS.contains(&name)
    }

    /// Takes what is left out from those changes; how many assignments that were.
    pub fn take_out(&self, contents: &mut [Contents]) -> usize {
        let mut taken = 0_usize;
        if self.0.values().any(|names| names.len() >= bounds::FIELDS_BY_ONE) {
            for change in contents {
                let by = key_id_of(&change.by);
                let before = change.set.0.len();
                change.set.0.retain(|(name, _)| !self.leaves_out(by, name));
                change.over.0.retain(|(name, _)| !self.leaves_out(by, name));
                taken = taken.saturating_add(before.saturating_sub(change.set.0.len()));
            }
        }
        taken
    }
}

/// One entry's changes, looked into, without the fields that are too many.
pub(crate) fn look_into(changes: &[Change]) -> Vec<Contents<'_>> {
    let mut contents: Vec<Contents> = changes.iter().map(Change::contents).collect();
    Surplus::of(&contents).take_out(&mut contents);
    contents
}
