//! `tickey list`: the entries, never their secrets.

use serde::Serialize;

use super::args::{Global, List};
use super::error::Failure;
use super::session::Session;
use super::{out, pick};
use crate::otp::Kind;
use crate::secret::Text;
use crate::vault::Entry;

/// An entry as `list` and the other commands print it in JSON.
#[derive(Serialize)]
pub struct Row<'a> {
    id: String,
    vault: &'a str,
    kind: &'static str,
    issuer: &'a Text,
    account: &'a Text,
    algorithm: &'static str,
    digits: u8,
    period: Option<u64>,
    counter: Option<u64>,
    tags: &'a [Text],
    favourite: bool,
}

impl<'a> Row<'a> {
    pub fn new(entry: &'a Entry, vault: &'a str) -> Row<'a> {
        let (details, otp) = (&entry.details, &entry.details.otp);
        Row {
            id: entry.id.to_string(),
            vault,
            kind: otp.kind.name(),
            issuer: &details.issuer,
            account: &details.account,
            algorithm: otp.algorithm.name(),
            digits: otp.digits.get(),
            period: otp.is_timed().then(|| otp.period.get()),
            counter: (!otp.is_timed()).then_some(otp.counter),
            tags: &details.tags,
            favourite: details.favourite,
        }
    }
}

pub fn run(global: &Global, args: &List) -> Result<(), Failure> {
    let all = Session::open_all(global)?;
    let vaults = pick::numbered(&all);
    let chosen = pick::all(&vaults, args.trash, args.query.as_deref())?;
    if global.json {
        let rows = chosen.iter().map(|(session, entry)| Row::new(entry, session.name()));
        return out::json(&rows.collect::<Vec<_>>());
    }
    if chosen.is_empty() {
        out::say(if args.trash { "the trash is empty" } else { "the vault has no entries yet; tickey add adds one" });
        return Ok(());
    }
    let several = all.len() > 1;
    let row = |(session, entry): &(&Session, &Entry)| {
        let mut cells = cells(entry);
        if several {
            cells.push(session.name().to_owned());
        }
        cells
    };
    let rows: Vec<Vec<String>> = chosen.iter().map(row).collect();
    out::data(out::table(&rows, 48).as_bytes())
}

fn cells(entry: &Entry) -> Vec<String> {
    let details = &entry.details;
    let tags: Vec<String> = details.tags.iter().map(|tag| format!("[{}]", tag.as_str())).collect();
    let kind = if details.otp.kind == Kind::Totp { "" } else { details.otp.kind.name() };
    let account = if entry.title() == details.account.as_str() { "" } else { details.account.as_str() };
    let state = match (&entry.problem, entry.conflicts.is_empty()) {
        (Some(problem), _) => format!("! {problem}"),
        (None, false) => "! changed in two places".to_owned(),
        (None, true) => String::new(),
    };
    let star = if details.favourite { "★" } else { "" };
    vec![star.to_owned(), entry.title().to_owned(), account.to_owned(), kind.to_owned(), tags.join(" "), state]
}
