//! Requests to web servers: bounded in time and size, encrypted wherever a password could be read, and never led astray.
//!
//! A redirect is followed on the same server only; a login goes nowhere else. Nothing packed is unpacked (a few bytes could become
//! gigabytes). Certificates are checked against the system's authorities, or those in `SSL_CERT_FILE` and `SSL_CERT_DIR`.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant, SystemTime};

use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderMap, HeaderValue, Request, Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, Body, SendBody};

use super::url::{HttpUrl, is_loopback};
use super::{Deadline, LARGEST, RemoteContext, RemoteError, Trouble, within};

/// How much of an answer that is no file is read.
const WORDS: usize = 64 * 1024;
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Before a connection that is not used is given up: shorter than servers' own habits, so that none is used that they have closed.
const IDLE: Duration = Duration::from_secs(4);
/// How long content may halt in the middle.
const HALT: Duration = Duration::from_secs(5);
/// How often one request is led on.
const LEADS: usize = 3;
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// A file changed longer ago than this does not get another version with the same name.
const SETTLED: Duration = Duration::from_secs(3);

/// Connections to one server.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    place: String,
}

/// One request.
pub(super) struct Ask<'a> {
    pub method: &'static str,
    pub url: &'a HttpUrl,
    pub headers: &'a [(&'static str, String)],
    pub body: Option<Content>,
}

/// What a request carries.
#[derive(Clone)]
pub(super) struct Content {
    pub bytes: Arc<[u8]>,
    /// Halts in the middle, to see what a server does meanwhile.
    pub halt: Option<Halt>,
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Content {
        Content { bytes: bytes.into(), halt: None }
    }
}

/// Where a request that halts has got to.
#[derive(Clone, Default)]
pub(super) struct Halt {
    reached: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Halt {
    /// Waits until half of the content is on its way.
    pub(super) fn reached(&self) {
        wait_for(&self.reached);
    }

    /// Lets the other half go.
    pub(super) fn go_on(&self) {
        self.go_on.store(true, Ordering::Relaxed);
    }
}

fn wait_for(flag: &AtomicBool) {
    let start = Instant::now();
    while !flag.load(Ordering::Relaxed) && start.elapsed() < HALT {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Content on its way.
struct Sending<'a> {
    first: &'a [u8],
    rest: &'a [u8],
    halt: &'a Halt,
}

impl io::Read for Sending<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.first.is_empty() && !self.rest.is_empty() {
            self.halt.reached.store(true, Ordering::Relaxed);
            wait_for(&self.halt.go_on);
            self.first = std::mem::take(&mut self.rest);
        }
        self.first.read(buffer)
    }
}

/// A server's answer.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The file for a GET that succeeded; else the first of what was said.
    pub body: Vec<u8>,
}

