//! The order in which entries are listed.

use std::cmp::Ordering;

use crate::vault::Entry;

/// Favourites first, then by title without case, then by account, then by id, so that the order never depends on chance.
pub fn by_name(a: &Entry, b: &Entry) -> Ordering {
    b.details
        .favourite
        .cmp(&a.details.favourite)
        .then_with(|| without_case(a.title(), b.title()))
        .then_with(|| without_case(&a.details.account, &b.details.account))
        .then_with(|| a.id.cmp(&b.id))
}

fn without_case(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count() {
        assert_eq!(without_case("github", "GitHub"), Ordering::Equal);
        assert_eq!(without_case("Äpfel", "äPFEL"), Ordering::Equal);
        assert_eq!(without_case("aws", "Bank"), Ordering::Less);
    }
}
