//! The addresses of remotes: `folder:PATH`, `webdav+https://…`, `s3://BUCKET/KEY`, `git:REPOSITORY`.
//!
//! An address is shown, logged and stored, so it never holds a password; one that does is refused, not stripped.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Environment;

/// Where a remote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteUrl {
    /// A file in a folder that others see too; absolute.
    Folder(PathBuf),
    /// A file on a WebDAV server.
    WebDav(HttpUrl),
    /// An object in a bucket.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object's name, without a `/` in front.
        key: String,
    },
    /// A repository, as `git` is told it.
    Git(String),
}

/// The address of a file on a web server, without login, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl {
    secure: bool,
    /// A name, or an address (IPv6 in brackets).
    host: String,
    port: u16,
    /// From `/` on, percent-encoded.
    path: String,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// None of the four kinds.
    #[error("a remote is folder:PATH, webdav+https://HOST/PATH, s3://BUCKET/KEY or git:REPOSITORY")]
    Unknown,
    /// A line break or another control character in it.
    #[error("the address has a control character in it")]
    Control,
    /// A login in it.
    #[error(
        "the address has a login in it, and addresses are shown; put it into ~/.netrc, git's helpers or the personal vault"
    )]
    Login,
    /// Not a file's address.
    #[error("the address names a folder; name the file in it too: {0}")]
    NoFile(String),
    /// A password would travel in the clear.
    #[error("{0} would carry passwords unencrypted; use {1}")]
    Unencrypted(&'static str, &'static str),
    /// Something about the host, port or path.
    #[error("the address is malformed: {0}")]
    Malformed(&'static str),
    /// A way of git's to run commands.
    #[error("git would not take this as the name of a repository but do something else with it")]
    NotARepository,
}

impl RemoteUrl {
    /// Takes an address apart. `~/` is the home folder of `environment`; a relative path begins in the working folder.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str, environment: &Environment) -> Result<RemoteUrl, UrlError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(UrlError::Control);
        }
        if let Some(path) = text.strip_prefix("folder:") {
            return folder(path, environment);
        }
        if let Some(rest) = text.strip_prefix("webdav+") {
            return HttpUrl::parse(rest).and_then(file).map(RemoteUrl::WebDav);
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return object(rest);
        }
        match text.strip_prefix("git:") {
            // Their transport has no login and no encryption.
            Some(rest) if rest.starts_with("//") => {
                Err(UrlError::Unencrypted("git://", "git:https://… or git:ssh://…"))
            }
            Some(rest) => repository(rest, environment),
            None => Err(UrlError::Unknown),
        }
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteUrl::Folder(path) => write!(f, "folder:{}", path.display()),
            RemoteUrl::WebDav(url) => write!(f, "webdav+{url}"),
            RemoteUrl::S3 { bucket, key } => write!(f, "s3://{bucket}/{key}"),
            RemoteUrl::Git(repository) => write!(f, "git:{repository}"),
        }
    }
}

fn folder(path: &str, environment: &Environment) -> Result<RemoteUrl, UrlError> {
    let no_file = || UrlError::NoFile(format!("folder:{}/ops.json", path.trim_end_matches('/')));
    if path.is_empty() || path.ends_with('/') {
        return Err(no_file());
    }
    let path = absolute(path, environment)?;
    if path.file_name().is_none() || path.is_dir() {
        return Err(no_file());
    }
    Ok(RemoteUrl::Folder(path))
}

fn absolute(path: &str, environment: &Environment) -> Result<PathBuf, UrlError> {
    let path = match (path.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    };
    std::path::absolute(path).map_err(|_| UrlError::Malformed("its path cannot be made absolute"))
}

fn object(rest: &str) -> Result<RemoteUrl, UrlError> {
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.contains(['@', ':']) {
        return Err(UrlError::Login);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !bucket.chars().all(plain) || !bucket.starts_with(|c: char| c.is_ascii_alphanumeric()) || bucket.len() > 255 {
        return Err(UrlError::Malformed("a bucket's name is made of letters, digits, dots and hyphens"));
    }
    if key.is_empty() || key.ends_with('/') {
        return Err(UrlError::NoFile(format!("s3://{bucket}/{key}ops.json")));
    }
    if key.len() > 1024 || key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(UrlError::Malformed("a key has at most 1024 bytes and no empty, . or .. part"));
    }
    Ok(RemoteUrl::S3 { bucket: bucket.into(), key: key.into() })
}

