//! Importing: a path, perhaps a password, then what will happen to each entry, then one save.

use std::path::PathBuf;

use crate::app::core::input::Input;
use crate::app::core::save::{Then, commit};
use crate::app::effect::ImportSource;
use crate::app::msg::ImportRead;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::{Effect, Trouble};
use crate::formats::columns::Sheet;
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
    pub(crate) reading: bool,
    /// Since when, as far as that is known.
    pub(crate) since: Option<Now>,
    pub(crate) saving: bool,
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
    pub(crate) fn new() -> Import {
        Import {
            path: Input::new(),
            completions: Vec::new(),
            needs_password: None,
            password: Input::masked(),
            plan: None,
            table: None,
            format: "",
            cursor: 0,
            reading: false,
            since: None,
            saving: false,
            error: None,
            source: None,
            gathered: Imported::default(),
            files: 0,
            chosen: None,
            before: None,
        }
    }

    /// What was read elsewhere, planned.
    pub(crate) fn of_read<'a>(
        format: &'static str,
        imported: Imported,
        existing: impl Iterator<Item = &'a Entry>,
    ) -> Import {
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
    pub(crate) fn ask_for_more(&mut self) {
        self.chosen = self.plan.take();
        self.table = None;
        self.path.clear();
        self.needs_password = None;
        self.error = None;
    }

    pub(crate) fn of_text(text: Text) -> Import {
        Import { source: Some(ImportSource::Text(text)), reading: true, ..Import::new() }
    }

    pub(crate) fn source(&self) -> Option<ImportSource> {
        self.source.clone()
    }

    pub(crate) fn line(&mut self) -> &mut Input {
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
    pub(crate) fn is_table(&self) -> bool {
        self.files == 1 && self.source.is_some() && [table::FORMAT.name, table::KEEPASSXC.name].contains(&self.format)
    }

    /// Whether the screen counts the seconds of what is being read.
    pub(crate) fn seconds(&self, now: Now) -> Option<u64> {
        let since = self.since.filter(|_| self.reading)?;
        Some(now.since(since).as_secs())
    }

    /// Back to the plan whose table's columns were to be named anew.
    fn back_to_plan(&mut self) {
        if let Some((plan, gathered)) = self.before.take() {
            (self.plan, self.gathered, self.files, self.cursor) = (Some(plan), gathered, 1, 0);
        }
    }

    /// One step back; false where there is none, and the import ends.
    pub(crate) fn back(&mut self) -> bool {
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
    pub(crate) fn toggle(&mut self) {
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

pub(crate) fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(Over::Import(import)) = session.over.last_mut() else { return };
    if import.reading || import.saving {
        return;
    }
    if let (None, Some(sheet), Some(source)) = (&import.plan, &import.table, &import.source) {
        if sheet.columns.has_secret() {
            out.push(Effect::ReadTable { source: source.clone(), columns: Some(sheet.columns.clone()) });
            (import.reading, import.since, import.error) = (true, Some(now), None);
        } else {
            import.error = Some("choose the column that holds the secret".into());
        }
        return;
    }
    let Some(plan) = &import.plan else {
        let password = import.needs_password.is_some().then(|| import.password.take());
        let source = match (&password, import.source.take()) {
            (Some(_), Some(source)) => source,
            _ if import.path.text().trim().is_empty() => return,
            _ if links::is_link(import.path.text()) => ImportSource::Text(import.path.take()),
            _ => ImportSource::Path(PathBuf::from(import.path.text().trim())),
        };
        import.source = Some(source.clone());
        (import.reading, import.since) = (true, Some(now));
        import.error = None;
        import.completions.clear();
        out.push(Effect::ReadImport { source, format: None, password });
        return;
    };
    let target = session.list.vault().unwrap_or(0);
    let edits = match plan.edits(&mut *model.random) {
        Ok(edits) => edits,
        Err(error) => {
            import.error = Some(format!("nothing was imported: {error}"));
            return;
        }
    };
    let refused = plan.problems.len();
    let (added, replaced, skipped) = import.counts();
    import.saving = true;
    let counts = [(added, "new"), (replaced, "replaced"), (skipped, "skipped"), (refused, "refused")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let mut said = format!("imported {}", if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") });
    if let Some(ImportSource::Path(path)) = &import.source
        && import.needs_password.is_none()
    {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = crate::text::fit(&name, 24).trim_end().to_owned();
        said = match import.files {
            _ if refused > 0 => format!("{said} · what was refused is only in the file"),
            0 | 1 => format!("{said} · delete {name}: its secrets are plain text"),
            several => format!("{said} · delete the {several} files: their secrets are plain text"),
        };
    }
    let then =
        Then { closes: true, ..Then::new(format!("import of {} entries", added.saturating_add(replaced)), said) };
    if let Err(reason) = commit(model, target, &edits, then, now, out)
        && let Stage::Open(session) = &mut model.stage
        && let Some(Over::Import(import)) = session.over.last_mut()
    {
        import.saving = false;
        import.error = Some(format!("nothing was imported: {reason}"));
    }
}

pub(crate) fn read(model: &mut Model, result: Result<ImportRead, Trouble>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let (target, vaults) = (session.target(), &session.vaults);
    let Some(Over::Import(import)) = session.over.iter_mut().rev().find(|over| matches!(over, Over::Import(_))) else {
        return;
    };
    if !import.reading {
        return;
    }
    import.reading = false;
    match result {
        Ok(ImportRead::NeedsPassword { format, wrong }) => {
            import.needs_password = Some(format);
            import.error = wrong.map(|words| format!("{words}; try again"));
        }
        Ok(ImportRead::Table(sheet)) => {
            (import.table, import.cursor) = (Some(sheet), 0);
        }
        Ok(ImportRead::Entries { format, imported }) => {
            import.files = import.files.saturating_add(1);
            import.before = None;
            import.take(format, imported, vaults.entries(Some(target)).map(|(_, entry)| entry));
        }
        Err(trouble) => {
            import.error = Some(crate::app::core::news::trouble_line(&trouble));
            import.needs_password = None;
            if import.table.is_none() {
                import.back_to_plan();
            }
        }
    }
}

/// Asks what the columns of the table that was read hold.
pub(crate) fn name_columns(session: &mut Session, now: Now, out: &mut Vec<Effect>) {
    let Some(Over::Import(import)) = session.over.last_mut() else { return };
    if import.saving || !import.is_table() {
        return;
    }
    let gathered = std::mem::take(&mut import.gathered);
    import.before = import.plan.take().map(|plan| (plan, gathered));
    (import.chosen, import.files, import.cursor) = (None, 0, 0);
    if let (None, Some(source)) = (&import.table, &import.source) {
        out.push(Effect::ReadTable { source: source.clone(), columns: None });
        (import.reading, import.since) = (true, Some(now));
    }
}

/// Gives up what is being read; its answer will be dropped.
pub(crate) fn abandon(import: &mut Import, out: &mut Vec<Effect>) {
    (import.reading, import.since, import.needs_password) = (false, None, None);
    import.error = Some("given up; nothing was read".into());
    if import.table.is_none() {
        import.back_to_plan();
    }
    out.push(Effect::AbandonImport);
}

/// Back from asking for another file to what was read before.
pub(crate) fn back_to_plan(session: &mut Session) {
    let (target, vaults) = (session.target(), &session.vaults);
    if let Some(Over::Import(import)) = session.over.last_mut() {
        import.error = None;
        import.take(import.format, Imported::default(), vaults.entries(Some(target)).map(|(_, entry)| entry));
    }
}

/// Completions of the path that is being typed: the only one is taken, several are shown with their common start taken.
pub(crate) fn complete(model: &mut Model, found: Vec<String>) {
    let Stage::Open(session) = &mut model.stage else { return };
    let input = match session.over.last_mut() {
        Some(Over::Import(import)) if import.plan.is_none() && import.needs_password.is_none() => {
            import.completions = if found.len() > 1 { found.clone() } else { Vec::new() };
            &mut import.path
        }
        Some(Over::Export(export)) => &mut export.path,
        Some(Over::Codes(codes)) => match &mut codes.path {
            Some(path) => path,
            None => return,
        },
        _ => return,
    };
    let Some(first) = found.first() else { return };
    let common = found.iter().fold(first.as_str(), |common, path| {
        let same = common.char_indices().zip(path.chars()).find(|((_, a), b)| a != b).map(|((place, _), _)| place);
        common.get(..same.unwrap_or_else(|| common.len().min(path.len()))).unwrap_or("")
    });
    if common.len() > input.text().len() {
        input.set(common);
    }
}
