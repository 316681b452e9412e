//! `tickey conflicts`: what waits for a person to look at it, and settling what was changed in two places at once.

use serde::Serialize;

use super::args::{ConflictsCommand, Global};
use super::error::{Exit, Failure};
use super::list::Row;
use super::session::Session;
use super::{out, pick};
use crate::secret::Text;
use crate::text;
use crate::vault::Edit;
use crate::vault::conflict::Conflict;
use crate::vault::sharing::ToReenrol;

#[derive(Serialize)]
struct Report<'a> {
    conflicts: Vec<Found<'a>>,
    set_aside: Vec<Aside<'a>>,
    to_reenrol: Vec<Reenrol<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    entry: Row<'a>,
    fields: &'a [String],
    values: Vec<Value>,
}

#[derive(Serialize)]
struct Value {
    field: String,
    number: usize,
    /// Unix seconds.
    at: u64,
    by: String,
    /// Never a secret.
    value: Option<Text>,
    shown: bool,
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
    others: usize,
}

pub fn run(global: &Global, command: Option<ConflictsCommand>) -> Result<(), Failure> {
    match command {
        None | Some(ConflictsCommand::List) => list(global),
        Some(ConflictsCommand::Settle { query, field, number }) => settle(global, &query, &field, number),
    }
}

/// The values of a field, numbered from the oldest. Of several fields of one name (recovery codes) each goes on where the last one ended.
fn values(found: &[Conflict]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for conflict in found {
        for (n, side) in conflict.sides.iter().enumerate() {
            let number = values.iter().filter(|value| value.field == conflict.label()).count().saturating_add(1);
            let hidden = conflict.is_hidden() && side.value.is_some();
            values.push(Value {
                field: conflict.label().to_owned(),
                number,
                at: side.at.ms() / 1000,
                by: side.by.clone(),
                value: if hidden { Some(Text::from("(hidden)")) } else { side.value.clone() },
                shown: n.saturating_add(1) == conflict.sides.len(),
            });
        }
    }
    values
}

fn settle(global: &Global, query: &str, field: &str, number: usize) -> Result<(), Failure> {
    let (mut session, id) = Session::holding(global, |vaults| pick::one(vaults, query))?;
    let label = pick::label_in(&session, session.entry(id)?);
    let label = text::clean(&label);
    let found = session.vault().conflicts(id);
    let of_field: Vec<&Conflict> = found.iter().filter(|conflict| conflict.label() == field).collect();
    let mut choices = of_field.iter().flat_map(|conflict| (0..conflict.sides.len()).map(|side| conflict.choice(side)));
    let count = choices.clone().count();
    if count == 0 {
        return Err(Failure::new(Exit::NoMatch, format!("{label} has no field {field:?} with two values"))
            .hint("tickey conflicts lists the fields"));
    }
    let choice = number.checked_sub(1).and_then(|at| choices.nth(at)).flatten();
    let choice = choice.ok_or_else(|| Failure::usage(format!("{field} has the values 1 to {count}")))?;
    session.edit(&[Edit::Settle(id, choice)])?;
    out::say(&format!("settled the {field} of {label}"));
    Ok(())
}

fn list(global: &Global) -> Result<(), Failure> {
    let all = Session::open_all(global)?;
    let mut report = Report { conflicts: Vec::new(), set_aside: Vec::new(), to_reenrol: Vec::new() };
    let mut lines = Vec::new();
    let mut settles = false;
    for session in &all {
        let vault = session.vault();
        for entry in vault.entries().filter(|entry| !entry.deleted && !entry.conflicts.is_empty()) {
            let label = pick::label_in(session, entry);
            let values = values(&vault.conflicts(entry.id));
            for value in &values {
                if value.number == 1 {
                    lines.push(format!("{label}: {} was changed in two places at once", value.field));
                }
                lines.push(format!(
                    "  {} {}  by {} {}{}",
                    value.number,
                    value.value.as_deref().unwrap_or("nothing"),
                    value.by,
                    out::utc(value.at.saturating_mul(1000)),
                    if value.shown { "  (shown)" } else { "" }
                ));
            }
            settles |= !values.is_empty();
            report.conflicts.push(Found { entry: Row::new(entry, session.name()), fields: &entry.conflicts, values });
        }
        for (by, changes) in vault.set_aside() {
            lines.push(format!(
                "{}: {changes} {} by {by} not in force: made with a key that has ended, or without the right to edit",
                session.name(),
                if changes == 1 { "change" } else { "changes" },
            ));
            report.set_aside.push(Aside { vault: session.name(), by, changes });
        }
        for secret in vault.to_reenrol() {
            let names = secret.names();
            let ToReenrol { entry, known_to, others } = secret;
            let Some(entry) = vault.entry(entry) else { continue };
            let label = pick::label_in(session, entry);
            lines
                .push(format!("{label}: its secret was known to {names}, removed since; enrol it again at its issuer"));
            report.to_reenrol.push(Reenrol { entry: Row::new(entry, session.name()), known_to, others });
        }
    }
    if global.json {
        return out::json(&report);
    }
    for line in &lines {
        out::line(&text::clean(line))?;
    }
    if settles {
        out::say("tickey conflicts settle ENTRY FIELD NUMBER takes one of the values");
    }
    if lines.is_empty() {
        out::say("nothing waits for you");
    }
    Ok(())
}
