//! `tickey conflicts`: what waits for a person to look at it.

use serde::Serialize;

use super::args::Global;
use super::error::Failure;
use super::list::Row;
use super::session::Session;
use super::{out, pick};
use crate::text;
use crate::vault::sharing::ToReenrol;

#[derive(Serialize)]
struct Report<'a> {
    conflicts: Vec<Conflict<'a>>,
    set_aside: Vec<Aside<'a>>,
    to_reenrol: Vec<Reenrol<'a>>,
}

#[derive(Serialize)]
struct Conflict<'a> {
    #[serde(flatten)]
    entry: Row<'a>,
    fields: &'a [String],
}

#[derive(Serialize)]
struct Aside<'a> {
    vault: &'a str,
    by: String,
    changes: usize,
}

#[derive(Serialize)]
struct Reenrol<'a> {
    #[serde(flatten)]
    entry: Row<'a>,
    known_to: Vec<String>,
}

/// Prints it.
pub fn run(global: &Global) -> Result<(), Failure> {
    let all = Session::open_all(global)?;
    let mut report = Report { conflicts: Vec::new(), set_aside: Vec::new(), to_reenrol: Vec::new() };
    let mut lines = Vec::new();
    for session in &all {
        let vault = &session.vault;
        for entry in vault.entries().filter(|entry| !entry.deleted && !entry.conflicts.is_empty()) {
            let label = pick::label(entry);
            lines.push(format!(
                "{label}: {} changed in two places at once; set it again to settle it",
                entry.conflicts.join(", ")
            ));
            report.conflicts.push(Conflict { entry: Row::new(entry, session.name()), fields: &entry.conflicts });
        }
        for (by, changes) in vault.set_aside() {
            lines.push(format!(
                "{}: {changes} changes by {by} do not count: they came after the removal",
                session.name()
            ));
            report.set_aside.push(Aside { vault: session.name(), by, changes });
        }
        for ToReenrol { entry, known_to } in vault.to_reenrol() {
            let Some(entry) = vault.entry(entry) else { continue };
            let (label, names) = (pick::label(entry), known_to.join(", "));
            lines.push(format!("{label}: its secret was known to {names}, who left; enrol it again at its issuer"));
            report.to_reenrol.push(Reenrol { entry: Row::new(entry, session.name()), known_to });
        }
    }
    if global.json {
        return out::json(&report);
    }
    for line in &lines {
        out::line(&text::clean(line))?;
    }
    if lines.is_empty() {
        out::say("nothing waits for you");
    }
    Ok(())
}
