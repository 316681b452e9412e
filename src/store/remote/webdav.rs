//! One file on a WebDAV server: Nextcloud, ownCloud, Apache, lighttpd, nginx, wsgidav, `rclone serve`.
//!
//! They differ in everything that matters: some check preconditions, some atomically, some lock, some name every version of one second alike.
//! Where locks are offered one is held while the file is replaced, and always given back. A new file is made without a lock, since locking
//! what is not there leaves an empty file behind.

use std::time::Duration;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::credentials::{from_netrc, netrc_path};
use super::http::{Answer, Ask, Client, Content};
use super::object::{self, Headers, Lock, Server};
use super::url::HttpUrl;
use super::{
    Bounds, Deadline, Guarantees, Guard, Login, Read, Remote, RemoteContext, RemoteError, Tag, Trouble, Written,
};
use crate::secret::Text;

/// For a lock or a scratch file to be given back, whatever else took its time.
const TIDYING: Duration = Duration::from_secs(10);
/// When a lock ends by itself, should nobody be left to give it back.
const LOCK_ENDS: &str = "Second-30";
const LOCK: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>\
                    <D:locktype><D:write/></D:locktype><D:owner>tickey</D:owner></D:lockinfo>\n";

/// See the module.
#[derive(Clone)]
pub(super) struct WebDav {
    client: Client,
    url: HttpUrl,
    /// `Basic …`: said only once the server has asked for it.
    login: Option<Text>,
    asked: bool,
    looked: String,
    /// Whether the server may offer locks: it is asked by asking for one, since some describe themselves wrongly.
    locks: bool,
    bounds: Bounds,
}

impl WebDav {
    pub(super) fn new(url: &HttpUrl, around: &RemoteContext) -> Result<WebDav, RemoteError> {
        let netrc =
            netrc_path(&around.environment).map_or_else(|| "~/.netrc".into(), |path| path.display().to_string());
        let looked = match &around.login {
            Some(login) => format!("the login {} is from the personal vault", login.user),
            None => format!("logins are looked for in {netrc}, under the machine {}", url.host()),
        };
        let login = around.login.clone().or_else(|| from_netrc(url.host(), url.port(), &around.environment));
        let client = Client::new(url, &format!("webdav+{url}"), None, around)?;
        let login = login.as_ref().map(basic);
        Ok(WebDav { client, url: url.clone(), login, asked: false, looked, locks: true, bounds: around.bounds.clone() })
    }

