//! KeePass's XML: entries in groups, their protected values opened one after the other. No entity but those of XML itself is known, and no
//! document type is heeded: nothing in a document can make more of it than it is long.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zeroize::{Zeroize, Zeroizing};

use super::{damaged, fields};
use crate::formats::cipher::{self, keepass::KeyStream};
use crate::formats::{FormatError, html};
use crate::secret::Text;

/// How deep elements may be nested: KeePass's own are at five levels besides groups.
const DEEPEST: usize = 100;
/// The most groups and entries together.
const MOST: usize = 100_000;

/// Whether it begins like a document.
pub(super) fn is_document(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head = bytes.get(..1024).unwrap_or(bytes);
    head.starts_with(b"<") && head.windows(12).any(|window| window == b"<KeePassFile")
}

/// What is kept of a document.
#[derive(Default)]
pub(super) struct Document {
    /// The hash of the database's header that the document was made with; only in older versions.
    pub header_hash: Option<Text>,
    /// The entries, in their order.
    pub entries: Vec<Entry>,
}

/// An entry: only what an import has a use for.
#[derive(Default)]
pub(super) struct Entry {
    /// Names and values; a value is `None` when it could not be decrypted.
    pub strings: Vec<(Text, Option<Text>)>,
    /// Its group as a path, and its tags.
    pub tags: Vec<Text>,
    /// It is in the recycle bin.
    pub trashed: bool,
}

impl Entry {
    /// The value of a field; empty when it has none.
    pub fn get(&self, name: &str) -> &str {
        let found = self.strings.iter().find(|(found, _)| found.as_str() == name);
        found.and_then(|(_, value)| value.as_deref()).unwrap_or("")
    }
}

/// The elements that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    File,
    Meta,
    HeaderHash,
    RecycleBin,
    Root,
    Group,
    Uuid,
    Name,
    Entry,
    Tags,
    String,
    Key,
    Value,
    Other,
}

impl Tag {
    fn of(name: &[u8]) -> Tag {
        match name {
            b"KeePassFile" => Tag::File,
            b"Meta" => Tag::Meta,
            b"HeaderHash" => Tag::HeaderHash,
            b"RecycleBinUUID" => Tag::RecycleBin,
            b"Root" => Tag::Root,
            b"Group" => Tag::Group,
            b"UUID" => Tag::Uuid,
            b"Name" => Tag::Name,
            b"Entry" => Tag::Entry,
            b"Tags" => Tag::Tags,
            b"String" => Tag::String,
            b"Key" => Tag::Key,
            b"Value" => Tag::Value,
            _ => Tag::Other,
        }
    }
}

#[derive(Default)]
struct Group {
    uuid: Text,
    name: Text,
}

/// A document while it is read.
struct Reading {
    document: Document,
    stream: Option<KeyStream>,
    recycle_bin: Text,
    /// The elements that are open.
    path: Vec<Tag>,
    /// The groups that are open, the root first.
    groups: Vec<Group>,
    /// The entry that is open, and the field of it; an older version of an entry is read into one of its own and dropped.
    entries: Vec<Entry>,
    field: (Text, Option<Text>),
    /// The text of the innermost element.
    text: Zeroizing<String>,
    /// The innermost element's text is encrypted.
    protected: bool,
    count: usize,
}

