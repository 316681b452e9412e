//! `tickey export`: the entries for another program, encrypted, or plain when asked for by name.

use serde::Serialize;

use super::args::{Export as Args, Global};
use super::ask::{self, Terminal};
use super::error::Failure;
use super::session::Session;
use super::{out, pick};
use crate::formats::{Format, Writer, registry};
use crate::runtime::clock;
use crate::secret::{Secret, Text};
use crate::store::{StoreError, disk};
use crate::text;
use crate::vault::find::PERSONAL;
use crate::vault::{Details, Entry};

#[derive(Serialize)]
struct Report<'a> {
    format: &'a str,
    file: &'a str,
    files: &'a [String],
    entries: usize,
    encrypted: bool,
    lost: Vec<Lost<'a>>,
}

#[derive(Serialize)]
struct Lost<'a> {
    issuer: &'a Text,
    account: &'a Text,
    what: Vec<String>,
}

/// Opens, writes and says what the format cannot hold.
pub fn run(global: &Global, args: &Args) -> Result<(), Failure> {
    let (format, writer) = chosen(args)?;
    let name = format.name;
    ask::one_stdin(global, &args.password_file.as_deref().into_iter().collect::<Vec<_>>())?;
    if global.json && args.output.is_none() {
        return Err(Failure::usage("--json needs -o FILE: standard output holds the export itself"));
    }
    if let Some(path) = &args.output
        && path.symlink_metadata().is_ok()
    {
        return Err(StoreError::Exists(path.clone()).into());
    }
    let given = args.password_file.as_deref().map(|path| ask::from_file(path, "the password file")).transpose()?;
    let mut terminal = match (args.encrypt, &given) {
        (true, None) => Some(Terminal::require("the export's password", "--password-file reads it from a file")?),
        _ => None,
    };
    let session = Session::open(global)?;
    let password = match (given, &mut terminal) {
        (Some(password), _) => Some(password),
        (None, Some(terminal)) => Some(terminal.hidden_twice(&format!("Password for the {name} file"))?),
        (None, None) => None,
    };
    let vaults = [(PERSONAL, &session)];
    let entries: Vec<&Entry> = pick::all(&vaults, false, None)?.into_iter().map(|(_, entry)| entry).collect();
    let details: Vec<Details> = entries.iter().map(|entry| entry.details.clone()).collect();
    let files: Vec<Secret> = match &args.output {
        Some(_) => registry::write(format, &details, password.as_ref(), &mut clock::Os)?,
        None => vec![(writer.write)(&details, password.as_ref(), &mut clock::Os)?],
    }
    .into_iter()
    .map(Secret::new)
    .collect();
    let names = args.output.as_ref().map_or_else(Vec::new, |path| registry::file_names(path, files.len()));
    if names.is_empty() {
        if !files.iter().all(|bytes| out::may_be_shown(bytes.expose())) {
            return Err(Failure::failed(
                "the export holds what acts on a terminal, or is no text; nothing was written",
            )
            .hint("-o FILE writes it to a file"));
        }
        files.iter().try_for_each(|bytes| out::data(bytes.expose()))?;
    } else {
        let files: Vec<_> = names.iter().cloned().zip(files.iter().map(Secret::expose)).collect();
        disk::write_all_new(&files, &mut clock::Os)?;
    }
    let lost = lost(&entries, writer);
    let left_out = lost.iter().filter(|lost| lost.what.iter().any(|what| what.starts_with("all of it"))).count();
    let entries = details.len().saturating_sub(left_out);
    let names: Vec<String> = names.iter().map(|path| path.display().to_string()).collect();
    if let (true, Some(file)) = (global.json, names.first()) {
        return out::json(&Report { format: format.id, file, files: &names, entries, encrypted: args.encrypt, lost });
    }
    for lost in &lost {
        let title = if lost.issuer.trim().is_empty() { lost.account } else { lost.issuer };
        out::say(&format!("{}: not in the file: {}", text::fit(title, 60), text::clean(&lost.what.join(", "))));
    }
    if let Some(warning) = registry::warning(format, details.iter()) {
        out::warn(&warning);
    }
    let to = if names.is_empty() { "standard output".to_owned() } else { names.join(", ") };
    let how = if args.encrypt { "encrypted" } else { "in plain text" };
    out::say(&format!("wrote {} to {}, {how}", out::entries(entries), text::clean(&to)));
    if args.plaintext && args.output.is_some() {
        out::warn("whoever reads this file has every secret in it; delete it as soon as it is not needed any more");
    }
    Ok(())
}

fn chosen(args: &Args) -> Result<(&'static Format, &'static Writer), Failure> {
    let unknown = || Failure::usage(format!("there is no format {:?}", args.format)).hint("tickey formats lists them");
    let format = registry::by_id(&args.format).ok_or_else(unknown)?;
    let Some(writer) = &format.write else {
        return Err(Failure::usage(format!("{} files can be read but not written", format.name)));
    };
    match (args.encrypt, args.plaintext) {
        (true, _) if !writer.encrypts => Err(Failure::usage(format!("{} files cannot be encrypted", format.name))
            .hint("--plaintext writes every secret for all to read, or choose a format that encrypts")),
        (_, true) if !writer.plain => {
            Err(Failure::usage(format!("{} files are always encrypted", format.name)).hint("say --encrypt"))
        }
        (false, false) => Err(Failure::usage("say whether the file is to be encrypted")
            .hint("--encrypt asks for a password; --plaintext writes every secret for all to read")),
        _ => Ok((format, writer)),
    }
}

fn lost<'a>(entries: &[&'a Entry], writer: &Writer) -> Vec<Lost<'a>> {
    entries
        .iter()
        .map(|entry| {
            let details = &entry.details;
            Lost { issuer: &details.issuer, account: &details.account, what: (writer.loses)(details) }
        })
        .filter(|lost| !lost.what.is_empty())
        .collect()
}
