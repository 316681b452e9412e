//! Servers that fail, cheat or are not what they seem: nothing hangs, nothing half is taken as whole, no login goes astray.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tickey::store::remote::{
    self, Arrived, Bounds, Environment, Login, Read, Remote, RemoteContext, RemoteError, RemoteUrl, Trouble, Written,
};

use crate::{open, open_as, servers};

/// A server that gives every request the same answer, and notes what it was asked.
struct Canned {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Canned {
    fn new(answer: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + Sync + 'static) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, stopped) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (notes, stop, answer) = (asked.clone(), stopped.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (mut stream, notes, answer) = (stream.unwrap(), notes.clone(), answer.clone());
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    notes.lock().unwrap().push(head.clone());
                    let _ = answer(&mut stream, &head);
                });
            }
        });
        Canned { port, asked, stopped }
    }

    fn saying(answer: &str) -> Canned {
        let answer = answer.replace('\n', "\r\n");
        Canned::new(move |stream, _| stream.write_all(answer.as_bytes()))
    }

    fn open(&self) -> Box<dyn Remote> {
        let login = Login { user: "maya".into(), secret: "s3cret".into() };
        let bounds = Bounds { whole: Duration::from_secs(2), ..Bounds::default() };
        open_as(&format!("webdav+http://127.0.0.1:{}/ops.json", self.port), Environment::default(), Some(login), bounds)
    }

    fn read(&self) -> Result<Read, RemoteError> {
        let start = Instant::now();
        let read = self.open().read(None);
        assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
        read
    }

    fn error(&self) -> RemoteError {
        match self.read() {
            Err(error) => error,
            Ok(Read::Found(bytes, _)) => panic!("{} bytes were taken", bytes.len()),
            Ok(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_cut_off_is_no_file() {
    let cut = Canned::saying("HTTP/1.1 200 OK\nContent-Length: 100\nETag: \"1\"\n\nhalf of it").error();
    assert_eq!(cut.kind(), Trouble::Torn, "{cut}");
    let chunk = Canned::saying("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nff\nhalf of it").error();
    assert_eq!(chunk.kind(), Trouble::Torn, "{chunk}");
    let nothing = Canned::saying("").error();
    assert_eq!(nothing.kind(), Trouble::Torn, "{nothing}");
    let noise = Canned::saying("SSH-2.0-OpenSSH_9.2\n").error();
    assert_eq!(noise.kind(), Trouble::Torn, "{noise}");
}

#[test]
fn a_torn_read_is_tried_once_more() {
    let tries = AtomicBool::new(false);
    let server = Canned::new(move |stream, _| {
        let rest: &[u8] = if tries.swap(true, Ordering::Relaxed) { b"\r\nlater" } else { b"" };
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")?;
        stream.write_all(rest)
    });
    assert!(matches!(server.read(), Ok(Read::Found(bytes, _)) if bytes == b"later"));
}

#[test]
fn what_never_ends_or_never_begins_is_given_up() {
    let silent = Canned::new(|_, _| {
        std::thread::sleep(Duration::from_secs(6));
        Ok(())
    });
    assert_eq!(silent.error().kind(), Trouble::TimedOut);
    let dripping = Canned::new(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        (0..60).try_for_each(|_| {
            std::thread::sleep(Duration::from_millis(100));
            stream.write_all(b"x")
        })
    });
    assert_eq!(dripping.error().kind(), Trouble::TimedOut);
    let headers = Canned::new(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        (0..1_000_000).try_for_each(|_| stream.write_all(b"X-More: and more\r\n"))
    });
    assert!(headers.error().may_pass());
}

#[test]
fn more_than_a_vault_can_be_is_not_taken() {
    let announced = Canned::saying("HTTP/1.1 200 OK\nContent-Length: 268435457\n\nx").error();
    assert_eq!(announced.kind(), Trouble::TooLarge, "{announced}");
    let packed = Canned::saying("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 1\n\nx").error();
    assert_eq!(packed.kind(), Trouble::Failed, "{packed}");
    let endless = Canned::new(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        let chunk = [b"100000\r\n".as_slice(), &vec![b'A'; 1 << 20], b"\r\n"].concat();
        loop {
            stream.write_all(&chunk)?;
        }
    });
    let error = endless.error();
    assert!(matches!(error.kind(), Trouble::TooLarge | Trouble::TimedOut), "{error}");
}

