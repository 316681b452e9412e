//! What can be typed after `tickey`: the arguments, apart from what they do.

mod sharing;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::formats::plan;
use crate::otp::{Algorithm, Kind};

pub use sharing::*;

/// A terminal vault for one-time passwords.
#[derive(Debug, Parser)]
#[command(name = "tickey", version, about, long_about = LONG_ABOUT, after_long_help = EXIT_CODES)]
#[command(subcommand_value_name = "COMMAND")]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// Without one, the screen opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const LONG_ABOUT: &str = "A terminal vault for one-time passwords: unlock, find, press Enter, paste the code.\n\n\
Without a command the screen opens. Secrets and passphrases are never taken from arguments or the environment: they come from the \
terminal, from standard input, from a file or from a program that you name.";

/// The exit codes, for help and the man page.
pub const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no entry matches, 4 several entries match, \
5 wrong passphrase or not a member, 6 vault damaged, altered or rolled back, 7 remote not reached";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The vault: a name, or a path (with / or ending in .json) [default: personal]
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub vault: Option<String>,
    /// Read the passphrase from this file (without its last newline)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this file descriptor, to its end
    #[arg(long, global = true, value_name = "N", conflicts_with = "passphrase_file")]
    pub passphrase_fd: Option<u32>,
    /// Take the passphrase from what this shell command prints
    #[arg(long, global = true, value_name = "COMMAND", conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
    pub passphrase_command: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Even into a pipe.
    Always,
    /// Nowhere.
    Never,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new vault
    Init(Kdf),
    /// List entries, never secrets
    #[command(visible_alias = "ls")]
    List(List),
    /// Print an entry's code
    Code(Code),
    /// Add an entry: a link on standard input (-) or at a hidden prompt, or field by field
    Add(Add),
    /// Change an entry
    Edit(Edit),
    /// Move an entry to the trash, or delete it for good
    Rm(Rm),
    /// Move an entry to another vault
    Mv(Carried),
    /// Copy an entry to another vault; not a counter
    Cp(Carried),
    /// Take an entry out of the trash
    Restore(Restore),
    /// Show an entry; its secret only when asked for
    Show(Show),
    /// Read other programs' files
    Import(Import),
    /// Write the entries for another program
    Export(Export),
    /// List the formats that can be read and written
    Formats,
    /// Set a new passphrase
    Passphrase(Passphrase),
    /// Show what was changed, when and by whom
    History(History),
    /// List or bring back older versions of the vault
    Backup(Backup),
    /// Look for weak, doubled and broken things in the vault
    Check,
    /// Say what a vault file is, without its passphrase
    Inspect(Inspect),
    /// List the vaults on this machine, make a shared one, or forget what is remembered of one
    Vault(Vault),
    /// Who belongs to a shared vault: list, invite, give roles, remove
    Member(Member),
    /// Come into a shared vault with the code of an invitation
    Join(Join),
    /// Where a vault is kept for all its members: set, show, remove
    Remote(Remote),
    /// Bring a vault and its remote to the same state
    Sync(Sync),
    /// List what waits for a person: conflicts, changes set aside, secrets to enrol again; settle a conflict
    Conflicts(Conflicts),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

/// What a passphrase costs to guess.
#[derive(Debug, Clone, Copy, Args)]
pub struct Kdf {
    /// Argon2id's memory [default: measured, about half a second]
    #[arg(long, value_name = "MIB")]
    pub kdf_memory: Option<u32>,
    /// Argon2id's passes
    #[arg(long, value_name = "N")]
    pub kdf_passes: Option<u32>,
    /// Argon2id's lanes
    #[arg(long, value_name = "N")]
    pub kdf_lanes: Option<u32>,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only entries that match: an id, an issuer, an account, issuer:account, or a part of them
    pub query: Option<String>,
    /// List the trash instead
    #[arg(long)]
    pub trash: bool,
}

/// `code`.
#[derive(Debug, Args)]
pub struct Code {
    /// Which entry: an id, an issuer, an account, issuer:account, or a part of them
    pub query: String,
    /// Copy the code instead of printing it
    #[arg(short, long, conflicts_with_all = ["json", "span"])]
    pub copy: bool,
    /// The code after the present one
    #[arg(short, long, conflicts_with = "span")]
    pub next: bool,
    /// The code at this time
    #[arg(long, value_name = "UNIX")]
    pub at: Option<u64>,
    /// All codes for so long: 90s, 5m, 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub span: Option<u64>,
}