    fn once(
        &self,
        method: &'static str,
        headers: Headers,
        body: Option<Content>,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError> {
        let mut headers = headers.to_vec();
        let login = self.login.as_ref().filter(|_| self.asked);
        headers.extend(login.map(|login| ("authorization", login.as_str().to_owned())));
        self.client.ask(&Ask { method, url: &self.url, headers: &headers, body }, deadline)
    }

    /// Takes a lock: its token, or none when the server offers none, or who writes is not us.
    fn lock(&mut self, deadline: &Deadline) -> Result<Turn, RemoteError> {
        if !self.locks {
            return Ok(Turn::Free);
        }
        let headers = [
            ("depth", "0".to_owned()),
            ("timeout", LOCK_ENDS.to_owned()),
            ("content-type", "application/xml; charset=utf-8".to_owned()),
        ];
        // A lock whose token was lost on the way ends by itself; another would be lost the same way.
        let answer =
            self.ask("LOCK", &headers, Some(LOCK.as_bytes().into()), deadline).inspect_err(|_| self.locks = false)?;
        let token =
            answer.text("lock-token").map(|token| token.trim_start_matches('<').trim_end_matches('>').to_owned());
        match (answer.status, token) {
            (200..=299, Some(token)) => {
                let held = Held { server: self.clone(), token, made: answer.status == 201 };
                Ok(Turn::Locked(Box::new(held)))
            }
            (423 | 409 | 412, _) => Ok(Turn::Taken),
            (401, _) => Err(self.refusal(&answer)),
            (429 | 503, _) => Err(self.refusal(&answer)),
            // Not offered, or not to us: then without.
            _ => {
                self.locks = false;
                Ok(Turn::Free)
            }
        }
    }
}

/// Whose turn it is to write.
enum Turn {
    /// Ours, and the lock is given back when this is dropped.
    Locked(Box<Held>),
    /// Another's.
    Taken,
    /// There are no locks.
    Free,
}

/// A lock that is held.
struct Held {
    server: WebDav,
    token: String,
    /// Locking made an empty file, since there was none.
    made: bool,
}

impl Drop for Held {
    fn drop(&mut self) {
        let headers = [("lock-token", format!("<{}>", self.token))];
        for _ in 0..2 {
            let deadline = Deadline::of(TIDYING);
            match self.server.ask("UNLOCK", &headers, None, &deadline) {
                Ok(answer) if !matches!(answer.status, 429 | 500..) => break,
                _ => {}
            }
        }
    }
}

fn basic(login: &Login) -> Text {
    let pair = Zeroizing::new(format!("{}:{}", login.user, login.secret.as_str()));
    let encoded = Zeroizing::new(BASE64.encode(pair.as_bytes()));
    Text::from(format!("Basic {}", encoded.as_str()))
}

impl Server for WebDav {
    fn ask(
        &mut self,
        method: &'static str,
        headers: Headers,
        body: Option<Content>,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError> {
        let answer = self.once(method, headers, body.clone(), deadline)?;
        if answer.status != 401 || self.asked || self.login.is_none() || !answer.asks_for_basic() {
            return Ok(answer);
        }
        self.asked = true;
        self.once(method, headers, body, deadline)
    }

    fn absent(&mut self, _: &Answer, deadline: &Deadline) -> Result<(), RemoteError> {
        let path = self.url.path();
        let folder = path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or("/").to_owned();
        let mut above = WebDav { url: self.url.at(&folder), ..self.clone() };
        let mut answer = above.ask("PROPFIND", &[("depth", "0".into())], None, deadline)?;
        if matches!(answer.status, 405 | 501) {
            answer = above.ask("HEAD", &[], None, deadline)?;
        }
        match answer.status {
            404 | 409 | 410 => Err(self.error(Trouble::NoPlace, &format!("there is no folder {folder}"))),
            401 => Err(self.refusal(&answer)),
            _ => Ok(()),
        }
    }

    fn refusal(&self, answer: &Answer) -> RemoteError {
        self.client.refusal(answer, &self.looked)
    }

    fn is_settled(&self, answer: &Answer) -> bool {
        answer.is_settled()
    }

    fn error(&self, kind: Trouble, detail: &str) -> RemoteError {
        self.client.error(kind, detail)
    }

    fn again(&self) -> Box<dyn Server> {
        Box::new(self.clone())
    }
}

impl Remote for WebDav {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        let deadline = self.bounds.start();
        object::read(self, known, &deadline)
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        let deadline = self.bounds.start();
        if expected.is_none() {
            return object::write(self, bytes, None, None, &deadline);
        }
        match self.lock(&deadline)? {
            Turn::Taken => Ok(Written::Conflict),
            Turn::Free => object::write(self, bytes, expected, None, &deadline),
            // What was expected had gone, and now there is an empty file.
            Turn::Locked(mut held) if held.made => {
                let headers = [("if", format!("(<{}>)", held.token))];
                let _ = held.server.ask("DELETE", &headers, None, &deadline);
                Ok(Written::Conflict)
            }
            Turn::Locked(held) => {
                let mut lock = Lock { token: &held.token, forgotten: false };
                let written = object::write(self, bytes, expected, Some(&mut lock), &deadline);
                if lock.forgotten {
                    self.locks = false;
                }
                written
            }
        }
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        let path = self.url.path();
        let name = path.rsplit('/').next().unwrap_or_default();
        let folder = path.strip_suffix(name).unwrap_or_default();
        let mut scratch =
            WebDav { url: self.url.at(&format!("{folder}{}", super::scratch_name(name))), ..self.clone() };
        let deadline = self.bounds.start();
        let measured =
            object::measure(&mut scratch, &deadline).and_then(|measured| scratch.with_locks(measured, &deadline));
        let _ = scratch.ask("DELETE", &[], None, &Deadline::of(TIDYING));
        let mut measured = measured.map_err(|error| error.about(&scratch.url.to_string(), &self.url.to_string()))?;
        if !self.url.is_secure() {
            measured.notes.push("the connection is not encrypted, and leads to this machine".into());
        }
        Ok(measured)
    }
}

impl WebDav {
    /// Measures whether a lock hinders others; on a scratch file.
    fn with_locks(&mut self, measured: Guarantees, deadline: &Deadline) -> Result<Guarantees, RemoteError> {
        let Turn::Locked(_held) = self.lock(deadline)? else { return Ok(measured) };
        let other = self.ask("PUT", &[], Some(b"other".as_slice().into()), deadline)?;
        if other.status == 423 && measured.guard > Guard::Locks {
            return Ok(Guarantees { guard: Guard::Locks, ..measured });
        }
        Ok(measured)
    }
}