/// Asks for a login, and gives whoever shows one the answer.
fn asking_for_a_login(answer: String) -> Canned {
    Canned::new(move |stream, head| {
        let refusal = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"team\"\nContent-Length: 0\nConnection: close\n\n";
        let answer = if head.contains("authorization: ") { &answer } else { refusal };
        stream.write_all(answer.replace('\n', "\r\n").as_bytes())
    })
}

const FILE: &str = "HTTP/1.1 200 OK\nETag: \"1\"\nContent-Length: 1\nConnection: close\n\nx";

/// What a server was asked, each with the login that was shown to it.
fn logins(server: &Canned) -> Vec<Option<String>> {
    let login = |head: &String| head.lines().find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned));
    server.asked.lock().unwrap().iter().map(login).collect()
}

#[test]
fn a_login_is_shown_to_nobody_who_did_not_ask_for_it() {
    let maya = Some("Basic bWF5YTpzM2NyZXQ=".to_owned());
    let server = asking_for_a_login(FILE.into());
    let mut remote = server.open();
    assert!(matches!(remote.read(None), Ok(Read::Found(..))));
    assert!(matches!(remote.read(None), Ok(Read::Found(..))));
    assert_eq!(logins(&server), [None, maya.clone(), maya], "once it has asked it need not ask again");
    let open = Canned::saying(FILE);
    assert!(matches!(open.read(), Ok(Read::Found(..))));
    let other = Canned::saying(
        "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=x\nContent-Length: 0\nConnection: close\n\n",
    );
    assert_eq!(other.error().kind(), Trouble::Refused);
    assert_eq!((logins(&open), logins(&other)), (vec![None], vec![None]));
}

#[test]
fn of_a_persons_logins_only_the_one_that_names_the_server_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let netrc = folder.path().join(".netrc");
    for (text, shown) in [
        ("default login guest password secret", None),
        ("machine other.example login eve password secret default login guest password secret", None),
        ("machine 127.0.0.1:1 login eve password secret", None),
        (
            "machine 127.0.0.1 login maya password s3cret default login guest password secret",
            Some("Basic bWF5YTpzM2NyZXQ="),
        ),
        (
            "machine 127.0.0.1 login eve password no machine 127.0.0.1:PORT login maya password s3cret",
            Some("Basic bWF5YTpzM2NyZXQ="),
        ),
    ] {
        let server = asking_for_a_login(FILE.into());
        std::fs::write(&netrc, text.replace("PORT", &server.port.to_string())).unwrap();
        let mut remote = open(
            &format!("webdav+http://127.0.0.1:{}/ops.json", server.port),
            Environment::default().with("NETRC", &netrc),
        );
        assert_eq!(remote.read(None).is_ok(), shown.is_some(), "{text}");
        let mut logins = logins(&server);
        assert_eq!(logins.remove(0), None, "{text}");
        assert_eq!(logins, shown.map(|login| Some(login.to_owned())).into_iter().collect::<Vec<_>>(), "{text}");
    }
}

/// Git reads the same file by a library of its own, and would show the default to whoever asks.
#[test]
fn git_shows_no_default_login() {
    if servers::program("git").is_none() {
        return servers::skip("git").unwrap_or_default();
    }
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::of_process().with("HOME", folder.path());
    let read = |text: &str, server: &Canned| {
        std::fs::write(folder.path().join(".netrc"), text).unwrap();
        let url = RemoteUrl::parse(&format!("git:http://127.0.0.1:{}/x.git", server.port), &environment).unwrap();
        let around = RemoteContext {
            environment: environment.clone(),
            login: None,
            insecure: false,
            cache: folder.path().join("cache"),
            bounds: Bounds::default(),
        };
        remote::open(&url, around).unwrap().read(None).unwrap_err()
    };
    let server = asking_for_a_login("HTTP/1.1 404 Not Found\nContent-Length: 0\nConnection: close\n\n".into());
    let error = read("default login guest password secret", &server);
    assert!(error.kind() == Trouble::Refused && error.to_string().contains("name the machine 127.0.0.1"), "{error}");
    assert!(server.asked.lock().unwrap().is_empty());
    // Nor by way of a redirect from a server that is named.
    let away = Canned::saying(&format!(
        "HTTP/1.1 302 Found\nLocation: http://localhost:{}/x.git/info/refs?service=git-upload-pack\nContent-Length: 0\nConnection: close\n\n",
        server.port
    ));
    read("machine 127.0.0.1 login maya password s3cret\ndefault login guest password secret", &away);
    assert!(!away.asked.lock().unwrap().is_empty() && server.asked.lock().unwrap().is_empty());
    read("machine 127.0.0.1 login maya password s3cret\n", &server);
    assert!(
        server
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|head| head.to_lowercase().contains("authorization: basic bwf5ytpzm2nyzxq="))
    );
}

