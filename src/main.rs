//! The program: the command line when there is a command, else the screen.

use std::process::ExitCode;

use tickey::cli::args::{Color, Global};
use tickey::runtime::{clipboard, holder, process};
use tickey::{cli, tui};

fn main() -> ExitCode {
    process::protect();
    let arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|argument| argument == clipboard::HOLDER_ARGUMENT) {
        return holder::run();
    }
    process::survive_file_size_limit();
    process::keep_contained_panics_quiet();
    let arguments = match cli::parse(arguments) {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    match arguments.command {
        Some(command) => cli::run(&arguments.global, command),
        None => screen(&arguments.global),
    }
}

fn screen(global: &Global) -> ExitCode {
    let home = match cli::home(global) {
        Ok(home) => home,
        Err(exit) => return exit,
    };
    let vault = home.vault(global.vault.as_deref());
    let colour = match global.color {
        Color::Auto => None,
        Color::Always => Some(true),
        Color::Never => Some(false),
    };
    tui::run(tui::Options { home, vault, named: global.vault.is_some(), colour })
}
