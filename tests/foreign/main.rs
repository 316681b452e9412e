//! Other programs beside ours: what they write we read, and what we keep gives their codes. A program that is not here is skipped and said so.
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

mod cotp;
mod keepassxc;
#[path = "../skip/mod.rs"]
mod skip;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tickey::formats::{Imported, Opened, registry};
use tickey::otp::{Algorithm, Digits, Kind, Otp, Period, base32};
use tickey::secret::Secret;

const LIST: &str = "mail:MZXW6YTBOIMZXW6YTBOI\notpauth://totp/Bank:ida?secret=JBSWY3DPEHPK3PXP&digits=8\n";

fn is_here(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        skip::skip(program);
    }
    found
}

/// What a program prints, given that on its standard input.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// What a program says that asks a terminal, given those answers to those questions.
fn at_terminal(program: &str, arguments: &[&str], answers: &[(&str, &str)]) -> String {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read;
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 500, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(program);
    command.args(arguments);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
    let mut answered = 0;
    let mut answers = answers.iter();
    let mut next = answers.next();
    // The end of the program ends the reading with an error.
    while let Ok(got @ 1..) = reader.read(&mut buffer) {
        said.extend_from_slice(&buffer[..got]);
        let new = String::from_utf8_lossy(&said[answered..]).into_owned();
        if let Some((question, answer)) = next
            && new.contains(question)
            && new.trim_end().ends_with(':')
        {
            writer.write_all(format!("{answer}\n").as_bytes()).unwrap();
            answered = said.len();
            next = answers.next();
        }
    }
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(child.wait().unwrap().success(), "{program}: {said}");
    said
}

fn opened(bytes: &[u8], password: &str) -> (&'static str, Imported) {
    let (format, opened) = registry::read(bytes, None).unwrap();
    let Opened::Encrypted(locked) = opened else { panic!("{} is encrypted", format.id) };
    assert!(locked.open(&"surely not this one".into()).is_err());
    (format.id, locked.open(&password.into()).unwrap())
}

#[test]
fn oathtool_makes_the_same_codes() {
    if !is_here("oathtool", "--version") {
        return;
    }
    for (number, algorithm) in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512].into_iter().enumerate() {
        for digits in 6..=8 {
            let secret = Secret::new((0..20 + 7 * number as u8).map(|byte| byte.wrapping_mul(37)).collect());
            let key = base32::encode(secret.expose());
            let mut otp = Otp::new(Kind::Totp, secret);
            (otp.algorithm, otp.digits) = (algorithm, Digits::new(digits).unwrap());
            otp.period = Period::new(30 + 15 * number as u64).unwrap();
            let mode = format!("--totp={}", algorithm.name());
            let (length, step) = (digits.to_string(), format!("{}s", otp.period.get()));
            for unix in [59u64, 1_767_323_042, 4_102_444_799] {
                let now = format!("@{unix}");
                let theirs =
                    run("oathtool", &["-b", &mode, "-d", &length, "-s", &step, "-N", &now, "-"], key.as_bytes());
                let ours = otp.code(unix).unwrap();
                assert_eq!(String::from_utf8_lossy(&theirs).trim(), ours.as_str(), "{mode} {digits} {unix}");
            }
            if algorithm == Algorithm::Sha1 {
                otp.kind = Kind::Hotp;
                otp.counter = 4_000_000_007;
                let theirs = run("oathtool", &["-b", "-d", &length, "-c", "4000000007", "-"], key.as_bytes());
                assert_eq!(String::from_utf8_lossy(&theirs).trim(), otp.code(0).unwrap().as_str());
            }
        }
    }
}

