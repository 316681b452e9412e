//! `tickey import`: other programs' files into the vault, in one save.

use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use super::args::{Global, Import as Args};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session::{File, Session};
use super::{input, out, show};
use crate::app::Trouble;
use crate::formats::columns::{self, Columns, Sheet};
use crate::formats::plan::{Action, Plan, plan};
use crate::formats::{Format, Imported, Opened, Problem, keepass, pass, registry, table};
use crate::runtime::{clock, files, pass_store};
use crate::secret::Text;
use crate::text;
use crate::vault::Details;

#[derive(Serialize)]
struct Report<'a> {
    format: Option<String>,
    added: usize,
    updated: usize,
    skipped: Vec<Skipped<'a>>,
    failed: Vec<Failed<'a>>,
    entries: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    issuer: &'a Text,
    account: &'a Text,
    reason: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    place: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    issuer: &'a Text,
    account: &'a Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<&'a Text>,
    algorithm: &'static str,
    digits: u8,
    period: Option<u64>,
    counter: Option<u64>,
    tags: &'a [Text],
    note: &'a Text,
}

impl<'a> Row<'a> {
    fn new(details: &'a Details, secrets: bool) -> Row<'a> {
        let otp = &details.otp;
        Row {
            kind: otp.kind.name(),
            issuer: &details.issuer,
            account: &details.account,
            secret: secrets.then(|| super::show::typed_secret(otp)),
            pin: otp.pin.as_ref().filter(|_| secrets),
            algorithm: otp.algorithm.name(),
            digits: otp.digits.get(),
            period: otp.is_timed().then(|| otp.period.get()),
            counter: (!otp.is_timed()).then_some(otp.counter),
            tags: &details.tags,
            note: &details.note,
        }
    }
}

#[derive(Default)]
struct Read {
    formats: Vec<&'static str>,
    imported: Imported,
    /// Files that hold their secrets for all to read.
    plain: Vec<String>,
}

pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    let format = chosen(args.format.as_deref())?;
    if args.columns.is_some() && format.is_some_and(|format| format.id != table::FORMAT.id) {
        return Err(Failure::usage("--columns is for --format csv"));
    }
    let files = args.files.iter().chain(&args.password_file).map(PathBuf::as_path);
    ask::one_stdin(global, &files.collect::<Vec<_>>())?;
    // Without a vault there is nothing to import into: said before a file's password is asked for.
    let vault = File::read(global)?;
    let password = match &args.password_file {
        Some(path) => Some(ask::from_file(path, "the password file")?),
        None => None,
    };
    let read = read_all(args, format, password.as_ref())?;
    let mut session = vault.unlock(global)?;
    let plan = plan(read.imported, session.vault().entries().filter(|entry| !entry.deleted), args.on_duplicate.into());
    if !args.dry_run {
        let edits = plan.edits(&mut clock::Os)?;
        if !edits.is_empty() {
            session.edit(&edits)?;
        }
    }
    let count = |wanted: fn(&Action) -> bool| plan.rows.iter().filter(|row| wanted(&row.action)).count();
    let added = count(|action| matches!(action, Action::Add));
    let updated = count(|action| matches!(action, Action::Replace(_)));
    if global.json {
        out::json(&report(&plan, &read.formats, added, updated, args.show_secrets))?;
    } else {
        tell(&plan, args, &session, added, updated)?;
    }
    if !args.dry_run {
        for name in &read.plain {
            out::warn(&match plan.problems.is_empty() {
                true => format!("{name} holds its secrets in plain text; delete it when it is not needed any more"),
                false => format!("{name} holds its secrets in plain text; what was refused may be nowhere else"),
            });
        }
    }
    if added > 0 || updated > 0 || plan.problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed("nothing was imported; the vault was not changed"))
    }
}

