//! One gzip member (RFC 1952).

use zeroize::Zeroizing;

use super::member::{crc32, inflate};

/// Unpacks one member that fills `bytes` and unpacks to at most `largest` bytes.
pub(in crate::formats) fn unpack(bytes: &[u8], largest: usize) -> Option<Zeroizing<Vec<u8>>> {
    let (head, rest) = bytes.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *head else { return None };
    let (mut rest, trailer) = rest.split_last_chunk::<8>()?;
    let size = unpacked_size(trailer).filter(|size| *size <= largest)?;
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    // A name and a comment, each up to its zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end.checked_add(1)?..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    let sum = trailer.first_chunk::<4>()?;
    inflate(rest, size).filter(|plain| crc32(plain) == u32::from_le_bytes(*sum))
}

/// How large it says it is unpacked.
pub(in crate::formats) fn unpacked_size(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.last_chunk::<4>()?)).ok()
}

/// Packs, for the tests of what reads it.
#[cfg(test)]
pub(in crate::formats) fn pack(plain: &[u8]) -> Vec<u8> {
    let deflated = miniz_oxide::deflate::compress_to_vec(plain, 9);
    let size = plain.len() as u32;
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..], &deflated, &crc32(plain).to_le_bytes(), &size.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_unpack_and_lies_do_not() {
        let packed = pack(b"some words, some words, some words");
        assert_eq!(unpack(&packed, 100).unwrap().as_slice(), b"some words, some words, some words");
        assert!(unpack(&packed, 33).is_none());
        for place in [0, 2, packed.len() - 8, packed.len() - 4] {
            let mut wrong = packed.clone();
            wrong[place] ^= 1;
            assert!(unpack(&wrong, 100).is_none(), "{place}");
        }
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end], 100).is_none());
        }
        let mut named = packed.clone();
        named[3] = 4 | 8 | 16 | 2;
        named.splice(10..10, *b"\x01\x00xname\0note\0cc");
        assert_eq!(unpack(&named, 100), unpack(&packed, 100));
    }
}
