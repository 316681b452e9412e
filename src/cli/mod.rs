//! The command line: standard output for data, standard error for words, one command, one file.
//!
//! Commands call the same functions of `vault` and `formats` as the screen does; none builds a model of the screen.

mod add;
pub mod args;
mod ask;
mod backup;
mod check;
mod code;
mod completions;
mod conflicts;
mod cp;
mod edit;
mod error;
mod export;
mod fields;
mod formats;
mod history;
mod import;
mod init;
mod input;
mod inspect;
mod join;
mod list;
mod man;
mod member;
mod mv;
mod out;
mod passphrase;
mod pick;
mod qr;
mod remote;
mod restore;
mod rm;
mod session;
mod show;
mod sync;
mod vault;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::store::paths::Home;
use crate::text;
use args::{Cli, Command, Global};
use error::Failure;

/// Reads the arguments. `Err` is the exit code of what has been said already: help, the version, or wrong usage.
pub fn parse(arguments: Vec<OsString>) -> Result<Cli, ExitCode> {
    if let Some(failure) = secret_among(&arguments) {
        return Err(failure.report(out::colors_errors(args::Color::Auto)));
    }
    Cli::try_parse_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // What cannot be written, nobody reads.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => misused(&error),
    })
}

/// Says what is wrong with the arguments, cleaned for a terminal.
fn misused(error: &clap::Error) -> ExitCode {
    let color = out::colors_errors(args::Color::Auto);
    let stray = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(argument))) => !argument.starts_with('-'),
        _ => false,
    };
    if stray {
        return Failure::usage("there is an argument too many; it is not repeated here, for it may be a secret")
            .hint("secrets are read from standard input or at a prompt; tickey COMMAND --help says how")
            .report(color);
    }
    let words = error.render().to_string();
    let mut lines = words.lines();
    let first = lines.next().unwrap_or_default();
    let exit = Failure::usage(first.strip_prefix("error: ").unwrap_or(first)).report(color);
    for line in lines {
        out::say(&text::clean(line));
    }
    exit
}

/// A link among the arguments holds a secret that every program on the machine can read there. It is refused before anything repeats it.
fn secret_among(arguments: &[OsString]) -> Option<Failure> {
    let holds_secret = |argument: &OsString| {
        let argument = argument.to_string_lossy().to_lowercase();
        ["otpauth://", "auth-migration://", "motp://", "steam://"].iter().any(|scheme| argument.contains(scheme))
    };
    arguments.iter().skip(1).any(holds_secret).then(|| {
        Failure::usage("a link holds a secret, and every program on this machine can read arguments; it was not used")
            .hint("tickey add asks for the link, tickey add - reads it from standard input")
    })
}

/// The user's folders. `Err` is the exit code of what has been said already.
pub fn home(global: &Global) -> Result<Home, ExitCode> {
    session::home().map_err(|failure| failure.report(out::colors_errors(global.color)))
}

/// Carries out one command.
pub fn run(global: &Global, command: Command) -> ExitCode {
    let result = match command {
        Command::Init(args) => init::run(global, &args),
        Command::List(args) => list::run(global, &args),
        Command::Code(args) => code::run(global, &args),
        Command::Add(args) => add::run(global, &args),
        Command::Edit(args) => edit::run(global, &args),
        Command::Rm(args) => rm::run(global, &args),
        Command::Mv(args) => mv::run(global, &args),
        Command::Cp(args) => cp::run(global, &args),
        Command::Restore(args) => restore::run(global, &args),
        Command::Show(args) => show::run(global, &args),
        Command::Import(args) => import::run(global, &args),
        Command::Export(args) => export::run(global, &args),
        Command::Formats => formats::run(global),
        Command::Passphrase(args) => passphrase::run(global, &args),
        Command::History(args) => history::run(global, &args),
        Command::Backup(args) => backup::run(global, args.command),
        Command::Check => check::run(global),
        Command::Inspect(args) => inspect::run(global, &args),
        Command::Vault(args) => vault::run(global, args.command),
        Command::Member(args) => member::run(global, args.command),
        Command::Join(args) => join::run(global, &args),
        Command::Remote(args) => remote::run(global, args.command),
        Command::Sync(args) => sync::run(global, &args),
        Command::Conflicts(args) => conflicts::run(global, args.command),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(out::colors_errors(global.color)),
    }
}
