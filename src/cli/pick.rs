//! From what a person typed to one entry, or to a failure that helps.

use super::error::{Exit, Failure};
use super::out;
use super::session::Session;
use crate::vault::find::{EntryRef, Found, find, find_all};
use crate::vault::{Entry, check, order};

/// More matches than this are counted, not listed.
const LISTED: usize = 20;

/// The vaults that are looked through, each with its place among the open ones.
pub type Vaults<'a> = [(u16, &'a Session)];

pub fn numbered(all: &[Session]) -> Vec<(u16, &Session)> {
    (0..=u16::MAX).zip(all).collect()
}

fn entries<'a>(vaults: &'a Vaults) -> impl Iterator<Item = (EntryRef, &'a Entry)> {
    vaults.iter().flat_map(|(vault, session)| {
        session.vault().entries().map(move |entry| (EntryRef { vault: *vault, entry: entry.id }, entry))
    })
}

/// The one entry that is not deleted and matches.
pub fn one(vaults: &Vaults, query: &str) -> Result<EntryRef, Failure> {
    among(vaults, query, false, "no entry matches")
}

/// The one entry of the trash that matches.
pub fn deleted(vaults: &Vaults, query: &str) -> Result<EntryRef, Failure> {
    among(vaults, query, true, "no entry in the trash matches")
}

/// The one entry that matches: of those not deleted, else of the trash.
pub fn any(vaults: &Vaults, query: &str) -> Result<EntryRef, Failure> {
    match one(vaults, query) {
        Err(failure) if failure.exit == Exit::NoMatch => deleted(vaults, query).map_err(|other| match other.exit {
            Exit::Several => other,
            _ => failure,
        }),
        found => found,
    }
}

/// All entries of the trash, or all others, that match, each with its vault, in the list's order.
pub fn all<'a>(
    vaults: &'a Vaults<'a>,
    trash: bool,
    query: Option<&str>,
) -> Result<Vec<(&'a Session, &'a Entry)>, Failure> {
    let chosen = || entries(vaults).filter(move |(_, entry)| entry.deleted == trash);
    let mut refs: Vec<EntryRef> = match query {
        None => chosen().map(|(at, _)| at).collect(),
        Some(query) => find_all(chosen(), query),
    };
    if let (Some(query), true) = (query, refs.is_empty()) {
        return Err(nothing(&chosen().map(|(_, entry)| entry).collect::<Vec<_>>(), query, "no entry matches"));
    }
    refs.sort_unstable();
    refs.dedup();
    let mut rows: Vec<(EntryRef, &Session, &Entry)> =
        refs.into_iter().filter_map(|at| look_up(vaults, at).map(|(session, entry)| (at, session, entry))).collect();
    rows.sort_by(|(a_at, _, a), (b_at, _, b)| order::by_name(a, b).then(a_at.cmp(b_at)));
    Ok(rows.into_iter().map(|(_, session, entry)| (session, entry)).collect())
}

fn look_up<'a>(vaults: &Vaults<'a>, at: EntryRef) -> Option<(&'a Session, &'a Entry)> {
    let (_, session) = vaults.iter().find(|(vault, _)| *vault == at.vault)?;
    session.vault().entry(at.entry).map(|entry| (*session, entry))
}

fn among(vaults: &Vaults, query: &str, trash: bool, none: &str) -> Result<EntryRef, Failure> {
    if query.trim().is_empty() {
        return Err(Failure::usage("no entry was named").hint("tickey list shows what there is"));
    }
    match find(entries(vaults), query, trash) {
        Found::One(at) => Ok(at),
        Found::Nothing => {
            let looked: Vec<&Entry> =
                entries(vaults).map(|(_, entry)| entry).filter(|entry| entry.deleted == trash).collect();
            Err(nothing(&looked, query, none))
        }
        Found::Several(refs) => Err(several(vaults, &refs, query)),
    }
}

