//! The export of Google Authenticator: `otpauth-migration://offline?data=…`, a protobuf message of up to ten entries, one of a batch of codes.
//!
//! The message knows no period (30 s), only 6 and 8 digits, and neither Steam, mOTP nor Yandex.

use zeroize::Zeroizing;

use super::percent;
use super::uri::Labelled;
use super::{Algorithm, Digits, Kind, Otp, Period};
use crate::secret::{Secret, Text};

/// How many entries one code holds at most.
pub const ENTRIES_A_CODE: usize = 10;

/// One code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its entries, in order; an entry that cannot be read says why.
    pub entries: Vec<Result<Labelled, Refused>>,
    /// How many codes the export has; at least 1.
    pub size: u64,
    /// Which of them this is, from 0.
    pub index: u64,
    /// Names the export: equal in all its codes.
    pub id: u64,
}

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it is called; not cleaned for display.
    pub label: Text,
    /// Why.
    pub reason: &'static str,
}

/// The data of an export is not base64 or not the message it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data of the export is damaged: scan the code again")]
pub struct Damaged;

/// Whether `text` begins like such a URI.
pub fn is_migration(text: &str) -> bool {
    const START: &str = "otpauth-migration://";
    text.trim_start().get(..START.len()).is_some_and(|head| head.eq_ignore_ascii_case(START))
}

/// Reads one code.
///
/// # Errors
/// [`Damaged`].
pub fn parse(uri: &str) -> Result<Part, Damaged> {
    let (_, query) = uri.trim().split_once('?').ok_or(Damaged)?;
    let data = query.split('&').find_map(|pair| pair.strip_prefix("data=")).ok_or(Damaged)?;
    // A bare `+` is base64's, not a blank.
    let data = percent::decode(data, false).map_err(|_| Damaged)?;
    let bytes = base64(&data).ok_or(Damaged)?;
    let mut part = Part { entries: Vec::new(), size: 1, index: 0, id: 0 };
    for field in Fields(&bytes) {
        match field.ok_or(Damaged)? {
            (1, Field::Bytes(message)) => part.entries.push(entry(message)?),
            (3, Field::Number(size)) => part.size = size.max(1),
            (4, Field::Number(index)) => part.index = index,
            (5, Field::Number(id)) => part.id = id,
            _ => {}
        }
    }
    if part.entries.is_empty() {
        return Err(Damaged);
    }
    Ok(part)
}

fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut clean = Zeroizing::new(String::with_capacity(text.len()));
    clean.extend(text.chars().filter(|letter| *letter != '=' && !letter.is_ascii_whitespace()).map(
        |letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        },
    ));
    let mut specification = data_encoding::BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().ok()?.decode(clean.as_bytes()).ok().map(Zeroizing::new)
}

fn entry(message: &[u8]) -> Result<Result<Labelled, Refused>, Damaged> {
    let mut otp = Otp::new(Kind::Totp, Secret::default());
    let (mut name, mut issuer) = (Text::empty(), Text::empty());
    let mut refused = None;
    for field in Fields(message) {
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(Text::from).map_err(|_| Damaged);
        match field.ok_or(Damaged)? {
            (1, Field::Bytes(secret)) => otp.secret = Secret::from(secret),
            (2, Field::Bytes(bytes)) => name = text(bytes)?,
            (3, Field::Bytes(bytes)) => issuer = text(bytes)?,
            (4, Field::Number(algorithm)) => match algorithm {
                0 | 1 => otp.algorithm = Algorithm::Sha1,
                2 => otp.algorithm = Algorithm::Sha256,
                3 => otp.algorithm = Algorithm::Sha512,
                4 => otp.algorithm = Algorithm::Md5,
                _ => refused = Some("an algorithm that is not known"),
            },
            (5, Field::Number(digits)) => match digits {
                0 | 1 => {}
                2 => otp.digits = Digits::new(8).ok_or(Damaged)?,
                _ => refused = Some("a number of digits that is not known"),
            },
            (6, Field::Number(kind)) => match kind {
                0 | 2 => {}
                1 => otp.kind = Kind::Hotp,
                _ => refused = Some("a kind of code that is not known"),
            },
            (7, Field::Number(counter)) => otp.counter = counter,
            (4..=7, _) => refused = Some("a value of another type"),
            _ => {}
        }
    }
    if otp.kind != Kind::Hotp {
        otp.counter = 0;
    }
    if otp.secret.is_empty() {
        refused = Some("there is no secret in it");
    }
    if let Some(reason) = refused {
        return Ok(Err(Refused { label: name, reason }));
    }
    let (prefix, rest) = name.split_once(':').unwrap_or(("", &name));
    let account = match (issuer.is_empty(), prefix) {
        (_, "") => name.clone(),
        (true, prefix) => {
            issuer = Text::from(prefix);
            Text::from(rest.strip_prefix(' ').unwrap_or(rest))
        }
        (false, prefix) if prefix.trim().eq_ignore_ascii_case(issuer.trim()) => {
            Text::from(rest.strip_prefix(' ').unwrap_or(rest))
        }
        _ => name.clone(),
    };
    Ok(Ok(Labelled { otp, issuer, account }))
}

