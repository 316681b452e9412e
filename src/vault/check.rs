//! What a careful person would want to know about a vault's contents.

use std::collections::HashMap;

use crate::secret::Secret;
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

/// A day, in milliseconds: how far ahead of the clock a stamp may be before it is pointed out.
const FAR_AHEAD_MS: u64 = 24 * 60 * 60 * 1000;
/// RFC 4226 §4 asks for at least 128 bits; many issuers give 80, which no one has broken yet.
const SHORT_SECRET: usize = 10;

/// Checks the entries at `wall_ms`: missing codes, weak and doubled secrets, unresolved conflicts, stamps far ahead, the trash.
pub fn entries(vault: &Unlocked, wall_ms: u64) -> Vec<Finding> {
    let mut live: Vec<&Entry> = vault.entries().filter(|entry| !entry.deleted).collect();
    live.sort_by(|a, b| order::by_name(a, b));
    let mut found = Vec::new();
    for entry in &live {
        of_one(entry, wall_ms, &mut found);
    }
    duplicates(&live, &mut found);
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
    } else if !secret.is_empty() && secret.len() < SHORT_SECRET {
        add("short_secret", Weight::Warning, format!("the secret has only {} bits", secret.len().saturating_mul(8)));
    }
    for field in &entry.conflicts {
        add(
            "conflict",
            Weight::Warning,
            format!("the {field} was changed in two places at once; set it again to settle it"),
        );
    }
    if entry.changed.ms() > wall_ms.saturating_add(FAR_AHEAD_MS) {
        add("future_stamp", Weight::Warning, "a change is dated more than a day ahead of this machine's clock".into());
    }
}

fn one_byte_repeated(secret: &Secret) -> bool {
    let bytes = secret.expose();
    bytes.windows(2).all(|pair| pair.first() == pair.last())
}

fn duplicates(live: &[&Entry], found: &mut Vec<Finding>) {
    let mut first: HashMap<&[u8], &Entry> = HashMap::new();
    for entry in live {
        let secret = entry.details.otp.secret.expose();
        if secret.is_empty() {
            continue;
        }
        match first.get(secret) {
            Some(other) if other.details.otp.kind == entry.details.otp.kind => found.push(Finding {
                what: "duplicate",
                weight: Weight::Warning,
                entry: Some(entry.id),
                message: format!("has the same secret as {}", label(other)),
            }),
            Some(_) => {}
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
