//! `tests/decrypt.py`, written from `src/vault/FORMAT.md` alone, opens what the program writes and refuses what is not whole.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use tickey::otp::Kind;
use tickey::secret::Text;
use tickey::vault::join::InviteCode;
use tickey::vault::roster::Role;
use tickey::vault::sharing::Work;
use tickey::vault::{Clock, Edit, EntryId, Locked, Stamp, Unlocked};

use crate::skip::skip;
use crate::{LIMITS, Made, NEW_PASSPHRASE, NOON, PASSPHRASE, Stream, details, entries, full};

const MODULES: [&str; 3] = ["argon2-cffi", "cryptography", "pycryptodome"];

/// A Python that has the modules: the one in `target/python`, which `.ci/run` makes, or the system's.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python/bin/python");
        let works = |python: &Path| {
            let imports = ["-c", "import argon2, cryptography, Crypto.Cipher.ChaCha20_Poly1305"];
            let ran = Command::new(python).args(imports).stderr(Stdio::null()).status();
            ran.is_ok_and(|status| status.success())
        };
        [ours, PathBuf::from("python3")].into_iter().find(|python| works(python))
    };
    let python = PYTHON.get_or_init(find).as_deref();
    if python.is_none() {
        skip(format!("Python with {MODULES:?}, which .ci/run makes"));
    }
    python
}

/// Exit code, standard output and standard error.
fn decrypt(python: &Path, vault: &[u8], typed: &str, options: &[&str]) -> (i32, String, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(vault).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decrypt.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(format!("--now={NOON}"))
        .args(options)
        .arg(file.path())
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have refused the file and gone before it reads: then nobody listens.
    let _ = writeln!(child.stdin.take().unwrap(), "{typed}");
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn opens(python: &Path, made: &mut Made, typed: &str, options: &[&str]) {
    let sealed = made.seal();
    shows(python, &sealed, &made.vault, typed, options);
}

fn shows(python: &Path, sealed: &[u8], vault: &Unlocked, typed: &str, options: &[&str]) {
    let (code, out, errors) = decrypt(python, sealed, typed, options);
    assert_eq!(code, 0, "{errors}");
    let theirs: Value = serde_json::from_str(&out).unwrap();
    let ours = entries(vault);
    assert_eq!(theirs.as_array().unwrap().len(), ours.as_array().unwrap().len());
    for (theirs, ours) in theirs.as_array().unwrap().iter().zip(ours.as_array().unwrap()) {
        assert_eq!(theirs, ours);
    }
}

#[test]
fn it_reads_every_entry_as_the_program_does() {
    let Some(python) = python() else { return };
    opens(python, &mut Made::new(1), PASSPHRASE, &[]);
    let mut made = full(2);
    assert!(made.vault.entries().any(|entry| !entry.conflicts.is_empty()));
    assert!(made.vault.entries().any(|entry| entry.deleted));
    opens(python, &mut made, PASSPHRASE, &[]);
    let code = made.recovery_code.clone();
    opens(python, &mut made, &code, &["--recovery"]);
    let typed_by_hand = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    opens(python, &mut made, &typed_by_hand, &["--recovery"]);
}

#[test]
fn it_follows_a_new_passphrase() {
    let Some(python) = python() else { return };
    let mut made = full(3);
    made.change_passphrase("in between");
    made.change_passphrase(NEW_PASSPHRASE);
    opens(python, &mut made, NEW_PASSPHRASE, &[]);
    let code = made.recovery_code.clone();
    opens(python, &mut made, &code, &["--recovery"]);
    let (code, out, errors) = decrypt(python, &made.seal(), PASSPHRASE, &[]);
    assert_eq!((code, out.as_str(), errors.as_str()), (5, "", "decrypt.py: wrong passphrase\n"));
}

#[test]
fn it_opens_a_shared_vault_and_counts_what_counts() {
    let Some(python) = python() else { return };
    let mut random = Stream::new(30);
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut random).unwrap();
    let mut maya = founded.vault;
    let mut clocks = [1, 2].map(|replica| Clock::new(replica, Stamp::default()));
    let add = |vault: &Unlocked, clock: &mut Clock, issuer: &str| {
        let id = EntryId::random(&mut Stream::new(u64::from(issuer.len() as u8) + 900)).unwrap();
        vault.with(&vault.plan(&[Edit::Add(id, Box::new(details(Kind::Totp, issuer)))], clock, NOON).unwrap())
    };
    maya = add(&maya, &mut clocks[0], "Registrar");
    let invited = maya.invite("bob", Role::Editor, NOON + 1_000, NOON, &mut random).unwrap();
    let code = InviteCode::read(&invited.code).unwrap();
    let sealed = invited.vault.seal(&mut random).unwrap();
    let bob = Unlocked::join(&Locked::read(&sealed, &LIMITS).unwrap(), &code, None, NOON, &mut random).unwrap();
    let joining = bob.seal(&mut random).unwrap();
    maya = invited.vault.accept(&joining, None, &LIMITS, NOON, &mut random).unwrap().vault;
    maya = maya.housekeeping(NOON, &mut random).unwrap().unwrap().0;
    let sealed = maya.seal(&mut random).unwrap();
    let bob = bob.accept(&sealed, None, &LIMITS, NOON, &mut random).unwrap().vault;
    let bob = add(&bob, &mut clocks[1], "Cloud");
    let sealed = bob.seal(&mut random).unwrap();
    let key = |vault: &Unlocked| data_encoding::BASE32_NOPAD.encode(vault.link_keys().member.key().expose());
    shows(python, &sealed, &bob, &key(&bob), &["--key"]);
    shows(python, &sealed, &bob, &key(&maya), &["--key"]);
    let recovery: Text = founded.recovery_code;
    shows(python, &sealed, &bob, &recovery, &["--recovery"]);
    // What Bob's clock dates more than a day ahead is there and does not count yet; a day ahead does.
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let mut ahead = bob.clone();
    for (issuer, at) in [("Due", NOON + DAY), ("Far ahead", NOON + DAY + 1)] {
        let mut clock = Clock::new(3, Stamp::default());
        let id = EntryId::random(&mut random).unwrap();
        let added = ahead.plan(&[Edit::Add(id, Box::new(details(Kind::Totp, issuer)))], &mut clock, at).unwrap();
        ahead = ahead.with(&added);
    }
    ahead = ahead.at(NOON);
    assert_eq!(ahead.entries().count(), 3);
    shows(python, &ahead.seal(&mut random).unwrap(), &ahead, &key(&maya), &["--key"]);
    // Bob leaves: what he did stays, what he does later does not count, and he opens nothing any more.
    maya = maya.accept(&sealed, None, &LIMITS, NOON, &mut random).unwrap().vault;
    let member = maya.members().iter().find(|member| member.name == "bob").unwrap().clone();
    maya = maya.remove(&member, Work::Usual, NOON, &mut random).unwrap().vault;
    let late = bob.plan(
        &[Edit::Add(EntryId::random(&mut random).unwrap(), Box::new(details(Kind::Totp, "Late")))],
        &mut clocks[1],
        NOON,
    );
    maya = maya.with(&late.unwrap());
    assert_eq!((maya.entries().count(), maya.set_aside().len()), (2, 1));
    let sealed = maya.seal(&mut random).unwrap();
    shows(python, &sealed, &maya, &key(&maya), &["--key"]);
    assert_eq!(decrypt(python, &sealed, &key(&bob), &["--key"]).0, 5);
    assert_eq!(decrypt(python, &sealed, PASSPHRASE, &[]).0, 5);
    // One more owner comes in with the recovery code, which is spent by it, removes maya, and renews the code once more.
    let opened = Locked::read(&sealed, &LIMITS).unwrap().unlock_with_recovery_code(&recovery).unwrap();
    let zoe = opened.come_in_by_code("zoe", NOON, &mut random).unwrap();
    let founder = zoe.vault.members().iter().find(|member| member.name == "maya").unwrap().clone();
    let removed = zoe.vault.remove(&founder, Work::Usual, NOON, &mut random).unwrap();
    let renewed = removed.vault.renew_recovery(NOON, &mut random).unwrap();
    let (zoe, newest) = (renewed.vault, renewed.recovery_code.unwrap());
    let sealed = zoe.seal(&mut random).unwrap();
    shows(python, &sealed, &zoe, &key(&zoe), &["--key"]);
    shows(python, &sealed, &zoe, &newest, &["--recovery"]);
    for ended in [&recovery, &removed.recovery_code.unwrap()] {
        assert_eq!(decrypt(python, &sealed, ended, &["--recovery"]).0, 5);
    }
    assert_eq!(decrypt(python, &sealed, &key(&maya), &["--key"]).0, 5);
}

