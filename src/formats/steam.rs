//! Steam's own files: the app's `Steamguard-…`, and the maFile of Steam Desktop Authenticator and steamguard-cli.
//!
//! They hold keys that sign trades as well (`identity_secret`): those are never read.

use serde_json::Value;

use super::draft::{Draft, Key};
use super::json::{Document, Fields};
use super::{Candidate, Format, FormatError, Imported, Opened, Problem, cipher};
use crate::otp::Kind;
use crate::secret::{Secret, Text};
use crate::vault::RecoveryCode;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "steam",
    name: "Steam maFile",
    help: "Steam Desktop Authenticator or steamguard-cli: an unencrypted .maFile; the Steam app: Steamguard-…",
    detect: |bytes| Document::probe(bytes).is_some_and(|file| !accounts(&file.0).is_empty()),
    read: Some(read),
    write: None,
};

fn accounts(file: &Value) -> Vec<&Value> {
    if file.text("shared_secret").is_some() {
        return vec![file];
    }
    let within = file.get("accounts").and_then(Value::as_object);
    within
        .map(|map| map.values().filter(|account| account.text("shared_secret").is_some()).collect())
        .unwrap_or_default()
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let file = Document::read(bytes).map_err(|_| {
        FormatError::Unsupported(
            "this maFile is encrypted and its manifest is not in it: decrypt it in its program first".into(),
        )
    })?;
    let mut imported = Imported::default();
    for (number, account) in (1..).zip(accounts(&file.0)) {
        imported.push(read_account(format!("entry {number}"), account));
    }
    Ok(Opened::Plain(imported))
}

fn read_account(place: String, account: &Value) -> Result<Candidate, Problem> {
    let secret = cipher::base64(account.text("shared_secret").unwrap_or("")).unwrap_or_default();
    let mut draft =
        Draft::new(place, Key::Bytes(Secret::from(&secret[..]))).named(Some("Steam"), account.text("account_name"));
    draft.kind = Ok(Kind::Steam);
    let code = account.text("revocation_code").map(Text::from);
    draft.recovery_codes.extend(code.map(|code| RecoveryCode { id: None, code, used: false }));
    if account.text("identity_secret").is_some() {
        draft.notices.push("the key that confirms trades is left behind".into());
    }
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn both_layouts() {
        let account =
            r#"{"shared_secret":"AQIDBA==","account_name":"me","revocation_code":"R1","identity_secret":"x"}"#;
        for file in [account.to_owned(), format!(r#"{{"accounts":{{"1":{account}}}}}"#)] {
            assert!((FORMAT.detect)(file.as_bytes()));
            let entry = samples::plain(&FORMAT, file.as_bytes()).entries.remove(0);
            assert_eq!(entry.details.otp.secret.expose(), [1, 2, 3, 4]);
            assert_eq!(entry.details.recovery_codes[0].code.as_str(), "R1");
            assert_eq!(entry.notices.len(), 1);
        }
    }
}
