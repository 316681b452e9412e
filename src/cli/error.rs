//! What is said when a command fails: one line, a hint, and an exit code from the kind of failure.

use std::process::ExitCode;

use crate::formats::FormatError;
use crate::secret::NoRandomness;
use crate::store::StoreError;
use crate::store::remote::RemoteError;
use crate::store::sync::SyncError;
use crate::team::TeamError;
use crate::text;
use crate::vault::VaultError;
use crate::vault::fields::FieldError;

/// The groups of failures, by exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nobody reads what is printed any more: no failure.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Called in a way that makes no sense.
    Usage = 2,
    /// No entry matches.
    NoMatch = 3,
    /// Several entries match.
    Several = 4,
    /// Wrong passphrase, or not a member.
    Passphrase = 5,
    /// The vault is damaged, altered or rolled back.
    Damaged = 6,
    /// The remote cannot be reached, or a conflict is not resolved.
    Remote = 7,
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its group.
    pub exit: Exit,
    /// What happened and what was not changed.
    pub message: String,
    /// Lines that belong to the message: the entries that match, say.
    pub lines: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of that group.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), lines: Vec::new(), hint: None }
    }

    /// A failure of the general group.
    pub fn failed(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Failed, message)
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// The reader of standard output has gone: not a failure, and nothing is said.
    pub fn nobody_reads() -> Failure {
        Failure::new(Exit::Done, "")
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on standard error, cleaned for a terminal, and gives the exit code.
    pub fn report(&self, color: bool) -> ExitCode {
        if self.exit != Exit::Done {
            let (red, cyan, off) = if color { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
            super::out::say_styled(&format!("tickey: {red}error:{off} {}", text::clean(&self.message)));
            for line in &self.lines {
                super::out::say(&format!("  {}", text::clean(line)));
            }
            if let Some(hint) = &self.hint {
                super::out::say_styled(&format!("tickey: {cyan}hint:{off} {}", text::clean(hint)));
            }
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Failure {
        let message = error.to_string();
        match error {
            VaultError::NotAVault(_)
            | VaultError::Newer(_)
            | VaultError::ParametersRefused(_)
            | VaultError::TooLarge(_)
            | VaultError::NoSuchEntry
            | VaultError::Refused(_)
            | VaultError::Random(_) => Failure::failed(message),
            VaultError::Internal(_) => Failure::failed(message).hint("this is a bug: report it with what you did"),
            VaultError::Memory { .. } => {
                Failure::failed(message).hint("close other programs, or open the vault on a larger machine")
            }
            VaultError::WrongPassphrase => Failure::new(Exit::Passphrase, message)
                .hint("if the passphrase is lost: tickey passphrase --recovery takes the printed recovery code"),
            VaultError::NotAMember => Failure::new(Exit::Passphrase, message),
            VaultError::ShutOut => Failure::new(Exit::Passphrase, format!("{message}; nothing was changed"))
                .hint("tickey sync looks again; tickey cp takes an entry into your personal vault"),
            VaultError::Forked => Failure::new(Exit::Remote, message),
            VaultError::Damaged(_)
            | VaultError::Altered(_)
            | VaultError::NotEntitled(_)
            | VaultError::RolledBack(_) => Failure::new(Exit::Damaged, message)
                .hint("tickey backup list shows older versions, tickey backup restore N brings one back"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let message = error.to_string();
        match error {
            StoreError::Vault(error) => error.into(),
            StoreError::Missing(_) => Failure::failed(message)
                .hint("tickey init makes one, tickey vault list shows those there are, --vault names another"),
            // On the command line another name is not chosen but written: each command says how.
            StoreError::Exists(_) => Failure::failed(message),
            other => Failure { hint: other.hint().map(str::to_owned), ..Failure::failed(message) },
        }
    }
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Failure {
        let message = error.to_string();
        match error {
            SyncError::Remote(error) => error.into(),
            SyncError::Store(error) => error.into(),
            SyncError::Vault(error) => Failure { message, ..error.into() },
            SyncError::Waited { .. } | SyncError::Busy | SyncError::Cancelled => {
                Failure { hint: error.hint().map(str::to_owned), ..Failure::new(Exit::Remote, message) }
            }
        }
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Failure {
        Failure { hint: error.hint().map(str::to_owned), ..Failure::new(Exit::Remote, error.to_string()) }
    }
}

impl From<TeamError> for Failure {
    fn from(error: TeamError) -> Failure {
        let exit = match error {
            TeamError::Remote(error) => return error.into(),
            TeamError::Sync(error) => return error.into(),
            TeamError::Store(error) => return error.into(),
            TeamError::Url(_) | TeamError::Name => Exit::Usage,
            TeamError::Nothing(_) => Exit::Remote,
            TeamError::AnotherVault => Exit::Damaged,
            TeamError::WrongCode
            | TeamError::WrongRecoveryCode
            | TeamError::WrongPassphraseThere
            | TeamError::KeyEnded
            | TeamError::KeyEndedMeanwhile
            | TeamError::KeyEndedThere
            | TeamError::PassphraseChangedThere => Exit::Passphrase,
            TeamError::PersonalVault
            | TeamError::AlreadyIn
            | TeamError::NotACode
            | TeamError::TooManyChanges(_)
            | TeamError::PassphraseChanged => Exit::Failed,
        };
        Failure { hint: error.hint().map(str::to_owned), ..Failure::new(exit, error.to_string()) }
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Failure {
        let failure = Failure::failed(error.to_string());
        match error {
            FormatError::Unknown { .. } => {
                failure.hint("tickey formats lists what can be read; --format ID reads the file as that format")
            }
            FormatError::WrongPasswordOrKeyFile => failure.hint("--key-file FILE names a key file that lies elsewhere"),
            _ => failure,
        }
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Failure {
        Failure::usage(error.to_string())
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Failure {
        Failure::failed(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let exit = |error: VaultError| Failure::from(error).exit as u8;
        assert_eq!(exit(VaultError::NotAVault(String::new())), 1);
        assert_eq!(exit(VaultError::Newer(String::new())), 1);
        assert_eq!(exit(VaultError::ParametersRefused(String::new())), 1);
        assert_eq!(exit(VaultError::WrongPassphrase), 5);
        assert_eq!(exit(VaultError::NotAMember), 5);
        assert_eq!(exit(VaultError::Damaged(String::new())), 6);
        assert_eq!(exit(VaultError::Altered(String::new())), 6);
        assert_eq!(exit(VaultError::NotEntitled(String::new())), 6);
        assert_eq!(exit(VaultError::RolledBack(String::new())), 6);
        assert_eq!(Failure::from(StoreError::Vault(VaultError::WrongPassphrase)).exit, Exit::Passphrase);
    }
}
