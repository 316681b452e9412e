//! Apple's keyed archives: what `NSKeyedArchiver` writes into a binary property list.
//!
//! Objects are looked at where they lie: nothing is built, so nothing can grow or go round in circles. Every step is a slice or a number out of
//! the file that was checked; a list or map longer than any real one is none.

use super::json::Number;
use crate::secret::Text;

/// How a binary property list begins.
pub(super) const MAGIC: &[u8] = b"bplist00";

/// The most objects an archive may have, the most items of a list in it, and the most entries of a map. A small file can refer to the same large
/// list any number of times.
const MOST_OBJECTS: usize = 1_000_000;
const LONGEST_LIST: usize = 10_000;
const LARGEST_MAP: usize = 64;
/// The longest text that is taken out, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// An archive over its bytes.
pub(super) struct KeyedArchive<'a> {
    bytes: &'a [u8],
    /// Where each object of the list begins, as `width` bytes each.
    offsets: &'a [u8],
    width: usize,
    /// How many bytes a reference takes.
    reference: usize,
    /// The list `$objects`, which the archive's own references count in.
    objects: Vec<usize>,
    root: usize,
    /// The longest list that is read now.
    longest: usize,
}

/// One object of a property list, its parts still references.
enum Object<'a> {
    /// A whole number; `None` for a negative one.
    Integer(Option<u64>),
    Data(&'a [u8]),
    Ascii(&'a [u8]),
    Utf16(&'a [u8]),
    /// A reference of the archive's own.
    Uid(usize),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    /// What no reader here asks for: booleans, dates, floating-point numbers.
    Other,
}

/// An object of an archive.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    archive: &'a KeyedArchive<'a>,
    place: usize,
}

/// A big-endian number of 1 to 8 bytes.
fn number(bytes: &[u8]) -> Option<u64> {
    (!bytes.is_empty() && bytes.len() <= 8)
        .then(|| bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn place(bytes: &[u8]) -> Option<usize> {
    usize::try_from(number(bytes)?).ok()
}

impl<'a> KeyedArchive<'a> {
    /// Reads the frame of an archive; `None` when it is none.
    pub fn read(bytes: &'a [u8]) -> Option<KeyedArchive<'a>> {
        let (list, trailer) = bytes.strip_prefix(MAGIC).and(bytes.split_last_chunk::<32>())?;
        let [_, _, _, _, _, _, width, reference, numbers @ ..] = trailer;
        let ([count, top, start], []) = numbers.as_chunks::<8>() else { return None };
        let width = usize::from(*width);
        let length = width.checked_mul(place(count)?)?;
        let offsets = list.get(place(start)?..)?.get(..length)?;
        let mut archive = KeyedArchive {
            bytes: list,
            offsets,
            width,
            reference: usize::from(*reference),
            objects: Vec::new(),
            root: 0,
            longest: MOST_OBJECTS,
        };
        let top = place(top)?;
        let (objects, root) = (archive.entry(top, "$objects")?, archive.entry(archive.entry(top, "$top")?, "root")?);
        let (Object::List(objects), Object::Uid(root)) = (archive.object(objects)?, archive.object(root)?) else {
            return None;
        };
        (archive.root, archive.objects, archive.longest) = (*objects.get(root)?, objects, LONGEST_LIST);
        Some(archive)
    }

    /// The object everything hangs on.
    pub fn root(&'a self) -> Item<'a> {
        Item { archive: self, place: self.root }
    }

    fn start(&self, at: usize) -> Option<&'a [u8]> {
        let offset = self.offsets.get(at.checked_mul(self.width)?..)?.get(..self.width)?;
        self.bytes.get(place(offset)?..)
    }

    fn object(&self, at: usize) -> Option<Object<'a>> {
        let (marker, rest) = self.start(at)?.split_first()?;
        let (kind, low) = (marker >> 4, marker & 15);
        if kind == 1 {
            let bytes = rest.get(..1usize.checked_shl(low.into())?)?;
            return Some(Object::Integer(number(bytes).filter(|number| bytes.len() < 8 || *number >> 63 == 0)));
        }
        if kind == 8 {
            return Some(Object::Uid(place(rest.get(..usize::from(low).checked_add(1)?)?)?));
        }
        // A length of fifteen and more is an integer of its own.
        let (length, rest) = if low == 15 && kind >= 4 {
            let (marker, rest) = rest.split_first()?;
            let (length, rest) = rest.split_at_checked(1usize.checked_shl(u32::from(marker & 15))?)?;
            (place(length)?, rest)
        } else {
            (usize::from(low), rest)
        };
        let references = |most: usize, times: usize| {
            let width = self.reference;
            let bytes = rest.get(..length.checked_mul(width)?.checked_mul(times)?)?;
            if length > most || width == 0 {
                return None;
            }
            bytes.chunks_exact(width).map(place).collect::<Option<Vec<usize>>>()
        };
        Some(match kind {
            4 => Object::Data(rest.get(..length)?),
            5 => Object::Ascii(rest.get(..length)?),
            6 => Object::Utf16(rest.get(..length.checked_mul(2)?)?),
            10 => Object::List(references(self.longest, 1)?),
            13 => {
                let both = references(LARGEST_MAP, 2)?;
                let (keys, values) = both.split_at_checked(length)?;
                Object::Map(keys.iter().copied().zip(values.iter().copied()).collect())
            }
            _ => Object::Other,
        })
    }

    /// The place of a map's value.
    fn entry(&self, map: usize, key: &str) -> Option<usize> {
        let Object::Map(pairs) = self.object(map)? else { return None };
        pairs.into_iter().find(|(name, _)| self.is_text(*name, key)).map(|(_, value)| value)
    }

    fn is_text(&self, at: usize, text: &str) -> bool {
        let ascii = self.start(at).and_then(<[u8]>::first).is_some_and(|marker| marker >> 4 == 5);
        ascii && matches!(self.object(at), Some(Object::Ascii(found)) if found == text.as_bytes())
    }
}

impl<'a> Item<'a> {
    fn at(self, place: usize) -> Option<Item<'a>> {
        match self.archive.object(place)? {
            Object::Uid(uid) => Some(Item { place: *self.archive.objects.get(uid)?, ..self }),
            _ => Some(Item { place, ..self }),
        }
    }

    /// A property of an object, or the value of a dictionary.
    pub fn get(self, key: &str) -> Option<Item<'a>> {
        if let Some(value) = self.archive.entry(self.place, key) {
            return self.at(value);
        }
        let (keys, values) = (self.list("NS.keys")?, self.list("NS.objects")?);
        let named = |place: &usize| self.at(*place).is_some_and(|name| self.archive.is_text(name.place, key));
        let value = keys.iter().position(named).and_then(|at| values.get(at).copied())?;
        self.at(value)
    }

    fn list(self, key: &str) -> Option<Vec<usize>> {
        match self.archive.object(self.archive.entry(self.place, key)?)? {
            Object::List(list) => Some(list),
            _ => None,
        }
    }

    /// What is in an array; `None` when it is none, or too long.
    pub fn items(self) -> Option<Vec<Item<'a>>> {
        self.list("NS.objects")?.into_iter().map(|place| self.at(place)).collect()
    }

    /// The bytes of data or a text; `None` when they are more than `most`.
    pub fn bytes(self, most: usize) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let inner = self.get("NS.data").or_else(|| self.get("NS.string")).unwrap_or(self);
        Some(zeroize::Zeroizing::new(match self.archive.object(inner.place)? {
            Object::Data(bytes) | Object::Ascii(bytes) if bytes.len() <= most => bytes.to_vec(),
            Object::Utf16(units) if units.len() <= most => {
                let (units, _) = units.as_chunks::<2>();
                let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
                let letters = char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                letters.collect::<String>().into_bytes()
            }
            _ => return None,
        }))
    }

    /// A text that is not the archive's word for none.
    pub fn text(self) -> Option<Text> {
        let bytes = self.bytes(LONGEST_TEXT)?;
        std::str::from_utf8(&bytes).ok().filter(|text| *text != "$null").map(Text::from)
    }

    /// A whole number.
    pub fn number(self) -> Number {
        match self.archive.object(self.place) {
            Some(Object::Integer(Some(number))) => Number::Is(number),
            _ => Number::Broken,
        }
    }
}