/// Each of them, with what names it alone.
fn several(vaults: &Vaults, refs: &[EntryRef], query: &str) -> Failure {
    let mut rows: Vec<(EntryRef, &Session, &Entry)> =
        refs.iter().filter_map(|at| look_up(vaults, *at).map(|(session, entry)| (*at, session, entry))).collect();
    rows.sort_by(|(a_at, _, a), (b_at, _, b)| a_at.vault.cmp(&b_at.vault).then_with(|| order::by_name(a, b)));
    let apart = rows.windows(2).any(|pair| matches!(pair, [(a, ..), (b, ..)] if a.vault != b.vault));
    let hint = match apart {
        true => "say which vault with --vault, and name the entry there by issuer:account, or by its id",
        false => "name one by issuer:account, or by its id",
    };
    let message = format!("{} match {}", out::entries(rows.len()), quoted(query));
    let mut failure = Failure::new(Exit::Several, message).hint(hint);
    let cells = |(_, session, entry): &(EntryRef, &Session, &Entry)| {
        let mut cells = vec![entry.id.to_string(), entry.title().to_owned(), entry.details.account.to_string()];
        if apart {
            cells.push(format!("--vault {}", out::word(session.name())));
        }
        cells
    };
    let cells: Vec<Vec<String>> = rows.iter().take(LISTED).map(cells).collect();
    failure.lines = out::table(&cells, 60).lines().map(str::to_owned).collect();
    if rows.len() > LISTED {
        failure.lines.push(format!("and {} more", rows.len().saturating_sub(LISTED)));
    }
    failure
}

fn nothing(entries: &[&Entry], query: &str, none: &str) -> Failure {
    let failure = Failure::new(Exit::NoMatch, format!("{none} {}", quoted(query)));
    match nearest(entries, query) {
        Some(name) => failure.hint(format!("did you mean {}?", quoted(&name))),
        None if entries.is_empty() => failure,
        None => failure.hint("tickey list shows what there is"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", crate::text::fit(text, 60))
}

/// The issuer or account that is at most two slips away.
fn nearest(entries: &[&Entry], query: &str) -> Option<String> {
    let typed: Vec<char> = query.to_lowercase().chars().take(64).collect();
    let allowed = if typed.len() <= 3 { 1 } else { 2 };
    entries
        .iter()
        .flat_map(|entry| [entry.title(), entry.details.account.as_str()])
        .filter(|name| !name.is_empty())
        .filter_map(|name| {
            let letters: Vec<char> = name.chars().flat_map(char::to_lowercase).take(64).collect();
            (letters.len().abs_diff(typed.len()) <= allowed).then(|| (slips(&typed, &letters), name))
        })
        .filter(|(slips, _)| *slips <= allowed)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name.to_owned())
}

/// How many letters were left out, put in, exchanged for another or with their neighbour (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let after = j.saturating_add(1);
            let changed = at(&above, j).saturating_add(usize::from(x != y));
            let mut best = changed.min(at(&above, after).min(at(&row, j)).saturating_add(1));
            if let (Some(up), Some(left)) = (i.checked_sub(1), j.checked_sub(1))
                && a.get(up) == Some(y)
                && b.get(left) == Some(x)
            {
                best = best.min(at(&before, left).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

/// What to call an entry in a sentence.
pub fn label(entry: &Entry) -> String {
    check::label(entry)
}

/// The same with the vault that it is in, where others choose the names.
pub fn label_in(session: &Session, entry: &Entry) -> String {
    match session.vault().is_shared() {
        true => format!("{} in {}", label(entry), session.name()),
        false => label(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        let count = |a: &str, b: &str| slips(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for (a, b, expected) in [
            ("github", "github", 0),
            ("githib", "github", 1),
            ("gihtub", "github", 1),
            ("gitub", "github", 1),
            ("", "abc", 3),
            ("aws", "xyz", 3),
        ] {
            assert_eq!(count(a, b), expected, "{a} {b}");
        }
    }
}
