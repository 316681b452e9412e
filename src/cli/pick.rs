//! From what a person typed to one entry, or to a failure that helps.

use super::error::{Exit, Failure};
use super::out;
use crate::vault::find::{Found, find};
use crate::vault::{Entry, EntryId, check, order};

/// More matches than this are counted, not listed.
const LISTED: usize = 20;

/// The id of the one entry that is not deleted and matches.
///
/// # Errors
/// No match (with the nearest name), or several (listed with their ids).
pub fn one(entries: &mut dyn Iterator<Item = &Entry>, query: &str) -> Result<EntryId, Failure> {
    among(entries.filter(|entry| !entry.deleted), query, "no entry matches")
}

/// The id of the one entry of the trash that matches.
///
/// # Errors
/// As [`one`].
pub fn deleted(entries: &mut dyn Iterator<Item = &Entry>, query: &str) -> Result<EntryId, Failure> {
    among(entries.filter(|entry| entry.deleted), query, "no entry in the trash matches")
}

/// The id of the one entry that matches: of those not deleted, else of the trash.
///
/// # Errors
/// As [`one`].
pub fn any(entries: &mut dyn Iterator<Item = &Entry>, query: &str) -> Result<EntryId, Failure> {
    let entries: Vec<&Entry> = entries.collect();
    match one(&mut entries.iter().copied(), query) {
        Err(failure) if failure.exit == Exit::NoMatch => {
            deleted(&mut entries.iter().copied(), query).map_err(|_| failure)
        }
        found => found,
    }
}

/// All entries that match, in the list's order.
///
/// # Errors
/// No match.
pub fn all<'a>(entries: Vec<&'a Entry>, query: Option<&str>) -> Result<Vec<&'a Entry>, Failure> {
    let mut chosen = match query {
        None => entries,
        Some(query) => {
            let ids = match find(entries.iter().copied(), query) {
                Found::Nothing => return Err(nothing(&entries, query, "no entry matches")),
                Found::One(id) => vec![id],
                Found::Several(ids) => ids,
            };
            let ids: std::collections::HashSet<EntryId> = ids.into_iter().collect();
            entries.into_iter().filter(|entry| ids.contains(&entry.id)).collect()
        }
    };
    chosen.sort_by(|a, b| order::by_name(a, b));
    Ok(chosen)
}

fn among<'a>(entries: impl Iterator<Item = &'a Entry>, query: &str, none: &str) -> Result<EntryId, Failure> {
    if query.trim().is_empty() {
        return Err(Failure::usage("no entry was named").hint("tickey list shows what there is"));
    }
    let entries: Vec<&Entry> = entries.collect();
    match find(entries.iter().copied(), query) {
        Found::One(id) => Ok(id),
        Found::Nothing => Err(nothing(&entries, query, none)),
        Found::Several(ids) => {
            let mut failure =
                Failure::new(Exit::Several, format!("{} match {}", out::entries(ids.len()), quoted(query)))
                    .hint("name one by issuer:account, or by its id");
            let mut several: Vec<&Entry> = entries.into_iter().filter(|entry| ids.contains(&entry.id)).collect();
            several.sort_by(|a, b| order::by_name(a, b));
            let rows: Vec<Vec<String>> = several
                .iter()
                .take(LISTED)
                .map(|entry| vec![entry.id.to_string(), entry.title().to_owned(), entry.details.account.to_string()])
                .collect();
            failure.lines = out::table(&rows, 40).lines().map(str::to_owned).collect();
            if several.len() > LISTED {
                failure.lines.push(format!("and {} more", several.len().saturating_sub(LISTED)));
            }
            Err(failure)
        }
    }
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
