//! Authy, which has no export: its preferences on Android, what its service answers, and what people's scripts make of either.
//!
//! A sealed key is AES-256-CBC under PBKDF2-HMAC-SHA-1 of the backup password and the salt's text. There is neither algorithm nor period: SHA-1 and
//! 30 s, for Authy's own tokens 10 s.

use std::collections::HashSet;

use serde_json::Value;

use super::cipher::{self, Cost, Hash};
use super::draft::{Draft, Key};
use super::json::{Document, Fields, Number};
use super::{Candidate, Derivations, Format, FormatError, Imported, Opened, Problem, draft, preferences};
use crate::otp::uri;
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "authy",
    name: "Authy",
    help: "Authy: com.authy.storage.tokens.authenticator.xml (rooted phone), or the JSON of a script that reads its service",
    detect: |bytes| tokens(bytes).is_some(),
    read: Some(read),
    write: None,
};

const TOKENS: &str = "com.authy.storage.tokens.authenticator.key";
const OWN: &str = "com.authy.storage.tokens.authy.key";

/// All tokens of a file, whatever its shape; `None` when it is not Authy's.
fn tokens(bytes: &[u8]) -> Option<Vec<Document>> {
    if let Some(texts) = preferences::texts(bytes) {
        let lists = texts.iter().filter(|(name, _)| name == TOKENS || name == OWN);
        let lists: Vec<Document> = lists.filter_map(|(_, list)| Document::read(list.as_bytes()).ok()).collect();
        return (!lists.is_empty()).then(|| lists.iter().flat_map(|list| split(&list.0)).collect());
    }
    let file = Document::probe(bytes)?;
    for name in ["authenticator_tokens", "decrypted_authenticator_tokens"] {
        if let Some(list) = file.0.get(name) {
            return Some(split(list));
        }
    }
    let list = file.0.as_array().filter(|list| {
        !list.is_empty() && list.iter().all(|token| token.has("name") && token.has("secret") && token.has("uri"))
    });
    list.map(|_| split(&file.0))
}

fn split(list: &Value) -> Vec<Document> {
    list.as_array().map(|list| list.iter().cloned().map(Document).collect()).unwrap_or_default()
}

fn sealed(token: &Value) -> Option<&str> {
    let open = token.text("decryptedSecret").or(token.text("decrypted_seed"));
    token.text("encryptedSecret").or(token.text("encrypted_seed")).filter(|_| open.is_none())
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let tokens = tokens(bytes).ok_or_else(|| FormatError::Damaged("it holds no tokens".into()))?;
    if tokens.iter().all(|token| sealed(&token.0).is_none()) {
        return read_tokens(&tokens, None, &mut Derivations::default()).map(Opened::Plain);
    }
    check_costs(&tokens)?;
    Ok(Opened::encrypted(move |password, keys| read_tokens(&tokens, Some(password), keys)))
}

fn read_tokens(tokens: &[Document], password: Option<&Text>, keys: &mut Derivations) -> Result<Imported, FormatError> {
    let mut imported = Imported::default();
    for (number, token) in (1..).zip(tokens) {
        let place = format!("entry {number}");
        let opened = match (sealed(&token.0), password) {
            (Some(sealed), Some(password)) => {
                Some(open(&token.0, sealed, password, keys).map_err(|wrong| wrong.at(&place))?)
            }
            _ => None,
        };
        imported.push(read_token(place, &token.0, opened));
    }
    Ok(imported)
}

fn iterations(token: &Value) -> Result<u64, FormatError> {
    match token.number("key_derivation_iterations") {
        Number::Absent => Ok(1000),
        Number::Is(iterations) => Ok(iterations),
        Number::Broken => Err(FormatError::Damaged("the iterations of a key are not a number".into())),
    }
}

/// Refuses a file whose keys cost more than all files may, before any is derived.
fn check_costs(tokens: &[Document]) -> Result<(), FormatError> {
    let (mut costs, mut seen) = (Derivations::default(), HashSet::new());
    for (number, token) in (1..).zip(tokens).filter(|(_, token)| sealed(&token.0).is_some()) {
        let iterations = iterations(&token.0)?;
        if seen.insert((token.0.text("salt").unwrap_or(""), iterations)) {
            let cost = Cost::Pbkdf2 { hash: Hash::Sha1, iterations, length: 32 };
            costs.charge(cost).map_err(|wrong| wrong.at(&format!("entry {number}")))?;
        }
    }
    Ok(())
}

fn open(token: &Value, sealed: &str, password: &Text, keys: &mut Derivations) -> Result<Text, FormatError> {
    let sealed = cipher::base64(sealed).ok_or_else(|| FormatError::Damaged("a key is not base64".into()))?;
    let iv = match token.text("unique_iv") {
        None => vec![0; 16],
        Some(hex) => data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|_| FormatError::Damaged("an IV is not hexadecimal".into()))?,
    };
    let (salt, iterations) = (token.text("salt").unwrap_or("").as_bytes(), iterations(token)?);
    let key = keys.pbkdf2(Hash::Sha1, password.as_bytes(), salt, iterations)?;
    let plain = cipher::cbc_open(&key[..], &iv, &sealed).ok_or(FormatError::WrongPasswordOrDamaged)?;
    let text = std::str::from_utf8(&plain).ok().filter(|text| crate::otp::base32::is_letters(text));
    text.map(Text::from).ok_or(FormatError::WrongPasswordOrDamaged)
}

