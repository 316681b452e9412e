//! `tickey inspect`: what a vault file says without its passphrase.

use serde::Serialize;

use super::args::{Global, Inspect};
use super::error::Failure;
use super::{out, session};
use crate::runtime::process;
use crate::store::disk;
use crate::vault::Locked;

#[derive(Serialize)]
struct Report {
    format: u64,
    vault_id: String,
    epoch: u64,
    slots: Vec<Slot>,
    grants: usize,
    author: String,
    size: usize,
    signature: bool,
}

#[derive(Serialize)]
struct Slot {
    m_kib: u32,
    t: u32,
    p: u32,
}

pub fn run(global: &Global, args: &Inspect) -> Result<(), Failure> {
    let (bytes, _) = disk::read(&args.file)?;
    let locked = Locked::read(&bytes, &process::limits()).map_err(|error| session::about(error, &bytes))?;
    let slots: Vec<Slot> =
        locked.costs().into_iter().map(|cost| Slot { m_kib: cost.m_kib, t: cost.t, p: cost.p }).collect();
    let report = Report {
        format: 1,
        vault_id: locked.vault_id(),
        epoch: locked.epoch(),
        slots,
        grants: locked.grants(),
        author: locked.author(),
        size: bytes.len(),
        signature: true,
    };
    if global.json {
        return out::json(&report);
    }
    let mut rows: Vec<(&str, String)> = vec![
        ("file", args.file.display().to_string()),
        ("format", "Tickey vault, format 1".to_owned()),
        ("vault id", report.vault_id.clone()),
        ("epoch", report.epoch.to_string()),
    ];
    for slot in &report.slots {
        let lanes = if slot.p == 1 { "1 lane".to_owned() } else { format!("{} lanes", slot.p) };
        rows.push(("passphrase", format!("Argon2id, {} MiB, {} passes, {lanes}", slot.m_kib / 1024, slot.t)));
    }
    if report.slots.is_empty() {
        rows.push(("passphrase", "none: it opens with a member key".to_owned()));
    }
    rows.push(("grants", format!("the vault key is sealed to {} keys", report.grants)));
    rows.push(("author", report.author.clone()));
    rows.push(("signature", "holds (whether its author may write is seen only when it is opened)".to_owned()));
    rows.push(("size", format!("{} bytes", report.size)));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![format!("{name}:"), value]).collect();
    out::data(out::table(&rows, 1000).as_bytes())
}
