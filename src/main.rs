//! The program: the command line when there is a command, else the screen.

use std::process::ExitCode;

use tickey::cli;
use tickey::runtime::process;

fn main() -> ExitCode {
    process::protect();
    process::survive_file_size_limit();
    let arguments = match cli::parse(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    match arguments.command {
        Some(command) => cli::run(&arguments.global, command),
        None => ExitCode::FAILURE,
    }
}
