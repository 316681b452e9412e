//! Fields that were changed in two places at once: what each place says, and settling it by one more change.

use crate::secret::Text;
use crate::vault::document::Document;
use crate::vault::fold::Assignments;
use crate::vault::surplus::look_into;
use crate::vault::{EntryId, Stamp, Unlocked, history};

/// A field for which two or more values stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The field's name as it is stored.
    pub(crate) field: String,
    /// The values, the oldest first; the last is the one that is shown.
    pub sides: Vec<Side>,
}

/// The name of a field as a person reads it, of its name in [`crate::vault::Entry::conflicts`].
pub fn label(field: &str) -> &str {
    history::label(field)
}

/// One of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// When it was set.
    pub at: Stamp,
    /// The name of the member who set it.
    pub by: String,
    /// In words, a secret in its own letters; `None`: nothing.
    pub value: Option<Text>,
    json: Text,
}

/// Which value a person has chosen for a field. Named by what it is: a value that comes meanwhile changes no choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub(crate) field: String,
    pub(crate) json: Text,
}

impl Conflict {
    /// The field's name as a person reads it ("issuer", "secret", "recovery code").
    pub fn label(&self) -> &str {
        history::label(&self.field)
    }

    /// Whether the values are shown only when asked for.
    pub fn is_hidden(&self) -> bool {
        history::is_hidden(&self.field)
    }

    /// The choice of that side.
    pub fn choice(&self, side: usize) -> Option<Choice> {
        let side = self.sides.get(side)?;
        Some(Choice { field: self.field.clone(), json: side.json.clone() })
    }
}

impl Unlocked {
    /// The fields of an entry that were changed in two places at once.
    pub fn conflicts(&self, id: EntryId) -> Vec<Conflict> {
        conflicts(&self.document, id)
    }
}

fn conflicts(document: &Document, id: EntryId) -> Vec<Conflict> {
    let Some((entry, held)) = document.held.get(&id).and_then(|held| Some((held.entry.as_ref()?, held))) else {
        return Vec::new();
    };
    let contents = look_into(held.in_force());
    let assignments = Assignments::of(&contents);
    let conflict = |field: &String| {
        let mut sides: Vec<Side> = Vec::new();
        for (change, value) in assignments.open(field) {
            // The same value set twice is one side: the newer of both stands for it.
            sides.retain(|side| &*side.json != value.json());
            sides.push(Side {
                at: change.at,
                by: history::author(document, &change.by),
                value: history::in_words(field, value),
                json: Text::from(value.json()),
            });
        }
        Conflict { field: field.clone(), sides }
    };
    entry.conflicts.iter().map(conflict).collect()
}
