//! Importing: a path, perhaps a password, then what will happen to each entry, then one save.

use std::path::PathBuf;

use crate::app::core::input::Input;
use crate::app::core::news::trouble_line;
use crate::app::core::pending::AfterSave;
use crate::app::core::save::commit;
use crate::app::effect::ImportSource;
use crate::app::keymap;
use crate::app::msg::ImportRead;
use crate::app::screen::{Answer, Context, Enabled, Flow, Handle, Open, Screen, Session, within, word};
use crate::app::{Effect, Ticket, Trouble};
use crate::config::keys::{Key, KeyCode};
use crate::formats::columns::{Columns, Sheet};
use crate::formats::plan::{self, Action, OnDuplicate, Plan};
use crate::formats::{Imported, table};
use crate::otp::links;
use crate::secret::Text;
use crate::time::Now;
use crate::vault::Entry;

/// The import screen.
pub(crate) struct Import {
    pub(crate) path: Input,
    pub(crate) completions: Vec<String>,
    /// The format that asks for a password.
    pub(crate) needs_password: Option<&'static str>,
    pub(crate) password: Input,
    pub(crate) plan: Option<Plan>,
    /// A table, while a person says what its columns hold.
    pub(crate) table: Option<Sheet>,
    pub(crate) format: &'static str,
    pub(crate) cursor: usize,
    pub(crate) reading: Option<Ticket>,
    /// Since when, as far as that is known.
    pub(crate) since: Option<Now>,
    pub(crate) saving: Option<Ticket>,
    pub(crate) error: Option<String>,
    source: Option<ImportSource>,
    /// What came out of the files read so far.
    gathered: Imported,
    /// How many they were.
    files: usize,
    /// The plan with what a person chose in it, while another file is asked for.
    chosen: Option<Plan>,
    /// The plan and what it came from, while the columns of its table are named anew.
    before: Option<(Plan, Imported)>,
}

impl Import {
    fn new() -> Import {
        Import {
            path: Input::new(),
            completions: Vec::new(),
            needs_password: None,
            password: Input::masked(),
            plan: None,
            table: None,
            format: "",
            cursor: 0,
            reading: None,
            since: None,
            saving: None,
            error: None,
            source: None,
            gathered: Imported::default(),
            files: 0,
            chosen: None,
            before: None,
        }
    }

    /// What was read elsewhere, planned.
    fn of_read<'a>(format: &'static str, imported: Imported, existing: impl Iterator<Item = &'a Entry>) -> Import {
        let mut import = Import::new();
        import.take(format, imported, existing);
        import
    }

    /// Plans what was read together with what was read before.
    fn take<'a>(&mut self, format: &'static str, imported: Imported, existing: impl Iterator<Item = &'a Entry>) {
        self.format = format;
        self.gathered.add(imported);
        let mut plan = plan::plan(self.gathered.clone(), existing, OnDuplicate::Skip);
        for (row, before) in plan.rows.iter_mut().zip(self.chosen.take().into_iter().flat_map(|chosen| chosen.rows)) {
            if row.details == before.details && row.duplicate_of == before.duplicate_of {
                row.action = before.action;
            }
        }
        self.plan = Some(plan);
        self.cursor = 0;
    }

    /// Whether something was read already, and another file is being asked for.
    pub(crate) fn asks_for_more(&self) -> bool {
        self.plan.is_none() && self.gathered != Imported::default()
    }

    /// Asks for another file, whose entries come to those that are there.
    fn ask_for_more(&mut self) {
        self.chosen = self.plan.take();
        self.table = None;
        self.path.clear();
        self.needs_password = None;
        self.error = None;
    }

    /// Pasted text, which is read.
    fn of_text(text: Text, ctx: &mut Context<'_>) -> Import {
        let source = ImportSource::Text(text);
        let mut import = Import { source: Some(source), ..Import::new() };
        import.read_source(None, ctx);
        import.since = None;
        import
    }

    fn line(&mut self) -> &mut Input {
        if self.needs_password.is_some() { &mut self.password } else { &mut self.path }
    }

    /// How many entries will be added, replaced, skipped.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let rows = self.plan.iter().flat_map(|plan| &plan.rows);
        rows.fold((0, 0, 0), |(add, replace, skip): (usize, usize, usize), row| match row.action {
            Action::Add => (add.saturating_add(1), replace, skip),
            Action::Replace(_) => (add, replace.saturating_add(1), skip),
            Action::Skip(_) => (add, replace, skip.saturating_add(1)),
        })
    }

    /// How many rows the cursor goes over: entries, then what was refused.
    pub(crate) fn len(&self) -> usize {
        match (&self.plan, &self.table) {
            (Some(plan), _) => plan.rows.len().saturating_add(plan.problems.len()),
            (None, Some(sheet)) => sheet.names.len(),
            (None, None) => 0,
        }
    }

    /// Whether what was read is one table, whose columns can be named anew.
    fn is_table(&self) -> bool {
        self.files == 1 && self.source.is_some() && [table::FORMAT.name, table::KEEPASSXC.name].contains(&self.format)
    }

    /// Whether the screen counts the seconds of what is being read.
    pub(crate) fn seconds(&self, now: Now) -> Option<u64> {
        let since = self.since.filter(|_| self.reading.is_some())?;
        Some(now.since(since).as_secs())
    }

    /// Back to the plan whose table's columns were to be named anew.
    fn back_to_plan(&mut self) {
        if let Some((plan, gathered)) = self.before.take() {
            (self.plan, self.gathered, self.files, self.cursor) = (Some(plan), gathered, 1, 0);
        }
    }

    /// One step back; false where there is none, and the import ends.
    fn back(&mut self) -> bool {
        if self.plan.is_some() || (self.table.is_none() && self.needs_password.is_none()) {
            return false;
        }
        self.error = None;
        if self.needs_password.take().is_some() {
            self.password.clear();
        } else if self.before.is_some() {
            self.back_to_plan();
            return true;
        }
        (self.table, self.source, self.cursor) = (None, None, 0);
        true
    }

    /// Another choice for the selected entry or column.
    fn toggle(&mut self) {
        let cursor = self.cursor;
        if let (None, Some(sheet)) = (&self.plan, &mut self.table) {
            sheet.columns.cycle(cursor);
            self.error = None;
        }
        if let Some(row) = self.plan.as_mut().and_then(|plan| plan.rows.get_mut(cursor)) {
            row.action = match (&row.action, row.duplicate_of) {
                (Action::Skip(_), Some(id)) => Action::Replace(id),
                (Action::Skip(_) | Action::Replace(_), _) => Action::Add,
                (Action::Add, _) => Action::Skip("left out by choice".into()),
            };
        }
    }
}

