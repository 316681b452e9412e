//! One change: exact bytes, and a way to look into them.
//!
//! `{"entry":…,"at":…,"by":…,"set":{field:value},"over":{field:[stamps]}}`; unknown keys and fields stay where they are.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use data_encoding::BASE64;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::secret::Text;
use crate::vault::seal::{MemberKey, VaultId, key_id, sha256, signed_by};
use crate::vault::{EntryId, Stamp, VaultError, bounds};

/// What stands before the signature of a change in a shared vault; it is the last member.
const SIGNATURE: &str = ",\"signature\":\"";

/// Who writes changes: the name of the key, and in a shared vault the key itself.
pub(crate) struct Author {
    id: String,
    signs: Option<(VaultId, MemberKey)>,
}

impl Author {
    /// The member with that key; `shared` is the vault whose changes are signed.
    pub fn new(member: &MemberKey, shared: Option<VaultId>) -> Author {
        let id = BASE64.encode(&key_id(&member.public().sign));
        Author { id, signs: shared.map(|vault| (vault, member.clone())) }
    }

    /// The key id that their changes name.
    pub fn key_id(&self) -> Option<[u8; 16]> {
        key_id_of(&self.id)
    }
}

fn signed_text(vault: &VaultId, unsigned: &str) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new([b"tickey/1 change".as_slice(), vault, unsigned.as_bytes()].concat())
}

/// One change as it is stored: exact bytes, with what is needed to order and to attribute it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    entry: EntryId,
    at: Stamp,
    by: Option<[u8; 16]>,
    /// SHA-256 of the exact bytes: they are compared often, and hashed once.
    hash: [u8; 32],
    raw: Text,
}

/// A change, looked into.
#[derive(Deserialize)]
pub(crate) struct Contents<'a> {
    #[serde(borrow)]
    pub entry: Cow<'a, str>,
    pub at: Stamp,
    #[serde(borrow, default)]
    pub by: Cow<'a, str>,
    #[serde(borrow, default)]
    pub set: Pairs<'a, Value<'a>>,
    #[serde(borrow, default)]
    pub over: Pairs<'a, Vec<Stamp>>,
}

/// A JSON object's members in their order.
pub(crate) struct Pairs<'a, V>(pub Vec<(Cow<'a, str>, V)>);

impl<V> Default for Pairs<'_, V> {
    fn default() -> Self {
        Pairs(Vec::new())
    }
}

impl<V> Pairs<'_, V> {
    /// The value of that name; of doubled names the last counts. Only for the few members of one change.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de> + 'a> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a, V>(std::marker::PhantomData<&'a V>);
        impl<'de: 'a, 'a, V: Deserialize<'de> + 'a> Visitor<'de> for Members<'a, V> {
            type Value = Pairs<'a, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    pairs.push((name, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}

/// The elements of a list, each text once: whoever repeats one costs no more than reading past it.
pub(crate) struct Elements<'a>(pub Vec<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Elements<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let (mut texts, mut known) = (Vec::new(), HashSet::new());
                while let Some(element) = list.next_element::<&RawValue>()? {
                    if known.insert(element.get()) {
                        texts.push(element.get());
                    }
                }
                Ok(Elements(texts))
            }
        }
        deserializer.deserialize_seq(Texts)
    }
}

/// A member's name, borrowed where the JSON has no escapes in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A value's exact JSON.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(&'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(|raw| Value(raw.get()))
    }
}

impl<'a> Value<'a> {
    /// The exact JSON.
    pub fn json(self) -> &'a str {
        self.0
    }

    /// No value: the field is as if it had never been set.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// A string.
    pub fn text(self) -> Option<Text> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') { serde_json::from_str(self.0).ok() } else { Some(Text::from(inner)) }
    }

    /// Anything that serde knows.
    pub fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }
}

impl Change {
    /// Takes one change's exact JSON, and gives a look into it: taking JSON apart is most of the work of opening a vault, and so is done once.
    /// `None` when it names no entry, has no stamp or is beyond the bounds of the format.
    pub(crate) fn read(raw: &str) -> Option<(Change, Contents<'_>)> {
        // serde would take a list for an object, its elements for the members in their order.
        if !raw.starts_with('{') || raw.len() > bounds::CHANGE {
            return None;
        }
        let contents: Contents = serde_json::from_str(raw).ok()?;
        if !bounds::fits(&contents) {
            return None;
        }
        // One entry has one name: no capitals, braces or missing hyphens.
        let plain = contents.entry.len() == 36 && !contents.entry.bytes().any(|byte| byte.is_ascii_uppercase());
        let entry = contents.entry.parse().ok().filter(|_| plain)?;
        Some((Change::of(entry, contents.at, &contents.by, raw), contents))
    }

    fn of(entry: EntryId, at: Stamp, by: &str, raw: &str) -> Change {
        Change { entry, at, by: key_id_of(by), hash: sha256(&[raw.as_bytes()]), raw: Text::from(raw) }
    }

    /// The entry it changes.
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// When and by which replica.
    pub fn at(&self) -> Stamp {
        self.at
    }

    /// The exact JSON.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether it ends with a signature over the rest of its exact bytes that holds for that key.
    pub(crate) fn is_signed_by(&self, sign: &[u8; 32], vault: &VaultId) -> bool {
        let signature = || {
            let (rest, signature) = self.raw.strip_suffix("\"}")?.rsplit_once(SIGNATURE)?;
            let signature: [u8; 64] = BASE64.decode(signature.as_bytes()).ok()?.try_into().ok()?;
            let unsigned = zeroize::Zeroizing::new(format!("{rest}}}"));
            Some(signed_by(sign, &signed_text(vault, &unsigned), &signature))
        };
        signature().unwrap_or(false)
    }

