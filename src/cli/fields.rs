//! From the arguments of `add` and `edit` to the fields of an entry.

use super::args::Values;
use super::error::Failure;
use crate::otp::{Kind, uri};
use crate::secret::{Secret, Text};
use crate::vault::fields::Fields;

/// What the arguments say, without secret and PIN, which are never in them.
pub fn plain(values: &Values) -> Fields {
    let text = |value: &Option<String>| value.as_deref().map(Text::from);
    Fields {
        kind: values.kind,
        issuer: text(&values.issuer),
        account: text(&values.account),
        algorithm: values.algorithm,
        digits: values.digits,
        period: values.period,
        counter: values.counter,
        tags: (!values.tags.is_empty()).then(|| values.tags.iter().map(|tag| Text::from(tag.as_str())).collect()),
        note: text(&values.note),
        ..Fields::default()
    }
}

/// A secret as it is typed for an entry of that kind.
pub fn secret(kind: Kind, typed: &str) -> Result<Secret, Failure> {
    let read = if kind == Kind::Motp { uri::motp_secret(typed) } else { uri::base32_secret(typed) };
    read.map_err(|error| Failure::failed(format!("{error}; nothing was changed")))
}
