//! `tickey completions`: a script for a shell.

use clap::CommandFactory;

use super::args::{Cli, Completions};
use super::error::Failure;
use super::out;

pub fn run(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tickey", &mut script);
    out::data(&script)
}
