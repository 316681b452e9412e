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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nobody reads what is printed any more: no failure.
    Done = 0,
    Failed = 1,
    Usage = 2,
    NoMatch = 3,
    Several = 4,
    Passphrase = 5,
    Damaged = 6,
    /// The remote cannot be reached, or a conflict is not resolved.
    Remote = 7,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// What happened and what was not changed.
    pub message: String,
    /// Lines that belong to the message: the entries that match, say.
    pub lines: Vec<String>,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), lines: Vec::new(), hint: None }
    }

    fn of(exit: Exit, error: &dyn std::fmt::Display, hint: Option<&str>) -> Failure {
        Failure { hint: hint.map(str::to_owned), ..Failure::new(exit, error.to_string()) }
    }

    pub fn failed(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Failed, message)
    }

    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// The reader of standard output has gone: not a failure, and nothing is said.
    pub fn nobody_reads() -> Failure {
        Failure::new(Exit::Done, "")
    }

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
        let exit = match error {
            VaultError::NotAVault(_)
            | VaultError::Newer(_)
            | VaultError::ParametersRefused(_)
            | VaultError::TooLarge(_)
            | VaultError::NoSuchEntry
            | VaultError::Refused(_)
            | VaultError::Random(_)
            | VaultError::Internal(_)
            | VaultError::Memory { .. } => Exit::Failed,
            VaultError::WrongPassphrase | VaultError::NotAMember | VaultError::ShutOut => Exit::Passphrase,
            VaultError::Forked => Exit::Remote,
            VaultError::Damaged(_)
            | VaultError::Altered(_)
            | VaultError::NotEntitled(_)
            | VaultError::RolledBack(_) => Exit::Damaged,
        };
        Failure::of(exit, &error, error.hint())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Vault(error) => error.into(),
            error => Failure::of(Exit::Failed, &error, error.hint()),
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
                Failure::of(Exit::Remote, &error, error.hint())
            }
        }
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Failure {
        Failure::of(Exit::Remote, &error, error.hint())
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
        Failure::of(exit, &error, error.hint())
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Failure {
        Failure::of(Exit::Failed, &error, error.hint())
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
    fn the_screen_and_the_command_line_say_one_thing_of_one_error() {
        let path = || std::path::PathBuf::from("/d/v.json");
        let errors = [
            VaultError::WrongPassphrase.into(),
            VaultError::RolledBack("it is of epoch 1".into()).into(),
            VaultError::Memory { mib: 64 }.into(),
            TeamError::WrongCode,
            TeamError::WrongRecoveryCode,
            TeamError::KeyEnded,
            TeamError::PassphraseChangedThere,
            TeamError::Sync(SyncError::Waited { holder: "another program".into() }),
            TeamError::Sync(SyncError::Vault(VaultError::Damaged("it ends early".into()))),
        ];
        let files = [StoreError::Exists(path()), StoreError::Missing(path())];
        for error in errors.into_iter().chain(files.map(TeamError::from)) {
            let (screen, hint) = (crate::runtime::trouble::team(&error), error.hint().map(str::to_owned));
            let failure = Failure::from(error);
            assert_eq!((&failure.message, &failure.hint), (&screen.message, &screen.hint));
            assert!(hint.is_some() && failure.hint == hint, "{failure:?}");
        }
    }

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