#[test]
fn a_login_goes_to_its_own_server_only() {
    let other = Canned::saying("HTTP/1.1 200 OK\nContent-Length: 1\n\nx");
    let away = asking_for_a_login(format!(
        "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:{}/ops.json\nContent-Length: 0\nConnection: close\n\n",
        other.port
    ));
    for error in [away.error(), away.open().write(b"x", None).unwrap_err()] {
        assert_eq!(error.kind(), Trouble::Elsewhere, "{error}");
        assert_eq!(error.arrived(), Arrived::No);
    }
    for to in [
        "https://example.org/ops.json",
        "//example.org/ops.json",
        "javascript:x",
        "http://maya:pw@127.0.0.1/",
        "ops2.json",
    ] {
        let error = Canned::saying(&format!("HTTP/1.1 301 Moved\nLocation: {to}\nContent-Length: 0\n\n")).error();
        assert_eq!(error.kind(), Trouble::Elsewhere, "{to}: {error}");
    }
    assert_eq!(other.asked.lock().unwrap().len(), 0);
    assert!(logins(&away).contains(&Some("Basic bWF5YTpzM2NyZXQ=".into())));

    let circle = Canned::saying("HTTP/1.1 307 Moved\nLocation: /again\nContent-Length: 0\nConnection: close\n\n");
    assert_eq!(circle.error().kind(), Trouble::Elsewhere);
    assert!(circle.asked.lock().unwrap().len() < 10);
}

#[test]
fn on_the_same_server_it_is_led_on() {
    let server = Canned::new(|stream, head| {
        stream.write_all(if head.starts_with("GET /ops.json ") {
            b"HTTP/1.1 308 Moved\r\nLocation: /moved/ops.json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nmoved"
        })
    });
    assert!(matches!(server.read(), Ok(Read::Found(bytes, _)) if bytes == b"moved"));
}

#[test]
fn each_refusal_is_named() {
    for (status, kind) in [
        ("401 Unauthorized\nWWW-Authenticate: Digest realm=x", Trouble::Refused),
        ("403 Forbidden", Trouble::Refused),
        ("413 Too Large", Trouble::TooLarge),
        ("423 Locked", Trouble::Later(None)),
        ("429 Too Many\nRetry-After: 7", Trouble::Later(Some(Duration::from_secs(7)))),
        ("503 Busy\nRetry-After: 0", Trouble::Later(Some(Duration::ZERO))),
        ("507 Full", Trouble::Full),
        ("511 Log in", Trouble::Elsewhere),
        ("500 Oops", Trouble::Failed),
        ("418 Teapot", Trouble::Failed),
    ] {
        let error = Canned::saying(&format!("HTTP/1.1 {status}\nContent-Length: 0\nConnection: close\n\n")).error();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.to_string().contains("another way to log in"), status.contains("Digest"), "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
}

#[test]
fn a_page_that_asks_for_a_login_is_only_bytes() {
    let portal = Canned::saying("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 13\n\n<html>Log in!");
    assert!(matches!(portal.read(), Ok(Read::Found(bytes, _)) if bytes.starts_with(b"<html>")));
}

#[test]
fn a_write_whose_answer_is_lost_may_have_arrived() {
    let server = Canned::new(|stream, head| match head.starts_with("PUT") {
        true => Ok(()),
        false => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    });
    let error = server.open().write(b"x", None).unwrap_err();
    assert_eq!((error.kind(), error.arrived()), (Trouble::Torn, Arrived::Perhaps), "{error}");
    let asked = server.asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|head| head.starts_with("PUT")).count(), 1, "it was written twice");
}

