//! Links: the keys to shared vaults, kept as entries of kind `link` in a personal vault and shown among no codes.

use data_encoding::BASE32_NOPAD;

use crate::secret::Text;
use crate::vault::change::{Change, Contents};
use crate::vault::fold::{field, newest};
use crate::vault::rekey::LinkKeys;
use crate::vault::seal::{Key, MemberKey};
use crate::vault::{EntryId, Unlocked};

/// The kind of an entry that keeps a key to another vault.
pub(crate) const KIND: &str = "link";
pub(crate) const VAULT: &str = "link.vault";
pub(crate) const REMOTE: &str = "link.remote";
pub(crate) const INVITE: &str = "link.invite";

/// How many of the keys that a link had before are tried.
const MOST_OLDER: usize = 8;

/// The key to one shared vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the vault is called here.
    pub name: Text,
    /// The vault's id, as 32 hexadecimal digits.
    pub vault: String,
    /// Where the team keeps it; empty when it is nowhere yet.
    pub remote: Text,
    /// What opens it.
    pub keys: LinkKeys,
}

/// A key as it is kept: base32.
pub(crate) fn write_key(key: &MemberKey) -> Text {
    Text::from(BASE32_NOPAD.encode(key.key().expose()).as_str())
}

fn read_key(text: &str) -> Option<MemberKey> {
    let bytes = zeroize::Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).ok()?);
    Key::from_slice(&bytes).and_then(|key| MemberKey::new(key).ok())
}

/// The link that those changes of one entry add up to; `None` when they are no link, or a deleted one.
fn read(contents: &[Contents]) -> Option<Link> {
    let text = |name: &str| newest(contents, name).and_then(|(_, value)| value.text());
    let deleted = newest(contents, field::DELETED).and_then(|(_, value)| value.read()).unwrap_or(false);
    if text(field::KIND).as_deref() != Some(KIND) || deleted {
        return None;
    }
    let member = read_key(&text(field::SECRET)?)?;
    let assigned = contents.iter().rev().filter_map(|change| change.set.get(field::SECRET)?.text());
    let mut older: Vec<MemberKey> = Vec::new();
    for key in assigned.filter_map(|key| read_key(&key)) {
        if key != member && !older.contains(&key) && older.len() < MOST_OLDER {
            older.push(key);
        }
    }
    Some(Link {
        name: text(field::ISSUER).unwrap_or_default(),
        vault: text(VAULT)?.to_string(),
        remote: text(REMOTE).unwrap_or_default(),
        keys: LinkKeys { member, older, invite: text(INVITE).and_then(|key| read_key(&key)) },
    })
}

impl Unlocked {
    /// The keys to shared vaults that this vault keeps, by name.
    pub fn links(&self) -> Vec<(EntryId, Link)> {
        let link = |(id, held): (&EntryId, &std::sync::Arc<crate::vault::fold::Held>)| {
            if held.entry.is_some() {
                return None;
            }
            let contents: Vec<Contents> = held.changes.iter().map(Change::contents).collect();
            Some((*id, read(&contents)?))
        };
        let mut links: Vec<(EntryId, Link)> = self.document.held.iter().filter_map(link).collect();
        links.sort_by_key(|(_, a)| a.name.to_lowercase());
        links
    }

    /// The link to the vault of that id.
    pub fn link_to(&self, vault: &str) -> Option<(EntryId, Link)> {
        self.links().into_iter().find(|(_, link)| link.vault == vault)
    }
}
