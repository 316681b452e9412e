//! AWS Signature Version 4, in headers: how a request to S3 proves whose it is without the key travelling.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::secret::Text;
use crate::time::Utc;

/// Whose requests they are.
#[derive(Clone)]
pub(super) struct Key {
    pub id: String,
    pub secret: Text,
    /// Of a key that is lent for some hours.
    pub token: Option<Text>,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// As the `Host` header has it.
    pub host: &'a str,
    /// Percent-encoded once.
    pub path: &'a str,
    /// `a=b&c=d`, sorted and encoded.
    pub query: &'a str,
    /// Names in lower case.
    pub headers: &'a [(&'static str, String)],
    pub body: &'a [u8],
}

/// The headers to be added, at `now` (Unix seconds) in `region`; `None` when nothing can be signed.
pub(super) fn sign(what: &Signed, key: &Key, region: &str, now: u64) -> Option<Vec<(&'static str, String)>> {
    let time = time(now);
    let day = time.get(..8)?;
    let digest = HEXLOWER.encode(&Sha256::digest(what.body));
    let mut added = vec![("x-amz-content-sha256", digest.clone()), ("x-amz-date", time.clone())];
    added.extend(key.token.iter().map(|token| ("x-amz-security-token", token.as_str().to_owned())));

    let mut headers: Vec<(&str, &str)> = vec![("host", what.host)];
    headers.extend(what.headers.iter().chain(&added).map(|(name, value)| (*name, value.trim())));
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("{}\n{}\n{}\n{lines}\n{names}\n{digest}", what.method, what.path, what.query);

    let scope = format!("{day}/{region}/s3/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", HEXLOWER.encode(&Sha256::digest(canonical)));
    let mut signing = hmac(format!("AWS4{}", key.secret.as_str()).as_bytes(), day)?;
    for part in [region, "s3", "aws4_request", &to_sign] {
        signing = hmac(&signing, part)?;
    }
    let credential = format!("{}/{scope}", key.id);
    let signature = HEXLOWER.encode(&signing);
    let proof = format!("AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}");
    added.push(("authorization", proof));
    Some(added)
}

fn hmac(key: &[u8], message: &str) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(message.as_bytes());
    Some(mac.finalize().into_bytes().into())
}

/// `20130524T000000Z`.
fn time(unix: u64) -> String {
    let Utc { year, month, day, hour, minute, second } = Utc::from_unix(unix);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of AWS's documentation, all of 24 May 2013.
    #[test]
    fn aws_examples() {
        let key = Key {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        };
        let signature = |method, path, query, headers: &[(&'static str, String)], body: &[u8]| {
            let host = "examplebucket.s3.amazonaws.com";
            let added =
                sign(&Signed { method, host, path, query, headers, body }, &key, "us-east-1", 1_369_353_600).unwrap();
            let (_, proof) = added.into_iter().find(|(name, _)| *name == "authorization").unwrap();
            assert!(proof.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"), "{proof}");
            proof.rsplit_once('=').unwrap().1.to_owned()
        };
        assert_eq!(
            signature("GET", "/test.txt", "", &[("range", "bytes=0-9".into())], b""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let put =
            [("date", "Fri, 24 May 2013 00:00:00 GMT".into()), ("x-amz-storage-class", "REDUCED_REDUNDANCY".into())];
        assert_eq!(
            signature("PUT", "/test%24file.text", "", &put, b"Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        assert_eq!(
            signature("GET", "/", "lifecycle=", &[], b""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        assert_eq!(
            signature("GET", "/", "max-keys=2&prefix=J", &[], b""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn times() {
        for (unix, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(time(unix), text);
        }
    }

    #[test]
    fn a_lent_key_names_its_token() {
        let key = Key { id: "A".into(), secret: "b".into(), token: Some("t".into()) };
        let what = Signed { method: "GET", host: "h", path: "/", query: "", headers: &[], body: b"" };
        let added = sign(&what, &key, "eu-west-1", 0).unwrap();
        assert!(added.contains(&("x-amz-security-token", "t".into())));
        assert!(added.iter().any(|(_, value)| value.contains(";x-amz-security-token,")));
    }
}