impl Document {
    /// Reads a document; `stream` opens its protected values.
    ///
    /// # Errors
    /// [`FormatError::Damaged`]; [`FormatError::Unsupported`] when it is larger than any database.
    pub fn read(xml: &[u8], stream: Option<KeyStream>) -> Result<Document, FormatError> {
        let mut reading = Reading {
            document: Document::default(),
            stream,
            recycle_bin: Text::empty(),
            path: Vec::new(),
            groups: Vec::new(),
            entries: Vec::new(),
            field: Default::default(),
            text: Zeroizing::new(String::with_capacity(4096)),
            protected: false,
            count: 0,
        };
        let mut reader = Reader::from_reader(xml.strip_prefix(b"\xef\xbb\xbf").unwrap_or(xml));
        reader.config_mut().expand_empty_elements = true;
        let mut seen = false;
        loop {
            let place = reader.buffer_position();
            let broken = || damaged(format!("it stops being XML at byte {place}"));
            match reader.read_event().map_err(|_| broken())? {
                Event::Start(start) => {
                    reading.start(&start).ok_or_else(broken)??;
                    seen |= reading.path == [Tag::File];
                }
                Event::End(_) => reading.end()?,
                Event::Text(text) => reading.add(&text.xml10_content().map_err(|_| broken())?),
                Event::CData(text) => reading.add(&text.xml10_content().map_err(|_| broken())?),
                Event::GeneralRef(name) => {
                    let name = Zeroizing::new(name.decode().map_err(|_| broken())?.into_owned());
                    let letter = html::entity(&name).ok_or_else(broken)?;
                    reading.add(letter.encode_utf8(&mut [0; 4]));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if !seen || !reading.path.is_empty() {
            return Err(damaged("it is cut off, or no database of KeePass"));
        }
        Ok(reading.document)
    }
}

impl Reading {
    /// An element begins; `None` when its attributes are broken.
    fn start(&mut self, start: &BytesStart) -> Option<Result<(), FormatError>> {
        let tag = Tag::of(start.local_name().as_ref());
        if tag == Tag::Group || tag == Tag::Entry {
            self.count = self.count.saturating_add(1);
        }
        if self.path.len() >= DEEPEST || self.count > MOST {
            return Some(Err(FormatError::Unsupported("it is larger than any database of KeePass".into())));
        }
        match tag {
            Tag::Group => self.groups.push(Group::default()),
            Tag::Entry => self.entries.push(Entry::default()),
            Tag::String => self.field = Default::default(),
            _ => {}
        }
        let protected = start.try_get_attribute("Protected").ok()?;
        self.protected = protected.is_some_and(|is| is.value.eq_ignore_ascii_case(b"true"));
        self.path.push(tag);
        self.text.zeroize();
        Some(Ok(()))
    }

    /// More of the innermost element's text.
    fn add(&mut self, text: &str) {
        if self.protected || self.path.last().is_some_and(|tag| *tag != Tag::Other) {
            self.text.push_str(text);
        }
    }

    /// An element ends.
    fn end(&mut self) -> Result<(), FormatError> {
        let Some(tag) = self.path.pop() else { return Ok(()) };
        let text = if std::mem::take(&mut self.protected) { self.opened()? } else { Some(self.text.as_str().into()) };
        self.text.zeroize();
        match (self.path.last(), tag) {
            (Some(Tag::Meta), Tag::HeaderHash) => self.document.header_hash = text,
            (Some(Tag::Meta), Tag::RecycleBin) => self.recycle_bin = text.unwrap_or_default(),
            (Some(Tag::Group), Tag::Uuid) => {
                if let Some(group) = self.groups.last_mut() {
                    group.uuid = text.unwrap_or_default();
                }
            }
            (Some(Tag::Group), Tag::Name) => {
                if let Some(group) = self.groups.last_mut() {
                    group.name = text.unwrap_or_default();
                }
            }
            (Some(Tag::Entry), Tag::Tags) => {
                if let (Some(entry), Some(text)) = (self.entries.last_mut(), text) {
                    let tags = text.split([';', ',']).map(str::trim).filter(|tag| !tag.is_empty());
                    entry.tags.extend(tags.map(Text::from));
                }
            }
            (Some(Tag::String), Tag::Key) => self.field.0 = text.unwrap_or_default(),
            (Some(Tag::String), Tag::Value) => self.field.1 = text,
            (Some(Tag::Entry), Tag::String) => {
                let (name, value) = std::mem::take(&mut self.field);
                let kept = matches!(name.as_str(), "Title" | "UserName" | "Notes") || fields::is_otp(&name);
                if let Some(entry) = self.entries.last_mut().filter(|_| kept) {
                    entry.strings.push((name, value));
                }
            }
            (parent, Tag::Entry) => {
                let current = parent == Some(&Tag::Group);
                if let Some(entry) = self.entries.pop().filter(|_| current) {
                    let entry = self.placed(entry);
                    self.document.entries.push(entry);
                }
            }
            (_, Tag::Group) => {
                self.groups.pop();
            }
            _ => {}
        }
        Ok(())
    }

    /// An entry with what its groups say of it.
    fn placed(&self, mut entry: Entry) -> Entry {
        let is_bin = |group: &Group| group.uuid == self.recycle_bin && !group.uuid.is_empty();
        entry.trashed = self.groups.iter().any(is_bin);
        // The first group is the database itself.
        let names: Vec<&str> = self.groups.iter().skip(1).map(|group| group.name.trim()).collect();
        if !names.is_empty() && !entry.trashed {
            entry.tags.insert(0, Text::from(names.join("/")));
        }
        entry
    }

    /// The text decrypted; `None` when what comes out is no text.
    fn opened(&mut self) -> Result<Option<Text>, FormatError> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        // Without its length all that follows would be nonsense.
        let mut value = cipher::base64(&self.text).ok_or_else(|| damaged("a protected value is not base64"))?;
        stream.apply(&mut value).ok_or_else(|| damaged("its protected values are too long"))?;
        Ok(std::str::from_utf8(&value).ok().map(Text::from))
    }
}
