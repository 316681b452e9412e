//! Exporting all entries to a file: encrypted where the format can, plain text only when asked for by name.

use std::path::PathBuf;

use crate::app::core::input::Input;
use crate::app::screens::confirm::Confirm;
use crate::app::screens::passphrase::Twice;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, Trouble};
use crate::config::keys::{Key, KeyCode};
use crate::formats::Format;
use crate::formats::registry::{self, FORMATS};
use crate::time::Now;
use crate::vault::Details;

/// A row of the export screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    Format,
    Protection,
    Path,
    First,
    Second,
}

/// The export screen.
pub(crate) struct Export {
    pub(crate) at: Row,
    format: usize,
    pub(crate) encrypted: bool,
    pub(crate) path: Input,
    pub(crate) password: Twice,
    pub(crate) error: Option<String>,
    pub(crate) writing: bool,
    taken: Option<crate::secret::Text>,
}

/// The formats that can be written.
fn writable() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.write.is_some())
}

impl Export {
    pub(crate) fn new() -> Export {
        let format = writable().position(|format| format.id == "aegis").unwrap_or(0);
        let mut export = Export {
            at: Row::Format,
            format,
            encrypted: true,
            path: Input::new(),
            password: Twice::new(),
            error: None,
            writing: false,
            taken: None,
        };
        export.settle();
        export
    }

    pub(crate) fn format(&self) -> Option<&'static Format> {
        writable().nth(self.format)
    }

    /// Whether the export can be shown on the screen instead of written.
    pub(crate) fn can_be_shown(&self) -> bool {
        self.format().is_some_and(|format| format.id == "google-qr")
    }

    /// Encrypted wherever the format can.
    fn settle(&mut self) {
        self.encrypted = self.format().and_then(|format| format.write.as_ref()).is_some_and(|writer| writer.encrypts);
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Format, Row::Protection, Row::Path];
        if self.encrypted {
            rows.extend([Row::First, Row::Second]);
        }
        rows
    }

    pub(crate) fn step(&mut self, by: isize) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.at).unwrap_or(0);
        let next = at.saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.at = rows.get(next).copied().unwrap_or(Row::Format);
        self.password.at_second = self.at == Row::Second;
    }

    pub(crate) fn key(&mut self, key: &Key) {
        let turn = matches!(key.code, KeyCode::Left | KeyCode::Right | KeyCode::Char(' '));
        self.error = None;
        match self.at {
            Row::Format if turn => {
                let count = writable().count().max(1);
                let by = if key.code == KeyCode::Left { count.saturating_sub(1) } else { 1 };
                self.format = self.format.saturating_add(by).checked_rem(count).unwrap_or(0);
                self.settle();
            }
            Row::Protection if turn => {
                if let Some(writer) = self.format().and_then(|format| format.write.as_ref()) {
                    self.encrypted = if self.encrypted { !writer.plain } else { writer.encrypts };
                }
            }
            Row::Path => {
                self.path.key(key);
            }
            Row::First | Row::Second => self.password.key(key),
            _ => {}
        }
    }

    /// What to know of the file before something else opens it.
    pub(crate) fn warning(&self, session: &Session) -> Option<String> {
        let entries = session.vaults.entries(session.list.vault()).filter(|(_, entry)| !entry.deleted);
        registry::warning(self.format()?, entries.map(|(_, entry)| &entry.details))
    }

    /// What the format cannot hold, in words, with how many entries it concerns.
    pub(crate) fn loses(&self, session: &Session) -> Vec<String> {
        let Some(writer) = self.format().and_then(|format| format.write.as_ref()) else { return Vec::new() };
        let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for (_, entry) in session.vaults.entries(session.list.vault()).filter(|(_, entry)| !entry.deleted) {
            for loss in (writer.loses)(&entry.details) {
                let count = counts.entry(loss).or_default();
                *count = count.saturating_add(1);
            }
        }
        counts.into_iter().map(|(loss, count)| format!("{loss} ({count})")).collect()
    }
}

pub(crate) fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(Over::Export(export)) = session.over.last_mut() else { return };
    if export.writing {
        return;
    }
    if export.path.text().trim().is_empty() && export.can_be_shown() {
        session.over.pop();
        crate::app::screens::qr::all(model, now);
        return;
    }
    if export.path.text().trim().is_empty() {
        export.at = Row::Path;
        export.error = Some("a path is needed".into());
        return;
    }
    if export.encrypted {
        if export.at != Row::Second {
            export.password.at_second = false;
        }
        if !export.password.first.is_empty() {
            export.password.at_second = true;
        }
        export.taken = export.password.submit();
        if export.taken.is_none() {
            export.at = if export.password.at_second { Row::Second } else { Row::First };
            export.error = export.password.error.map(str::to_owned);
            return;
        }
        write(model, out);
    } else {
        let path = crate::text::fit(export.path.text().trim(), 60);
        let Some(Over::Export(export)) = session.over.last() else { return };
        // A small screen had no room for them beside the form.
        let loses = export.loses(session);
        let loses = (!loses.is_empty()).then(|| format!("what this format cannot hold: {}", loses.join("; ")));
        let confirm = Confirm::plain_export(&path, export.warning(session).into_iter().chain(loses).collect());
        session.over.push(Over::Confirm(confirm));
    }
}

/// Sends the export on its way.
pub(crate) fn write(model: &mut Model, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let entries = session.vaults.entries(session.list.vault()).filter(|(_, entry)| !entry.deleted);
    let entries: Vec<Details> = entries.map(|(_, entry)| entry.details.clone()).collect();
    let Some(Over::Export(export)) = session.over.last_mut() else { return };
    let Some(format) = export.format() else { return };
    export.writing = true;
    let password = export.taken.take();
    let path = PathBuf::from(export.path.text().trim());
    out.push(Effect::Export { format: format.id, path, entries, password });
}

pub(crate) fn exported(model: &mut Model, result: Result<PathBuf, Trouble>, now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    match result {
        Ok(path) => {
            session.over.retain(|over| !matches!(over, Over::Export(_)));
            let name = path.to_string_lossy().into_owned();
            model.say_good(format!("exported to {}", crate::text::clean(&name)), now);
        }
        Err(trouble) => {
            if let Some(Over::Export(export)) = session.over.last_mut() {
                export.writing = false;
                export.error = Some(crate::app::core::news::trouble_line(&trouble));
            }
        }
    }
}
