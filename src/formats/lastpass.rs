//! LastPass Authenticator: its JSON export, and the QR codes of its transfer to another phone.
//!
//! A code is `lpaauth-migration://offline?data=` and base64 of gzip of JSON, whose `content` is base64 of gzip of JSON again.

use sha2::{Digest, Sha256};

use super::archive::gzip;
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number};
use super::{Format, FormatError, Imported, Opened, Problem, cipher, google, uri_list};
use crate::otp::percent;
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "lastpass",
    name: "LastPass Authenticator",
    help: "LastPass Authenticator: Settings, Transfer accounts: the file, the pictures of its QR codes, or their texts, one a line",
    detect: |bytes| {
        Document::probe(bytes)
            .is_some_and(|file| file.0.has("accounts") && file.0.has("folders") && file.0.has("deviceName"))
            || uri_list::first_line(bytes).is_some_and(|line| is_code(&line))
    },
    read: Some(|bytes| if Document::probe(bytes).is_some() { read(bytes) } else { uri_list::read(bytes) }),
    write: None,
};

/// The names of the same things in the file and in a code.
struct Names {
    accounts: &'static str,
    issuer: [&'static str; 2],
    user: [&'static str; 2],
    secret: &'static str,
    algorithm: &'static str,
    digits: &'static str,
    period: &'static str,
    favourite: &'static str,
    folder: &'static str,
    folders: &'static str,
    id: &'static str,
    name: &'static str,
}

const IN_FILE: Names = Names {
    accounts: "accounts",
    issuer: ["issuerName", "originalIssuerName"],
    user: ["userName", "originalUserName"],
    secret: "secret",
    algorithm: "algorithm",
    digits: "digits",
    period: "timeStep",
    favourite: "isFavorite",
    folder: "folderData",
    folders: "folders",
    id: "id",
    name: "name",
};

const IN_CODE: Names = Names {
    accounts: "a",
    issuer: ["iN", "oIN"],
    user: ["uN", "oUN"],
    secret: "s",
    algorithm: "a",
    digits: "d",
    period: "tS",
    favourite: "iF",
    folder: "fD",
    folders: "f",
    id: "i",
    name: "n",
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let mut imported = Imported::default();
    read_accounts(&Document::read(bytes)?, &IN_FILE, "", &mut imported);
    Ok(Opened::Plain(imported))
}

fn read_accounts(file: &Document, names: &Names, place: &str, imported: &mut Imported) {
    for (number, account) in (1..).zip(file.0.items(names.accounts)) {
        let text = |keys: [&str; 2]| keys.into_iter().find_map(|key| account.text(key));
        let key = Key::Base32(account.text(names.secret).unwrap_or(""));
        let mut draft = Draft::new(format!("{place}entry {number}"), key).named(text(names.issuer), text(names.user));
        draft.algorithm = account.word(names.algorithm);
        draft.digits = account.number(names.digits);
        draft.period = account.number(names.period);
        draft.favourite = account.is_true(names.favourite);
        let folder = account.get(names.folder).map_or(Number::Absent, |folder| folder.number("folderId"));
        // Folder 0 holds what is in none.
        if let Some(id) = folder.get().filter(|id| *id > 0) {
            let named = file.0.items(names.folders).iter().find(|folder| folder.number(names.id) == Number::Is(id));
            let name = named.and_then(|folder| folder.text(names.name)).filter(|name| *name != "Favorites");
            draft.tags.extend(name.map(Text::from));
        }
        imported.push(draft.finish());
    }
}

const START: &str = "lpaauth-migration://";
/// What one code may unpack to: it is read from a QR code, which holds 3 KB.
const LARGEST: usize = 1024 * 1024;

/// Whether a line is the text of a code.
pub(super) fn is_code(line: &str) -> bool {
    line.get(..START.len()).is_some_and(|head| head.eq_ignore_ascii_case(START))
}

/// Reads one code's line into `imported`.
pub(super) fn read_code(place: &str, line: &str, imported: &mut Imported) {
    let Some((outer, content)) = unpack(line) else {
        let reason = "the data of the export is damaged: scan the code again".into();
        imported.problems.push(Problem { place: place.into(), label: String::new(), reason });
        return;
    };
    let id =
        Sha256::digest(outer.0.text("batchId").unwrap_or("")).first_chunk().map_or(0, |id| u64::from_be_bytes(*id));
    let (size, index) = (outer.0.number("batchSize").get(), outer.0.number("batchIndex").get());
    imported.met(google::Export::new(id, size.unwrap_or(1), index.unwrap_or(0)));
    read_accounts(&content, &IN_CODE, &format!("{place}, "), imported);
}

/// What is in a code, and what is in that.
fn unpack(line: &str) -> Option<(Document, Document)> {
    // A bare `+` is base64's, not a blank.
    let (_, query) = line.split_once('?')?;
    let data = query.split('&').find_map(|pair| pair.strip_prefix("data="))?;
    let data = percent::decode(data, false).ok()?;
    let open = |text: &str| Document::read(&gzip::unpack(&cipher::base64(text)?, LARGEST)?).ok();
    let outer = open(&data)?;
    let content = open(outer.0.text("content")?).filter(|content| content.0.has(IN_CODE.accounts))?;
    Some((outer, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    fn code(batch: &str, content: &str) -> String {
        let b64 = |text: &str| data_encoding::BASE64.encode(&gzip::pack(text.as_bytes()));
        let outer = format!(r#"{{{batch},"version":3,"content":"{}"}}"#, b64(content));
        let mut data = zeroize::Zeroizing::new(String::new());
        percent::encode(&b64(&outer), &mut data);
        format!("lpaauth-migration://offline?data={}\n", *data)
    }

    #[test]
    fn codes_of_a_transfer() {
        let account = r#"{"a":[{"iN":"I","oUN":"u","s":"MZXW6","a":"SHA256","d":8,"tS":60,"iF":true,"fD":{"folderId":7}}],"f":[{"i":7,"n":"Work"}]}"#;
        let first = code(r#""batchId":"x","batchIndex":0,"batchSize":2"#, account);
        assert!((FORMAT.detect)(first.as_bytes()));
        let imported = samples::plain(&FORMAT, first.as_bytes());
        assert!(imported.exports[0].missing().unwrap().contains("code 2"));
        let details = &imported.entries[0].details;
        assert_eq!((details.issuer.as_str(), details.account.as_str(), details.tags[0].as_str()), ("I", "u", "Work"));
        assert_eq!((details.otp.digits.get(), details.otp.period.get(), details.favourite), (8, 60, true));
        let both = first + &code(r#""batchId":"x","batchIndex":1,"batchSize":2"#, r#"{"a":[]}"#);
        assert_eq!(samples::plain(&FORMAT, both.as_bytes()).exports[0].missing(), None);
        for broken in ["lpaauth-migration://offline?data=AAAA", "lpaauth-migration://offline"] {
            assert_eq!(samples::plain(&FORMAT, broken.as_bytes()).problems.len(), 1);
        }
    }

    #[test]
    fn folders_and_missing_names() {
        let file = br#"{"deviceName":"x","accounts":[{"secret":"MZXW6","issuerName":"","originalIssuerName":"I","userName":"u","timeStep":60,"folderData":{"folderId":7}}],
            "folders":[{"id":7,"name":"Work"},{"id":0,"name":"Other"}]}"#;
        assert!((FORMAT.detect)(file));
        let entry = samples::plain(&FORMAT, file).entries.remove(0).details;
        assert_eq!((entry.issuer.as_str(), entry.otp.period.get(), entry.tags[0].as_str()), ("I", 60, "Work"));
    }
}
