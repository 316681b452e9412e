//! WebDAV servers of every temper.

use tickey::store::remote::{Environment, Guard, Login, Read, Trouble, Written};

use crate::servers::{self, Server};
use crate::{conformance, open, open_as};

const NAME: &str = "Team files/öps.json";

fn url(server: &Server) -> String {
    format!("webdav+http://127.0.0.1:{}/{NAME}", server.port)
}

/// Everything that is asked of a remote, and that nothing is left behind by it.
fn check(server: Option<Server>, guards: &[Guard]) {
    let Some(server) = server else { return };
    let folder = server.files().join("Team files");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    conformance::check(&|| open(&url(&server), Environment::default()), guards);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // Apache keeps the names of locks in a folder of its own.
    let left: Vec<_> = left.iter().filter(|name| *name != ".DAV").collect();
    assert_eq!(left, ["öps.json"]);
    let locked = servers::plain(
        server.port,
        "PUT /Team%20files/%C3%B6ps.json HTTP/1.1\nHost: localhost\nContent-Length: 1\nConnection: close\n\nx",
    );
    assert!(!locked.contains(" 423 "), "a lock was left behind: {locked}");

    let mut remote = open(&format!("webdav+http://127.0.0.1:{}/none/ops.json", server.port), Environment::default());
    let error = remote.read(None).unwrap_err();
    assert_eq!(error.kind(), Trouble::NoPlace, "{error}");
    let error = remote.write(b"x", None).unwrap_err();
    assert_eq!(error.kind(), Trouble::NoPlace, "{error}");
    assert_eq!(remote.probe().unwrap_err().kind(), Trouble::NoPlace);
}

#[test]
fn lighttpd() {
    check(servers::lighttpd(None), &[Guard::Atomic]);
}

#[test]
fn apache() {
    check(servers::apache(), &[Guard::Locks]);
}

#[test]
fn nginx() {
    check(servers::nginx("", "", ""), &[Guard::Ignores]);
}

#[test]
fn nginx_with_locks() {
    let module = "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so";
    if !std::path::Path::new(module).is_file() {
        return servers::skip("nginx's module for locks").unwrap_or_default();
    }
    let main = format!("load_module {module};\n");
    let extra = "dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;\ndav_ext_lock zone=locks;\n";
    check(servers::nginx(&main, "dav_ext_lock_zone zone=locks:1m;\n", extra), &[Guard::Locks]);
}

#[test]
fn rclone() {
    check(servers::rclone(), &[Guard::Locks]);
}

#[test]
fn wsgidav() {
    // Its race is narrow, and not always seen.
    check(servers::wsgidav(), &[Guard::Atomic, Guard::Locks]);
}

#[test]
fn logins() {
    let Some(server) = servers::lighttpd(Some("maya:s3cr:et\n")) else { return };
    let url = format!("webdav+http://127.0.0.1:{}/ops.json", server.port);
    let netrc = server.folder.path().join("netrc");
    let environment = Environment::default().with("NETRC", &netrc);
    for (text, works) in [
        ("", false),
        ("machine 127.0.0.1 login maya password s3cr:et", true),
        ("machine 127.0.0.1 login maya password wrong-one", false),
        ("machine other.example login maya password s3cr:et", false),
    ] {
        std::fs::write(&netrc, text).unwrap();
        let mut remote = open(&url, environment.clone());
        match remote.read(None) {
            Ok(Read::Absent) if works => {}
            Err(error) if !works => {
                assert_eq!(error.kind(), Trouble::Refused, "{error}");
                let said = error.to_string();
                assert!(said.contains(netrc.to_str().unwrap()) && said.contains("127.0.0.1"), "{said}");
                assert!(!said.contains("wrong-one"), "{said}");
                assert_eq!(remote.write(b"x", None).unwrap_err().kind(), Trouble::Refused);
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    // The personal vault's goes before.
    let login = Login { user: "maya".into(), secret: "s3cr:et".into() };
    let mut remote = open_as(&url, environment, Some(login), Default::default());
    assert!(matches!(remote.write(b"x", None).unwrap(), Written::Done(_)));
}