/// Values of an entry.
#[derive(Debug, Args)]
pub struct Values {
    /// Who asks for the code
    #[arg(long, value_name = "NAME")]
    pub issuer: Option<String>,
    /// Whose code it is
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// totp, hotp, steam, motp or yandex
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<Kind>,
    /// SHA1, SHA256 or SHA512
    #[arg(long, value_name = "NAME", value_parser = algorithm)]
    pub algorithm: Option<Algorithm>,
    /// Length of the code
    #[arg(long, value_name = "N")]
    pub digits: Option<u64>,
    /// Seconds that a code is valid
    #[arg(long, value_name = "SECONDS")]
    pub period: Option<u64>,
    /// The next counter of a hotp entry
    #[arg(long, value_name = "N")]
    pub counter: Option<u64>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// A tag, several times for several tags; a folder is a tag with /
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The secret is the next line of standard input (base32; mOTP: its text)
    #[arg(long)]
    pub secret_stdin: bool,
    /// The PIN of a motp or yandex entry is the next line of standard input
    #[arg(long)]
    pub pin_stdin: bool,
}

/// `add`.
#[derive(Debug, Args)]
pub struct Add {
    /// `-`: an otpauth:// link comes on standard input
    #[arg(value_name = "-", conflicts_with = "secret_stdin")]
    pub source: Option<String>,
    /// Take the entry from the QR code in this picture
    #[arg(long, value_name = "IMAGE", conflicts_with_all = ["source", "secret_stdin"], value_hint = ValueHint::FilePath)]
    pub qr: Option<PathBuf>,
    /// What to put in, or to put right of what the link says
    #[command(flatten)]
    pub values: Values,
    /// List it first
    #[arg(long)]
    pub favourite: bool,
    /// Add it even if it is there already
    #[arg(long)]
    pub allow_duplicate: bool,
}

/// `edit`.
#[derive(Debug, Args)]
pub struct Edit {
    /// Which entry: an id, an issuer, an account, issuer:account, or a part of them
    #[arg(value_name = "ENTRY")]
    pub query: String,
    /// The new values; --tag replaces all tags
    #[command(flatten)]
    pub values: Values,
    /// Add a tag
    #[arg(long = "add-tag", value_name = "TAG", conflicts_with = "tags")]
    pub add_tags: Vec<String>,
    /// Take a tag away
    #[arg(long = "remove-tag", value_name = "TAG", conflicts_with = "tags")]
    pub remove_tags: Vec<String>,
    /// List it first
    #[arg(long, conflicts_with = "no_favourite")]
    pub favourite: bool,
    /// No longer list it first
    #[arg(long)]
    pub no_favourite: bool,
    /// Add recovery codes, one a line of standard input after the secret and the PIN
    #[arg(long)]
    pub recovery_codes_stdin: bool,
    /// Mark this recovery code as used, by its number in `show`
    #[arg(long, value_name = "N")]
    pub used_recovery_code: Option<usize>,
}

/// `rm`.
#[derive(Debug, Args)]
pub struct Rm {
    /// Which entry: an id, an issuer, an account, issuer:account, or a part of them
    #[arg(value_name = "ENTRY")]
    pub query: String,
    /// Not into the trash but for good, with its history; entries of the trash, too. Backups and old copies keep it
    #[arg(long)]
    pub for_good: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `mv` and `cp`.
#[derive(Debug, Args)]
pub struct Carried {
    /// Which entry: an id, an issuer, an account, issuer:account, or a part of them
    #[arg(value_name = "ENTRY")]
    pub query: String,
    /// The vault it goes to; personal, or the name of a shared one
    #[arg(value_name = "VAULT")]
    pub target: String,
    /// Even if an entry there has the same secret
    #[arg(long)]
    pub allow_duplicate: bool,
}

/// `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// Which entry of the trash
    #[arg(value_name = "ENTRY")]
    pub query: String,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Which entry: an id, an issuer, an account, issuer:account, or a part of them
    #[arg(value_name = "ENTRY")]
    pub query: String,
    /// Print its otpauth:// link, which holds the secret
    #[arg(long, conflicts_with = "secret")]
    pub uri: bool,
    /// Print its secret, and its PIN on a second line if it has one
    #[arg(long)]
    pub secret: bool,
    /// Print its link as a QR code for a phone
    #[arg(long, conflicts_with_all = ["uri", "secret", "json"])]
    pub qr: bool,
    /// Write the QR code to this new file, a PNG, or an SVG if its name ends so
    #[arg(short, long, value_name = "FILE", requires = "qr", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Print its recovery codes
    #[arg(long, conflicts_with_all = ["uri", "secret", "qr"])]
    pub recovery_codes: bool,
}