    /// The same, at the same time, by that author.
    ///
    /// # Errors
    /// As [`write`].
    pub(crate) fn signed_again(&self, author: &Author) -> Result<Change, VaultError> {
        let contents = self.contents();
        let set = |(field, value): &(Cow<str>, Value)| Set {
            field: field.to_string(),
            json: value.json().to_owned().into(),
            over: contents.over.get(field).cloned().unwrap_or_default(),
        };
        write(self.entry, self.at, &contents.set.0.iter().map(set).collect::<Vec<_>>(), author)
    }

    /// The key id of its author, as it claims.
    pub(crate) fn by(&self) -> Option<[u8; 16]> {
        self.by
    }

    /// SHA-256 of the exact JSON.
    pub(crate) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// A look into it.
    pub(crate) fn contents(&self) -> Contents<'_> {
        // `read` took it apart once already, so it can be again.
        serde_json::from_str(&self.raw).unwrap_or_else(|_| Contents {
            entry: Cow::Borrowed(""),
            at: self.at,
            by: Cow::Borrowed(""),
            set: Pairs::default(),
            over: Pairs::default(),
        })
    }
}

/// The key id that a change's `by` names.
pub(crate) fn key_id_of(by: &str) -> Option<[u8; 16]> {
    BASE64.decode(by.as_bytes()).ok()?.try_into().ok()
}

impl PartialOrd for Change {
    fn partial_cmp(&self, other: &Change) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The order in which changes of one entry count: by stamp; of equal stamps the larger SHA-256 is the newer.
impl Ord for Change {
    fn cmp(&self, other: &Change) -> std::cmp::Ordering {
        self.at.cmp(&other.at).then_with(|| self.hash.cmp(&other.hash))
    }
}

/// One field that a change sets.
pub(crate) struct Set {
    /// The field.
    pub field: String,
    /// Its value's JSON.
    pub json: zeroize::Zeroizing<String>,
    /// The assignments that this one replaces.
    pub over: Vec<Stamp>,
}

impl Set {
    /// A field and a value that serde can write.
    pub fn new(field: &str, value: &(impl serde::Serialize + ?Sized), over: Vec<Stamp>) -> Set {
        // A value without a JSON form stays empty, which [`write`] refuses.
        let json = serde_json::to_string(value).unwrap_or_default();
        Set { field: field.to_owned(), json: json.into(), over }
    }

    /// How many bytes of a change it takes at most.
    pub fn len(&self) -> usize {
        let names = self.field.len().saturating_mul(2);
        names.saturating_add(self.json.len()).saturating_add(self.over.len().saturating_mul(35)).saturating_add(16)
    }
}

/// Puts one change into JSON.
///
/// # Errors
/// [`VaultError::Internal`] when a part of it has no JSON form: then it does not read back as what was to be written.
pub(crate) fn write(entry: EntryId, at: Stamp, sets: &[Set], author: &Author) -> Result<Change, VaultError> {
    use fmt::Write;
    let length = sets.iter().map(Set::len).fold(512, usize::saturating_add);
    let mut raw = zeroize::Zeroizing::new(String::with_capacity(length));
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let _ = write!(raw, r#"{{"entry":"{entry}","at":"{at}","by":{},"set":{{"#, quoted(&author.id));
    for (n, set) in sets.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(raw, "{comma}{}:{}", quoted(&set.field), *set.json);
    }
    raw.push('}');
    let mut before = r#","over":{"#;
    for set in sets.iter().filter(|set| !set.over.is_empty()) {
        let stamps: Vec<String> = set.over.iter().map(|stamp| format!("\"{stamp}\"")).collect();
        let _ = write!(raw, "{before}{}:[{}]", quoted(&set.field), stamps.join(","));
        before = ",";
    }
    raw.push_str(if before == "," { "}}" } else { "}" });
    if let Some((vault, member)) = &author.signs {
        let signature = BASE64.encode(&member.sign(&signed_text(vault, &raw)));
        raw.pop();
        let _ = write!(raw, "{SIGNATURE}{signature}\"}}");
    }
    let back = serde_json::from_str(&raw).is_ok_and(|back: Contents| {
        let fields = back.set.0.iter().map(|(field, _)| &**field);
        back.by == author.id && fields.eq(sets.iter().map(|set| set.field.as_str()))
    });
    match back {
        true => Ok(Change::of(entry, at, &author.id, &raw)),
        false => Err(VaultError::Internal("a change could not be written")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::fixed::FixedRandom;

    #[test]
    fn each_text_of_a_list_is_looked_at_once() {
        let list = format!("[{}1 , \"1\", {{ }},{{}},1]", r#"{"entry":1},"#.repeat(1_000));
        let elements: Elements = serde_json::from_str(&list).unwrap();
        assert_eq!(elements.0, [r#"{"entry":1}"#, "1", "\"1\"", "{ }", "{}"]);
    }

    #[test]
    fn what_has_no_json_form_makes_no_change() {
        struct Without;
        impl serde::Serialize for Without {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("it has none"))
            }
        }
        let random = &mut FixedRandom::new(8);
        let author = Author::new(&MemberKey::random(random).unwrap(), None);
        let id = EntryId::random(random).unwrap();
        let write = |sets: &[Set]| write(id, Stamp::default(), sets, &author);
        let whole = Set::new("note", "words", Vec::new());
        assert!(write(std::slice::from_ref(&whole)).is_ok());
        let sets = [whole, Set::new("secret", &Without, Vec::new())];
        assert!(matches!(write(&sets), Err(VaultError::Internal(_))));
    }
}
