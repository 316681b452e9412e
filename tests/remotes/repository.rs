//! A git repository on this machine, reached by its path or over ssh to a server of our own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tickey::store::remote::{self, Bounds, Environment, Remote, RemoteContext, RemoteUrl};

use crate::servers::{self, Server};

/// A bare repository, and the surroundings of people who use it. The repository is called `repository`.
pub struct Team {
    pub folder: TempDir,
    pub environment: Environment,
    /// How git is to reach an ssh server; empty without one.
    pub ssh: String,
}

impl Team {
    pub fn new() -> Option<Team> {
        if servers::program("git").is_none() {
            return servers::skip("git");
        }
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--bare", "--quiet", "repository"]);
        let environment = Environment::default()
            .with("PATH", std::env::var_os("PATH").unwrap())
            .with("HOME", folder.path())
            .with("GIT_CONFIG_NOSYSTEM", "1");
        Some(Team { folder, environment, ssh: String::new() })
    }

    pub fn repository(&self) -> String {
        self.folder.path().join("repository").display().to_string()
    }

    /// One person's program; each has a cache of its own.
    pub fn open(&self, person: &str, repository: &str) -> Box<dyn Remote> {
        self.open_within(person, repository, Duration::from_secs(60))
    }

    pub fn open_within(&self, person: &str, repository: &str, whole: Duration) -> Box<dyn Remote> {
        let environment = self.environment.clone();
        let url = RemoteUrl::parse(&format!("git:{repository}"), &environment).unwrap();
        let bounds = Bounds { whole, ..Bounds::default() };
        let cache = self.folder.path().join(person);
        remote::open(&url, RemoteContext { environment, login: None, insecure: false, cache, bounds }).unwrap()
    }

    /// Starts an ssh server for it; the address of the repository by it.
    pub fn over_ssh(&mut self) -> Option<(Server, String)> {
        let server = sshd(self)?;
        let (home, port) = (self.folder.path().display().to_string(), server.port);
        let host = std::fs::read_to_string(self.folder.path().join("host.pub")).unwrap();
        std::fs::write(self.folder.path().join("known"), format!("[127.0.0.1]:{port} {host}")).unwrap();
        self.ssh =
            format!("ssh -F none -i {home}/key -p {port} -o UserKnownHostsFile={home}/known -o IdentitiesOnly=yes");
        self.environment = self.environment.clone().with("GIT_SSH_COMMAND", &self.ssh);
        Some((server, format!("ssh://{}@127.0.0.1{}", me(), self.repository())))
    }

    pub fn log(&self, what: &str) -> String {
        git(&self.folder.path().join("repository"), &["log", what, "tickey"])
    }
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn me() -> String {
    let done = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// An ssh server that lets in one key, made for it.
fn sshd(team: &Team) -> Option<Server> {
    if servers::program("ssh").is_none() || servers::program("ssh-keygen").is_none() {
        return servers::skip("ssh");
    }
    for name in ["key", "host"] {
        let path = team.folder.path().join(name);
        let done = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output().unwrap();
        assert!(done.status.success());
    }
    if rustix::process::geteuid().is_root() {
        // Where it locks itself in; the system makes it when the service starts.
        let _ = std::fs::create_dir_all("/run/sshd");
    }
    let home = team.folder.path().display().to_string();
    std::fs::copy(team.folder.path().join("key.pub"), team.folder.path().join("authorized")).unwrap();
    servers::start("sshd", |folder, port| {
        let text = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {home}/host\nAuthorizedKeysFile {home}/authorized\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             MaxStartups 100\n"
        );
        std::fs::write(folder.join("config"), text).unwrap();
        vec!["-D".into(), "-e".into(), "-f".into(), folder.join("config").display().to_string()]
    })
}
