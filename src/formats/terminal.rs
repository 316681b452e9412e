//! Terminal tools that keep a line an entry: rsc/2fa and gauth.
//!
//! 2fa: `name digits secret`, and for HOTP the counter used last, in twenty digits. gauth: `name:secret` or a URI; `#` begins a comment; the
//! file may be encrypted by `openssl enc -aes-128-cbc -md sha256`.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::draft::{self, Draft, Key};
use super::json::Number;
use super::{Format, FormatError, Imported, Opened, Problem, cipher, uri_list};
use crate::otp::{Kind, base32, links, uri};

/// 2fa's row.
pub(super) const TWO_FA: Format = Format {
    id: "2fa",
    name: "2fa",
    help: "2fa (rsc.io/2fa): the file .2fa",
    detect: |bytes| every_line(bytes, |line| two_fa(line).is_some()),
    read: Some(|bytes| {
        let mut imported = Imported::default();
        for (number, line) in uri_list::lines(bytes) {
            let place = format!("line {number}");
            match std::str::from_utf8(line).ok().and_then(two_fa) {
                None => imported.problems.push(odd(place)),
                Some((name, digits, secret, last)) => {
                    let mut draft = Draft::new(place, Key::Base32(secret)).named(None, Some(name));
                    draft.digits = Number::of(digits);
                    if let Some(last) = last {
                        draft.kind = Ok(Kind::Hotp);
                        draft.counter = last
                            .parse::<u64>()
                            .ok()
                            .and_then(|last| last.checked_add(1))
                            .map_or(Number::Broken, Number::Is);
                    }
                    imported.push(draft.finish());
                }
            }
        }
        Ok(Opened::Plain(imported))
    }),
    write: None,
};

/// gauth's row.
pub(super) const GAUTH: Format = Format {
    id: "gauth",
    name: "gauth",
    help: "gauth (pcarrier/gauth): the file gauth.csv, encrypted or not",
    detect: |bytes| {
        // A list of nothing but URIs is nobody's in particular.
        let own = || uri_list::lines(bytes).any(|(_, line)| !std::str::from_utf8(line).is_ok_and(uri::is_uri));
        bytes.starts_with(SALTED) || (is_gauth(bytes) && own())
    },
    read: Some(read_gauth),
    write: None,
};

fn odd(place: String) -> Problem {
    Problem { place, label: String::new(), reason: "the line is not of this format".into() }
}

fn every_line(bytes: &[u8], fits: fn(&str) -> bool) -> bool {
    let mut lines = uri_list::lines(bytes).take(1000).peekable();
    lines.peek().is_some() && lines.all(|(_, line)| std::str::from_utf8(line).is_ok_and(fits))
}

fn key_like(text: &str) -> bool {
    text.len() >= 8 && base32::is_letters(text)
}

/// Name, digits, secret and the counter used last.
fn two_fa(line: &str) -> Option<(&str, &str, &str, Option<&str>)> {
    let mut parts = line.split_ascii_whitespace();
    let (name, digits, secret, last) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
    let counter = last.is_none_or(|last| last.len() == 20 && last.bytes().all(|byte| byte.is_ascii_digit()));
    (matches!(digits, "6" | "7" | "8") && key_like(secret) && counter && parts.next().is_none())
        .then_some((name, digits, secret, last))
}

fn gauth(line: &str) -> Option<(&str, &str)> {
    let (name, secret) = line.rsplit_once(':')?;
    // Words can be base32 too; keys are longer than most.
    (!name.is_empty() && secret.len() >= 16 && key_like(secret)).then_some((name.trim(), secret))
}

/// How a file that openssl encrypted begins.
const SALTED: &[u8] = b"Salted__";

fn is_gauth(bytes: &[u8]) -> bool {
    every_line(bytes, |line| uri::is_uri(line) || gauth(line).is_some())
}

fn read_gauth(bytes: &[u8]) -> Result<Opened, FormatError> {
    let Some(rest) = bytes.strip_prefix(SALTED) else { return Ok(Opened::Plain(read_lines(bytes))) };
    let (salt, sealed) = rest.split_first_chunk::<8>().ok_or_else(|| FormatError::Damaged("it is cut off".into()))?;
    let (salt, sealed) = (*salt, sealed.to_vec());
    Ok(Opened::encrypted(move |password, _| {
        let derived = Zeroizing::new(<[u8; 32]>::from(
            Sha256::new().chain_update(password.as_bytes()).chain_update(salt).finalize(),
        ));
        let (key, iv) = derived.split_at(16);
        cipher::cbc128_open(key, iv, &sealed)
            .filter(|plain| is_gauth(plain))
            .map(|plain| read_lines(&plain))
            .ok_or(FormatError::WrongPasswordOrDamaged)
    }))
}

fn read_lines(bytes: &[u8]) -> Imported {
    let mut imported = Imported::default();
    for (number, line) in uri_list::lines(bytes) {
        let place = format!("line {number}");
        let line = std::str::from_utf8(line).unwrap_or("");
        if uri::is_uri(line) {
            links::split(line).for_each(|link| imported.push(draft::from_uri(place.clone(), link)));
        } else if let Some((name, secret)) = gauth(line) {
            imported.push(Draft::new(place, Key::Base32(secret)).named(None, Some(name)).finish());
        } else {
            imported.problems.push(odd(place));
        }
    }
    imported
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn two_fa_counts_from_the_last_counter() {
        let file = b"mail 7 mzxw6ytb\nbank 6 MZXW6YTB 00000000000000000041\n";
        assert!((TWO_FA.detect)(file));
        let entries = samples::plain(&TWO_FA, file).entries;
        assert_eq!((entries[0].details.otp.digits.get(), entries[1].details.otp.counter), (7, 42));
        assert!(!(TWO_FA.detect)(b"this is prose\n") && !(TWO_FA.detect)(b""));
    }

    #[test]
    fn gauth_lines_and_uris() {
        let file = b"# mine\nmail: MZXW 6YTB MZXW 6YTB\notpauth://totp/a:b?secret=MZXW6\n";
        assert!((GAUTH.detect)(file));
        assert_eq!(samples::plain(&GAUTH, file).entries.len(), 2);
        assert!(!(GAUTH.detect)(b"note: see below\n"));
        let derived = Sha256::digest(b"wordsalted!!");
        let sealed = cipher::cbc128_seal(&derived[..16], &derived[16..], file);
        let sealed = [SALTED, b"salted!!", &sealed].concat();
        assert!((GAUTH.detect)(&sealed));
        assert_eq!(samples::with_password(&GAUTH, &sealed, "word").unwrap().entries.len(), 2);
        assert_eq!(samples::with_password(&GAUTH, &sealed, "words"), Err(FormatError::WrongPasswordOrDamaged));
    }
}
