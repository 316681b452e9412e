//! What can be typed after `tickey` about vaults that several people share.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::duration;
use crate::time::Utc;
use crate::vault::roster::Role;

/// `vault`.
#[derive(Debug, Args)]
pub struct Vault {
    /// What to do; without it they are listed.
    #[command(subcommand)]
    pub command: Option<VaultCommand>,
}

/// What to do with vaults.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// List the vaults on this machine
    List,
    /// Make a vault to share with others; you are its first owner
    Create {
        /// What it is called
        #[arg(value_name = "NAME")]
        name: String,
        /// Your name in it [default: the name you log in with]
        #[arg(long = "as", value_name = "MEMBER")]
        member: Option<String>,
    },
    /// Renew the vault's recovery code and print it; the present one opens nothing that comes after (of a shared vault only owners)
    Recovery {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Forget what this machine remembers of a vault; its file stays
    Forget {
        /// Its name or path
        #[arg(value_name = "NAME|PATH")]
        name: String,
    },
}

/// `member`.
#[derive(Debug, Args)]
pub struct Member {
    /// What to do; without it they are listed.
    #[command(subcommand)]
    pub command: Option<MemberCommand>,
}

/// What to do with members.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// List members, open invites and who waits to be let in
    List,
    /// Make an invitation and print its code, which you hand over by another way (only owners)
    Invite {
        /// For whom
        #[arg(value_name = "NAME")]
        name: String,
        /// What they may do; an owner can give them another role later
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        role: RoleName,
        /// How long the code is good for: 1d, 12h
        #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "7d")]
        expires: u64,
    },
    /// Give a member another role (only owners)
    Role {
        /// Whom
        #[arg(value_name = "NAME")]
        name: String,
        /// viewer, editor or owner
        #[arg(value_name = "ROLE")]
        role: RoleName,
    },
    /// Shut a member out of everything that comes after, or end an invite (only owners)
    Remove {
        /// Whom
        #[arg(value_name = "NAME")]
        name: String,
        /// Keep all of their changes, however many they are
        #[arg(long, conflicts_with = "drop_changes")]
        keep_changes: bool,
        /// Drop their changes for good, but for those that an owner stands for already
        #[arg(long)]
        drop_changes: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Take back what a member or somebody removed did to the entries (only owners)
    ///
    /// Each field whose value they set gets the value before, entries they deleted come back, and entries they made go to the trash. Times
    /// are the ones they dated their changes with: a member who means harm can backdate them, so prefer --everything.
    #[command(group = clap::ArgGroup::new("extent").required(true).args(["everything", "since"]))]
    Revert {
        /// Whom
        #[arg(value_name = "NAME")]
        name: String,
        /// All they ever did
        #[arg(long)]
        everything: bool,
        /// What they did since then, in UTC: 2026-11-24, 2026-11-24T18:05
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<u64>,
        /// Only say how many entries would change
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Drop for good what a removed member, or a replaced key, did and no owner stands for (only owners)
    Cut {
        /// Whose changes
        #[arg(value_name = "NAME")]
        name: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Let in somebody who waits for an owner's yes, or give a member the new key they ask for (only owners)
    Admit {
        /// The six words that the right person sees, as `member list` prints them
        #[arg(value_name = "WORDS")]
        fingerprint: String,
        /// Do not ask, even where the invitation has ended
        #[arg(short, long)]
        yes: bool,
    },
}

/// A role, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// May read: enforced by encryption
    Viewer,
    /// May also change entries: enforced by every reader's check of signatures
    Editor,
    /// May also say who belongs: enforced by every reader's check of signatures
    Owner,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Editor => Role::Editor,
            RoleName::Owner => Role::Owner,
        }
    }
}

/// `join`.
#[derive(Debug, Args)]
pub struct Join {
    /// Where the vault is kept: folder:PATH, s3://BUCKET/KEY, webdav+https://…, git:REPOSITORY
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// Read the code from this file instead of asking for it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub code_file: Option<PathBuf>,
    /// Your name in it [default: the name on the invitation; with --recovery the name you log in with]
    #[arg(long = "as", value_name = "MEMBER")]
    pub member: Option<String>,
    /// What it is called on this machine [default: what its founder called it]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The code is the vault's printed recovery code: come in as one more owner; a new code takes its place
    #[arg(long)]
    pub recovery: bool,
    /// Allow an S3 endpoint that is http:// and not on this machine; remembered on this machine
    #[arg(long)]
    pub insecure: bool,
}

/// `remote`.
#[derive(Debug, Args)]
pub struct Remote {
    /// What to do; without it the remote is shown.
    #[command(subcommand)]
    pub command: Option<RemoteCommand>,
}

/// `conflicts`.
#[derive(Debug, Args)]
pub struct Conflicts {
    /// What to do; without it everything is listed.
    #[command(subcommand)]
    pub command: Option<ConflictsCommand>,
}

/// What to do with what was changed in two places at once.
#[derive(Debug, Subcommand)]
pub enum ConflictsCommand {
    /// List it, with every value, who set it and when
    List,
    /// Take one of the values; it replaces the others
    Settle {
        /// An id, else an issuer, account or issuer:account, else a part of one
        #[arg(value_name = "ENTRY")]
        query: String,
        /// The field, as the list names it
        #[arg(value_name = "FIELD")]
        field: String,
        /// The value's number in the list
        #[arg(value_name = "NUMBER")]
        number: usize,
    },
}

/// What to do with a vault's remote.
#[derive(Debug, Subcommand)]
pub enum RemoteCommand {
    /// Keep the vault there: what the place guarantees is tried out and said
    Set {
        /// folder:PATH, s3://BUCKET/KEY, webdav+https://…, git:REPOSITORY
        #[arg(value_name = "URL")]
        url: String,
        /// Allow an S3 endpoint that is http:// and not on this machine; remembered on this machine
        #[arg(long)]
        insecure: bool,
    },
    /// Say where it is kept and what that place guarantees
    Show,
    /// Keep it on this machine only; what lies there stays
    Remove,
}

/// `sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// Where the passphrase was changed on another machine: read the new one from this file; without it a terminal is asked
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub new_passphrase_file: Option<PathBuf>,
    /// Allow an S3 endpoint that is http:// and not on this machine; remembered on this machine
    #[arg(long)]
    pub insecure: bool,
}

/// A date, or a date and a time, in UTC: milliseconds since 1970.
fn moment(text: &str) -> Result<u64, String> {
    let wrong = || "write it as 2026-11-24 or 2026-11-24T18:05, in UTC".to_owned();
    let text = text.trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let numbers = |text: &str, by: char| text.split(by).map(str::parse::<u32>).collect::<Result<Vec<u32>, _>>();
    let (date, time) = (numbers(date, '-').map_err(|_| wrong())?, numbers(time, ':').map_err(|_| wrong())?);
    let ([year, month, day], [hour, minute, rest @ ..]) = (date.as_slice(), time.as_slice()) else {
        return Err(wrong());
    };
    let second = match rest {
        [] => 0,
        [second] => *second,
        _ => return Err(wrong()),
    };
    let [year, month, day, hour, minute, second] = [*year, *month, *day, *hour, *minute, second].map(u64::from);
    let unix = Utc { year, month, day, hour, minute, second }.unix().ok_or_else(wrong)?;
    Ok(unix.saturating_mul(1000))
}
