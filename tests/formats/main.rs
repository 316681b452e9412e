//! Other programs' files against what is known to be in them. The samples lie beside the project, not in it: without them this says so and
//! ends; the readers' own tests stand beside their code.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    clippy::get_unwrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

#[path = "../skip/mod.rs"]
mod skip;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tickey::formats::{Candidate, FormatError, Imported, Opened, registry, steam};
use tickey::otp::{Kind, motp};

/// Which format each folder of samples must be recognised as; a file may be of another format than its folder's others.
const FOLDERS: &[(&str, &[&str])] = &[
    ("aegis", &["aegis"]),
    ("otpauth_uri", &["uri"]),
    ("google_migration", &["google"]),
    ("2fas", &["2fas"]),
    ("andotp", &["andotp"]),
    ("stratum", &["stratum", "html"]),
    ("freeotp", &["freeotp"]),
    ("freeotp_plus", &["freeotp-plus"]),
    ("ente", &["ente", "uri"]),
    ("proton_auth", &["proton"]),
    ("bitwarden", &["bitwarden", "csv"]),
    ("1password", &["csv"]),
    ("apple_passwords", &["csv"]),
    ("chrome", &["csv"]),
    ("dashlane", &["csv"]),
    ("firefox", &["csv"]),
    ("lastpass_vault", &["csv"]),
    ("nordpass", &["csv"]),
    ("safeincloud", &["csv"]),
    ("synology", &["csv"]),
    ("cotp", &["cotp"]),
    ("duo", &["duo"]),
    ("2fauth", &["2fauth"]),
    ("gnome", &["andotp"]),
    ("keeper", &["keeper"]),
    ("enpass", &["enpass"]),
    ("devolutions", &["devolutions"]),
    ("authy", &["authy"]),
    ("battlenet", &["battlenet"]),
    ("totp_authenticator", &["totp-authenticator"]),
    ("authenticator_ext", &["authenticator-extension"]),
    ("rsc2fa", &["2fa"]),
    ("gauth", &["gauth"]),
    ("lastpass_auth", &["lastpass"]),
    ("steam", &["steam"]),
    ("totpcli", &["totp-cli", "totp-authenticator"]),
    ("otpclient", &["otpclient"]),
    ("raivo", &["raivo"]),
    ("winauth", &["uri", "zip"]),
    ("otpauth_ios", &["otp-auth"]),
    ("proton_pass", &["proton-pass"]),
    ("authenticator_plus", &["authenticator-plus"]),
    ("google_sqlite", &["google-sqlite"]),
    ("microsoft", &["microsoft"]),
    ("keepass", &["keepass"]),
];

/// A sample of which only that is compared which is not in the trash.
const ALL_IN_TRASH: &str = "keepass/stratum-keepass.recyclebin.kdbx";

/// Samples that are known and refused with words on what to do.
const NOT_READ: &[&str] = &["proton_pass/gen-proton-pass-encrypted.zip"];

fn samples(folder: &str) -> Option<(PathBuf, Map<String, Value>)> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", "samples", folder].iter().collect();
    let Ok(bytes) = std::fs::read(path.join("expected.json")) else {
        skip::skip(path.display());
        return None;
    };
    let expected: Value = serde_json::from_slice(&bytes).unwrap();
    Some((path, expected["files"].as_object().unwrap().clone()))
}

/// A sample's bytes; Steam's encrypted ones behind their manifest, `None` where the samples lack it: the file alone must be refused.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    let Ok(bytes) = std::fs::read(path) else {
        skip::skip(path.display());
        return None;
    };
    if path.extension().is_none_or(|ending| ending != "maFile") || !steam::wants_manifest(&bytes) {
        return Some(bytes);
    }
    let Ok(manifest) = std::fs::read(path.with_file_name("manifest.json")) else {
        assert!(read(&bytes, Some("a password"), "steam").is_err(), "{}", path.display());
        return None;
    };
    Some([manifest, bytes].concat())
}

