//! The process's surroundings as remotes see them, and logins. Secrets found here are wiped when dropped and shown nowhere.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::signature::Key;
use crate::secret::Text;

/// A name and its secret: a user and password, an access key's id and secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: String,
    /// The password or key.
    pub secret: Text,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({}, redacted)", self.user)
    }
}

/// The variables of a process. They may hold keys: never printed.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}

impl Environment {
    /// This process's.
    pub fn of_process() -> Environment {
        std::env::vars_os().collect()
    }

    /// The same with one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Environment {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// A variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The variables for another program: without those that are `left_out`, with `added`.
    pub(super) fn for_child(
        &self,
        left_out: impl Fn(&str) -> bool,
        added: &[(&str, &OsStr)],
    ) -> BTreeMap<OsString, OsString> {
        let kept = self.variables.iter().filter(|(name, _)| name.to_str().is_none_or(|name| !left_out(name)));
        let mut all: BTreeMap<OsString, OsString> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        all.extend(added.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        all
    }

    /// The home folder.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Environment {
        Environment { variables: variables.into_iter().collect() }
    }
}

/// The largest file of logins that is read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A login from `$NETRC`, else `~/.netrc`: the first for `machine HOST:PORT`, else the first for `machine HOST`. Never the `default`, which is
/// meant for no server in particular.
pub(super) fn from_netrc(host: &str, port: u16, environment: &Environment) -> Option<Login> {
    let text = read(&netrc_path(environment)?)?;
    login_of(Some(&format!("{host}:{port}")), &text).or_else(|| login_of(Some(host), &text))
}

/// Whether git, whose own library for the web reads `~/.netrc`, has a `default` login there.
pub(super) fn git_has_default(environment: &Environment) -> bool {
    git_netrc(environment).is_some_and(|text| login_of(None, &text).is_some())
}

/// Whether `~/.netrc` names that host.
pub(super) fn git_names(host: &str, environment: &Environment) -> bool {
    git_netrc(environment).is_some_and(|text| login_of(Some(host), &text).is_some())
}

fn git_netrc(environment: &Environment) -> Option<Text> {
    read(&environment.home()?.join(".netrc"))
}

/// The login for that machine, or the `default`.
fn login_of(machine: Option<&str>, text: &str) -> Option<Login> {
    let mut words = text.lines().flat_map(|line| line.split_whitespace().chain([LINE])).peekable();
    let (mut here, mut user, mut secret) = (false, None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if here && secret.is_some() {
                    break;
                }
                let name = if word == "machine" { words.next() } else { None };
                here = match (name, machine) {
                    (Some(name), Some(machine)) => name.eq_ignore_ascii_case(machine),
                    (name, machine) => name.is_none() && machine.is_none(),
                };
                (user, secret) = (None, None);
            }
            "login" if here => user = words.next().map(str::to_owned),
            "password" if here => secret = words.next().map(Text::from),
            "login" | "password" | "account" => drop(words.next()),
            // A macro lasts until an empty line.
            "macdef" => {
                while let Some(word) = words.next() {
                    if word == LINE && words.peek() == Some(&LINE) {
                        break;
                    }
                }
            }
            _ if word.starts_with('#') => while words.next().is_some_and(|word| word != LINE) {},
            _ => {}
        }
    }
    Some(Login { user: user.unwrap_or_default(), secret: secret.filter(|_| here)? })
}

/// The end of a line, which is no word.
const LINE: &str = "\n";

/// Where [`from_netrc`] looks.
pub(super) fn netrc_path(environment: &Environment) -> Option<PathBuf> {
    let home = || environment.home().map(|home| home.join(".netrc"));
    environment.get("NETRC").map(PathBuf::from).or_else(home)
}

/// How a person reaches S3.
pub(super) struct Aws {
    /// The key, if one was found.
    pub key: Option<Key>,
    /// `us-east-1` unless told otherwise.
    pub region: String,
    /// Another server than Amazon's.
    pub endpoint: Option<String>,
    /// A file with its certificate authorities.
    pub bundle: Option<PathBuf>,
    /// Where the key was looked for.
    pub looked: String,
}