fn chosen(id: Option<&str>) -> Result<Option<&'static Format>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || Failure::usage(format!("there is no format {id:?}")).hint("tickey formats lists them");
    let format = registry::by_id(id).ok_or_else(unknown)?;
    if format.read.is_none() {
        return Err(Failure::usage(format!("{} files can be written but not read", format.name)));
    }
    Ok(Some(format))
}

/// Reads every file. One that cannot be read fails the command when it is the only one, and is reported with the others when not.
fn read_all(args: &Args, format: Option<&'static Format>, password: Option<&Text>) -> Result<Read, Failure> {
    let several = args.files.len() > 1;
    let mut all = Read::default();
    for path in &args.files {
        let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
        let read = match &args.columns {
            Some(columns) => read_table(path, &name, columns),
            None if path.is_dir() => read_store(path),
            None => read_one(args, path, &name, format, password),
        };
        match read {
            Ok((id, mut imported, plain)) => {
                if plain && path != Path::new("-") && !imported.entries.is_empty() {
                    all.plain.push(name.clone());
                }
                if several {
                    imported.entries.iter_mut().for_each(|entry| entry.place = format!("{name}: {}", entry.place));
                    imported
                        .problems
                        .iter_mut()
                        .for_each(|problem| problem.place = format!("{name}: {}", problem.place));
                }
                if !all.formats.contains(&id) {
                    all.formats.push(id);
                }
                all.imported.add(imported);
            }
            Err(failure) if several => {
                all.imported.problems.push(Problem { place: name, label: String::new(), reason: failure.message });
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

fn refused(trouble: Trouble) -> Failure {
    let failure = Failure::failed(format!("{}; nothing was imported", trouble.message));
    trouble.hint.into_iter().fold(failure, |failure, hint| failure.hint(hint))
}

fn read_store(path: &Path) -> Result<(&'static str, Imported, bool), Failure> {
    let imported = pass_store::read(path, true).map_err(refused)?;
    Ok((pass::NAME, imported, false))
}

/// Reads a table by what its columns are said to hold.
fn read_table(path: &Path, name: &str, columns: &str) -> Result<(&'static str, Imported, bool), Failure> {
    let bytes = input::file(path)?;
    let sheet = Sheet::look(&bytes).ok_or_else(|| {
        Failure::failed(format!("{name} is no table of several columns and rows; nothing was imported"))
    })?;
    let columns = Columns::of_words(columns, &sheet.names).map_err(Failure::usage)?;
    let imported = columns::read(&bytes, &columns)?;
    Ok((table::FORMAT.id, imported, true))
}

fn read_one(
    args: &Args,
    path: &Path,
    name: &str,
    format: Option<&'static Format>,
    password: Option<&Text>,
) -> Result<(&'static str, Imported, bool), Failure> {
    let mut bytes = input::file(path)?;
    if let Some(whole) = files::behind_manifest(path, &bytes).map_err(refused)? {
        bytes = Zeroizing::new(whole.expose().to_vec());
    }
    if bytes.is_empty() {
        return Err(Failure::failed(format!("{name} is empty; nothing was imported")));
    }
    let in_file = |failure: Failure| Failure { message: format!("{name}: {}", failure.message), ..failure };
    let format = match format {
        Some(format) => format,
        None => registry::detect(&bytes).map_err(|error| {
            let failure = in_file(error.into());
            if Sheet::look(&bytes).is_some() {
                failure.hint("it is a table: say which column is what with --columns issuer=…,account=…,secret=…")
            } else {
                failure
            }
        })?,
    };
    let read = format.read.ok_or_else(|| Failure::failed(format!("{} files cannot be read", format.name)))?;
    let key_file = match &args.key_file {
        Some(path) => Some(input::file(path)?),
        None => files::key_file_beside(path).map(|beside| Zeroizing::new(beside.expose().to_vec())),
    };
    let read = match key_file.filter(|_| keepass::is_database(&bytes)) {
        Some(key_file) => keepass::read_with_key_file(&bytes, &key_file),
        None => read(&bytes),
    };
    let (imported, plain) = match read.map_err(|error| in_file(error.into()))? {
        Opened::Plain(imported) => (imported, true),
        Opened::Encrypted(encrypted) => {
            let asked = match password {
                Some(_) => None,
                None => {
                    let what = format!("the password of {name}");
                    let question = format!("Password of {} ({})", text::fit(name, 60), format.name);
                    Some(Terminal::require(&what, "--password-file reads it from a file")?.hidden(&question)?)
                }
            };
            let empty = Text::empty();
            let password = password.or(asked.as_ref()).unwrap_or(&empty);
            (encrypted.open(password).map_err(|error| in_file(error.into()))?, false)
        }
    };
    Ok((format.id, imported, plain))
}

fn report<'a>(plan: &'a Plan, formats: &[&str], added: usize, updated: usize, secrets: bool) -> Report<'a> {
    Report {
        format: (!formats.is_empty()).then(|| formats.join(",")),
        added,
        updated,
        skipped: plan
            .rows
            .iter()
            .filter_map(|row| match &row.action {
                Action::Skip(reason) => {
                    Some(Skipped { issuer: &row.details.issuer, account: &row.details.account, reason })
                }
                _ => None,
            })
            .collect(),
        failed: {
            let refused = plan.problems.iter().map(|problem| Failed { place: &problem.place, reason: &problem.reason });
            refused.chain(plan.missing.iter().map(|reason| Failed { place: "the export", reason })).collect()
        },
        entries: plan.rows.iter().map(|row| Row::new(&row.details, secrets)).collect(),
    }
}

/// The report in words; a dry run shows every entry.
fn tell(plan: &Plan, args: &Args, session: &Session, added: usize, updated: usize) -> Result<(), Failure> {
    let label = |details: &Details| {
        let names = [&details.issuer, &details.account].map(|name| text::fit(name, 60));
        let names: Vec<String> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
        if names.is_empty() { "entry without a name".to_owned() } else { names.join(", ") }
    };
    if args.dry_run {
        let rows: Vec<Vec<String>> = plan
            .rows
            .iter()
            .map(|row| {
                let what = match &row.action {
                    Action::Add => "add",
                    Action::Replace(_) => "update",
                    Action::Skip(_) => "skip",
                };
                let otp = &row.details.otp;
                let mut cells = vec![
                    what.to_owned(),
                    row.details.issuer.to_string(),
                    row.details.account.to_string(),
                    otp.kind.name().to_owned(),
                ];
                if args.show_secrets {
                    cells.push(show::typed_secret(otp).to_string());
                    cells.push(otp.pin.as_ref().map(|pin| format!("PIN {}", pin.as_str())).unwrap_or_default());
                }
                cells
            })
            .collect();
        out::data(out::table(&rows, 200).as_bytes())?;
    }
    for row in &plan.rows {
        for notice in &row.notices {
            out::say(&format!("{}: {}: {}", text::clean(&row.place), label(&row.details), text::clean(notice)));
        }
        if let Action::Skip(reason) = &row.action {
            out::say(&format!("{}: skipped {}: {}", text::clean(&row.place), label(&row.details), text::clean(reason)));
        }
    }
    for problem in &plan.problems {
        let named = text::fit(&problem.label, 60);
        let named = if named.trim().is_empty() { String::new() } else { format!(" {named}") };
        out::say(&format!("{}: refused{named}: {}", text::clean(&problem.place), text::clean(&problem.reason)));
    }
    for missing in &plan.missing {
        out::warn(missing);
    }
    let skipped = plan.rows.len().saturating_sub(added.saturating_add(updated));
    let would = if args.dry_run { "dry run, nothing was changed: would be " } else { "" };
    out::say(&format!(
        "{would}added {added}, updated {updated}, skipped {skipped}, refused {} ({})",
        plan.problems.len(),
        text::clean(session.name())
    ));
    Ok(())
}
