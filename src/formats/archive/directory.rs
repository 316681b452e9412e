//! What a zip file says it holds: its central directory, read with every offset and number checked.
//!
//! Nothing is unpacked here. Local headers are only skipped; the directory's numbers count.

use crate::formats::FormatError;

/// The most members of an archive that are looked at. Exports of password managers carry attachments, never as many.
const MOST_MEMBERS: usize = 10_000;

/// The members of an archive.
pub(in crate::formats) struct Archive<'a> {
    /// In the directory's order, without folders and what operating systems add.
    pub members: Vec<Member<'a>>,
}

/// One file in an archive, still packed.
pub(in crate::formats) struct Member<'a> {
    /// Its path in the archive.
    pub name: String,
    /// How it is locked.
    pub(super) lock: Lock,
    /// How it is packed: 0 stored, 8 deflate.
    pub(super) method: u16,
    /// The check sum of what is unpacked; of no use with AE-2.
    pub(super) crc: Option<u32>,
    /// How large it is unpacked.
    pub(super) size: usize,
    /// The packed bytes.
    pub(super) data: &'a [u8],
}

/// How a member is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// Not at all.
    Open,
    /// ZipCrypto, with the two bytes of which one shows the right password.
    ZipCrypto([u8; 2]),
    /// WinZip's AES with a key of so many bytes.
    Aes(usize),
    /// In another way.
    Unknown,
}

fn damaged(what: &str) -> FormatError {
    FormatError::Damaged(format!("the archive {what}"))
}

/// Whether a file begins as a zip archive does.
pub(in crate::formats) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The place of a number that must fit what is in memory.
fn size_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// The same, of eight bytes.
fn wide_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    ///
    /// # Errors
    /// [`FormatError::Damaged`] when it is cut or points outside the file; [`FormatError::Unsupported`] when it has too many members.
    pub fn read(bytes: &'a [u8]) -> Result<Archive<'a>, FormatError> {
        let broken = || damaged("has a broken list of what is in it");
        let end = end_record(bytes).ok_or_else(|| damaged("is cut off: the list of what is in it is missing"))?;
        let [count, length, start] = directory(bytes, end).ok_or_else(broken)?;
        if count > MOST_MEMBERS {
            return Err(FormatError::Unsupported(format!("the archive holds more than {MOST_MEMBERS} files")));
        }
        let (files, rest) = bytes.split_at_checked(start).ok_or_else(broken)?;
        let mut rest = rest.get(..length).ok_or_else(broken)?;
        let mut members = Vec::new();
        for _ in 0..count {
            let (member, after) = member(files, rest).ok_or_else(broken)?;
            rest = after;
            members.extend(member);
        }
        Ok(Archive { members })
    }

    /// The first member whose name without folders is that, in any case.
    pub fn find(&self, name: &str) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.file_name().eq_ignore_ascii_case(name))
    }
}

impl Member<'_> {
    /// How large it says it is unpacked.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Its name without folders.
    pub fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name)
    }
}

/// The record at the very end, with a comment of at most 65 535 bytes after it.
fn end_record(bytes: &[u8]) -> Option<&[u8]> {
    const LENGTH: usize = 22;
    let last = bytes.len().checked_sub(LENGTH)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find_map(|at| {
        let record = bytes.get(at..)?;
        let comment = usize::from(u16_at(record, 20)?);
        (record.starts_with(b"PK\x05\x06") && record.len() == LENGTH.checked_add(comment)?).then_some(record)
    })
}

