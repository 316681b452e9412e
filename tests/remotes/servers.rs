//! Servers on this machine, each in a folder of its own, on a free port, for one test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server; stopped when dropped, with whatever it started.
pub struct Server {
    child: Child,
    pub port: u16,
    /// Its own folder; what it serves is in `files`.
    pub folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }
}

/// The program by this name: in the usual folders for servers, or in the Python of the tests.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin");
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into(), python]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// [`crate::skip::skip`], for whoever returns what is not there.
pub fn skip<T>(name: &str) -> Option<T> {
    crate::skip::skip(name);
    None
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts `name` with what `prepare` makes of its folder and port: its arguments. `None`, and a word, when it is not installed.
pub fn start(name: &str, prepare: impl Fn(&Path, u16) -> Vec<String>) -> Option<Server> {
    let Some(program) = program(name) else { return skip(name) };
    // Another test may take the port first.
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_path_buf(), folder.path().join("files"), folder.path().join("state")] {
            std::fs::create_dir_all(&path).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        }
        let port = free_port();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(&program)
            .args(prepare(folder.path(), port))
            .current_dir(folder.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut server = Server { child, port, folder };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) && server.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        println!("{name} did not start: {log}");
    }
    panic!("{name} does not start");
}

/// One request in plain words, for what is prepared or looked at on a server; the answer.
pub fn plain(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A proxy that misbehaves in front of a server; `None` when it is not there.
pub fn misbehaving(upstream: u16, scenario: &str) -> Option<Server> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/faults/chaosproxy.py");
    if !script.is_file() {
        return skip("the misbehaving proxy");
    }
    start("python3", |_, port| {
        vec![script.to_str().unwrap().into(), port.to_string(), upstream.to_string(), scenario.into()]
    })
}

pub fn lighttpd(login: Option<&str>) -> Option<Server> {
    start("lighttpd", |folder, port| {
        let home = folder.display();
        let login = login.map_or(String::new(), |login| {
            std::fs::write(folder.join("users"), login).unwrap();
            format!(
                "server.modules += (\"mod_auth\", \"mod_authn_file\")\nauth.backend = \"plain\"\n\
                 auth.backend.plain.userfile = \"{home}/users\"\n\
                 auth.require = (\"/\" => (\"method\" => \"basic\", \"realm\" => \"team\", \"require\" => \"valid-user\"))\n"
            )
        });
        let text = format!(
            "server.modules = (\"mod_access\")\n{login}server.modules += (\"mod_webdav\")\n\
             server.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.document-root = \"{home}/files\"\n\
             server.upload-dirs = (\"{home}/state\")\nserver.errorlog = \"{home}/errors\"\n\
             mimetype.assign = (\".json\" => \"application/json\")\n\
             webdav.activate = \"enable\"\nwebdav.sqlite-db-name = \"{home}/state/locks.db\"\n"
        );
        configured(folder, &text, |path| vec!["-D".into(), "-f".into(), path])
    })
}

pub fn apache() -> Option<Server> {
    start("apache2", |folder, port| {
        let home = folder.display();
        let modules = "/usr/lib/apache2/modules";
        let load = |name: &str| format!("LoadModule {name}_module {modules}/mod_{name}.so\n");
        let loads: String = ["mpm_event", "authn_core", "authz_core", "dav", "dav_fs"].map(load).concat();
        let user = if rustix::process::geteuid().is_root() { "User nobody\nGroup nogroup\n" } else { "" };
        let text = format!(
            "{loads}{user}ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {home}/state/pid\nErrorLog {home}/errors\n\
             Mutex file:{home}/state\nServerRoot {home}\nDefaultRuntimeDir {home}/state\n\
             DocumentRoot {home}/files\nDavLockDB {home}/state/locks\n<Directory {home}/files>\nDav On\nRequire all granted\n</Directory>\n"
        );
        configured(folder, &text, |path| vec!["-D".into(), "FOREGROUND".into(), "-f".into(), path])
    })
}

/// Nginx with its own module alone, which looks at no precondition; `extra` goes into its server, `http` before
/// that, `main` before everything.
pub fn nginx(main: &str, http: &str, extra: &str) -> Option<Server> {
    start("nginx", |folder, port| {
        let home = folder.display();
        let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
        let text = format!(
            "{main}{user}daemon off;\nworker_processes 2;\npid {home}/state/pid;\nerror_log {home}/errors;\nevents {{}}\n\
             http {{\n{http}access_log off;\nclient_body_temp_path {home}/state;\nclient_max_body_size 300m;\n\
             proxy_temp_path {home}/state;\nfastcgi_temp_path {home}/state;\nuwsgi_temp_path {home}/state;\nscgi_temp_path {home}/state;\n\
             server {{\nlisten 127.0.0.1:{port}{};\nroot {home}/files;\ndav_methods PUT DELETE MKCOL COPY MOVE;\n{}\n}}\n}}\n",
            if extra.contains("ssl_certificate") { " ssl" } else { "" },
            extra.replace("HOME", &home.to_string()),
        );
        configured(folder, &text, |path| vec!["-c".into(), path])
    })
}

fn configured(folder: &Path, text: &str, arguments: impl Fn(String) -> Vec<String>) -> Vec<String> {
    let path = folder.join("server.conf");
    std::fs::write(&path, text).unwrap();
    arguments(path.display().to_string())
}

pub fn rclone() -> Option<Server> {
    start("rclone", |folder, port| {
        let config = format!("--config={}/state/rclone.conf", folder.display());
        vec![
            "serve".into(),
            "webdav".into(),
            config,
            format!("--addr=127.0.0.1:{port}"),
            folder.join("files").display().to_string(),
        ]
    })
}

pub fn wsgidav() -> Option<Server> {
    start("wsgidav", |folder, port| {
        let root = format!("--root={}", folder.join("files").display());
        ["--host=127.0.0.1", &format!("--port={port}"), &root, "--auth=anonymous", "--server=cheroot", "--no-config"]
            .map(str::to_owned)
            .to_vec()
    })
}

/// An S3 server with the bucket `team`.
pub fn moto() -> Option<Server> {
    let server = start("moto_server", |_, port| vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()])?;
    let made = plain(server.port, "PUT /team HTTP/1.1\nHost: localhost\nContent-Length: 0\nConnection: close\n\n");
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    Some(server)
}

/// An S3 server that is a folder, with the bucket `team`.
pub fn s3s_fs() -> Option<Server> {
    start("s3s-fs", |folder, port| {
        std::fs::create_dir(folder.join("files/team")).unwrap();
        let port = format!("--port={port}");
        [
            "--host=127.0.0.1",
            &port,
            "--access-key=maya",
            "--secret-key=s3cret",
            &folder.join("files").display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec()
    })
}
