//! The fuzzy search: which entries match what is typed, best first.
//!
//! What is typed is cut at blanks; every part must be found in issuer, account, tags or note. A part is found as a whole
//! (best at the start of a field, then of a word), or letter by letter in order (best close together); in notes only as a whole, or every
//! long note would match everything.

use crate::app::core::index::{Field, Index, Line, letters};

/// What is searched for.
pub(crate) struct Terms {
    terms: Vec<(zeroize::Zeroizing<String>, u64)>,
}

impl Terms {
    pub(crate) fn of(typed: &str) -> Terms {
        let terms = typed.split_whitespace().map(|term| {
            let term = zeroize::Zeroizing::new(term.to_lowercase());
            let bits = letters(&term);
            (term, bits)
        });
        Terms { terms: terms.collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// How well an entry matches; `None`: not at all.
    pub(crate) fn score(&self, index: &Index, line: &Line) -> Option<u32> {
        let mut total = 0_u32;
        for (term, bits) in &self.terms {
            if bits & !line.letters != 0 {
                return None;
            }
            let mut best = None;
            for (field, weight) in [(Field::Issuer, 60), (Field::Account, 30), (Field::Tags, 20), (Field::Note, 0)] {
                let text = index.field(line, field);
                let found =
                    whole(term, text).or_else(|| if field == Field::Note { None } else { scattered(term, text) });
                best = best.max(found.map(|score| score.saturating_add(weight)));
            }
            total = total.saturating_add(best?);
        }
        Some(total)
    }
}

impl Terms {
    /// Whether each part begins a word of the issuer or the account.
    pub(crate) fn name(&self, index: &Index, line: &Line) -> bool {
        let begins = |term: &str, field| whole(term, index.field(line, field)).is_some_and(|score| score >= WORD);
        self.terms.iter().all(|(term, _)| begins(term, Field::Issuer) || begins(term, Field::Account))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// What a part scores that begins a word.
const WORD: u32 = 700;

/// The part as a whole: 1000 the field itself, 900 its start, 700 a word's start, 500 anywhere; less in longer fields.
fn whole(term: &str, text: &str) -> Option<u32> {
    if term.len() > text.len() {
        return None;
    }
    let brevity = 40_u32.saturating_sub(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let first = text.find(term)?;
    if first == 0 {
        return Some(if term.len() == text.len() { 1000 } else { 900_u32.saturating_add(brevity) });
    }
    let mut from = first;
    loop {
        let before = from.checked_sub(1).and_then(|place| text.as_bytes().get(place));
        if before.is_none_or(|byte| !is_word(*byte)) {
            return Some(WORD.saturating_add(brevity));
        }
        let next = from.saturating_add(1);
        let next = (next..text.len()).find(|place| text.is_char_boundary(*place));
        match next.and_then(|next| text.get(next..).and_then(|rest| rest.find(term)).map(|at| next.saturating_add(at)))
        {
            Some(place) => from = place,
            None => return Some(500_u32.saturating_add(brevity)),
        }
    }
}

/// The part letter by letter in order: up to 300, less for every letter between, more where words start. The first letter
/// must start a word, or nearly everything matches two letters.
fn scattered(term: &str, text: &str) -> Option<u32> {
    let (term, text) = (term.as_bytes(), text.as_bytes());
    let first = *term.first()?;
    if term.len() < 2 || term.len() > text.len() {
        return None;
    }
    let mut best: Option<u32> = None;
    let mut before = b' ';
    for (start, byte) in text.iter().enumerate() {
        let starts_word = !is_word(before);
        before = *byte;
        if *byte != first || !starts_word {
            continue;
        }
        let mut wanted = term.iter();
        let mut next = wanted.next();
        let mut between = 0_u32;
        let mut bonus = 0_u32;
        let mut last = b' ';
        for byte in text.get(start..).unwrap_or(&[]) {
            match next {
                None => break,
                Some(letter) if letter == byte => {
                    bonus = bonus.saturating_add(if is_word(last) { 0 } else { 15 });
                    next = wanted.next();
                }
                Some(_) => between = between.saturating_add(1),
            }
            last = *byte;
        }
        if next.is_none() {
            let score = 300_u32.saturating_sub(between.saturating_mul(6)).max(100).saturating_add(bonus.min(60));
            best = best.max(Some(score));
        } else {
            // What is not found from here is not found from further on either.
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(term: &str, text: &str) -> Option<u32> {
        whole(term, text).or_else(|| scattered(term, text))
    }

    #[test]
    fn better_matches_score_more() {
        let order = ["git", "github", "my github", "digital", "gmail it"];
        let scores: Vec<u32> = order.iter().map(|text| one("git", text).unwrap()).collect();
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
        assert_eq!(one("git", "proton"), None);
        assert!(one("gh", "github").is_some());
        assert_eq!(one("ih", "github"), None, "the first letter must start a word");
    }

    #[test]
    fn other_scripts() {
        assert!(one("郵便", "日本郵便").is_some());
        assert!(one("ö", "österreich").is_some());
    }

    proptest! {
        #[test]
        fn no_text_panics(term in ".{0,6}", text in ".{0,20}") {
            if !term.is_empty() {
                let _ = one(&term.to_lowercase(), &text.to_lowercase());
            }
        }

        /// A longer term matches no more than a shorter one: why each letter searches only what was found before.
        #[test]
        fn a_letter_more_never_finds_more(term in "[a-c ]{2,5}", text in "[a-c .]{0,12}") {
            let shorter = &term[..term.len() - 1];
            if one(&term, &text).is_some() && shorter.len() > 1 {
                prop_assert!(one(shorter, &text).is_some());
            }
        }
    }
}
