//! How a word on the command line names entries.

use crate::vault::{Entry, EntryId};

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// One entry.
    One(EntryId),
    /// Several, in the list's order.
    Several(Vec<EntryId>),
}

/// Finds entries by id, else by exact issuer, account or `issuer:account` without case, else by substring of those; never fuzzy.
/// A blank query finds nothing. Deleted entries are found only when the caller passes them in.
pub fn find<'a>(entries: impl Iterator<Item = &'a Entry>, query: &str) -> Found {
    let query = query.trim();
    if query.is_empty() {
        return Found::Nothing;
    }
    let id = query.parse::<EntryId>().ok();
    let wanted = query.to_lowercase();
    let (mut exact, mut within) = (Vec::new(), Vec::new());
    for entry in entries {
        if id == Some(entry.id) {
            return Found::One(entry.id);
        }
        let issuer = entry.details.issuer.to_lowercase();
        let account = entry.details.account.to_lowercase();
        let both = format!("{issuer}:{account}");
        if issuer == wanted || account == wanted || both == wanted {
            exact.push(entry.id);
        } else if both.contains(&wanted) {
            // What lies within the issuer or the account lies within both.
            within.push(entry.id);
        }
    }
    let found = if exact.is_empty() { within } else { exact };
    match found.as_slice() {
        [] => Found::Nothing,
        [one] => Found::One(*one),
        _ => Found::Several(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Kind, Otp};
    use crate::secret::Secret;
    use crate::vault::{Details, Stamp};

    fn entries() -> Vec<Entry> {
        [
            ("GitHub", "octo@example.com"),
            ("GitHub", "work"),
            ("GitLab", "octo@example.com"),
            ("Zürich", ""),
            ("", "github"),
        ]
        .into_iter()
        .zip(1u32..)
        .map(|((issuer, account), number)| Entry {
            id: format!("00000000-0000-4000-8000-{number:012}").parse().unwrap(),
            details: Details::new(Otp::new(Kind::Totp, Secret::from(&b"key"[..])), issuer, account),
            deleted: false,
            problem: None,
            conflicts: Vec::new(),
            added: Stamp::default(),
            changed: Stamp::default(),
        })
        .collect()
    }

    fn found(query: &str) -> Vec<usize> {
        let entries = entries();
        let place = |id| entries.iter().position(|entry| entry.id == id).unwrap() + 1;
        match find(entries.iter(), query) {
            Found::Nothing => Vec::new(),
            Found::One(id) => vec![place(id)],
            Found::Several(ids) => ids.into_iter().map(place).collect(),
        }
    }

    #[test]
    fn an_id_then_an_exact_name_then_a_part_of_one() {
        assert_eq!(found("00000000-0000-4000-8000-000000000003"), [3]);
        assert_eq!(found("github"), [1, 2, 5]);
        assert_eq!(found("GITHUB:WORK"), [2]);
        assert_eq!(found("gitl"), [3]);
        assert_eq!(found("git"), [1, 2, 3, 5]);
        assert_eq!(found(" zÜrich "), [4]);
        assert_eq!(found("hub:wo"), [2]);
        assert_eq!(found("ghub"), Vec::<usize>::new(), "never fuzzy");
        assert_eq!(found(""), Vec::<usize>::new());
    }
}
