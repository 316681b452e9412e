//! One object in a bucket of an S3-compatible store.
//!
//! The store's names of versions stand for content, and a good store replaces one version under `If-Match` and makes an object once under
//! `If-None-Match: *`. One that knows neither is found out by the probe, and by whoever reads again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::credentials::{Aws, aws};
use super::http::{Answer, Ask, Client, Content, is_strong};
use super::object::{self, Headers, Server};
use super::signature::{Key, Signed, sign};
use super::url::{HttpUrl, encode};
use super::{
    Bounds, Deadline, Environment, Guarantees, Read, Remote, RemoteContext, RemoteError, Tag, Trouble, Written,
};

/// For the scratch object to be removed, whatever else took its time.
const TIDYING: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Clone)]
pub(super) struct S3 {
    client: Client,
    bucket: String,
    object: String,
    /// The store's own address; `None` for Amazon's, which depends on the region.
    endpoint: Option<HttpUrl>,
    region: String,
    signing: Key,
    looked: String,
    bounds: Bounds,
}

impl S3 {
    pub(super) fn new(bucket: &str, object: &str, around: &RemoteContext) -> Result<S3, RemoteError> {
        let place = format!("s3://{bucket}/{object}");
        let Aws { key, region, endpoint, bundle, looked } = aws(&around.environment);
        let own = around.login.as_ref().map(|login| Key {
            id: login.user.clone(),
            secret: login.secret.clone(),
            token: None,
        });
        let Some(signing) = own.or(key) else {
            return Err(RemoteError::new(Trouble::Refused, &place, format!("there is no access key; {looked}")));
        };
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !region.chars().all(named) || !signing.id.chars().all(|c| c.is_ascii_graphic() && c != '/') {
            return Err(RemoteError::new(
                Trouble::Refused,
                &place,
                format!("the region or the access key is malformed; {looked}"),
            ));
        }
        let endpoint = endpoint.map(|endpoint| HttpUrl::parse_any(&endpoint)).transpose().map_err(|error| {
            RemoteError::new(Trouble::Unreachable, &place, format!("AWS_ENDPOINT_URL is no address: {error}"))
        })?;
        if let Some(open) = endpoint.as_ref().filter(|endpoint| endpoint.is_open() && !around.insecure) {
            let detail =
                format!("the endpoint {open} is not encrypted, and others on the way can read and hinder what is done");
            return Err(RemoteError::new(Trouble::Unencrypted, &place, detail));
        }
        let server = endpoint.clone().unwrap_or_else(|| amazon(bucket, &region));
        let client = Client::new(&server, &place, bundle.as_deref(), around)?;
        let bounds = around.bounds.clone();
        Ok(S3 { client, bucket: bucket.into(), object: object.into(), endpoint, region, signing, looked, bounds })
    }

    fn url(&self) -> HttpUrl {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let object = encode(&self.object, unreserved);
        match &self.endpoint {
            Some(endpoint) => {
                let base = endpoint.path().trim_end_matches('/');
                endpoint.at(&format!("{base}/{}/{object}", self.bucket))
            }
            None if is_host(&self.bucket) => amazon(&self.bucket, &self.region).at(&format!("/{object}")),
            None => amazon(&self.bucket, &self.region).at(&format!("/{}/{object}", self.bucket)),
        }
    }