fn read_token(place: String, token: &Value, opened: Option<Text>) -> Result<Candidate, Problem> {
    if let Some(uri) = token.text("uri").filter(|uri| uri::is_uri(uri)) {
        return draft::from_uri(place, uri);
    }
    let seed = token.text("secretSeed");
    let secret = token.text("decryptedSecret").or(token.text("decrypted_seed")).or(token.text("secret"));
    let key = match (&opened, seed) {
        (Some(opened), _) => Key::Base32(opened),
        (None, Some(seed)) => Key::Hex(seed),
        (None, None) => Key::Base32(secret.unwrap_or("")),
    };
    let name = token.text("name").unwrap_or("");
    let original = token.text("originalName").or(token.text("original_name")).unwrap_or(name);
    let (prefix, rest) = match original.split_once(':').or_else(|| name.split_once(" - ")) {
        Some((prefix, rest)) => (prefix.trim(), rest.trim()),
        None => ("", name),
    };
    let kind = token.text("accountType").or(token.text("account_type")).unwrap_or("");
    let capital = || {
        let mut letters = kind.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    let issuer = match token.text("originalIssuer").or(token.text("issuer")) {
        Some(issuer) => issuer.to_owned(),
        None if !prefix.is_empty() => prefix.to_owned(),
        None if kind == "authenticator" => String::new(),
        None => capital(),
    };
    let mut draft = Draft::new(place, key).named(Some(&issuer), Some(rest));
    draft.digits = token.number("digits");
    if seed.is_some() {
        draft.period = Number::Is(10);
        if draft.digits == Number::Absent {
            draft.digits = Number::Is(7);
        }
    }
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn open_tokens_of_preferences() {
        let file = b"<?xml version='1.0'?><map><string name=\"com.authy.storage.tokens.authenticator.key\">[{&quot;accountType&quot;:&quot;dropbox&quot;,
            &quot;decryptedSecret&quot;:&quot;MZXW6&quot;,&quot;digits&quot;:7,&quot;name&quot;:&quot;me&quot;}]</string>
            <string name=\"com.authy.storage.tokens.authy.key\">[{&quot;secretSeed&quot;:&quot;0102&quot;,&quot;name&quot;:&quot;A - b&quot;}]</string></map>";
        assert!((FORMAT.detect)(file));
        let entries = samples::plain(&FORMAT, file).entries;
        assert_eq!((entries[0].details.issuer.as_str(), entries[0].details.account.as_str()), ("Dropbox", "me"));
        let own = &entries[1].details;
        assert_eq!((own.otp.period.get(), own.otp.digits.get(), own.issuer.as_str()), (10, 7, "A"));
    }

    #[test]
    fn sealed_tokens_open_with_the_backup_password() {
        let key = cipher::pbkdf2(Hash::Sha1, b"word", b"salt", 1000).unwrap();
        let sealed = data_encoding::BASE64.encode(&cipher::cbc_seal(&key[..], &[0; 16], b"MZXW6YTB").unwrap());
        let file = format!(
            r#"{{"authenticator_tokens":[{{"encrypted_seed":"{sealed}","salt":"salt","name":"I: me","original_name":"I:me","digits":6}}]}}"#
        );
        let imported = samples::with_password(&FORMAT, file.as_bytes(), "word").unwrap();
        assert_eq!(imported.entries[0].details.otp.secret.expose(), b"fooba");
        assert_eq!(samples::with_password(&FORMAT, file.as_bytes(), "x"), Err(FormatError::WrongPasswordOrDamaged));
    }

    #[test]
    fn a_small_file_of_dear_keys_is_refused_before_one_is_derived() {
        let file = |salt: fn(usize) -> String| {
            let token = |n| {
                format!(
                    r#"{{"encrypted_seed":"AAAA","salt":"{}","name":"n","key_derivation_iterations":5000000}}"#,
                    salt(n)
                )
            };
            format!(r#"{{"authenticator_tokens":[{}]}}"#, (0..60).map(token).collect::<Vec<_>>().join(","))
        };
        let refused = (FORMAT.read.unwrap())(file(|n| n.to_string()).as_bytes()).err();
        let Some(FormatError::ParametersRefused(words)) = refused else { panic!("{refused:?}") };
        assert!(words.starts_with("entry 5: ") && words.contains("too much for one file"), "{words}");
        // The same salt makes one key.
        assert!((FORMAT.read.unwrap())(file(|_| "salt".into()).as_bytes()).is_ok());
        let odd =
            br#"{"authenticator_tokens":[{"encrypted_seed":"AAAA","name":"n","key_derivation_iterations":"many"}]}"#;
        assert!(matches!((FORMAT.read.unwrap())(odd), Err(FormatError::Damaged(_))));
    }
}
