//! The list's index: what is sorted by and searched in, worked out once for each change of the vault and never while drawing.

use std::cmp::Reverse;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::app::core::vaults::Vaults;
use crate::secret::Text;
use crate::vault::find::EntryRef;
use crate::vault::{Entry, Stamp};

/// How the list is ordered; favourites always stand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By issuer, then account.
    #[default]
    Issuer,
    /// By account, then issuer.
    Account,
    /// The newest entry first.
    Added,
    /// The last changed first.
    Changed,
}

impl Order {
    /// The order after this one.
    pub fn next(self) -> Order {
        match self {
            Order::Issuer => Order::Account,
            Order::Account => Order::Added,
            Order::Added => Order::Changed,
            Order::Changed => Order::Issuer,
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Order::Issuer => "by issuer",
            Order::Account => "by account",
            Order::Added => "newest first",
            Order::Changed => "last changed first",
        }
    }
}

/// One entry's line of the index: its place in the words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) spot: EntryRef,
    /// Which letters occur, folded to 64 bits: most lines are left out of a search by this alone.
    pub(crate) letters: u64,
    favourite: bool,
    added: Stamp,
    changed: Stamp,
    start: u32,
    account: u32,
    tags: u32,
    note: u32,
    end: u32,
}

/// A field that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Issuer,
    Account,
    Tags,
    Note,
}

/// All entries of all vaults that are not deleted, in order, with their words in lower case.
#[derive(Default)]
pub(crate) struct Index {
    lines: Vec<Line>,
    words: Zeroizing<String>,
    /// The first part of each tag, as written, in order.
    tags: Vec<Text>,
    /// How many entries were changed in two places at once.
    conflicts: usize,
}

impl Index {
    pub(crate) fn of(vaults: &Vaults, order: Order) -> Index {
        let mut size = 0_usize;
        let mut count = 0_usize;
        for (_, entry) in vaults.entries(None).filter(|(_, entry)| !entry.deleted) {
            count = count.saturating_add(1);
            size = size.saturating_add(room(entry));
        }
        let mut index = Index {
            lines: Vec::with_capacity(count),
            // Never grows: a string that grew would leave names behind in freed memory.
            words: Zeroizing::new(String::with_capacity(size)),
            tags: Vec::new(),
            conflicts: 0,
        };
        let mut tags = std::collections::BTreeMap::new();
        for (spot, entry) in vaults.entries(None).filter(|(_, entry)| !entry.deleted) {
            index.push(spot, entry);
            index.conflicts = index.conflicts.saturating_add(usize::from(!entry.conflicts.is_empty()));
            for tag in &entry.details.tags {
                let first = first_part(tag);
                if !first.is_empty() {
                    tags.entry(Text::from(first.to_lowercase())).or_insert_with(|| Text::from(first));
                }
            }
        }
        index.tags = tags.into_values().collect();
        index.sort(order);
        index
    }

    fn push(&mut self, spot: EntryRef, entry: &Entry) {
        let place = |words: &str| u32::try_from(words.len()).unwrap_or(u32::MAX);
        let details = &entry.details;
        let start = place(&self.words);
        fold_into(&mut self.words, &details.issuer);
        let account = place(&self.words);
        fold_into(&mut self.words, &details.account);
        let tags = place(&self.words);
        for (n, tag) in details.tags.iter().enumerate() {
            if n > 0 {
                self.words.push('\n');
            }
            fold_into(&mut self.words, tag);
        }
        let note = place(&self.words);
        fold_into(&mut self.words, &details.note);
        let end = place(&self.words);
        let mut line = Line {
            spot,
            letters: 0,
            favourite: details.favourite,
            added: entry.added,
            changed: entry.changed,
            start,
            account,
            tags,
            note,
            end,
        };
        line.letters = letters(self.slice(start..end));
        self.lines.push(line);
    }

    /// Sorts again; only the order has changed.
    pub(crate) fn sort(&mut self, order: Order) {
        let mut lines = std::mem::take(&mut self.lines);
        let issuer = |line: &Line| self.field(line, Field::Issuer);
        let account = |line: &Line| self.field(line, Field::Account);
        match order {
            Order::Issuer => lines.sort_unstable_by(|a, b| {
                (!a.favourite, issuer(a), account(a), a.spot).cmp(&(!b.favourite, issuer(b), account(b), b.spot))
            }),
            Order::Account => lines.sort_unstable_by(|a, b| {
                (!a.favourite, account(a), issuer(a), a.spot).cmp(&(!b.favourite, account(b), issuer(b), b.spot))
            }),
            Order::Added => lines.sort_unstable_by_key(|line| (!line.favourite, Reverse(line.added), line.spot)),
            Order::Changed => lines.sort_unstable_by_key(|line| (!line.favourite, Reverse(line.changed), line.spot)),
        }
        self.lines = lines;
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) fn conflicts(&self) -> usize {
        self.conflicts
    }

    pub(crate) fn tags(&self) -> &[Text] {
        &self.tags
    }

    pub(crate) fn field(&self, line: &Line, field: Field) -> &str {
        match field {
            Field::Issuer => self.slice(line.start..line.account),
            Field::Account => self.slice(line.account..line.tags),
            Field::Tags => self.slice(line.tags..line.note),
            Field::Note => self.slice(line.note..line.end),
        }
    }

    /// Whether the entry has the tag whose first part is `tag` (in lower case).
    pub(crate) fn has_tag(&self, line: &Line, tag: &str) -> bool {
        self.field(line, Field::Tags).split('\n').any(|own| first_part(own) == tag)
    }

    fn slice(&self, range: Range<u32>) -> &str {
        self.words.get(range.start as usize..range.end as usize).unwrap_or("")
    }
}

/// The folder of a tag: what stands before the first `/`.
fn first_part(tag: &str) -> &str {
    tag.split('/').next().unwrap_or("").trim()
}

fn room(entry: &Entry) -> usize {
    let details = &entry.details;
    // Lower case can take more bytes than upper case, at most half as many again.
    let folded = |text: &str| if text.is_ascii() { text.len() } else { text.len().saturating_mul(2) };
    let tags: usize = details.tags.iter().map(|tag| folded(tag).saturating_add(1)).fold(0, usize::saturating_add);
    [folded(&details.issuer), folded(&details.account), tags, folded(&details.note)]
        .into_iter()
        .fold(0, usize::saturating_add)
}

fn fold_into(words: &mut String, text: &str) {
    if text.is_ascii() {
        let start = words.len();
        words.push_str(text);
        if let Some(new) = words.get_mut(start..) {
            new.make_ascii_lowercase();
        }
    } else {
        words.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// Which letters occur in `text`: a to z and 0 to 9 have a bit each, all others share the rest.
pub(crate) fn letters(text: &str) -> u64 {
    text.bytes().fold(0, |bits, byte| {
        bits | 1_u64
            << match byte {
                b'a'..=b'z' => u32::from(byte.saturating_sub(b'a')),
                b'0'..=b'9' => u32::from(byte.saturating_sub(b'0')).saturating_add(26),
                _ => (u32::from(byte) % 28).saturating_add(36),
            }
    })
}
