//! `tickey history`: what was changed, when and by whom.

use serde::Serialize;

use super::args::{Global, History};
use super::error::Failure;
use super::session::Session;
use super::{out, pick};
use crate::secret::Text;
use crate::vault::Entry;
use crate::vault::document::HistoryItem;

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
}

/// Prints it, oldest first.
pub fn run(global: &Global, args: &History) -> Result<(), Failure> {
    let session = Session::open(global)?;
    let entries: Vec<&Entry> = match &args.query {
        Some(query) => vec![pick::any(&session.vault, query)?],
        None => session.vault.entries().collect(),
    };
    let mut items: Vec<(&Entry, HistoryItem)> = entries
        .into_iter()
        .flat_map(|entry| session.vault.history(entry.id).into_iter().map(move |item| (entry, item)))
        .collect();
    items.sort_by_key(|(_, item)| item.at);
    if global.json {
        let rows: Vec<Row> = items
            .iter()
            .map(|(entry, item)| Row {
                id: entry.id.to_string(),
                vault: session.name(),
                issuer: &entry.details.issuer,
                account: &entry.details.account,
                at: item.at.ms() / 1000,
                by: &item.by,
                field: &item.field,
                from: item.from.as_ref(),
                to: item.to.as_ref(),
            })
            .collect();
        return out::json(&rows);
    }
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|(entry, item)| {
            let value = |value: &Option<Text>| value.as_ref().map_or_else(|| "-".to_owned(), |value| value.to_string());
            let change = match (&item.from, &item.to) {
                (None, Some(to)) => to.to_string(),
                (from, to) => format!("{} → {}", value(from), value(to)),
            };
            vec![out::utc(item.at.ms()), item.by.clone(), pick::label(entry), item.field.clone(), change]
        })
        .collect();
    out::data(out::table(&rows, 60).as_bytes())
}
