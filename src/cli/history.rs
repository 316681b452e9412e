//! `tickey history`: what was changed, when and by whom.

use serde::Serialize;

use super::args::{Global, History};
use super::error::Failure;
use super::session::Session;
use super::{out, pick};
use crate::secret::Text;
use crate::vault::Entry;
use crate::vault::document::HistoryItem;
use crate::vault::find::EntryRef;

#[derive(Serialize)]
struct Row<'a> {
    id: String,
    vault: &'a str,
    issuer: &'a Text,
    account: &'a Text,
    /// Unix seconds.
    at: u64,
    by: &'a str,
    field: &'a str,
    from: Option<&'a Text>,
    to: Option<&'a Text>,
    /// Dated too far ahead of this machine's clock: it does not count yet. Left out where that is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    waits: bool,
}

pub fn run(global: &Global, args: &History) -> Result<(), Failure> {
    let all = Session::open_all(global)?;
    let vaults = pick::numbered(&all);
    let chosen = args.query.as_deref().map(|query| pick::any(&vaults, query)).transpose()?;
    let mut items: Vec<(&Session, &Entry, HistoryItem)> = Vec::new();
    for (vault, session) in vaults {
        let told = |entry: &&Entry| chosen.is_none_or(|at| at == EntryRef { vault, entry: entry.id });
        for entry in session.vault().entries().filter(told) {
            items.extend(session.vault().history(entry.id).into_iter().map(|item| (session, entry, item)));
        }
    }
    items.sort_by_key(|(.., item)| item.at);
    if global.json {
        let rows: Vec<Row> = items
            .iter()
            .map(|(session, entry, item)| Row {
                id: entry.id.to_string(),
                vault: session.name(),
                issuer: &entry.details.issuer,
                account: &entry.details.account,
                at: item.at.ms() / 1000,
                by: &item.by,
                field: &item.field,
                from: item.from.as_ref(),
                to: item.to.as_ref(),
                waits: item.waits,
            })
            .collect();
        return out::json(&rows);
    }
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|(session, entry, item)| {
            let value = |value: &Option<Text>| value.as_ref().map_or_else(|| "-".to_owned(), |value| value.to_string());
            let change = match (&item.from, &item.to) {
                (None, Some(to)) => to.to_string(),
                (from, to) => format!("{} → {}", value(from), value(to)),
            };
            let change = if item.waits { format!("{change} (dated ahead: does not count yet)") } else { change };
            vec![out::utc(item.at.ms()), item.by.clone(), pick::label_in(session, entry), item.field.clone(), change]
        })
        .collect();
    out::data(out::table(&rows, 60).as_bytes())
}