    fn once(
        &self,
        method: &'static str,
        headers: Headers,
        body: Option<Content>,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError> {
        let url = self.url();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let what = Signed {
            method,
            host: &url.authority(),
            path: url.path(),
            query: "",
            headers,
            body: body.as_ref().map_or(&[], |body| &body.bytes),
        };
        let unsigned = || RemoteError::new(Trouble::Failed, &url.authority(), "the request could not be signed");
        let signed = sign(&what, &self.signing, &self.region, now).ok_or_else(unsigned)?;
        let headers = [headers, &signed].concat();
        self.client.ask(&Ask { method, url: &url, headers: &headers, body }, deadline)
    }
}

/// The server that this environment names for S3, when others on the way could read what goes there.
pub(super) fn open_endpoint(environment: &Environment) -> Option<String> {
    let endpoint = HttpUrl::parse_any(&aws(environment).endpoint?).ok()?;
    endpoint.is_open().then(|| format!("http://{}", endpoint.authority()))
}

/// Whether a bucket's name can be part of a host's name under Amazon's certificate.
fn is_host(bucket: &str) -> bool {
    bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Amazon's server for a bucket. Both parts were looked at: nothing but letters, digits and hyphens goes into the host.
fn amazon(bucket: &str, region: &str) -> HttpUrl {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let bucket = if is_host(bucket) { format!("{bucket}.") } else { String::new() };
    HttpUrl::https(format!("{bucket}s3.{region}.{domain}"))
}

/// The store's word for what went wrong: `<Code>NoSuchKey</Code>`.
fn code(answer: &Answer) -> &str {
    let text = std::str::from_utf8(&answer.body).unwrap_or_default();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("", |(code, _)| code).trim()
}

impl Server for S3 {
    fn ask(
        &mut self,
        method: &'static str,
        headers: Headers,
        body: Option<Content>,
        deadline: &Deadline,
    ) -> Result<Answer, RemoteError> {
        let answer = self.once(method, headers, body.clone(), deadline)?;
        // The bucket lies in another region than the person's settings say; Amazon tells which.
        let region = answer.text("x-amz-bucket-region").filter(|region| *region != self.region);
        match (answer.status, region) {
            (301 | 307 | 400, Some(region)) if region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
                self.region = region.to_owned();
                self.once(method, headers, body, deadline)
            }
            _ => Ok(answer),
        }
    }

    fn absent(&mut self, answer: &Answer, _: &Deadline) -> Result<(), RemoteError> {
        if code(answer) == "NoSuchBucket" {
            return Err(self.error(Trouble::NoPlace, &format!("there is no bucket {}", self.bucket)));
        }
        Ok(())
    }

    fn refusal(&self, answer: &Answer) -> RemoteError {
        let code = code(answer);
        match code {
            "RequestTimeTooSkewed" => self.error(Trouble::Refused, "this machine's clock is wrong by many minutes"),
            "SlowDown" => self.error(Trouble::Later(None), "the store is busy"),
            "EntityTooLarge" => self.error(Trouble::TooLarge, "the store takes no object as large as this"),
            "QuotaExceeded" | "XMinioStorageFull" => self.error(Trouble::Full, "there is no space left"),
            "" => self.client.refusal(answer, &self.looked),
            _ => {
                let kind = self.client.refusal(answer, &self.looked).kind();
                let looked = if kind == Trouble::Refused { format!("; {}", self.looked) } else { String::new() };
                self.error(kind, &format!("{code} ({}){looked}", answer.status))
            }
        }
    }

    fn is_settled(&self, answer: &Answer) -> bool {
        is_strong(&answer.etag())
    }

    fn error(&self, kind: Trouble, detail: &str) -> RemoteError {
        self.client.error(kind, detail)
    }

    fn again(&self) -> Box<dyn Server> {
        Box::new(self.clone())
    }
}

impl Remote for S3 {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        let deadline = self.bounds.start();
        object::read(self, known, &deadline)
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        let deadline = self.bounds.start();
        object::write(self, bytes, expected, None, &deadline)
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        let name = self.object.rsplit('/').next().unwrap_or_default();
        let folder = self.object.strip_suffix(name).unwrap_or_default();
        let mut scratch = S3 { object: format!("{folder}{}", super::scratch_name(name)), ..self.clone() };
        let measured = object::measure(&mut scratch, &self.bounds.start());
        let _ = scratch.ask("DELETE", &[], None, &Deadline::of(TIDYING));
        let mut measured =
            measured.map_err(|error| error.about(&scratch.url().to_string(), &self.url().to_string()))?;
        if !self.url().is_secure() {
            measured
                .notes
                .push("the connection is not encrypted: the vault is, but others can see and hinder it".into());
        }
        Ok(measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(bucket: &str, key: &str, endpoint: Option<&str>) -> String {
        let environment = Environment::default().with("AWS_ACCESS_KEY_ID", "A").with("AWS_SECRET_ACCESS_KEY", "b");
        let environment = environment.with("AWS_REGION", "eu-central-1");
        let environment = match endpoint {
            Some(endpoint) => environment.with("AWS_ENDPOINT_URL", endpoint),
            None => environment,
        };
        S3::new(bucket, key, &around(environment, true)).unwrap().url().to_string()
    }

    fn around(environment: Environment, insecure: bool) -> RemoteContext {
        RemoteContext { environment, login: None, insecure, cache: "/nonexistent".into(), bounds: Bounds::default() }
    }

    #[test]
    fn an_endpoint_that_others_can_read_is_refused_unless_it_was_allowed() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let keys = Environment::default().with("AWS_ACCESS_KEY_ID", "A").with("AWS_SECRET_ACCESS_KEY", "b");
        let keys = keys.with("HOME", home.path());
        let refused =
            |environment: &Environment, insecure| match S3::new("team", "k", &around(environment.clone(), insecure)) {
                Ok(_) => false,
                Err(error) => {
                    assert_eq!(error.kind(), Trouble::Unencrypted, "{error}");
                    assert!(error.hint().unwrap().contains("--insecure"));
                    true
                }
            };
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
            for open in ["http://nas:9000", "HTTP://10.0.0.1", "http://127.0.0.1.example.org", "http://[::2]:9000/s3"] {
                let environment = keys.clone().with(name, open);
                assert!(refused(&environment, false) && !refused(&environment, true), "{name}={open}");
                assert!(open_endpoint(&environment).is_some());
            }
            for good in ["https://nas:9000", "http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000"] {
                let environment = keys.clone().with(name, good);
                assert!(!refused(&environment, false), "{name}={good}");
                assert_eq!(open_endpoint(&environment), None);
            }
        }
        std::fs::write(home.path().join(".aws/config"), "[default]\nendpoint_url = http://nas:9000\n").unwrap();
        assert!(refused(&keys, false));
        assert_eq!(open_endpoint(&keys).as_deref(), Some("http://nas:9000"));
    }

    #[test]
    fn where_objects_lie() {
        assert_eq!(
            url("team", "a/b c+é.json", None),
            "https://team.s3.eu-central-1.amazonaws.com/a/b%20c%2B%C3%A9.json"
        );
        assert_eq!(url("team.x", "k", None), "https://s3.eu-central-1.amazonaws.com/team.x/k");
        assert_eq!(url("team", "k", Some("http://nas:9000")), "http://nas:9000/team/k");
        assert_eq!(url("team", "k", Some("http://nas:9000/s3/")), "http://nas:9000/s3/team/k");
    }

    #[test]
    fn without_a_key_it_says_where_it_looked() {
        let environment = Environment::default().with("HOME", "/home/maya").with("AWS_PROFILE", "team");
        let Err(error) = S3::new("team", "k", &around(environment, false)) else { panic!("opened without a key") };
        assert_eq!(error.kind(), Trouble::Refused);
        let said = error.to_string();
        assert!(
            said.contains("AWS_ACCESS_KEY_ID") && said.contains("\"team\" of /home/maya/.aws/credentials"),
            "{said}"
        );
    }
}