impl Handle for Import {
    fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Import> {
        match wanted {
            Open::By(keymap::Action::Import) => Some(Import::new()),
            Open::ImportText(text) => Some(Import::of_text(std::mem::take(text), ctx)),
            Open::Imported(format, imported) => {
                Some(Import::of_read(format, std::mem::take(imported), existing(ctx.session)))
            }
            _ => None,
        }
    }

    fn id(&self) -> Screen {
        match (&self.plan, &self.table) {
            (Some(_), _) => Screen::ImportPlan,
            (None, Some(_)) => Screen::Columns,
            (None, None) => Screen::Import,
        }
    }

    fn key(&mut self, key: &Key, ctx: &mut Context<'_>) -> Flow {
        if self.reading.is_some() || self.table.is_some() || self.plan.is_some() {
            return Flow::Stay;
        }
        if key.code == KeyCode::Tab && self.needs_password.is_none() {
            self.path.ask_to_complete(ctx.out);
        } else if self.line().key(key) {
            self.error = None;
            self.completions.clear();
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &Text, _: &mut Context<'_>) -> Flow {
        if self.reading.is_some() || self.table.is_some() || self.plan.is_some() {
            return Flow::Stay;
        }
        // Of links, which are no path, all lines are kept.
        if links::is_link(text) {
            self.line().paste(text.trim());
        } else {
            self.line().paste_line(text);
        }
        Flow::Stay
    }

    fn act(&mut self, action: keymap::Action, ctx: &mut Context<'_>) -> Flow {
        match action {
            keymap::Action::Submit => return self.submit(ctx),
            keymap::Action::Toggle => self.toggle(),
            keymap::Action::AddFile if self.saving.is_none() => self.ask_for_more(),
            keymap::Action::Columns => self.name_columns(ctx),
            keymap::Action::ShowTyped => self.password.masked = !self.password.masked,
            keymap::Action::Back if self.reading.is_some() => self.abandon(ctx),
            keymap::Action::Back if self.saving.is_some() => {}
            keymap::Action::Back if self.asks_for_more() => {
                // Back from asking for another file to what was read before.
                self.error = None;
                self.take(self.format, Imported::default(), existing(ctx.session));
            }
            keymap::Action::Back if self.back() => {}
            _ => return Flow::Pass,
        }
        Flow::Stay
    }

    fn step(&mut self, by: isize, _: &mut Session) {
        self.cursor = within(self.cursor, by, self.len());
    }

    fn enabled(&self, action: keymap::Action, _: &Session) -> Option<Enabled> {
        let no_table = action == keymap::Action::Columns && !self.is_table();
        no_table.then(|| Err("only a table has columns to be named".into()))
    }

    fn hint(&self, row: &keymap::Row, _: &Session) -> Option<&'static str> {
        match row.action {
            keymap::Action::Submit if self.plan.is_some() => Some("import"),
            keymap::Action::Columns if !self.is_table() => None,
            _ => Some(word(row, self.id())),
        }
    }

    fn waits_for(&self, ticket: Ticket) -> bool {
        [self.reading, self.saving].contains(&Some(ticket)) || self.path.waits_for(ticket)
    }

    fn answer(&mut self, _: Ticket, answer: Answer, ctx: &mut Context<'_>) -> Flow {
        match answer {
            Answer::ImportRead(result) => self.take_read(result, ctx.session),
            Answer::Completions(found) if self.plan.is_none() && self.needs_password.is_none() => {
                self.path.complete(&found);
                self.completions = if found.len() > 1 { found } else { Vec::new() };
            }
            _ => {}
        }
        Flow::Stay
    }

