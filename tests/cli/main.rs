//! The command line, run as a person or a script runs it: the real program, in folders of its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod backups;
mod bad_vaults;
mod carry;
mod conflicts;
mod entries;
mod exits;
mod import_export;
mod look_ups;
mod members;
mod pictures;
mod process;
mod prompts;
mod secrets;
#[path = "../skip/mod.rs"]
mod skip;
mod vaults;
mod wrong_codes;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;
use tempfile::TempDir;

/// The secret of RFC 4226 and RFC 6238, in base32.
pub const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// The passphrase of every vault here.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A user with nothing but a passphrase file.
pub struct User {
    folder: TempDir,
}

impl User {
    /// With nothing but the passphrase.
    pub fn without_vault() -> User {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        User { folder }
    }

    /// With an empty vault of the cheapest kind.
    pub fn with_vault() -> User {
        let user = User::without_vault();
        user.run(&["init", "--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"]).success();
        user
    }

    /// With the RFC's TOTP and HOTP secrets as `Site:octo` and `Badge:88`.
    pub fn with_entries() -> User {
        let user = User::with_vault();
        user.add(&format!("otpauth://totp/Site:octo?secret={RFC}&digits=8"));
        user.add(&format!("otpauth://hotp/Badge:88?secret={RFC}&counter=0"));
        user
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The vault's file.
    pub fn vault(&self) -> PathBuf {
        self.path("data/tickey/personal.json")
    }

    /// Writes a file of the user's and gives its path as an argument.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program without a terminal and without a passphrase.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        // A session of its own has no terminal: nothing can be asked for, wherever the tests run.
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_tickey")).args(arguments);
        self.environment(&mut |name, value| {
            command.env(name, value);
        });
        for name in ["WAYLAND_DISPLAY", "DISPLAY", "NO_COLOR", "TMUX"] {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).timeout(std::time::Duration::from_secs(60));
        command
    }

    /// The folders and the name that the program finds in its environment.
    pub fn environment(&self, set: &mut dyn FnMut(&str, &Path)) {
        for (name, folder) in
            [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            set(name, &self.path(folder));
        }
        set("USER", Path::new("maya"));
    }

    /// The program with the passphrase.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command.arg("--passphrase-file").arg(self.path("passphrase"));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Assert {
        self.command(arguments).assert()
    }

    /// Standard output of a command that must work.
    pub fn output(&self, arguments: &[&str]) -> String {
        let assert = self.run(arguments).success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    /// The same as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.output(&arguments)).unwrap()
    }

    /// Adds an entry from its link and gives its id.
    pub fn add(&self, link: &str) -> String {
        let assert = self.command(&["add", "-"]).write_stdin(format!("{link}\n")).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap().trim().to_owned()
    }
}

/// Standard error of a run.
pub fn errors(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// The names of an object's fields.
pub fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
