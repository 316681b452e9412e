//! How long what a person types, and what a file brings, may be.
//!
//! A change is judged by its own text alone, so that every copy of a vault agrees on it. What is longer is no change; see FORMAT.md §7.

use crate::secret::Text;
use crate::vault::Details;
use crate::vault::change::{Contents, Value};
use crate::vault::fold::field;

/// Bytes of a change's text.
pub(crate) const CHANGE: usize = 256 * KIB;
/// Fields that one change sets, or replaces assignments of.
pub(crate) const FIELDS: usize = 64;
/// Fields of one entry that one author sets, but for those of [`field::ALWAYS`].
pub(crate) const FIELDS_BY_ONE: usize = 4096;
/// Assignments of one field that one change replaces.
pub(crate) const REPLACED: usize = 64;
/// Bytes of a field's name.
pub(crate) const FIELD_NAME: usize = 128;
/// Bytes of a value's JSON: less than a change's text, so that any value can be set again by a change of our own.
pub(crate) const VALUE: usize = 192 * KIB;
/// Elements of `entries` in a personal vault that are no changes, and members of its body that this program does not know.
pub(crate) const UNKNOWN: usize = 256;
/// Changes by one key that do not count, beyond which none is taken from another copy.
pub(crate) const ASIDE: usize = 256;

const KIB: usize = 1024;
/// Bytes of an issuer or an account.
const NAME: usize = KIB;
/// Bytes of a note.
const NOTE: usize = 64 * KIB;
/// Tags of one entry.
const TAGS: usize = 64;
/// Bytes of a tag.
const TAG: usize = 128;
/// Bytes of a key. Only what this program writes is held to this and the next three.
const SECRET: usize = 64 * KIB;
const PIN: usize = KIB;
const RECOVERY_CODE: usize = KIB;
/// Recovery codes added at once.
const RECOVERY_CODES: usize = 256;

/// What of an entry's values is longer than a vault takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLong {
    /// One value.
    #[error("the {0} is longer than {size}", size = size(*.1))]
    Value(&'static str, usize),
    /// A tag.
    #[error("a tag is longer than {TAG} bytes")]
    Tag,
    /// A recovery code.
    #[error("a recovery code is longer than {size}", size = size(RECOVERY_CODE))]
    RecoveryCode,
    /// The list of tags.
    #[error("an entry has at most {TAGS} tags")]
    Tags,
    /// The list of recovery codes.
    #[error("at most {RECOVERY_CODES} recovery codes are added at once")]
    RecoveryCodes,
    /// A note full of characters that JSON writes with six letters.
    #[error("the note has too many control characters")]
    Control,
}

fn size(bytes: usize) -> String {
    format!("{} KiB", bytes / KIB)
}

/// Whether a vault takes those values; `old` are the entry's values now: what stays as it is was taken before.
///
/// # Errors
/// The first of them that is too long.
pub fn check(new: &Details, old: Option<&Details>) -> Result<(), TooLong> {
    let kept = |same: fn(&Details, &Details) -> bool| old.is_some_and(|old| same(old, new));
    let text = |what, length: usize, longest, kept: bool| match length > longest && !kept {
        true => Err(TooLong::Value(what, longest)),
        false => Ok(()),
    };
    text("issuer", new.issuer.len(), NAME, kept(|old, new| old.issuer == new.issuer))?;
    text("account", new.account.len(), NAME, kept(|old, new| old.account == new.account))?;
    text("note", new.note.len(), NOTE, kept(|old, new| old.note == new.note))?;
    text("secret", new.otp.secret.len(), SECRET, kept(|old, new| old.otp.secret == new.otp.secret))?;
    let pin = new.otp.pin.as_deref().map_or(0, str::len);
    text("PIN", pin, PIN, kept(|old, new| old.otp.pin == new.otp.pin))?;
    if !kept(|old, new| old.note == new.note) && written(&new.note) > VALUE {
        return Err(TooLong::Control);
    }
    if !kept(|old, new| old.tags == new.tags) {
        if new.tags.len() > TAGS {
            return Err(TooLong::Tags);
        }
        if new.tags.iter().any(|tag| tag.len() > TAG) {
            return Err(TooLong::Tag);
        }
    }
    let mut added: usize = 0;
    for code in &new.recovery_codes {
        added = added.saturating_add(usize::from(code.id.is_none()));
        if code.code.len() > RECOVERY_CODE && !old.is_some_and(|old| old.recovery_codes.contains(code)) {
            return Err(TooLong::RecoveryCode);
        }
    }
    if added > RECOVERY_CODES { Err(TooLong::RecoveryCodes) } else { Ok(()) }
}

/// How many bytes a text has as JSON.
fn written(text: &str) -> usize {
    let letter = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..=31 => 6,
        _ => 1_usize,
    };
    text.bytes().map(letter).fold(2, usize::saturating_add)
}

/// Whether a change is within the bounds of the format, but for the length of its text.
pub(crate) fn fits(contents: &Contents) -> bool {
    let (set, over) = (&contents.set.0, &contents.over.0);
    set.len() <= FIELDS
        && over.len() <= FIELDS
        && set.iter().all(|(name, value)| name.len() <= FIELD_NAME && value_fits(name, *value))
        && over.iter().all(|(name, stamps)| name.len() <= FIELD_NAME && stamps.len() <= REPLACED)
}

fn value_fits(name: &str, value: Value) -> bool {
    // No text is longer than its JSON: most are not looked into.
    let text_fits = |longest| value.json().len() <= longest || value.text().is_none_or(|text| text.len() <= longest);
    let tags_fit = |tags: Vec<Text>| tags.len() <= TAGS && tags.iter().all(|tag| tag.len() <= TAG);
    value.json().len() <= VALUE
        && match name {
            field::ISSUER | field::ACCOUNT => text_fits(NAME),
            field::NOTE => text_fits(NOTE),
            field::TAGS => value.json().len() <= TAG || value.read().is_none_or(tags_fit),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::written;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_measured_as_json_writes_it(text in prop_oneof![any::<String>(), "[\"\\\\\\x00-\\x1f\\x7f a]{0,9}"]) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap().len());
        }
    }
}