/// How many entries the directory has, how long it is and where it starts, from the record at the end or, where one of these does not fit
/// there, from zip64's own.
fn directory(bytes: &[u8], end: &[u8]) -> Option<[usize; 3]> {
    let small = [u16_at(end, 10)?.into(), size_at(end, 12)?, size_at(end, 16)?];
    if small[0] != usize::from(u16::MAX) && small[1..].iter().all(|number| *number != u32::MAX as usize) {
        return Some(small);
    }
    let before = bytes.get(..bytes.len().checked_sub(end.len())?)?;
    // Writers that know no zip64 mean these numbers.
    let Some(locator) = before.last_chunk::<20>().filter(|locator| locator.starts_with(b"PK\x06\x07")) else {
        return Some(small);
    };
    let wide = before.get(wide_at(locator, 8)?..)?;
    let wide = wide.starts_with(b"PK\x06\x06").then_some(wide)?;
    Some([wide_at(wide, 32)?, wide_at(wide, 40)?, wide_at(wide, 48)?])
}

/// One entry of the directory and what follows it; `None` inside for what is no file of a person's.
fn member<'a, 'd>(files: &'a [u8], entry: &'d [u8]) -> Option<(Option<Member<'a>>, &'d [u8])> {
    let (head, rest) = entry.split_at_checked(46)?;
    if !head.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, rest) = rest.split_at_checked(u16_at(head, 28)?.into())?;
    let (extra, rest) = rest.split_at_checked(u16_at(head, 30)?.into())?;
    let (_, rest) = rest.split_at_checked(u16_at(head, 32)?.into())?;
    let name = String::from_utf8_lossy(name).into_owned();
    if name.ends_with(['/', '\\']) || name.starts_with("__MACOSX/") || name.ends_with(".DS_Store") {
        return Some((None, rest));
    }
    let (flags, mut method, time) = (u16_at(head, 8)?, u16_at(head, 10)?, u16_at(head, 12)?);
    let checksum = u32_at(head, 16)?;
    let [mut size, mut packed, mut offset] = [u32_at(head, 24)?, u32_at(head, 20)?, u32_at(head, 42)?].map(u64::from);
    // Numbers that are all ones stand in an extra field of eight bytes each, in this order.
    let mut wide = extra_field(extra, 0x0001).unwrap_or_default();
    for number in [&mut size, &mut packed, &mut offset] {
        if *number == u64::from(u32::MAX) {
            let (value, after) = wide.split_first_chunk::<8>()?;
            (*number, wide) = (u64::from_le_bytes(*value), after);
        }
    }
    let mut crc = Some(checksum);
    let lock = match (flags & 1 != 0, method) {
        (false, _) => Lock::Open,
        (true, _) if flags & 0x40 != 0 => Lock::Unknown,
        (true, 99) => {
            let field = extra_field(extra, 0x9901)?;
            if u16_at(field, 0)? == 2 {
                crc = None;
            }
            method = u16_at(field, 5)?;
            match field.get(4)? {
                1 => Lock::Aes(16),
                2 => Lock::Aes(24),
                3 => Lock::Aes(32),
                _ => Lock::Unknown,
            }
        }
        // Writers that do not know the sum beforehand take the time; some take the sum all the same.
        (true, _) => {
            let sum = (checksum >> 24) as u8;
            Lock::ZipCrypto([sum, if flags & 8 != 0 { (time >> 8) as u8 } else { sum }])
        }
    };
    let local = files.get(usize::try_from(offset).ok()?..)?;
    let (local, after) = local.split_at_checked(30)?;
    if !local.starts_with(b"PK\x03\x04") {
        return None;
    }
    let skip = usize::from(u16_at(local, 26)?).checked_add(u16_at(local, 28)?.into())?;
    let data = after.get(skip..)?.get(..usize::try_from(packed).ok()?)?;
    let member = Member { name, lock, method, crc, size: usize::try_from(size).ok()?, data };
    Some((Some(member), rest))
}

/// The extra field of that id.
fn extra_field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    loop {
        let found = u16_at(extra, 0)?;
        let length = usize::from(u16_at(extra, 2)?);
        let (field, rest) = extra.get(4..)?.split_at_checked(length)?;
        if found == id {
            return Some(field);
        }
        extra = rest;
    }
}
