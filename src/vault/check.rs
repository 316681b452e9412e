//! What a careful person would want to know about a vault's contents.

use std::collections::HashMap;

use crate::secret::Secret;
use crate::vault::stamp::AHEAD_MS;
use crate::vault::{Cost, Entry, EntryId, Unlocked, order};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Good to know.
    Note,
    /// Something to put right.
    Warning,
}

impl Weight {
    /// `note` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Weight::Note => "note",
            Weight::Warning => "warning",
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A word for programs: `short_secret`, `duplicate`.
    pub what: &'static str,
    /// How much it matters.
    pub weight: Weight,
    /// The entry it is about; `None`: the vault.
    pub entry: Option<EntryId>,
    /// In words, never with a secret in them.
    pub message: String,
}

/// Checks the entries at `wall_ms`: missing codes, weak and doubled secrets, unresolved conflicts, stamps far ahead, the trash.
pub fn entries(vault: &Unlocked, wall_ms: u64) -> Vec<Finding> {
    let mut live: Vec<&Entry> = vault.entries().filter(|entry| !entry.deleted).collect();
    live.sort_by(|a, b| order::by_name(a, b));
    let mut found = Vec::new();
    for entry in &live {
        of_one(entry, wall_ms, &mut found);
    }
    duplicates(&live, &mut found);
    for (by, changes) in vault.waiting() {
        let changes = if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") };
        found.push(Finding {
            what: "future_stamp",
            weight: Weight::Warning,
            entry: None,
            message: format!(
                "{changes} by {} dated more than a day ahead of this machine's clock; until then they do not count",
                crate::text::clean(&by)
            ),
        });
    }
    let trash = vault.entries().filter(|entry| entry.deleted).count();
    if trash > 0 {
        let entries = if trash == 1 { "entry" } else { "entries" };
        found.push(Finding {
            what: "trash",
            weight: Weight::Note,
            entry: None,
            message: format!("{trash} deleted {entries} kept in the trash"),
        });
    }
    found
}

/// Checks what guessing a passphrase of this vault costs.
pub fn costs(costs: &[Cost]) -> Vec<Finding> {
    costs
        .iter()
        .filter(|cost| cost.m_kib < Cost::START.m_kib || cost.t < Cost::START.t)
        .map(|cost| Finding {
            what: "weak_kdf",
            weight: Weight::Warning,
            entry: None,
            message: format!(
                "guessing the passphrase is cheaper than it need be ({} MiB, {} passes); set the passphrase anew to measure it again",
                cost.m_kib / 1024,
                cost.t
            ),
        })
        .collect()
}

fn of_one(entry: &Entry, wall_ms: u64, found: &mut Vec<Finding>) {
    let mut add = |what, weight, message: String| found.push(Finding { what, weight, entry: Some(entry.id), message });
    let secret = &entry.details.otp.secret;
    if let Err(why) = entry.code(wall_ms / 1000) {
        add("no_code", Weight::Warning, format!("no code can be made: {why}"));
    }
    if !secret.is_empty() && one_byte_repeated(secret) {
        add("weak_secret", Weight::Warning, "the secret is one byte repeated".into());
    } else if let Some(short) = entry.details.otp.short_secret().filter(|_| !secret.is_empty()) {
        add("short_secret", Weight::Warning, short);
    }
    for field in &entry.conflicts {
        add(
            "conflict",
            Weight::Warning,
            format!(
                "the {} was changed in two places at once; tickey conflicts shows both values",
                crate::vault::conflict::label(field)
            ),
        );
    }
    if entry.left_out > 0 {
        let values = if entry.left_out == 1 { "1 value".to_owned() } else { format!("{} values", entry.left_out) };
        add(
            "too_many_fields",
            Weight::Warning,
            format!("{values} of fields beyond those an entry may have are left out"),
        );
    }
    if entry.changed.ms() > wall_ms.saturating_add(AHEAD_MS) {
        add("future_stamp", Weight::Warning, "a change is dated more than a day ahead of this machine's clock".into());
    }
}

fn one_byte_repeated(secret: &Secret) -> bool {
    let bytes = secret.expose();
    bytes.windows(2).all(|pair| pair.first() == pair.last())
}