/// From the `AWS_*` variables, else the profile `$AWS_PROFILE` (or `default`) in `~/.aws/credentials` and `~/.aws/config`.
pub(super) fn aws(environment: &Environment) -> Aws {
    let variable = |name: &str| environment.get(name).and_then(OsStr::to_str).map(Text::from);
    let file = |name: &str, usual: &str| {
        let home = || environment.home().map(|home| home.join(".aws").join(usual));
        environment.get(name).map(PathBuf::from).or_else(home)
    };
    let profile = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
    let profile = profile.as_deref().unwrap_or("default");
    let section = match profile {
        "default" => "default".to_owned(),
        name => format!("profile {name}"),
    };
    let keys_path = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let keys = keys_path.as_deref().map(|path| settings(path, profile)).unwrap_or_default();
    let config = file("AWS_CONFIG_FILE", "config").map(|path| settings(&path, &section)).unwrap_or_default();
    let set = |name: &str| keys.get(name).or_else(|| config.get(name)).cloned();

    let of_variables = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let (pair, token) = match of_variables {
        Some(pair) => (Some(pair), variable("AWS_SESSION_TOKEN")),
        None => (set("aws_access_key_id").zip(set("aws_secret_access_key")), set("aws_session_token")),
    };
    let key = pair.map(|(id, secret)| Key { id: id.as_str().into(), secret, token });
    let plain = |text: Text| text.as_str().to_owned();
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(|| set("region"));
    let endpoint = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
    let keys_path = keys_path.map_or_else(|| "~/.aws/credentials".into(), |path| path.display().to_string());
    Aws {
        key,
        region: region.map_or_else(|| "us-east-1".into(), plain),
        endpoint: endpoint.or_else(|| set("endpoint_url")).map(plain),
        bundle: variable("AWS_CA_BUNDLE").or_else(|| set("ca_bundle")).map(plain).map(PathBuf::from),
        looked: format!("keys are looked for in AWS_ACCESS_KEY_ID and in the profile \"{profile}\" of {keys_path}"),
    }
}

/// The settings of one section of an INI file, as AWS's own programs read it.
fn settings(path: &Path, section: &str) -> BTreeMap<String, Text> {
    let text = read(path).unwrap_or_default();
    let (mut here, mut found) = (false, BTreeMap::new());
    for line in text.lines() {
        let nested = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) || nested {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            here = name.split_whitespace().eq(section.split_whitespace());
        } else if let (true, Some((name, value))) = (here, line.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default().trim();
            if !value.is_empty() {
                found.insert(name.trim().to_lowercase(), Text::from(value));
            }
        }
    }
    found
}

/// A small text file; `None` when it cannot be read.
fn read(path: &Path) -> Option<Text> {
    let file = std::fs::File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
    std::str::from_utf8(&bytes).ok().map(Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netrc() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        std::fs::write(
            &path,
            "# password of machine dav.example.org\nmachine other.example login eve password no\n\
             macdef init\nmachine dav.example.org login trap\npassword trap\n\n\
             machine dav.example.org\n\tlogin maya account x password s3cret#1\n\
             machine nouser password only\nmachine dav.example.org:8443 login other password port\n\
             default login guest password guest\n",
        )
        .unwrap();
        let environment = Environment::default().with("NETRC", &path);
        let at = |host, port| {
            from_netrc(host, port, &environment).map(|login| (login.user.clone(), login.secret.to_string()))
        };
        let login = |host| at(host, 443);
        assert_eq!(login("DAV.example.org"), Some(("maya".into(), "s3cret#1".into())));
        assert_eq!(login("other.example"), Some(("eve".into(), "no".into())));
        assert_eq!(login("nouser"), Some((String::new(), "only".into())));
        assert_eq!(login("unknown.example"), None, "what is for every server is for none");
        assert_eq!(at("dav.example.org", 8443), Some(("other".into(), "port".into())));
        assert_eq!(at("dav.example.org", 8080), Some(("maya".into(), "s3cret#1".into())));
        std::fs::rename(&path, folder.path().join(".netrc")).unwrap();
        assert_eq!(from_netrc("other.example", 443, &environment).map(|login| login.user), None);
        let home = Environment::default().with("HOME", folder.path());
        assert!(from_netrc("other.example", 443, &home).is_some());
        assert!(!format!("{:?} {home:?}", from_netrc("dav.example.org", 443, &home)).contains("s3cret"));
    }

    #[test]
    fn aws_settings() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(
            home.path().join(".aws/credentials"),
            "[default]\naws_access_key_id = D\naws_secret_access_key=d\n[team]\nAWS_ACCESS_KEY_ID = T # mine\naws_secret_access_key = t/+=\n\
             aws_session_token = s\n",
        )
        .unwrap();
        std::fs::write(
            home.path().join(".aws/config"),
            "; mine\n[default]\nregion = eu-west-1\n[profile  team]\nregion = eu-central-1\nendpoint_url = https://s3.example\ns3 =\n  region = no\n",
        )
        .unwrap();
        let environment = Environment::default().with("HOME", home.path());
        let of = |environment: &Environment| {
            let found = aws(environment);
            let key = found.key.map(|key| format!("{}:{}:{:?}", key.id, key.secret.as_str(), key.token.is_some()));
            (key, found.region, found.endpoint)
        };
        assert_eq!(of(&environment), (Some("D:d:false".into()), "eu-west-1".into(), None));
        let team = environment.with("AWS_PROFILE", "team");
        let endpoint = Some("https://s3.example".into());
        assert_eq!(of(&team), (Some("T:t/+=:true".into()), "eu-central-1".into(), endpoint));
        let variables = team.with("AWS_ACCESS_KEY_ID", "E").with("AWS_SECRET_ACCESS_KEY", "e").with("AWS_REGION", "r");
        let variables = variables.with("AWS_ENDPOINT_URL", "http://localhost:9");
        assert_eq!(of(&variables), (Some("E:e:false".into()), "r".into(), Some("http://localhost:9".into())));
        assert_eq!(of(&Environment::default()), (None, "us-east-1".into(), None));
    }
}