fn repository(text: &str, environment: &Environment) -> Result<RemoteUrl, UrlError> {
    let helper = |(name, _): (&str, &str)| !name.contains(['/', ':', '@']);
    if text.is_empty() || text.starts_with('-') || text.split_once("::").is_some_and(helper) {
        return Err(UrlError::NotARepository);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        let (login, host) = authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
        if host.starts_with('-') || login.is_some_and(|login| login.starts_with('-')) {
            return Err(UrlError::NotARepository);
        }
        match (scheme, login) {
            ("https" | "http", Some(_)) => return Err(UrlError::Login),
            (_, Some(login)) if login.contains(':') => return Err(UrlError::Login),
            ("http", None) if !is_loopback(host.rsplit_once(':').map_or(host, |(host, _)| host)) => {
                return Err(UrlError::Unencrypted("http://", "git:https://…"));
            }
            ("https" | "http" | "ssh" | "file", _) => {}
            _ => return Err(UrlError::NotARepository),
        }
        return Ok(RemoteUrl::Git(text.into()));
    }
    // `user@host:path`, as scp has it; else a path.
    match text.split_once(':') {
        Some((host, _)) if !host.contains('/') => {
            if host.is_empty() || host.contains("@-") {
                return Err(UrlError::NotARepository);
            }
            Ok(RemoteUrl::Git(text.into()))
        }
        _ => {
            let path = absolute(text, environment)?;
            path.to_str().map(|path| RemoteUrl::Git(path.into())).ok_or(UrlError::Malformed("its path is not UTF-8"))
        }
    }
}

/// A server's address that names a file.
fn file(url: HttpUrl) -> Result<HttpUrl, UrlError> {
    match Path::new(&url.path).file_name() {
        Some(_) if !url.path.ends_with('/') => Ok(url),
        _ => Err(UrlError::NoFile(format!("webdav+{url}ops.json"))),
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl HttpUrl {
    /// Takes `https://host:port/path` apart; `http://` only to this machine.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str) -> Result<HttpUrl, UrlError> {
        let url = HttpUrl::parse_any(text)?;
        if url.is_open() {
            return Err(UrlError::Unencrypted("http://", "https://"));
        }
        Ok(url)
    }

    /// The same, `http://` to any host.
    pub(super) fn parse_any(text: &str) -> Result<HttpUrl, UrlError> {
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(UrlError::Unknown),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(UrlError::Login);
        }
        let after_address = authority.rfind(']').unwrap_or(0);
        let colon = authority.rfind(':').filter(|colon| *colon >= after_address);
        let (host, port) = match colon.map(|colon| authority.split_at(colon)) {
            Some((host, port)) => (host, port.trim_start_matches(':').parse().ok().filter(|port| *port > 0)),
            None => (authority, Some(if secure { 443 } else { 80 })),
        };
        let port = port.ok_or(UrlError::Malformed("the port is not a number"))?;
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = match address {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(named) && !host.starts_with('-'),
        };
        if !good {
            return Err(UrlError::Malformed(
                "the host is not a name or an address (write international names as xn--…)",
            ));
        }
        if path.contains(['?', '#']) {
            return Err(UrlError::Malformed("a file's address has no ? and no # (write %3F and %23)"));
        }
        if path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(UrlError::Malformed("its path has a . or .. in it"));
        }
        Ok(HttpUrl { secure, host: host.to_ascii_lowercase(), port, path: encode_path(path) })
    }

    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, without the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether others on the way can read it: neither encrypted nor to this machine.
    pub(super) fn is_open(&self) -> bool {
        !self.secure && !is_loopback(&self.host)
    }

    /// The path, percent-encoded.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The same server, another path (percent-encoded, from `/` on).
    pub(super) fn at(&self, path: &str) -> HttpUrl {
        HttpUrl { path: path.into(), ..self.clone() }
    }

    /// The root of a server by its name, encrypted.
    pub(super) fn https(host: String) -> HttpUrl {
        HttpUrl { secure: true, host, port: 443, path: "/".into() }
    }

    /// Whether both are one server: scheme, host and port.
    pub(super) fn same_server(&self, other: &HttpUrl) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// `host:port`, the port left out where it is the usual one: as a `Host` header has it.
    pub(super) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.secure { "https" } else { "http" }, self.authority(), self.path)
    }
}

/// Encodes what may not stand in a path; what is encoded already stays.
fn encode_path(path: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
    encode(path, kept)
}

