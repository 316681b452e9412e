//! `tickey man`: the manual page, in the language of `man`.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::error::Failure;
use super::out;
use crate::app::keymap;
use crate::config::Config;

const FILES: [(&str, &str); 4] = [
    ("$XDG_DATA_HOME/tickey/personal.json", "the vault; others lie beside it, older versions in backups/"),
    ("$XDG_STATE_HOME/tickey/", "what this machine remembers of each vault; nothing secret"),
    ("$XDG_CONFIG_HOME/tickey/config.toml", "keys, theme and settings of the screen"),
    ("/dev/tty", "where passphrases are asked for"),
];

const EXITS: [(&str, &str); 8] = [
    ("0", "done"),
    ("1", "failed; nothing was changed"),
    ("2", "wrong usage"),
    ("3", "no entry matches"),
    ("4", "several entries match"),
    ("5", "wrong passphrase, or not a member of the vault"),
    ("6", "the vault is damaged, altered or rolled back"),
    ("7", "a remote was not reached, or a conflict was not resolved"),
];

pub fn run() -> Result<(), Failure> {
    let page = page().map_err(|error| Failure::failed(format!("cannot make the manual page: {error}")))?;
    out::data(&page)
}

fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    commands(&mut roff, &command, "tickey");
    let keys = keymap::key_lines(&Config::default());
    let keys: Vec<(&str, &str)> = keys.iter().map(|(keys, line)| (keys.as_str(), *line)).collect();
    list(&mut roff, "KEYS", &keys);
    list(&mut roff, "FILES", &FILES);
    list(&mut roff, "EXIT STATUS", &EXITS);
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// Every command with its own options; those that all commands share stand above.
fn commands(roff: &mut Roff, parent: &clap::Command, path: &str) {
    for command in parent.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        let mut usage = vec![bold(path.as_str())];
        for argument in command.get_positionals() {
            usage.push(roman(format!(" {argument}")));
        }
        roff.control("TP", []);
        roff.text(usage);
        roff.text([roman(command.get_about().map(ToString::to_string).unwrap_or_default())]);
        let options = command
            .get_arguments()
            .filter(|option| !option.is_positional() && !option.is_global_set() && !option.is_hide_set());
        for option in options.filter(|option| option.get_id() != "help") {
            roff.control("RS", []);
            roff.control("TP", []);
            let short = option.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
            roff.text([bold(format!("{short}{option}"))]);
            roff.text([roman(option.get_help().map(ToString::to_string).unwrap_or_default())]);
            roff.control("RE", []);
        }
        commands(roff, command, &path);
    }
}

fn list(roff: &mut Roff, title: &str, rows: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, words) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*words)]);
    }
}
