//! Exporting all entries to a file: encrypted where the format can, plain text only when asked for by name.

use std::path::PathBuf;

use crate::app::Effect;
use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::core::passphrase::Twice;
use crate::app::screen::{Action, Answer, Context, Flow, Handle, Open, Question, Screen, Session, Ticket};
use crate::config::keys::{Key, KeyCode};
use crate::formats::Format;
use crate::formats::registry::{self, FORMATS};
use crate::secret::Text;
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
    pub(crate) writing: Option<Ticket>,
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
            writing: None,
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

    fn step_field(&mut self, by: isize) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.at).unwrap_or(0);
        let next = at.saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.at = rows.get(next).copied().unwrap_or(Row::Format);
        self.password.at_second = self.at == Row::Second;
    }

    fn type_into(&mut self, key: &Key) {
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
        registry::warning(self.format()?, session.entries().map(|entry| &entry.details))
    }

    /// What the format cannot hold, in words, with how many entries it concerns.
    pub(crate) fn loses(&self, session: &Session) -> Vec<String> {
        let Some(writer) = self.format().and_then(|format| format.write.as_ref()) else { return Vec::new() };
        let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for entry in session.entries() {
            for loss in (writer.loses)(&entry.details) {
                let count = counts.entry(loss).or_default();
                *count = count.saturating_add(1);
            }
        }
        counts.into_iter().map(|(loss, count)| format!("{loss} ({count})")).collect()
    }

    fn submit(&mut self, ctx: &mut Context<'_>) -> Flow {
        if self.writing.is_some() {
            return Flow::Stay;
        }
        if self.path.text().trim().is_empty() {
            if self.can_be_shown() {
                return Flow::Run(Action::PhoneCodes);
            }
            self.at = Row::Path;
            self.error = Some("a path is needed".into());
            return Flow::Stay;
        }
        if !self.encrypted {
            let path = crate::text::fit(self.path.text().trim(), 60);
            let all = format!("whoever reads {} has all your codes; delete it when it has done its work", &*path);
            // A small screen had no room for the rest beside the form.
            let loses = self.loses(ctx.session);
            let loses = (!loses.is_empty()).then(|| format!("what this format cannot hold: {}", loses.join("; ")));
            let detail: Vec<String> = [Some(all), self.warning(ctx.session), loses].into_iter().flatten().collect();
            return Flow::Ask(Question::new("write every secret as plain text?", detail.join("\n")));
        }
        if self.at != Row::Second {
            self.password.at_second = false;
        }
        if !self.password.first.is_empty() {
            self.password.at_second = true;
        }
        match self.password.submit() {
            Some(password) => self.write(Some(password), ctx),
            None => {
                self.at = if self.password.at_second { Row::Second } else { Row::First };
                self.error = self.password.error.map(str::to_owned);
            }
        }
        Flow::Stay
    }

    /// Sends the export on its way.
    fn write(&mut self, password: Option<Text>, ctx: &mut Context<'_>) {
        let entries: Vec<Details> = ctx.session.entries().map(|entry| entry.details.clone()).collect();
        let Some(format) = self.format().map(|format| format.id) else { return };
        let path = PathBuf::from(self.path.text().trim());
        self.writing = Some(ctx.out.ask(|ticket| Effect::Export { ticket, format, path, entries, password }));
    }
}

impl Handle for Export {
    fn open(wanted: &mut Open, _: &mut Context<'_>) -> Option<Export> {
        matches!(wanted, Open::By(Action::Export)).then(Export::new)
    }

    fn id(&self) -> Screen {
        Screen::Export
    }

    fn key(&mut self, key: &Key, _: &mut Context<'_>) -> Flow {
        if self.writing.is_none() {
            self.type_into(key);
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        match self.at {
            Row::Path => self.path.paste_line(text),
            Row::First | Row::Second => self.password.paste(text),
            Row::Format | Row::Protection => {}
        }
        Flow::Stay
    }

    fn act(&mut self, action: Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            Action::NextField => self.step_field(1),
            Action::PreviousField => self.step_field(-1),
            Action::ShowTyped => self.password.show_typed(),
            Action::Submit => return self.submit(ctx),
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn confirmed(&mut self, yes: bool, ctx: &mut Context<'_>) -> Flow {
        if yes {
            self.write(None, ctx);
        }
        Flow::Stay
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        self.writing == Some(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        self.writing = None;
        match answer {
            Answer::Exported(Ok(path)) => {
                ctx.say_good(format!("exported to {}", crate::text::clean(&path.to_string_lossy())));
                return Flow::Close;
            }
            Answer::Exported(Err(trouble)) => self.error = Some(trouble_line(&trouble)),
            _ => {}
        }
        Flow::Stay
    }
}