#[test]
fn openssl_encrypts_as_gauth_does() {
    if !is_here("openssl", "version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "päss wörd\n").unwrap();
    let password = format!("file:{}", password.display());
    let file = run("openssl", &["enc", "-aes-128-cbc", "-md", "sha256", "-pass", &password], LIST.as_bytes());
    let (format, imported) = opened(&file, "päss wörd");
    assert_eq!((format, imported.entries.len(), imported.problems.len()), ("gauth", 2, 0));
}

#[test]
fn age_encrypts_what_we_open() {
    if !is_here("age", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, LIST).unwrap();
    for armoured in [false, true] {
        let out = folder.path().join(format!("sealed-{armoured}"));
        let mut arguments = vec!["-p", "-o", out.to_str().unwrap(), plain.to_str().unwrap()];
        if armoured {
            arguments.insert(0, "-a");
        }
        at_terminal("age", &arguments, &[("passphrase", "päss wörd"), ("Confirm passphrase", "päss wörd")]);
        let (format, imported) = opened(&fs::read(&out).unwrap(), "päss wörd");
        assert_eq!((format, imported.entries.len()), ("age", 2));
    }
}

#[test]
fn a_store_of_pass_is_opened_with_gpg() {
    if !is_here("gpg", "--version") {
        return;
    }
    // A short path: the agent's socket lies in it.
    let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
    let store = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str], input: &[u8]| {
        let home = home.path().to_str().unwrap();
        run("gpg", &[&["--homedir", home, "--quiet", "--batch"], arguments].concat(), input)
    };
    gpg(&["--passphrase", "", "--quick-generate-key", "made for a test", "default", "default", "never"], b"");
    fs::write(store.path().join(".gpg-id"), "made for a test\n").unwrap();
    fs::create_dir(store.path().join("web")).unwrap();
    let put = |name: &str, text: &str| {
        let path = store.path().join(name);
        let sealed = gpg(&["--trust-model", "always", "--encrypt", "-r", "made for a test"], text.as_bytes());
        fs::write(path, sealed).unwrap();
    };
    put("web/site.gpg", "hunter2\notpauth://totp/Site:ida?secret=JBSWY3DPEHPK3PXP\n");
    put("none.gpg", "hunter2\n");
    fs::write(store.path().join("torn.gpg"), "no gpg file").unwrap();
    let words = store.path().join("words");
    fs::write(&words, "correct horse battery staple\n").unwrap();
    let tickey = |arguments: &[&str]| {
        let done = assert_cmd::Command::cargo_bin("tickey")
            .unwrap()
            .args(arguments)
            .arg("--passphrase-file")
            .arg(&words)
            .envs([("HOME", store.path()), ("GNUPGHOME", home.path())])
            .env_remove("XDG_DATA_HOME")
            .output()
            .unwrap();
        (
            done.status.code(),
            String::from_utf8_lossy(&done.stdout).into_owned(),
            String::from_utf8_lossy(&done.stderr).into_owned(),
        )
    };
    assert_eq!(tickey(&["init"]).0, Some(0));
    let (code, out, said) = tickey(&["import", store.path().to_str().unwrap(), "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["added"], &report["entries"][0]["tags"][0]), (&1.into(), &"web".into()));
    assert_eq!((&report["failed"][0]["place"], report["failed"].as_array().unwrap().len()), (&"torn".into(), 1));
    let (code, _, said) = tickey(&["import", home.path().to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("no store of pass"), "{said}");
    let _ = Command::new("gpgconf").arg("--homedir").arg(home.path()).args(["--kill", "gpg-agent"]).status();
}

#[test]
fn the_sample_store_holds_what_it_is_known_to_hold() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/pass_otp/gen-store");
    if !is_here("gpg", "--version") || !sample.is_dir() {
        skip::skip(sample.display());
        return;
    }
    let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
    let homedir = home.path().to_str().unwrap();
    let key = fs::read(sample.join("TEST-SECRET-KEY.asc")).unwrap();
    run("gpg", &["--homedir", homedir, "--quiet", "--batch", "--import"], &key);
    let mut imported = Imported::default();
    for name in ["bare", "gopass-style", "nothing", "web/github.com", "web/totp-only"] {
        let file = sample.join(format!("{name}.gpg"));
        let plain = run("gpg", &["--homedir", homedir, "--quiet", "--batch", "--decrypt", file.to_str().unwrap()], b"");
        tickey::formats::pass::read_entry(name, std::str::from_utf8(&plain).unwrap(), &mut imported);
    }
    let expected: serde_json::Value =
        serde_json::from_slice(&fs::read(sample.join("../expected.json")).unwrap()).unwrap();
    let mut theirs: Vec<String> = expected["files"]["gen-store"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {} {} {}", entry["type"], entry["issuer"], entry["name"], entry["groups"]))
        .collect();
    let mut ours: Vec<String> = imported
        .entries
        .iter()
        .map(|read| {
            let tags: Vec<&str> = read.details.tags.iter().map(|tag| tag.as_str()).collect();
            let (issuer, account) = (read.details.issuer.as_str(), read.details.account.as_str());
            format!(
                "{:?} {issuer:?} {account:?} {}",
                read.details.otp.kind.name(),
                serde_json::to_string(&tags).unwrap()
            )
        })
        .collect();
    theirs.sort();
    ours.sort();
    assert_eq!((ours, imported.problems), (theirs, Vec::new()));
    let _ = Command::new("gpgconf").arg("--homedir").arg(home.path()).args(["--kill", "gpg-agent"]).status();
}