/// `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The files; `-` is standard input; a folder is a store of pass or gopass, opened with your gpg
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The format, where it is not to be recognised (see `tickey formats`)
    #[arg(long, value_name = "ID")]
    pub format: Option<String>,
    /// What the columns of a CSV hold, by name or number: issuer=Name,account=2,secret=Key; also tag, note, favourite, kind, algorithm,
    /// digits, period, counter
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub columns: Option<String>,
    /// Read the files' password from this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// The key file of a KeePass database, where it does not stand beside it with its name
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key_file: Option<PathBuf>,
    /// Say what would happen and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: show secrets and PINs too
    #[arg(long, requires = "dry_run")]
    pub show_secrets: bool,
    /// What to do with entries that are there already
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    pub on_duplicate: OnDuplicate,
}

/// What to do with entries that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnDuplicate {
    /// Leave ours as it is
    Skip,
    /// Give ours the new values
    Replace,
    /// Keep both
    Keep,
}

impl From<OnDuplicate> for plan::OnDuplicate {
    fn from(policy: OnDuplicate) -> Self {
        match policy {
            OnDuplicate::Skip => plan::OnDuplicate::Skip,
            OnDuplicate::Replace => plan::OnDuplicate::Replace,
            OnDuplicate::Keep => plan::OnDuplicate::Keep,
        }
    }
}

/// `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The format (see `tickey formats`)
    #[arg(long, value_name = "ID")]
    pub format: String,
    /// Write to this new file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Encrypt it with a password
    #[arg(long, conflicts_with = "plaintext")]
    pub encrypt: bool,
    /// Read that password from this file
    #[arg(long, value_name = "FILE", requires = "encrypt", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// Write every secret for all to read
    #[arg(long)]
    pub plaintext: bool,
}

/// `passphrase`.
#[derive(Debug, Args)]
pub struct Passphrase {
    /// Give your links to shared vaults new keys, too; without this a terminal is asked, and a script keeps the old ones
    #[arg(long)]
    pub rekey_links: bool,
    /// Read the new passphrase from this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub new_passphrase_file: Option<PathBuf>,
    /// The old passphrase is lost: what is given instead is the recovery code
    #[arg(long)]
    pub recovery: bool,
    /// What guessing it shall cost.
    #[command(flatten)]
    pub kdf: Kdf,
}

/// `history`.
#[derive(Debug, Args)]
pub struct History {
    /// Only of this entry
    #[arg(value_name = "ENTRY")]
    pub query: Option<String>,
}

/// `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// What to do; without it they are listed.
    #[command(subcommand)]
    pub command: Option<BackupCommand>,
}

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// List them, newest first
    List,
    /// Bring the entries back to what a backup says
    Restore {
        /// Its number in the list (1 is the newest), or its file
        #[arg(value_name = "BACKUP")]
        which: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Remove the copies on this machine that an earlier passphrase, member key or recovery code opens
    Forget {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| "the kinds are totp, hotp, steam, motp and yandex".to_owned())
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    Algorithm::from_name(text).ok_or_else(|| "the algorithms are SHA1, SHA256, SHA512 and MD5".to_owned())
}

/// Seconds in `90s`, `5m`, `2h`, `1d`, `1h30m` or a bare number of seconds.
fn duration(text: &str) -> Result<u64, String> {
    let wrong = || "a duration is a number with s, m, h or d: 90s, 5m, 2h".to_owned();
    let mut total = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let mut tail = tail.chars();
        let unit = match tail.next() {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some(_) => return Err(wrong()),
        };
        rest = tail.as_str();
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = number.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
    }
    if total == 0 { Err(wrong()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_one_another() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_invitation_is_good_as_long_as_the_screens() {
        let cli = Cli::try_parse_from(["tickey", "member", "invite", "bob"]).unwrap();
        let Some(Command::Member(Member { command: Some(MemberCommand::Invite { expires, .. }) })) = cli.command else {
            panic!()
        };
        assert_eq!(expires, crate::team::members::INVITATION_S);
    }

    #[test]
    fn durations() {
        for (text, seconds) in
            [("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400), ("45", 45), (" 1s ", 1)]
        {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "m", "5x", "-5m", "0", "0s", "99999999999999999999s", "18446744073709551615m", "5 m", "٣s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
