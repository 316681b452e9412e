//! A row as SQLite packs it: how long and of what type each value is, then the values.

use zeroize::Zeroizing;

use crate::secret::Text;

/// How a database's texts are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// A text of that encoding, when it is one.
    pub fn decode(self, bytes: &[u8]) -> Option<Text> {
        let unit: fn([u8; 2]) -> u16 = match self {
            Encoding::Utf8 => return std::str::from_utf8(bytes).ok().map(Text::from),
            Encoding::Utf16Le => u16::from_le_bytes,
            Encoding::Utf16Be => u16::from_be_bytes,
        };
        let (units, []) = bytes.as_chunks::<2>() else { return None };
        // No letter of two bytes becomes one of more than three: the text never moves.
        let mut text = Zeroizing::new(String::with_capacity(units.len().saturating_mul(3)));
        for letter in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
            text.push(letter.ok()?);
        }
        Some(Text::from(text.as_str()))
    }
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    /// In the database's encoding.
    Text(&'a [u8]),
    /// A fraction, or bytes.
    Other,
}

/// A number of one to nine bytes, seven bits in each but the ninth, and what follows it.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().take(9).enumerate() {
        let after = bytes.get(place.checked_add(1)?..)?;
        if place == 8 {
            return Some(((number << 8) | u64::from(*byte), after));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, after));
        }
    }
    None
}

/// The types' numbers and the bytes of the values.
fn parts(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(payload)?;
    // The length counts its own bytes.
    let types = usize::try_from(length).ok()?.checked_sub(payload.len().checked_sub(rest.len())?)?;
    rest.split_at_checked(types)
}

/// How many bytes a value of that type has; `None` for the types that are none.
fn length(type_: u64) -> Option<usize> {
    Some(match type_ {
        0 | 8 | 9 => 0,
        1..=4 => type_ as usize,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => usize::try_from(type_.checked_sub(12)? / 2).ok()?,
    })
}

/// Whether all values are there; `None` when not.
pub(super) fn check(payload: &[u8]) -> Option<()> {
    let (mut types, mut values) = parts(payload)?;
    while !types.is_empty() {
        let (type_, rest) = varint(types)?;
        types = rest;
        values = values.get(length(type_)?..)?;
    }
    Some(())
}

/// The value at that place; NULL when the row is shorter.
pub(super) fn value(payload: &[u8], place: usize) -> Value<'_> {
    let find = || {
        let (mut types, mut values) = parts(payload)?;
        for _ in 0..place {
            let (type_, rest) = varint(types)?;
            types = rest;
            values = values.get(length(type_)?..)?;
        }
        let (type_, _) = varint(types)?;
        let bytes = values.get(..length(type_)?)?;
        Some(match type_ {
            0 => Value::Null,
            1..=6 => {
                // The first bit of the first byte is the sign.
                let start = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
                Value::Integer(bytes.iter().fold(start, |number, byte| (number << 8) | i64::from(*byte)))
            }
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            13.. if type_ % 2 == 1 => Value::Text(bytes),
            _ => Value::Other,
        })
    };
    find().unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        for (bytes, number, left) in [
            (&[0x05, 9][..], 5, 1),
            (&[0x81, 0x00], 128, 0),
            (&[0xff; 9], u64::MAX, 0),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 1, 0),
        ] {
            assert_eq!(varint(bytes).map(|(number, rest)| (number, rest.len())), Some((number, left)));
        }
        assert!(varint(&[]).is_none() && varint(&[0x80]).is_none() && varint(&[0xff; 8]).is_none());
    }

    #[test]
    fn values_of_every_type() {
        let payload = [
            &[13, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 14][..],
            &[0xff],
            &[0xff, 0],
            &[0, 1, 0],
            &[0x80, 0, 0, 0],
            &[0, 0, 0, 0, 1, 0],
            &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0; 8],
            b"a",
            b"b",
        ]
        .concat();
        check(&payload).unwrap();
        let values: Vec<Value> = (0..14).map(|place| value(&payload, place)).collect();
        let number = Value::Integer;
        let expected = [
            Value::Null,
            number(-1),
            number(-256),
            number(256),
            number(-(1 << 31)),
            number(256),
            number(i64::MAX),
            Value::Other,
            number(0),
            number(1),
            Value::Text(b"a"),
            Value::Other,
            Value::Null,
            Value::Null,
        ];
        assert_eq!(values, expected);
        for wrong in [
            &[2, 10][..],
            &[2, 11],
            &[3, 15],
            &[2, 15],
            &[0],
            &[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(check(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn texts_of_every_encoding() {
        assert_eq!(Encoding::Utf16Le.decode(&[0x61, 0, 0x3d, 0xd8, 0x11, 0xdd]).unwrap().as_str(), "a🔑");
        assert_eq!(Encoding::Utf16Be.decode(&[0, 0x61, 0xd8, 0x3d, 0xdd, 0x11]).unwrap().as_str(), "a🔑");
        assert!(Encoding::Utf16Le.decode(&[0x61]).is_none() && Encoding::Utf16Le.decode(&[0x3d, 0xd8]).is_none());
        assert!(Encoding::Utf8.decode(&[0xff]).is_none());
    }
}