    fn saved(&mut self, done: bool) -> Flow {
        self.saving = None;
        if done { Flow::Close } else { Flow::Stay }
    }

    fn counts(&self) -> bool {
        self.reading.is_some()
    }
}

/// The entries of the vault that is imported into.
fn existing(session: &Session) -> impl Iterator<Item = &Entry> {
    session.vaults.entries(Some(session.target())).map(|(_, entry)| entry)
}

impl Import {
    fn submit(&mut self, ctx: &mut Context<'_>) -> Flow {
        if self.reading.is_some() || self.saving.is_some() {
            return Flow::Stay;
        }
        if let (None, Some(sheet), Some(_)) = (&self.plan, &self.table, &self.source) {
            if sheet.columns.has_secret() {
                self.read_table(Some(sheet.columns.clone()), ctx);
                self.error = None;
            } else {
                self.error = Some("choose the column that holds the secret".into());
            }
            return Flow::Stay;
        }
        let Some(plan) = &self.plan else {
            let password = self.needs_password.is_some().then(|| self.password.take());
            let source = match (&password, self.source.take()) {
                (Some(_), Some(source)) => source,
                _ if self.path.text().trim().is_empty() => return Flow::Stay,
                _ if links::is_link(self.path.text()) => ImportSource::Text(self.path.take()),
                _ => ImportSource::Path(PathBuf::from(self.path.text().trim())),
            };
            self.source = Some(source);
            self.read_source(password, ctx);
            self.error = None;
            self.completions.clear();
            return Flow::Stay;
        };
        let target = ctx.session.target();
        let edits = match plan.edits(ctx.random) {
            Ok(edits) => edits,
            Err(error) => {
                self.error = Some(format!("nothing was imported: {error}"));
                return Flow::Stay;
            }
        };
        let refused = plan.problems.len();
        let (added, replaced, skipped) = self.counts();
        let counts = [(added, "new"), (replaced, "replaced"), (skipped, "skipped"), (refused, "refused")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let mut said = format!("imported {}", if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") });
        if let Some(ImportSource::Path(path)) = &self.source
            && self.needs_password.is_none()
        {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name = crate::text::fit(&name, 24).trim_end().to_owned();
            said = match self.files {
                _ if refused > 0 => format!("{said} · what was refused is only in the file"),
                0 | 1 => format!("{said} · delete {name}: its secrets are plain text"),
                several => format!("{said} · delete the {several} files: their secrets are plain text"),
            };
        }
        let then = AfterSave::new(format!("import of {} entries", added.saturating_add(replaced)), said);
        match commit(ctx, target, &edits, then) {
            Ok(None) => return Flow::Close,
            Ok(save) => self.saving = save,
            Err(reason) => self.error = Some(format!("nothing was imported: {reason}")),
        }
        Flow::Stay
    }

    /// Has what it comes from read.
    fn read_source(&mut self, password: Option<Text>, ctx: &mut Context<'_>) {
        let Some(source) = self.source.clone() else { return };
        self.reading = Some(ctx.out.ask(|ticket| Effect::ReadImport { ticket, source, format: None, password }));
        self.since = Some(ctx.now);
    }

    /// Has the table read that it comes from.
    fn read_table(&mut self, columns: Option<Columns>, ctx: &mut Context<'_>) {
        let Some(source) = self.source.clone() else { return };
        self.reading = Some(ctx.out.ask(|ticket| Effect::ReadTable { ticket, source, columns }));
        self.since = Some(ctx.now);
    }

    fn take_read(&mut self, result: Result<ImportRead, Trouble>, session: &Session) {
        self.reading = None;
        match result {
            Ok(ImportRead::NeedsPassword { format, wrong }) => {
                self.needs_password = Some(format);
                self.error = wrong.map(|words| format!("{words}; try again"));
            }
            Ok(ImportRead::Table(sheet)) => (self.table, self.cursor) = (Some(sheet), 0),
            Ok(ImportRead::Entries { format, imported }) => {
                self.files = self.files.saturating_add(1);
                self.before = None;
                self.take(format, imported, existing(session));
            }
            Err(trouble) => {
                self.error = Some(trouble_line(&trouble));
                self.needs_password = None;
                if self.table.is_none() {
                    self.back_to_plan();
                }
            }
        }
    }

    /// Asks what the columns of the table that was read hold.
    fn name_columns(&mut self, ctx: &mut Context<'_>) {
        if self.saving.is_some() || !self.is_table() {
            return;
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.before = self.plan.take().map(|plan| (plan, gathered));
        (self.chosen, self.files, self.cursor) = (None, 0, 0);
        if self.table.is_none() {
            self.read_table(None, ctx);
        }
    }

    /// Gives up what is being read; its answer will be dropped.
    fn abandon(&mut self, ctx: &mut Context<'_>) {
        (self.reading, self.since, self.needs_password) = (None, None, None);
        self.error = Some("given up; nothing was read".into());
        if self.table.is_none() {
            self.back_to_plan();
        }
        ctx.out.send(Effect::AbandonImport);
    }
}