/// Whether an export can hold an entry as it is.
pub fn holds(otp: &Otp) -> bool {
    matches!(otp.kind, Kind::Totp | Kind::Hotp)
        && matches!(otp.digits.get(), 6 | 8)
        && (otp.kind == Kind::Hotp || otp.period == Period::DEFAULT)
        && (otp.kind == Kind::Totp || i64::try_from(otp.counter).is_ok())
}

/// Writes the entries that an export can hold (see [`holds`]) as codes of up to `most` entries; `id` names the export.
pub fn write<'a>(entries: impl Iterator<Item = (&'a Otp, &'a str, &'a str)>, most: usize, id: u32) -> Vec<Text> {
    let entries: Vec<_> = entries.filter(|(otp, ..)| holds(otp)).collect();
    let most = most.max(1);
    let size = entries.len().div_ceil(most) as u64;
    (0..)
        .zip(entries.chunks(most))
        .map(|(index, chunk)| {
            let mut message = Zeroizing::new(Vec::new());
            for (otp, issuer, account) in chunk {
                let mut entry = Zeroizing::new(Vec::new());
                put_bytes(&mut entry, 1, otp.secret.expose());
                put_bytes(&mut entry, 2, account.as_bytes());
                put_bytes(&mut entry, 3, issuer.as_bytes());
                let algorithm = match otp.algorithm {
                    Algorithm::Sha1 => 1,
                    Algorithm::Sha256 => 2,
                    Algorithm::Sha512 => 3,
                    Algorithm::Md5 => 4,
                };
                put_number(&mut entry, 4, algorithm);
                put_number(&mut entry, 5, if otp.digits.get() == 8 { 2 } else { 1 });
                put_number(&mut entry, 6, if otp.kind == Kind::Hotp { 1 } else { 2 });
                if otp.kind == Kind::Hotp {
                    put_number(&mut entry, 7, otp.counter);
                }
                put_bytes(&mut message, 1, &entry);
            }
            put_number(&mut message, 2, 1);
            put_number(&mut message, 3, size);
            put_number(&mut message, 4, index);
            put_number(&mut message, 5, u64::from(id >> 1));
            let mut uri = Zeroizing::new(String::from("otpauth-migration://offline?data="));
            percent::encode(&Zeroizing::new(data_encoding::BASE64.encode(&message)), &mut uri);
            Text::from(uri.as_str())
        })
        .collect()
}

