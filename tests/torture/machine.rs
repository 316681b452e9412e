//! A person's machine in one folder, and the commands that are tortured on it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const OLD: &str = "otpauth://totp/Old:maya?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const NEW: &str = "otpauth://totp/New:maya?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

pub struct Machine {
    folder: tempfile::TempDir,
}

/// What a command leaves when it does what it is asked for, or does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Before,
    After,
}

pub struct Scenario {
    pub name: &'static str,
    prepare: fn(&Machine),
    /// `{}` is the machine's folder.
    arguments: &'static str,
    input: &'static str,
    /// What is there; an error says what is broken.
    outcome: fn(&Machine) -> Result<Outcome, String>,
}

/// Every file below the machine's folder with its bytes, and every folder.
pub type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl Machine {
    /// A machine on which the scenario can begin, and what is there then.
    pub fn ready(scenario: &Scenario) -> (Machine, Files) {
        let machine = Machine { folder: tempfile::tempdir().unwrap() };
        for (name, text) in [("passphrase", "correct horse\n"), ("new", "battery staple\n")] {
            std::fs::write(machine.path(name), text).unwrap();
        }
        for name in ["home", "data", "state", "config", "remote"] {
            std::fs::create_dir(machine.path(name)).unwrap();
        }
        (scenario.prepare)(&machine);
        let files = machine.files();
        (machine, files)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn files(&self) -> Files {
        fn walk(root: &Path, folder: &Path, found: &mut Files) {
            for item in std::fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                let name = path.strip_prefix(root).unwrap().to_path_buf();
                if path.is_dir() {
                    found.insert(name, None);
                    walk(root, &path, found);
                } else {
                    found.insert(name, Some(std::fs::read(&path).unwrap()));
                }
            }
        }
        let mut found = Files::new();
        walk(self.folder(), self.folder(), &mut found);
        found
    }

    /// Makes the folder hold just that.
    pub fn hold(&self, files: &Files) {
        for name in std::fs::read_dir(self.folder()).unwrap() {
            let path = name.unwrap().path();
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
        }
        for (name, bytes) in files {
            match bytes {
                None => std::fs::create_dir(self.path("").join(name)).unwrap(),
                Some(bytes) => std::fs::write(self.path("").join(name), bytes).unwrap(),
            }
        }
    }

    /// Runs the program below that program; `who` has folders of their own.
    fn run_as(&self, who: &str, below: &[String], passphrase: &str, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new("setsid");
        command.args(["--wait", "timeout", "-k", "1", "60"]).args(below).arg(env!("CARGO_BIN_EXE_tickey"));
        command.args(arguments).arg("--passphrase-file").arg(self.path(passphrase)).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("USER", "maya");
        for (name, folder) in
            [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            command.env(name, self.path(who).join(folder));
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that fails early does not read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs the scenario's command below that program.
    pub fn run(&self, scenario: &Scenario, below: &[String]) -> Output {
        let arguments = scenario.arguments.replace("{}", self.folder().to_str().unwrap());
        self.run_as("", below, "passphrase", &arguments.split(' ').collect::<Vec<_>>(), scenario.input)
    }

    fn ok_as(&self, who: &str, arguments: &str, input: &str) -> String {
        let arguments = arguments.replace("{}", self.folder().to_str().unwrap());
        let done = self.run_as(who, &[], "passphrase", &arguments.split(' ').collect::<Vec<_>>(), input);
        assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn ok(&self, arguments: &str, input: &str) -> String {
        self.ok_as("", arguments, input)
    }

    /// The issuers in a vault, by the first of these passphrases that opens it; how many were tried before.
    fn issuers(&self, vault: &str, passphrases: &[&str]) -> Result<(String, usize), String> {
        let vault = vault.replace("{}", self.folder().to_str().unwrap());
        let mut said = String::new();
        for (tried, passphrase) in passphrases.iter().enumerate() {
            let done = self.run_as("", &[], passphrase, &["--vault", &vault, "list", "--json"], "");
            if done.status.success() {
                let list: Value = serde_json::from_slice(&done.stdout).unwrap();
                let mut names: Vec<&str> =
                    list.as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap()).collect();
                names.sort_unstable();
                return Ok((names.join(" "), tried));
            }
            said = format!("{vault}: {}", String::from_utf8_lossy(&done.stderr));
            if done.status.code() != Some(5) {
                break;
            }
        }
        Err(said)
    }

    /// That every backup of the personal vault can be opened.
    fn backups(&self) -> Result<(), String> {
        let Ok(names) = std::fs::read_dir(self.path("data/tickey/backups")) else { return Ok(()) };
        for name in names {
            let path = name.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with("personal-") && name.ends_with(".json") {
                self.issuers(path.to_str().unwrap(), &["passphrase", "new"])?;
            }
        }
        Ok(())
    }
}

fn init(machine: &Machine) {
    machine.ok("init --kdf-memory 19 --kdf-passes 2 --kdf-lanes 1", "");
}

fn with_entry(machine: &Machine) {
    init(machine);
    machine.ok("add -", OLD);
}

/// Maya's team has its vault in the remote's folder.
fn with_team(machine: &Machine) {
    init(machine);
    machine.ok("vault create ops --as maya", "");
    machine.ok("--vault ops add -", OLD);
    machine.ok("--vault ops remote set folder:{}/remote/ops.json", "");
    machine.ok("sync", "");
}

fn with_news(machine: &Machine) {
    with_team(machine);
    machine.ok("--vault ops add -", NEW);
}

fn invited(machine: &Machine) {
    std::fs::create_dir(machine.path("owner")).unwrap();
    for name in ["home", "data", "state", "config"] {
        std::fs::create_dir(machine.path("owner").join(name)).unwrap();
    }
    let owner = |arguments: &str, input: &str| machine.ok_as("owner", arguments, input);
    owner("init --kdf-memory 19 --kdf-passes 2 --kdf-lanes 1", "");
    owner("vault create ops --as olga", "");
    owner("--vault ops add -", OLD);
    owner("--vault ops remote set folder:{}/remote/ops.json", "");
    let invited: Value = serde_json::from_str(&owner("--vault ops member invite maya --json", "")).unwrap();
    std::fs::write(machine.path("code"), invited["code"].as_str().unwrap()).unwrap();
    owner("sync", "");
    init(machine);
}

fn is(found: &str, before: &str, after: &str) -> Result<Outcome, String> {
    match found {
        _ if found == before => Ok(Outcome::Before),
        _ if found == after => Ok(Outcome::After),
        _ => Err(format!("it holds {found:?}")),
    }
}

fn new_vault(machine: &Machine) -> Result<Outcome, String> {
    if !machine.path("data/tickey/personal.json").exists() {
        return Ok(Outcome::Before);
    }
    let (found, _) = machine.issuers("personal", &["passphrase"])?;
    is(&found, "nothing", "")
}

fn new_entry(machine: &Machine) -> Result<Outcome, String> {
    machine.backups()?;
    is(&machine.issuers("personal", &["passphrase"])?.0, "Old", "New Old")
}

fn new_passphrase(machine: &Machine) -> Result<Outcome, String> {
    machine.backups()?;
    let (found, tried) = machine.issuers("personal", &["passphrase", "new"])?;
    is(&found, "Old", "Old")?;
    Ok(if tried == 0 { Outcome::Before } else { Outcome::After })
}

/// The working copy never lacks anything, and what lies at the remote opens.
fn sent(machine: &Machine) -> Result<Outcome, String> {
    is(&machine.issuers("ops", &["passphrase"])?.0, "New Old", "New Old")?;
    is(&machine.issuers("{}/remote/ops.json", &["passphrase"])?.0, "Old", "New Old")
}

fn joined(machine: &Machine) -> Result<Outcome, String> {
    // What lies at the remote is taken by the owner's program.
    let done = machine.run_as("owner", &[], "passphrase", &["sync"], "");
    let said = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() || said.contains("aside") {
        return Err(format!("the owner's: {said}"));
    }
    is(&machine.issuers("personal", &["passphrase"])?.0, "", "")?;
    match machine.issuers("ops", &["passphrase"]) {
        Ok((found, _)) => is(&found, "nothing", "Old"),
        Err(_) if !machine.path("data/tickey/ops.json").exists() => Ok(Outcome::Before),
        // The key is in the personal vault before the file is anywhere, never the other way round.
        Err(said) => Err(said),
    }
}

fn rekeyed(machine: &Machine) -> Result<Outcome, String> {
    let (_, tried) = machine.issuers("personal", &["passphrase", "new"])?;
    let names: &[&str] = if tried == 0 { &["passphrase"] } else { &["new"] };
    is(&machine.issuers("ops", names)?.0, "Old", "Old")?;
    is(&machine.issuers("{}/remote/ops.json", names)?.0, "Old", "Old")?;
    Ok(if tried == 0 { Outcome::Before } else { Outcome::After })
}

pub const INIT: Scenario = Scenario {
    name: "init",
    prepare: |_| {},
    arguments: "init --kdf-memory 19 --kdf-passes 2 --kdf-lanes 1",
    input: "",
    outcome: new_vault,
};
pub const ADD: Scenario =
    Scenario { name: "add", prepare: with_entry, arguments: "add -", input: NEW, outcome: new_entry };
pub const PASSPHRASE: Scenario = Scenario {
    name: "passphrase",
    prepare: with_entry,
    arguments: "passphrase --new-passphrase-file {}/new --kdf-memory 19 --kdf-passes 2",
    input: "",
    outcome: new_passphrase,
};
pub const SYNC: Scenario = Scenario { name: "sync", prepare: with_news, arguments: "sync", input: "", outcome: sent };
pub const JOIN: Scenario = Scenario {
    name: "join",
    prepare: invited,
    arguments: "join folder:{}/remote/ops.json --code-file {}/code",
    input: "",
    outcome: joined,
};
pub const REKEY: Scenario = Scenario {
    name: "rekey",
    prepare: with_team,
    arguments: "passphrase --rekey-links --new-passphrase-file {}/new --kdf-memory 19 --kdf-passes 2",
    input: "",
    outcome: rekeyed,
};

impl Scenario {
    pub fn outcome(&self, machine: &Machine) -> Result<Outcome, String> {
        (self.outcome)(machine)
    }
}