#[test]
fn what_is_cancelled_ends_at_once() {
    let silent = Canned::new(|_, _| {
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let cancelled = Arc::new(AtomicBool::new(false));
    let bounds = Bounds { cancelled: cancelled.clone(), ..Bounds::default() };
    let url = format!("webdav+http://127.0.0.1:{}/ops.json", silent.port);
    let mut remote = open_as(&url, Environment::default(), None, bounds);
    let start = Instant::now();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        cancelled.store(true, Ordering::Relaxed);
    });
    assert_eq!(remote.read(None).unwrap_err().kind(), Trouble::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_lock_is_given_back_when_writing_fails() {
    let server = Canned::new(|stream, head| {
        stream.write_all(match head.split(' ').next().unwrap() {
            "LOCK" => b"HTTP/1.1 200 OK\r\nLock-Token: <urn:uuid:1>\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .as_slice(),
            "GET" => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nold",
            "UNLOCK" => b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            _ => b"HTTP/1.1 507 Full\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        })
    });
    let mut remote = server.open();
    let Read::Found(_, tag) = remote.read(None).unwrap() else { panic!() };
    assert_eq!(remote.write(b"new", Some(&tag)).unwrap_err().kind(), Trouble::Full);
    let asked = server.asked.lock().unwrap();
    let put = asked.iter().find(|head| head.starts_with("PUT")).unwrap();
    assert!(put.contains("if: (<urn:uuid:1>)"), "{put}");
    let last = asked.last().unwrap();
    assert!(last.starts_with("UNLOCK") && last.contains("lock-token: <urn:uuid:1>"), "{last}");
}

/// A server with a certificate of an authority of its own.
#[test]
fn only_a_known_authority_is_trusted() {
    if servers::program("openssl").is_none() {
        return servers::skip("openssl").unwrap_or_default();
    }
    let made = tempfile::tempdir().unwrap();
    let run = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(made.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!("req -x509 {key} -days 30 -subj /CN=Team -keyout ca.key -out ca.pem"));
    run(&format!("req {key} -subj /CN=server -keyout server.key -out server.csr"));
    std::fs::write(made.path().join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem");
    let home = made.path().display();
    let tls = format!("ssl_certificate {home}/server.pem;\nssl_certificate_key {home}/server.key;\n");
    let Some(server) = servers::nginx("", "", &tls) else { return };
    let url = |host: &str| format!("webdav+https://{host}:{}/ops.json", server.port);

    let trusting = Environment::default().with("SSL_CERT_FILE", made.path().join("ca.pem"));
    assert!(matches!(open(&url("localhost"), trusting.clone()).write(b"x", None).unwrap(), Written::Done(_)));

    let refused = |url: &str, environment: Environment| {
        let error = open(url, environment).read(None).unwrap_err();
        assert_eq!(error.kind(), Trouble::Certificate, "{error}");
        assert!(error.hint().unwrap().contains("SSL_CERT_FILE"));
    };
    refused(&url("localhost"), Environment::default());
    // Right authority, another name.
    refused(&url("127.0.0.1"), trusting.clone());
    let url = RemoteUrl::parse(&url("localhost"), &trusting).unwrap();
    let around = |environment| RemoteContext {
        environment,
        login: None,
        insecure: false,
        cache: "/nonexistent".into(),
        bounds: Bounds::default(),
    };
    let nothing = Environment::default().with("SSL_CERT_FILE", made.path().join("names"));
    assert_eq!(remote::open(&url, around(nothing)).err().unwrap().kind(), Trouble::Certificate);
    // Not encrypted at all.
    let plain = Canned::saying("HTTP/1.1 200 OK\nContent-Length: 1\n\nx");
    let mut remote = open(&format!("webdav+https://localhost:{}/ops.json", plain.port), trusting);
    assert!(remote.read(None).unwrap_err().may_pass());
}