/// A protobuf field's value, of the types that occur.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a protobuf message; `None` once where it is broken.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for place in 0..10_u32 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let seven = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if place == 9 && seven > 1 {
                return None;
            }
            number |= seven << place.saturating_mul(7);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self, length: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let key = self.number()?;
        let value = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => self.bytes(8).map(|_| Field::Other)?,
            2 => {
                let length = self.number()?;
                Field::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Field::Other)?,
            _ => return None,
        };
        let name = key >> 3;
        (name > 0).then_some((name, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn put_number(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(field << 3);
    put_varint(out, number);
}

fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(count: u8) -> Vec<Labelled> {
        (0..count)
            .map(|number| {
                let mut otp =
                    Otp::new(if number % 3 == 0 { Kind::Hotp } else { Kind::Totp }, Secret::new(vec![number; 20]));
                otp.algorithm = Algorithm::ALL[usize::from(number) % 4];
                if number % 2 == 0 {
                    otp.digits = Digits::new(8).unwrap();
                }
                if otp.kind == Kind::Hotp {
                    otp.counter = u64::from(number) * 1000;
                }
                let issuer = if number == 4 { "" } else { "Größe: 1" };
                Labelled { otp, issuer: issuer.into(), account: format!("user {number}").into() }
            })
            .collect()
    }

    #[test]
    fn what_is_written_reads_back_in_codes_of_ten() {
        let all = entries(23);
        let codes = write(all.iter().map(|one| (&one.otp, &*one.issuer, &*one.account)), ENTRIES_A_CODE, 0xdead_beef);
        assert_eq!(codes.len(), 3);
        let parts: Vec<Part> = codes.iter().map(|code| parse(code).unwrap()).collect();
        for (index, part) in (0..).zip(&parts) {
            // Google's app keeps the number of an export in 32 bits with a sign.
            assert_eq!((part.size, part.index, part.id), (3, index, 0xdead_beef >> 1));
        }
        let read: Vec<Labelled> = parts.into_iter().flat_map(|part| part.entries).map(|entry| entry.unwrap()).collect();
        assert_eq!(read, all);
    }

    #[test]
    fn what_a_code_cannot_hold_is_left_out() {
        let of = |kind, digits, period, counter| {
            let (digits, period) = (Digits::new(digits).unwrap(), Period::new(period).unwrap());
            Otp { digits, period, counter, ..Otp::new(kind, Secret::new(vec![1])) }
        };
        let most = i64::MAX as u64;
        for (kind, digits, period, counter) in
            [(Kind::Totp, 6, 30, 0), (Kind::Totp, 8, 30, most + 1), (Kind::Hotp, 6, 60, most)]
        {
            assert!(holds(&of(kind, digits, period, counter)), "{kind:?} {digits} {period} {counter}");
        }
        for (kind, digits, period, counter) in [
            (Kind::Totp, 7, 30, 0),
            (Kind::Totp, 6, 60, 0),
            (Kind::Hotp, 6, 30, most + 1),
            (Kind::Steam, 6, 30, 0),
            (Kind::Motp, 6, 30, 0),
        ] {
            let otp = of(kind, digits, period, counter);
            assert!(!holds(&otp), "{kind:?} {digits} {period} {counter}");
            assert_eq!(write([(&otp, "", "")].into_iter(), 10, 1), Vec::<Text>::new());
        }
    }

    /// An export of one entry with those fields, and `rest` after it.
    fn export(entry: &[u8], rest: &[u8]) -> Result<Part, Damaged> {
        let message = [&[0x0a, entry.len() as u8], entry, rest].concat();
        parse(&format!("otpauth-migration://offline?data={}", data_encoding::BASE64URL_NOPAD.encode(&message)))
    }

    #[test]
    fn the_issuer_before_the_account_is_taken_from_it() {
        for (name, issuer, expected) in [
            ("ann", "Acme", ("Acme", "ann")),
            ("Acme:ann", "", ("Acme", "ann")),
            ("Acme: ann", "", ("Acme", "ann")),
            ("acme : ann", "Acme", ("Acme", "ann")),
            ("Other:ann", "Acme", ("Acme", "Other:ann")),
            (":ann", "Acme", ("Acme", ":ann")),
            (":ann", "", ("", ":ann")),
        ] {
            let mut entry = vec![0x0a, 2, 1, 2];
            put_bytes(&mut entry, 2, name.as_bytes());
            put_bytes(&mut entry, 3, issuer.as_bytes());
            let read = export(&entry, &[]).unwrap().entries.remove(0).unwrap();
            assert_eq!((&*read.issuer, &*read.account), expected, "{name:?} {issuer:?}");
        }
    }

    #[test]
    fn fields_of_every_wire_type_are_passed_over_and_field_0_is_damage() {
        let entry = [0x0a, 2, 1, 2, 0x12, 1, b'a'];
        let unknown =
            [&[0x48, 5][..], &[0x49, 1, 2, 3, 4, 5, 6, 7, 8], &[0x4a, 2, 1, 2], &[0x4d, 1, 2, 3, 4], &[0x28, 7]]
                .concat();
        assert_eq!(export(&entry, &unknown).unwrap().id, 7);
        for broken in
            [&[0x00, 5][..], &[0x02, 0], &[0x4b], &[0x4c], &[0x4e], &[0x4f], &[0x49, 1], &[0x4d, 1], &[0x4a, 2]]
        {
            assert_eq!(export(&entry, broken), Err(Damaged), "{broken:?}");
        }
    }

    #[test]
    fn a_number_has_at_most_sixty_four_bits() {
        let entry = [0x0a, 2, 1, 2, 0x12, 1, b'a'];
        let id = |last: u8| export(&entry, &[&[0x28][..], &[0xff; 9], &[last]].concat()).map(|part| part.id);
        assert_eq!(id(1), Ok(u64::MAX));
        for last in [2, 3, 0x7f, 0x81, 0xff] {
            assert_eq!(id(last), Err(Damaged), "{last:#x}");
        }
    }

    #[test]
    fn what_is_not_known_is_never_the_default() {
        let of =
            |field: &[u8]| export(&[&[0x0a, 2, 1, 2, 0x12, 1, b'a'], field].concat(), &[]).unwrap().entries.remove(0);
        assert!(of(&[]).is_ok());
        for field in [&[0x20, 5][..], &[0x28, 3], &[0x30, 3], &[0x22, 1, 2], &[0x2a, 0], &[0x32, 1, 1], &[0x3a, 0]] {
            assert!(of(field).is_err_and(|refused| &*refused.label == "a"), "{field:?}");
        }
    }

    #[test]
    fn damage_is_found() {
        for data in ["", "AAAA", "%%%", "CgUKA", "!!!!", "Cv8BAAA"] {
            assert_eq!(parse(&format!("otpauth-migration://offline?data={data}")), Err(Damaged), "{data}");
        }
        assert_eq!(parse("otpauth-migration://offline"), Err(Damaged));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&format!("otpauth-migration://offline?data={}", data_encoding::BASE64URL_NOPAD.encode(&bytes)));
        }
    }
}
