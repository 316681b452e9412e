//! Three people, one of them with two machines, from the founding to the loss of everything: through the program, on each kind of storage there is.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::repository::{Team, git};
use crate::servers;

pub const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// One machine.
pub struct Desk {
    folder: TempDir,
    user: &'static str,
    variables: Vec<(&'static str, String)>,
}

impl Desk {
    pub fn user(&self) -> &'static str {
        self.user
    }

    /// A machine without a vault.
    pub fn bare(user: &'static str, variables: &[(&'static str, String)]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
        Desk { folder, user, variables: variables.to_vec() }
    }

    pub fn new(user: &'static str, variables: &[(&'static str, String)]) -> Desk {
        let desk = Desk::bare(user, variables);
        desk.ok(&["init", "--kdf-memory", "19", "--kdf-passes", "2", "--kdf-lanes", "1"]);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn vaults(&self) -> PathBuf {
        self.path("data/tickey")
    }

    /// The program itself, as this person runs it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.run_by(Command::new(env!("CARGO_BIN_EXE_tickey")), arguments)
    }

    fn run_by(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).arg("--passphrase-file").arg(self.path("passphrase")).env_clear();
        for (name, folder) in
            [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            command.env(name, self.path(folder));
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("USER", self.user);
        command.envs(self.variables.iter().cloned());
        command
    }

    pub fn give(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_tickey"));
        let mut command = self.run_by(command, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn exits(&self, arguments: &[&str], code: i32) -> String {
        let output = self.give(arguments, "");
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(code), "{} {arguments:?}: {out}{err}", self.user);
        if code == 0 { out } else { err }
    }

    pub fn ok(&self, arguments: &[&str]) -> String {
        self.exits(arguments, 0)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap()
    }

    pub fn ops(&self, arguments: &[&str]) -> String {
        self.ok(&[&["--vault", "ops"], arguments].concat())
    }

    pub fn ops_json(&self, arguments: &[&str]) -> Value {
        self.json(&[&["--vault", "ops"], arguments].concat())
    }

    pub fn add(&self, link: &str) {
        self.add_to("ops", link);
    }

    pub fn add_to(&self, vault: &str, link: &str) {
        let output = self.give(&["--vault", vault, "add", "-"], link);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn sync(&self) -> Value {
        self.json(&["sync"])
    }

    pub fn issuers(&self) -> Vec<String> {
        let list = self.ops_json(&["list"]);
        let mut names: Vec<String> =
            list.as_array().unwrap().iter().map(|row| row["issuer"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    pub fn members(&self) -> Vec<String> {
        let list = self.ops_json(&["member", "list"]);
        let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let in_it = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| !["removed", "invited", "new key"].contains(&&*word(row, "state")));
        in_it.map(|row| word(row, "name") + " " + &word(row, "role")).collect()
    }

    pub fn invite(&self, name: &str, role: &str) -> String {
        self.ops_json(&["member", "invite", name, "--role", role])["code"].as_str().unwrap().to_owned()
    }

    pub fn join(&self, url: &str, code: &str, code_of_recovery: bool) -> Value {
        std::fs::write(self.path("code"), code).unwrap();
        let file = self.path("code");
        let mut arguments = vec!["join", url, "--code-file", file.to_str().unwrap()];
        if code_of_recovery {
            arguments.push("--recovery");
        }
        self.json(&arguments)
    }
}

/// What a kind of storage is to the story: addresses, and a way to lose, replace or cut off what lies there.
struct Place<'a> {
    url: &'a dyn Fn(&str) -> String,
    variables: Vec<(&'static str, String)>,
    /// The shared vault's file, where the storage is a folder.
    file: Option<PathBuf>,
}

fn story(place: &Place) {
    let url = &(place.url)("ops.json");
    let here = &place.variables;
    let (maya, bob, vera) = (Desk::new("maya", here), Desk::new("bob", here), Desk::new("vera", here));

    // Found, keep somewhere, invite, join.
    let made = maya.json(&["vault", "create", "ops"]);
    let recovery = made["recovery_code"].as_str().unwrap().to_owned();
    maya.ops(&["remote", "set", url]);
    maya.add(&format!("otpauth://totp/Registrar:admin?secret={RFC}"));
    maya.add(&format!("otpauth://hotp/Badge:88?secret={RFC}&counter=0"));
    assert_eq!(maya.sync()["sent"], 2);
    let code = maya.invite("bob", "editor");
    let joined = bob.join(url, &code, false);
    assert_eq!((&joined["name"], &joined["role"]), (&"bob".into(), &"editor".into()));
    assert_eq!(bob.issuers(), ["Badge", "Registrar"], "a newcomer reads at once");
    let other = Desk::new("eve", here);
    std::fs::write(other.path("code"), &code).unwrap();
    let used = other.path("code");
    let said = other.exits(&["join", url, "--code-file", used.to_str().unwrap()], 1);
    assert!(said.contains("used already"), "{said}");
    maya.sync();
    bob.sync();
    let code = maya.invite("vera", "viewer");
    vera.join(url, &code, false);
    maya.sync();
    vera.sync();
    assert_eq!(maya.members(), ["maya owner", "recovery owner", "bob editor", "vera viewer"]);
    bob.sync();

    // The founder's second machine: the personal vault first, then all that it has keys to.
    let own = &(place.url)("maya.json");
    maya.ok(&["--vault", "personal", "remote", "set", own]);
    maya.sync();
    let laptop = Desk::bare("maya", here);
    laptop.ok(&["join", own]);
    laptop.sync();
    assert_eq!(laptop.issuers(), ["Badge", "Registrar"]);

    // Three sides edit without hearing of each other.
    maya.ops(&["edit", "Registrar", "--issuer", "Domains"]);
    bob.ops(&["edit", "Registrar", "--issuer", "Names"]);
    bob.add(&format!("otpauth://totp/Cloud:root?secret={RFC}"));
    laptop.add(&format!("otpauth://totp/Mail:postmaster?secret={RFC}"));
    assert_eq!(maya.ops(&["code", "Badge"]).trim(), "755224");
    assert_eq!(laptop.ops(&["code", "Badge"]).trim(), "755224", "nothing apart can know of the other");
    laptop.ops(&["code", "Badge"]);
    vera.exits(&["--vault", "ops", "code", "Badge"], 1);
    vera.exits(&["--vault", "ops", "edit", "Registrar", "--issuer", "Mine"], 1);
    let everybody = [&maya, &bob, &laptop];
    for _ in 0..2 {
        for desk in everybody {
            desk.sync();
        }
    }
    vera.sync();
    let named = maya.issuers().iter().find(|name| ["Domains", "Names"].contains(&name.as_str())).unwrap().clone();
    let mut expected = vec!["Badge".to_owned(), "Cloud".into(), "Mail".into(), named.clone()];
    expected.sort();
    for desk in [&maya, &bob, &laptop, &vera] {
        assert_eq!(desk.issuers(), expected);
        let conflicts = desk.ops_json(&["conflicts"]);
        assert_eq!(conflicts["conflicts"].as_array().unwrap().len(), 1, "{conflicts}");
    }
    // The counter is where the one who drew most left it, for all.
    assert_eq!(bob.ops(&["code", "Badge"]).trim(), "359152");
    bob.ops(&["edit", &named, "--issuer", "Registrar"]);
    for desk in [&bob, &maya, &laptop] {
        desk.sync();
        assert!(desk.ops_json(&["conflicts"])["conflicts"].as_array().unwrap().is_empty());
    }

    // Deleted here, edited there: it stays deleted, and the edit is in it when it comes back.
    maya.ops(&["rm", "Cloud", "--yes"]);
    bob.ops(&["edit", "Cloud", "--issuer", "Sky"]);
    maya.sync();
    bob.sync();
    maya.sync();
    assert_eq!(maya.issuers(), ["Badge", "Mail", "Registrar"]);
    maya.ops(&["restore", "Sky"]);
    maya.sync();
    assert_eq!(maya.issuers(), ["Badge", "Mail", "Registrar", "Sky"]);

    // A backup brings the old values back for everybody.
    maya.ops(&["rm", "Mail", "--yes"]);
    maya.sync();
    maya.ops(&["backup", "restore", "1", "--yes"]);
    maya.sync();
    vera.sync();
    assert!(vera.issuers().contains(&"Mail".to_owned()), "{:?}", vera.issuers());

    // Bob leaves.
    bob.sync();
    maya.ops(&["member", "remove", "bob", "--yes"]);
    bob.add(&format!("otpauth://totp/Late:bob?secret={RFC}"));
    bob.exits(&["--vault", "ops", "sync"], 5);
    maya.sync();
    laptop.sync();
    assert!(!maya.issuers().contains(&"Late".to_owned()));
    let waiting = |desk: &Desk| desk.ops_json(&["conflicts"])["to_reenrol"].as_array().unwrap().len();
    assert_eq!(waiting(&maya), 4);
    let output = maya.give(&["--vault", "ops", "edit", "Mail", "--secret-stdin"], "JBSWY3DPEHPK3PXP\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(waiting(&maya), 3);
    maya.sync();
    vera.sync();

    if let Some(file) = &place.file {
        lost_and_found(file, &maya, &laptop, &vera);
    }

    // Maya lost both machines; the printed code takes her place.
    let new = Desk::new("maya", here);
    let back = new.join(url, &recovery, true);
    assert_eq!((&back["name"], &back["role"]), (&"maya 2".into(), &"owner".into()));
    assert_eq!(new.issuers(), maya.issuers());
    new.sync();
    // The key that was lost is a member still, until it is removed.
    new.ok(&["--vault", "ops", "member", "remove", "maya", "--yes"]);
    maya.exits(&["--vault", "ops", "sync"], 5);
    vera.sync();
    assert_eq!(new.members(), ["recovery owner", "vera viewer", "maya 2 owner"]);
}

/// Storage that loses, damages and withholds what it was given.
fn lost_and_found(file: &Path, maya: &Desk, laptop: &Desk, vera: &Desk) {
    // Lost: a viewer's machine puts back what an owner signed.
    let whole = std::fs::read(file).unwrap();
    std::fs::remove_file(file).unwrap();
    vera.sync();
    assert_eq!(std::fs::read(file).unwrap(), whole);
    std::fs::remove_file(file).unwrap();
    maya.sync();
    laptop.sync();
    assert_eq!(maya.issuers(), laptop.issuers());
    // Damaged: kept aside, and repaired.
    std::fs::write(file, &whole[..whole.len() - 9]).unwrap();
    let said = maya.give(&["--vault", "ops", "sync"], "");
    assert!(said.status.success());
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("quarantined as"),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    assert_eq!(std::fs::read_dir(maya.vaults().join("aside")).unwrap().count(), 1);
    let newcomer = Desk::new("dan", &[]);
    let code = maya.invite("dan", "viewer");
    let good = std::fs::read(file).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    std::fs::write(file, flipped).unwrap();
    std::fs::write(newcomer.path("code"), &code).unwrap();
    let code = newcomer.path("code");
    let url = format!("folder:{}", file.display());
    newcomer.exits(&["join", &url, "--code-file", code.to_str().unwrap()], 6);
    std::fs::write(file, good).unwrap();
    // Out of reach.
    let folder = file.parent().unwrap();
    let away = folder.with_extension("away");
    std::fs::rename(folder, &away).unwrap();
    vera.exits(&["--vault", "ops", "sync"], 7);
    std::fs::rename(&away, folder).unwrap();
    vera.sync();
}

#[test]
fn in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let share = folder.path().join("share");
    std::fs::create_dir(&share).unwrap();
    let url = |name: &str| format!("folder:{}", share.join(name).display());
    story(&Place { url: &url, variables: Vec::new(), file: Some(share.join("ops.json")) });
}

#[test]
fn on_a_webdav_server() {
    let Some(server) = servers::lighttpd(None) else { return };
    let url = |name: &str| format!("webdav+http://127.0.0.1:{}/{name}", server.port);
    story(&Place { url: &url, variables: Vec::new(), file: None });
}

#[test]
fn in_a_bucket() {
    let Some(server) = servers::moto() else { return };
    let variables = vec![
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", server.port)),
        ("AWS_ACCESS_KEY_ID", "maya".into()),
        ("AWS_SECRET_ACCESS_KEY", "s3cret".into()),
        ("AWS_REGION", "us-east-1".into()),
    ];
    story(&Place { url: &|name| format!("s3://team/{name}"), variables, file: None });
}

/// In repositories, one for each vault; `over` says how each is reached.
fn in_repositories(team: &Team, over: &str, variables: Vec<(&'static str, String)>) {
    let url = |name: &str| {
        git(team.folder.path(), &["init", "--bare", "--quiet", name]);
        format!("git:{over}{}", team.folder.path().join(name).display())
    };
    story(&Place { url: &url, variables, file: None });
}

#[test]
fn in_a_repository() {
    let Some(team) = Team::new() else { return };
    in_repositories(&team, "file://", Vec::new());
}

#[test]
fn in_a_repository_over_ssh() {
    let Some(mut team) = Team::new() else { return };
    let Some((_server, url)) = team.over_ssh() else { return };
    let over = url.strip_suffix(&team.repository()).unwrap();
    in_repositories(&team, over, vec![("GIT_SSH_COMMAND", team.ssh.clone())]);
}

/// Two commands of one machine at once, and one that is killed in the middle: nothing is lost or doubled.
#[test]
fn two_syncs_of_one_machine_at_once_and_one_that_is_killed() {
    let share = tempfile::tempdir().unwrap();
    let url = format!("folder:{}", share.path().join("ops.json").display());
    let (maya, bob) = (Desk::new("maya", &[]), Desk::new("bob", &[]));
    maya.ok(&["vault", "create", "ops"]);
    maya.ops(&["remote", "set", &url]);
    let code = maya.invite("bob", "editor");
    bob.join(&url, &code, false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| maya.sync());
        }
    });
    bob.sync();
    assert_eq!(maya.members(), ["maya owner", "recovery owner", "bob editor"]);
    for n in 0..5 {
        bob.add(&format!("otpauth://totp/Bob{n}:x?secret={RFC}"));
        maya.add(&format!("otpauth://totp/Maya{n}:x?secret={RFC}"));
        bob.sync();
        std::thread::scope(|scope| {
            let killed = scope.spawn(|| {
                let mut command = Command::new("timeout");
                command.args(["-s", "KILL", &format!("0.{:02}", 2 + n * 4), env!("CARGO_BIN_EXE_tickey"), "sync"]);
                command.arg("--passphrase-file").arg(maya.path("passphrase"));
                for (name, folder) in [("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")] {
                    command.env(name, maya.path(folder));
                }
                command.output().unwrap();
            });
            killed.join().unwrap();
        });
        maya.sync();
        bob.sync();
        assert_eq!(maya.issuers(), bob.issuers());
        assert_eq!(maya.issuers().len(), 2 * (n + 1));
    }
}
