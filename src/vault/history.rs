//! Who changed what: the changes, read as a story.

use std::collections::BTreeMap;

use crate::secret::Text;
use crate::vault::Stamp;
use crate::vault::change::{Value, key_id_of};
use crate::vault::document::Document;
use crate::vault::fold::{Counter, field};
use crate::vault::surplus::look_into;
use crate::vault::{EntryId, VaultError};

/// One field's step in an entry's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// When.
    pub at: Stamp,
    /// The name of the member who made the change, as the roster has it.
    pub by: String,
    /// What was changed: the field's name as a person reads it ("issuer", "secret", "deleted").
    pub field: String,
    /// The value before, in words; `None` when there was none. Secrets, PINs and recovery codes are never in words: they read "(hidden)".
    pub from: Option<Text>,
    /// The value after, likewise.
    pub to: Option<Text>,
    /// Dated too far ahead of this machine's clock: it does not count yet.
    pub waits: bool,
}

/// The name of the member behind a change's `by`.
pub(crate) fn author(document: &Document, by: &str) -> String {
    key_id_of(by)
        .and_then(|id| document.roster.member_by_key_id(&id))
        .map_or_else(|| "somebody unknown".into(), |member| member.name.clone())
}

/// When an entry was last changed, and the name of the member who did it.
pub(crate) fn last(document: &Document, id: EntryId) -> Option<(Stamp, String)> {
    let change = document.held.get(&id)?.in_force().last()?.contents();
    Some((change.at, author(document, &change.by)))
}

/// What was done to an entry.
///
/// # Errors
/// [`VaultError::NoSuchEntry`].
pub(crate) fn history(document: &Document, id: EntryId) -> Result<Vec<HistoryItem>, VaultError> {
    let held = document.held.get(&id).ok_or(VaultError::NoSuchEntry)?;
    let contents = look_into(&held.changes);
    let mut items = Vec::new();
    let mut now: BTreeMap<&str, Value> = BTreeMap::new();
    for (place, change) in contents.iter().enumerate() {
        let by = author(document, &change.by);
        for (name, value) in &change.set.0 {
            let before = now.insert(name, *value);
            items.push(HistoryItem {
                at: change.at,
                by: by.clone(),
                field: label(name).to_owned(),
                from: before.and_then(|value| words(name, value)),
                to: words(name, *value),
                waits: place >= held.due,
            });
        }
    }
    Ok(items)
}

/// A field's name as a person reads it.
pub(crate) fn label(name: &str) -> &str {
    if name.starts_with(field::RECOVERY) {
        "recovery code"
    } else if name.starts_with(field::USED) {
        "recovery code used"
    } else {
        name
    }
}

/// Whether a field's values are secrets.
pub(crate) fn is_hidden(name: &str) -> bool {
    name == field::SECRET || name == field::PIN || name.starts_with(field::RECOVERY)
}

fn words(name: &str, value: Value) -> Option<Text> {
    if is_hidden(name) && !value.is_null() {
        return Some(Text::from("(hidden)"));
    }
    in_words(name, value)
}

/// A field's value in words, a secret in its own letters.
pub(crate) fn in_words(name: &str, value: Value) -> Option<Text> {
    if value.is_null() {
        return None;
    }
    if name == field::COUNTER {
        return value.read::<Counter>().map(|counter| Text::from(counter.next.to_string()));
    }
    if name == field::TAGS {
        return value.read::<Vec<String>>().map(|tags| Text::from(tags.join(", ")));
    }
    match value.json() {
        "true" => Some(Text::from("yes")),
        "false" => Some(Text::from("no")),
        json => value.text().or_else(|| Some(Text::from(json))),
    }
}