/// Writes every byte that is not `kept` as `%XX`.
pub(super) fn encode(text: &str, kept: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if kept(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RemoteUrl, UrlError> {
        RemoteUrl::parse(text, &Environment::default().with("HOME", "/home/maya"))
    }

    #[test]
    fn addresses_read_back_as_they_are_written() {
        for text in [
            "folder:/mnt/team/ops.json",
            "webdav+https://dav.example.org/remote.php/dav/files/maya/ops.json",
            "webdav+https://dav.example.org:8443/ops.json",
            "webdav+http://127.0.0.1:8080/ops.json",
            "webdav+http://[::1]:8080/ops.json",
            "s3://team-vaults/tickey/ops.json",
            "git:git@git.example.org:team/vault.git",
            "git:ssh://git@git.example.org:2222/team/vault.git",
            "git:https://git.example.org/team/vault.git",
            "git:http://localhost:3000/team/vault.git",
            "git:file:///srv/vault.git",
            "git:/srv/vault.git",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("folder:~/Sync/ops.json").unwrap().to_string(), "folder:/home/maya/Sync/ops.json");
        assert_eq!(
            parse("webdav+HTTPS://Dav.Example.org/Tëam files/ops%20x.json").unwrap().to_string(),
            "webdav+https://dav.example.org/T%C3%ABam%20files/ops%20x.json"
        );
        assert!(matches!(parse("folder:ops.json"), Ok(RemoteUrl::Folder(path)) if path.is_absolute()));
        assert!(matches!(parse("git:vault.git"), Ok(RemoteUrl::Git(path)) if path.starts_with('/')));
    }

    #[test]
    fn logins_are_refused() {
        for text in [
            "webdav+https://maya:secret@dav.example.org/ops.json",
            "webdav+https://maya@dav.example.org/ops.json",
            "s3://key:secret@bucket/ops.json",
            "git:https://token@git.example.org/vault.git",
            "git:https://maya:secret@git.example.org/vault.git",
            "git:ssh://maya:secret@git.example.org/vault.git",
        ] {
            assert_eq!(parse(text), Err(UrlError::Login), "{text}");
        }
    }

    #[test]
    fn what_git_would_run_is_refused() {
        for text in [
            "git:ext::sh -c touch% /tmp/x",
            "git:EXT::sh",
            "git:fd::17",
            "git:-oProxyCommand=x",
            "git:--upload-pack=touch x",
            "git:ssh://-oProxyCommand=x/vault.git",
            "git:ssh://git@-oProxyCommand=x/vault.git",
            "git:git@-oProxyCommand=x:vault.git",
            "git:ftp://host/vault.git",
            "git:",
            "git::x",
        ] {
            assert_eq!(parse(text), Err(UrlError::NotARepository), "{text}");
        }
        for text in ["git:/srv/a\nb", "folder:/a\u{1b}[2J", "s3://b/k\r"] {
            assert!(matches!(parse(text), Err(UrlError::Control) | Ok(_)), "{text}");
        }
        assert_eq!(parse("git:/srv/a\nb"), Err(UrlError::Control));
    }

    #[test]
    fn passwords_never_travel_in_the_clear() {
        for text in [
            "webdav+http://dav.example.org/ops.json",
            "webdav+http://127.0.0.1.example.org/ops.json",
            "webdav+http://10.0.0.1/ops.json",
            "git:http://git.example.org/vault.git",
            "git://git.example.org/vault.git",
        ] {
            assert!(matches!(parse(text), Err(UrlError::Unencrypted(..))), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn an_address_names_a_file() {
        for text in [
            "folder:",
            "folder:/",
            "folder:/tmp",
            "folder:/x/",
            "webdav+https://h/",
            "webdav+https://h",
            "s3://b",
            "s3://b/",
            "s3://b/x/",
        ] {
            assert!(matches!(parse(text), Err(UrlError::NoFile(_))), "{text}: {:?}", parse(text));
        }
        assert_eq!(
            parse("folder:/tmp").unwrap_err().to_string(),
            "the address names a folder; name the file in it too: folder:/tmp/ops.json"
        );
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "webdav+https://h:0/x",
            "webdav+https://h:99999/x",
            "webdav+https://h:/x",
            "webdav+https:///x",
            "webdav+https://a b/x",
            "webdav+https://[::1/x",
            "webdav+https://h/x?y",
            "webdav+https://h/../x",
            "s3://b/../x",
            "s3://b//x",
            "s3://-b/x",
        ] {
            assert!(matches!(parse(text), Err(UrlError::Malformed(_))), "{text}: {:?}", parse(text));
        }
        for text in ["", "x", "/srv/x", "https://h/x", "webdav+ftp://h/x", "sftp://h/x"] {
            assert_eq!(parse(text), Err(UrlError::Unknown), "{text}");
        }
    }
}