impl Client {
    /// For the server of `url`; `bundle` names a file with its authorities. `place` is how errors call it.
    pub(super) fn new(
        url: &HttpUrl,
        place: &str,
        bundle: Option<&Path>,
        around: &RemoteContext,
    ) -> Result<Client, RemoteError> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::Provided(Arc::new("identity".into())))
            .user_agent(AutoHeaderValue::Provided(Arc::new(concat!("tickey/", env!("CARGO_PKG_VERSION")).into())))
            .timeout_connect(Some(around.bounds.connect))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .max_idle_age(IDLE);
        if is_loopback(url.host()) {
            // What is for this machine goes through no proxy.
            config = config.proxy(None);
        }
        if url.is_secure() {
            let roots = RootCerts::Specific(Arc::new(authorities(place, bundle, around)?));
            config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Client { agent: config.build().into(), place: place.into() })
    }

    /// Asks, and is led on by the same server only. Tried again once if a connection breaks and nothing can have been changed.
    ///
    /// # Errors
    /// What hinders an answer; an answer of any status is none.
    pub(super) fn ask(&self, ask: &Ask, deadline: &Deadline) -> Result<Answer, RemoteError> {
        let changes = !matches!(ask.method, "GET" | "HEAD" | "OPTIONS" | "PROPFIND");
        let mut url = ask.url.clone();
        let mut broke = false;
        for _ in 0..=LEADS {
            let answer = match self.once(ask, &url, deadline) {
                Err(error) if error.kind() == Trouble::Torn && !changes && !broke => {
                    broke = true;
                    continue;
                }
                // Only a connection that was never made has certainly changed nothing.
                Err(error)
                    if changes && matches!(error.kind(), Trouble::Torn | Trouble::TimedOut | Trouble::Cancelled) =>
                {
                    return Err(error.perhaps_arrived());
                }
                result => result?,
            };
            let leads = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let Some(to) = answer.text(header::LOCATION.as_str()).filter(|_| leads) else { return Ok(answer) };
            url = self.led_to(to, &url)?;
        }
        Err(self.error(Trouble::Elsewhere, "it leads from one address to the next without end"))
    }

    fn led_to(&self, to: &str, from: &HttpUrl) -> Result<HttpUrl, RemoteError> {
        let here = to.starts_with('/') && !to.starts_with("//");
        let server = if here { from.at("").to_string() } else { String::new() };
        match HttpUrl::parse_any(&format!("{server}{to}")) {
            Ok(next) if next.same_server(from) => Ok(next),
            _ => Err(self.error(Trouble::Elsewhere, format!("it leads to {to}, which is another server or no file"))),
        }
    }

    fn once(&self, ask: &Ask, url: &HttpUrl, deadline: &Deadline) -> Result<Answer, RemoteError> {
        let mut request = Request::builder().method(ask.method).uri(url.to_string());
        for (name, value) in ask.headers {
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| self.error(Trouble::Refused, format!("{name} cannot hold a control character")))?;
            value.set_sensitive(*name == "authorization");
            request = request.header(*name, value);
        }
        let body = ask.body.clone();
        let request = request.body(()).map_err(|error| self.error(Trouble::Failed, error.to_string()))?;
        let (client, its_deadline, get) = (self.clone(), deadline.clone(), ask.method == "GET");
        within(deadline, &self.place, move || client.run(request, body, get, &its_deadline))
    }

    fn run(
        &self,
        request: Request<()>,
        body: Option<Content>,
        get: bool,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError> {
        let left = deadline.left(&self.place)?;
        let response = match &body {
            None => self.run_one(request, left),
            Some(Content { bytes, halt: None }) => self.run_one(request.map(|()| &**bytes), left),
            Some(Content { bytes, halt: Some(halt) }) => {
                let (first, rest) = bytes.split_at(bytes.len() / 2);
                let (length, mut sending) = (HeaderValue::from(bytes.len()), Sending { first, rest, halt });
                let mut request = request.map(|()| SendBody::from_reader(&mut sending));
                request.headers_mut().insert(header::CONTENT_LENGTH, length);
                self.run_one(request, left)
            }
        };
        let response = response.map_err(|error| self.trouble(&error))?;
        let (head, mut body) = response.into_parts();
        let status = head.status.as_u16();
        if head.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(self.error(Trouble::Failed, "it sends packed content, which was not asked for"));
        }
        let is_file = get && status == 200;
        let most = if is_file { LARGEST } else { WORDS };
        if is_file
            && body.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most))
        {
            return Err(self.error(Trouble::TooLarge, "more than 256 MiB lie there"));
        }
        let mut bytes = Vec::new();
        let mut reader = body.as_reader();
        let mut chunk = vec![0; WORDS];
        loop {
            deadline.left(&self.place)?;
            let read = match reader.read(&mut chunk) {
                Ok(read) => read,
                // What is said beside a status matters little.
                Err(_) if !is_file => 0,
                Err(error) => return Err(self.trouble(&ureq::Error::from(error))),
            };
            let part = chunk.get(..read).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            if bytes.len().saturating_add(read) > most {
                if is_file {
                    return Err(self.error(Trouble::TooLarge, "more than 256 MiB lie there"));
                }
                break;
            }
            if bytes.try_reserve(read).is_err() {
                return Err(self.error(Trouble::TooLarge, "there is not enough memory for it"));
            }
            bytes.extend_from_slice(part);
        }
        Ok(Answer { status, headers: head.headers, body: bytes })
    }

    fn run_one(&self, request: Request<impl AsSendBody>, left: Duration) -> Result<Response<Body>, ureq::Error> {
        self.agent.run(self.agent.configure_request(request).timeout_global(Some(left)).build())
    }

    pub(super) fn error(&self, kind: Trouble, detail: impl AsRef<str>) -> RemoteError {
        RemoteError::new(kind, &self.place, detail)
    }

    fn trouble(&self, error: &ureq::Error) -> RemoteError {
        use io::ErrorKind;
        use ureq::Error;
        let certificate = |error: &rustls::Error| {
            matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        };
        let kind = match error {
            Error::Rustls(inner) if certificate(inner) => Trouble::Certificate,
            Error::Io(inner) => match inner.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(inner) if certificate(inner) => Trouble::Certificate,
                Some(_) => Trouble::Torn,
                None => match inner.kind() {
                    ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::TimedOut,
                    ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable => Trouble::Unreachable,
                    _ => Trouble::Torn,
                },
            },
            Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
            | Error::HostNotFound
            | Error::ConnectionFailed
            | Error::ConnectProxyFailed(_)
            | Error::InvalidProxyUrl => Trouble::Unreachable,
            Error::Timeout(_) => Trouble::TimedOut,
            _ => Trouble::Torn,
        };
        self.error(kind, error.to_string())
    }

    /// What an answer says that is not what was hoped for. `looked` says where a login was looked for.
    pub(super) fn refusal(&self, answer: &Answer, looked: &str) -> RemoteError {
        let status = answer.status;
        let said = |what: &str| format!("{what} ({status})");
        match status {
            401 | 407 => {
                let offers = answer.headers.contains_key(header::WWW_AUTHENTICATE);
                let other = offers && !answer.asks_for_basic();
                let way = if other { "; it wants another way to log in than Basic" } else { "" };
                self.error(Trouble::Refused, format!("no login, or a wrong one ({status}){way}; {looked}"))
            }
            403 => self.error(Trouble::Refused, format!("this login may not do that (403); {looked}")),
            404 | 410 => self.error(Trouble::NoPlace, said("there is no such place")),
            408 => self.error(Trouble::TimedOut, said("it waited in vain")),
            413 => self.error(Trouble::TooLarge, said("the server takes no file as large as this")),
            423 => self.error(Trouble::Later(None), said("the file is locked")),
            429 | 502 | 503 | 504 => self.error(Trouble::Later(answer.pause()), said("the server is busy")),
            507 => self.error(Trouble::Full, said("there is no space left")),
            300..=399 | 511 => self.error(Trouble::Elsewhere, said("something else answers")),
            _ => self.error(Trouble::Failed, said("the server failed or did not understand")),
        }
    }
}