/// Reads a file as a person would: recognised by its content, else by name, with its password if it asks for one.
fn read(bytes: &[u8], password: Option<&str>, name: &str) -> Result<(&'static str, Imported), FormatError> {
    let (format, opened) = match registry::read(bytes, None) {
        Err(FormatError::Unknown { .. }) => registry::read(bytes, Some(name))?,
        read => read?,
    };
    let imported = match opened {
        Opened::Plain(imported) => imported,
        Opened::Encrypted(locked) => locked.open(&password.unwrap_or_default().into())?,
    };
    Ok((format.id, imported))
}

/// The parts of an expected entry that are compared.
fn expected_parts(entry: &Value) -> Value {
    let kind = entry["type"].as_str().unwrap();
    let mut groups: Vec<&str> =
        entry["groups"].as_array().map(|groups| groups.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    groups.sort_unstable();
    json!({
        "type": kind,
        "issuer": entry["issuer"].as_str().unwrap_or(""),
        "name": entry["name"].as_str().unwrap_or(""),
        "secret": entry["secret_text"].as_str().or(entry["secret_hex"].as_str()),
        "algo": entry["algo"],
        "digits": entry["digits"],
        "period": if kind == "hotp" { Value::Null } else { entry["period"].clone() },
        "counter": if kind == "hotp" { entry["counter"].clone() } else { Value::Null },
        "groups": groups,
        "note": entry["note"].as_str().unwrap_or(""),
        "pin": entry["pin"].as_str(),
        "favorite": entry["favorite"].as_bool().unwrap_or(false),
        "trashed": entry["trashed"].as_bool().unwrap_or(false) || entry["archived"].as_bool().unwrap_or(false),
    })
}

fn our_parts(candidate: &Candidate) -> Value {
    let details = &candidate.details;
    let otp = &details.otp;
    let mut groups: Vec<&str> = details.tags.iter().map(|tag| tag.as_str()).collect();
    groups.sort_unstable();
    json!({
        "type": otp.kind.name(),
        "issuer": details.issuer.as_str(),
        "name": details.account.as_str(),
        "secret": match otp.kind {
            Kind::Motp => motp::text(&otp.secret).to_string(),
            _ => data_encoding::HEXLOWER.encode(otp.secret.expose()),
        },
        "algo": otp.algorithm.name(),
        "digits": otp.digits.get(),
        "period": (otp.kind != Kind::Hotp).then_some(otp.period.get()),
        "counter": (otp.kind == Kind::Hotp).then_some(otp.counter),
        "groups": groups,
        "note": details.note.as_str(),
        "pin": otp.pin.as_deref(),
        "favorite": details.favourite,
        "trashed": candidate.trashed,
    })
}

/// Whether no whole bytes take so many characters of base32: other programs cut such a secret, this one refuses it.
fn is_incomplete(entry: &Value) -> bool {
    let letters = entry["secret_base32"].as_str().map_or(0, str::len);
    entry["secret_text"].is_null() && matches!(letters % 8, 1 | 3 | 6)
}

fn sorted(entries: Vec<Value>) -> Vec<String> {
    let mut lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn every_sample_holds_what_it_is_known_to_hold() {
    let (mut wrong, mut incomplete_secrets, mut folders) = (Vec::new(), 0, 0);
    for (folder, formats) in FOLDERS {
        let Some((path, files)) = samples(folder) else { continue };
        folders += 1;
        for (name, expected) in &files {
            let Some(bytes) = bytes(&path.join(name)) else { continue };
            let read = read(&bytes, expected["password"].as_str(), formats[0]);
            let place = format!("{folder}/{name}");
            if NOT_READ.contains(&place.as_str()) {
                assert!(matches!(read, Err(FormatError::Unsupported(_))), "{place}");
                continue;
            }
            if expected["expect_error"].as_str().is_some() || expected["expect_error"].as_bool() == Some(true) {
                match read {
                    Err(_) => {}
                    Ok((_, imported)) if imported.entries.is_empty() => {}
                    Ok((format, _)) => wrong.push(format!("{place} must be refused, and was read as {format}")),
                }
                continue;
            }
            let (format, imported) = match read {
                Ok(read) => read,
                Err(error) => {
                    wrong.push(format!("{place}: {error}"));
                    continue;
                }
            };
            if !formats.contains(&format) {
                wrong.push(format!("{place} was taken for {format}"));
            }
            let all = expected["entries"].as_array().unwrap();
            let theirs = sorted(all.iter().filter(|entry| !is_incomplete(entry)).map(expected_parts).collect());
            let refused =
                imported.problems.iter().filter(|problem| problem.reason.contains("missing or too many")).count();
            let incomplete = all.iter().filter(|entry| is_incomplete(entry)).count();
            if refused != incomplete {
                wrong.push(format!("{place}: {incomplete} incomplete secrets, {refused} refused for it"));
            }
            incomplete_secrets += incomplete;
            let untrashed = |entry: &&Candidate| place != ALL_IN_TRASH || !entry.trashed;
            let ours = sorted(imported.entries.iter().filter(untrashed).map(our_parts).collect());
            assert!(place != ALL_IN_TRASH || imported.entries.len() == 7, "{place}");
            if theirs != ours {
                wrong.push(format!("{place} (problems: {:?})", imported.problems));
                wrong.extend(theirs.iter().filter(|line| !ours.contains(line)).map(|line| format!("  missing {line}")));
                wrong.extend(ours.iter().filter(|line| !theirs.contains(line)).map(|line| format!("  surplus {line}")));
                if theirs.len() != ours.len() {
                    wrong.push(format!("  {} expected, {} read", theirs.len(), ours.len()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(folders == 0 || incomplete_secrets > 10, "{incomplete_secrets}");
}

#[test]
fn wrong_passwords_are_refused() {
    for (folder, formats) in FOLDERS {
        let Some((path, files)) = samples(folder) else { continue };
        for (name, expected) in &files {
            let (Some(_), Some(bytes)) = (expected["password"].as_str(), bytes(&path.join(name))) else {
                continue;
            };
            assert!(read(&bytes, Some("surely not this one"), formats[0]).is_err(), "{folder}/{name}");
        }
    }
}

#[test]
fn uris_that_cannot_be_are_each_refused_with_a_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples/otpauth_uri/gen-bad-uris.cases.json");
    let Ok(bytes) = std::fs::read(path) else {
        skip::skip(path);
        return;
    };
    let cases: Value = serde_json::from_slice(&bytes).unwrap();
    for case in cases.as_array().unwrap() {
        let line = case["uri"].as_str().unwrap();
        let list = format!("otpauth://totp/good?secret=MY\n{line}\n");
        let (_, imported) = read(list.as_bytes(), None, "uri").unwrap();
        assert_eq!((imported.entries.len(), imported.problems.len()), (1, 1), "{line}");
        assert!(!imported.problems[0].reason.is_empty() && imported.problems[0].place == "line 2");
    }
}

/// What each picture's codes hold, and the entries in them.
#[test]
fn pictures_of_codes_are_read() {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", "samples", "qr"].iter().collect();
    let Ok(bytes) = std::fs::read(path.join("expected.json")) else {
        skip::skip(path.display());
        return;
    };
    let expected: Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
    assert!(expected.len() >= 26);
    for (name, expected) in &expected {
        let Ok(bytes) = std::fs::read(path.join(name)) else {
            skip::skip(name);
            continue;
        };
        let contents: Vec<&str> = expected["contents"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut found = tickey::qr::read(&bytes).unwrap_or_default();
        found.sort();
        let mut there = contents.clone();
        there.sort_unstable();
        assert_eq!(found.iter().map(|text| text.as_str()).collect::<Vec<_>>(), there, "{name}");
        if contents.is_empty() {
            assert!(registry::read(&bytes, None).is_err(), "{name}");
            continue;
        }
        let (format, imported) = read(&bytes, None, "picture").unwrap();
        assert_eq!(format, "picture");
        let theirs = sorted(expected["entries"].as_array().unwrap().iter().map(expected_parts).collect());
        assert_eq!(sorted(imported.entries.iter().map(our_parts).collect()), theirs, "{name}");
        assert_eq!(theirs.is_empty(), !imported.problems.is_empty(), "{name}: {:?}", imported.problems);
    }
}
