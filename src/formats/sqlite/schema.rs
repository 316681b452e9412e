//! The names of a table's columns, from the `CREATE TABLE` that SQLite keeps of it.

use super::damaged;
use crate::formats::FormatError;

/// A column of a table.
pub(super) struct Column {
    pub name: String,
    /// Its values are the rows' ids, and stored as NULL.
    pub is_row_id: bool,
}

impl Column {
    /// One that is not the row's id.
    pub fn named(name: &str) -> Column {
        Column { name: name.into(), is_row_id: false }
    }
}

/// A word (its text, and whether it stood in quotes) or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String, bool),
    Sign(char),
}

impl Token {
    /// Whether it is that key word.
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(text, false) if text.eq_ignore_ascii_case(word))
    }
}

/// The columns of a row as it is stored.
///
/// # Errors
/// [`FormatError::Unsupported`] for virtual tables and those WITHOUT ROWID; [`FormatError::Damaged`] when it is no `CREATE TABLE`.
pub(super) fn columns(sql: &str) -> Result<Vec<Column>, FormatError> {
    let tokens = tokens(sql);
    if tokens.get(1).is_some_and(|token| token.is("VIRTUAL")) {
        return Err(FormatError::Unsupported("its table is a virtual one, which is not read".into()));
    }
    let mut depth = 0usize;
    let mut definitions: Vec<Vec<&Token>> = vec![Vec::new()];
    let mut rest = tokens.iter().skip_while(|token| **token != Token::Sign('('));
    for token in rest.by_ref() {
        match token {
            Token::Sign('(') => depth = depth.saturating_add(1),
            Token::Sign(')') if depth == 1 => {
                depth = 0;
                break;
            }
            Token::Sign(')') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 1 => definitions.push(Vec::new()),
            // What stands in brackets says nothing of the column.
            token => {
                if let Some(definition) = definitions.last_mut().filter(|_| depth == 1) {
                    definition.push(token);
                }
            }
        }
    }
    if depth != 0 || definitions.first().is_none_or(Vec::is_empty) {
        return Err(damaged("page 1 of the database is broken"));
    }
    if rest.any(|token| token.is("WITHOUT")) {
        return Err(FormatError::Unsupported("its table is one WITHOUT ROWID, which is not read".into()));
    }
    Ok(definitions.iter().filter_map(|definition| column(definition)).collect())
}

/// A definition's column; `None` when it is a constraint, or computed and not stored.
fn column(definition: &[&Token]) -> Option<Column> {
    let (Token::Word(name, quoted), more) = definition.split_first().map(|(first, more)| (*first, more))? else {
        return None;
    };
    const CONSTRAINTS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    if !quoted && CONSTRAINTS.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return None;
    }
    let says = |word: &str| more.iter().any(|token| token.is(word));
    if says("AS") && !says("STORED") {
        return None;
    }
    let is_row_id = more.first().is_some_and(|token| token.is("INTEGER"))
        && more.windows(2).any(|pair| matches!(pair, [first, second] if first.is("PRIMARY") && second.is("KEY")));
    Some(Column { name: name.clone(), is_row_id })
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let after = |text: &str, end: &str| text.find(end).map_or(text.len(), |at| at.saturating_add(end.len()));
        let length = if rest.starts_with("--") {
            after(rest, "\n")
        } else if rest.starts_with("/*") {
            after(rest, "*/")
        } else if let Some(close) = closing(first) {
            let (word, length) = quoted(rest, close);
            tokens.push(Token::Word(word, true));
            length
        } else if first.is_alphanumeric() || first == '_' {
            let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.');
            let end = rest.find(|letter| !part(letter)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest.get(..end).unwrap_or(rest).to_owned(), false));
            end
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or("");
    }
    tokens
}

/// What ends a text that begins like that.
fn closing(first: char) -> Option<char> {
    match first {
        '"' | '\'' | '`' => Some(first),
        '[' => Some(']'),
        _ => None,
    }
}

/// The text in quotes, where a quote twice is one, and how long it is with them.
fn quoted(rest: &str, close: char) -> (String, usize) {
    let mut word = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((_, letter)) = letters.next() {
        if letter != close {
            word.push(letter);
        } else if close != ']' && letters.next_if(|(_, next)| *next == close).is_some() {
            word.push(close);
        } else {
            break;
        }
    }
    (word, letters.peek().map_or(rest.len(), |(at, _)| *at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_are_stored() {
        let sql = "CREATE TABLE `acc(ounts` (`_id` INTEGER PRIMARY KEY AUTOINCREMENT, -- a, comment\n \"na \"\"me\" TEXT NOT NULL DEFAULT ('a,b'),
            [odd, one] varchar(32, 4) CHECK (x IN ('(', 1)), twice INT AS (1 + 2) VIRTUAL, kept INT GENERATED ALWAYS AS (3) STORED,
            /* ) */ plain, cast TEXT DEFAULT (CAST(1 AS TEXT)), CONSTRAINT pk PRIMARY KEY (plain), UNIQUE (plain), FOREIGN KEY(x) REFERENCES y(z)) STRICT";
        let columns = columns(sql).unwrap();
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["_id", "na \"me", "odd, one", "kept", "plain", "cast"]);
        assert_eq!(columns.iter().filter(|column| column.is_row_id).count(), 1);
        assert!(columns[0].is_row_id);
    }

    #[test]
    fn tables_that_are_not_read() {
        for sql in ["CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID", "CREATE VIRTUAL TABLE t USING fts5(a, b)"] {
            assert!(matches!(columns(sql), Err(FormatError::Unsupported(_))), "{sql}");
        }
        for sql in
            ["", "CREATE TABLE t", "CREATE TABLE t(", "CREATE TABLE t()", "CREATE TABLE t(a, 'b", "CREATE TABLE t(a /*"]
        {
            assert!(matches!(columns(sql), Err(FormatError::Damaged(_))), "{sql}");
        }
    }
}