impl Answer {
    /// A header as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// Whether it offers to take a login in the one way that this program knows.
    pub(super) fn asks_for_basic(&self) -> bool {
        let basic =
            |value: &HeaderValue| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("basic"));
        self.headers.get_all(header::WWW_AUTHENTICATE).iter().any(basic)
    }

    /// The version's name; empty when there is none.
    pub(super) fn etag(&self) -> String {
        self.text("etag").unwrap_or_default().to_owned()
    }

    /// Whether another version can no longer get the same name (RFC 9110 §8.8.2.2): made from a time in whole seconds, it can within that
    /// second.
    pub(super) fn is_settled(&self) -> bool {
        let date = |name: &str| self.text(name).and_then(|text| httpdate::parse_http_date(text).ok());
        let (Some(now), Some(changed)) = (date("date"), date("last-modified")) else { return false };
        is_strong(&self.etag()) && now.duration_since(changed).is_ok_and(|age| age >= SETTLED)
    }

    fn pause(&self) -> Option<Duration> {
        let text = self.text("retry-after")?;
        let pause = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
        };
        Some(pause.min(LONGEST_PAUSE))
    }
}

/// Whether a version's name stands for its very bytes, as far as a server promises that.
pub(super) fn is_strong(etag: &str) -> bool {
    etag.starts_with('"')
}

/// The certificates that are trusted.
fn authorities(
    place: &str,
    bundle: Option<&Path>,
    around: &RemoteContext,
) -> Result<Vec<Certificate<'static>>, RemoteError> {
    static RING: Once = Once::new();
    RING.call_once(|| {
        // Somebody else's choice of a provider is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let file = bundle.or_else(|| around.environment.get("SSL_CERT_FILE").map(Path::new));
    let folder = around.environment.get("SSL_CERT_DIR").map(Path::new);
    let found = match (file, folder) {
        (None, None) => rustls_native_certs::load_native_certs(),
        (file, folder) => rustls_native_certs::load_certs_from_paths(file, folder),
    };
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(|| "the system has none".into(), ToString::to_string);
        return Err(RemoteError::new(
            Trouble::Certificate,
            place,
            format!("no certificate authority was found: {why}"),
        ));
    }
    Ok(found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(header::HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        Answer { status: 200, headers: map, body: Vec::new() }
    }

    #[test]
    fn a_name_settles_after_its_second() {
        let changed = ("last-modified", "Sat, 31 Jan 2026 10:15:00 GMT");
        let strong = ("etag", "\"1\"");
        let at = |second: &'static str| ("date", second);
        assert!(!answer(&[changed, strong, at("Sat, 31 Jan 2026 10:15:01 GMT")]).is_settled());
        assert!(answer(&[changed, strong, at("Sat, 31 Jan 2026 10:15:03 GMT")]).is_settled());
        assert!(!answer(&[changed, ("etag", "W/\"1\""), at("Sat, 31 Jan 2026 10:15:03 GMT")]).is_settled());
        assert!(!answer(&[changed, at("Sat, 31 Jan 2026 10:15:03 GMT")]).is_settled());
        assert!(!answer(&[strong, at("Sat, 31 Jan 2026 10:15:03 GMT")]).is_settled());
        assert!(!answer(&[changed, strong, at("Sat, 31 Jan 2026 10:14:00 GMT")]).is_settled());
    }

    #[test]
    fn pauses_are_read_and_bounded() {
        let pause = |text| answer(&[("retry-after", text)]).pause();
        assert_eq!(pause("7"), Some(Duration::from_secs(7)));
        assert_eq!(pause("99999999"), Some(LONGEST_PAUSE));
        assert_eq!(pause("Tue, 31 Jan 2006 10:15:00 GMT"), Some(Duration::ZERO));
        assert_eq!(pause("soon"), None);
    }
}