fn duplicates(live: &[&Entry], found: &mut Vec<Finding>) {
    let mut first: HashMap<&[u8], &Entry> = HashMap::new();
    // The one that was there first is held to be right, whatever the ids.
    let mut by_age = live.to_vec();
    by_age.sort_by_key(|entry| (entry.added, entry.id));
    for entry in by_age {
        let secret = entry.details.otp.secret.expose();
        if secret.is_empty() {
            continue;
        }
        match first.get(secret) {
            Some(other) => {
                let differences = entry.details.otp.differences(&other.details.otp).join(" and ");
                let message = match differences.as_str() {
                    "" => format!("has the same secret as {}", label(other)),
                    _ => format!(
                        "has the same secret as {} with another {differences}: only one of the two makes right codes",
                        label(other)
                    ),
                };
                found.push(Finding { what: "duplicate", weight: Weight::Warning, entry: Some(entry.id), message });
            }
            None => {
                first.insert(secret, entry);
            }
        }
    }
}

/// `issuer (account)`, or what there is of it. Not cleaned for display.
pub fn label(entry: &Entry) -> String {
    let (title, account) = (entry.title(), entry.details.account.as_str());
    if account.trim().is_empty() || account == title { title.to_owned() } else { format!("{title} ({account})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::vault::{Details, Stamp};

    const NOW_MS: u64 = 1_800_000_000_000;

    fn entry(secret: &[u8]) -> Entry {
        Entry {
            id: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            details: Details::new(Otp::new(Kind::Totp, Secret::from(secret)), "Site", "me"),
            deleted: false,
            problem: None,
            conflicts: Vec::new(),
            left_out: 0,
            added: Stamp::new(NOW_MS, 0, 1),
            changed: Stamp::new(NOW_MS, 0, 1),
        }
    }

    fn found(entry: &Entry) -> Vec<&'static str> {
        let mut found = Vec::new();
        of_one(entry, NOW_MS, &mut found);
        found.iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn each_entry_is_looked_at() {
        assert!(found(&entry(b"12345678901234567890")).is_empty());
        assert!(found(&entry(b"1234567890")).is_empty());
        assert_eq!(found(&entry(b"123456789")), ["short_secret"]);
        assert_eq!(found(&entry(&[7; 20])), ["weak_secret"]);
        assert_eq!(found(&entry(b"")), ["no_code"]);
        let problem = Entry { problem: Some("period 0".into()), ..entry(b"12345678901234567890") };
        assert_eq!(found(&problem), ["no_code"]);
        let conflict = Entry { conflicts: vec!["issuer".into()], ..entry(b"12345678901234567890") };
        assert_eq!(found(&conflict), ["conflict"]);
        let surplus = Entry { left_out: 9, ..entry(b"12345678901234567890") };
        assert_eq!(found(&surplus), ["too_many_fields"]);
        let ahead = Entry { changed: Stamp::new(NOW_MS + 2 * AHEAD_MS, 0, 1), ..entry(b"12345678901234567890") };
        assert_eq!(found(&ahead), ["future_stamp"]);
    }

    #[test]
    fn the_same_secret_of_the_same_kind_is_a_duplicate() {
        let (one, two, other) = (entry(b"1234567890"), entry(b"1234567890"), entry(b"0987654321"));
        let mut found = Vec::new();
        duplicates(&[&one, &two, &other], &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "has the same secret as Site (me)");
        let mut sha256 = entry(b"1234567890");
        sha256.details.otp.algorithm = crate::otp::Algorithm::Sha256;
        let mut found = Vec::new();
        duplicates(&[&one, &sha256], &mut found);
        assert!(found[0].message.contains("with another algorithm"), "{}", found[0].message);
    }

    #[test]
    fn cheap_costs_are_pointed_out() {
        let Cost { m_kib, t, p } = Cost::START;
        for (m_kib, t, cheap) in [(m_kib, t, 0), (m_kib - 1, t, 1), (m_kib, t - 1, 1), (m_kib + 1, t + 1, 0)] {
            assert_eq!(costs(&[Cost { m_kib, t, p }]).len(), cheap, "{m_kib} KiB, {t} passes");
        }
    }
}