#[test]
fn it_tells_a_wrong_passphrase_from_damage() {
    let Some(python) = python() else { return };
    let mut made = full(4);
    let sealed = made.seal();
    for (typed, options) in [
        ("not it", &[][..]),
        ("", &[]),
        ("Strasse 日本 — ok?", &[]),
        ("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", &["--recovery"]),
        (&*Made::new(5).recovery_code, &["--recovery"]),
    ] {
        let (code, out, errors) = decrypt(python, &sealed, typed, options);
        assert_eq!((code, out.as_str()), (5, ""), "{errors}");
    }
    let value_of = |key: &str| {
        let start = format!("\"{key}\":\"");
        sealed.windows(start.len()).position(|window| window == start.as_bytes()).unwrap() + start.len()
    };
    let mut places: Vec<usize> = ["header", "nonce", "body", "author", "signature"].map(value_of).to_vec();
    places.extend((0..sealed.len() - 2).step_by(sealed.len() / 8));
    for place in places {
        let mut flipped = sealed.clone();
        flipped[place] ^= 1;
        let (code, out, errors) = decrypt(python, &flipped, PASSPHRASE, &[]);
        assert_eq!((code, out.as_str()), (6, ""), "byte {place}: {errors}");
    }
    for cut in [0, 1, 40, sealed.len() / 2, sealed.len() - 3] {
        let (code, out, errors) = decrypt(python, &sealed[..cut], PASSPHRASE, &[]);
        assert_eq!((code, out.as_str()), (6, ""), "cut at {cut}: {errors}");
    }
}
