//! Locked means gone: the memory of the running program, read from outside as the system's administrator can read it.
//!
//! A test collects what must not be there: the keys of every epoch, computed from the vaults' files, and every text that was typed, copied or shown. Before
//! the lock the same reading must find them; after it nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use hkdf::Hkdf;
use memchr::memmem::Finder;
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal};
use sha2::{Digest, Sha256, Sha512};
use tickey::secret::Text;
use tickey::vault::file;
use tickey::vault::seal::{self, Key, MemberKey};
use tickey::vault::{Limits, Locked, Unlocked};

use crate::session::{Home, PATIENCE, PROGRAM, Session};
use crate::skip::skip;

/// What must not be in memory: bytes, and what they are.
#[derive(Default)]
struct Secrets(Vec<(Finder<'static>, String)>);

impl Secrets {
    fn bytes(&mut self, what: &str, bytes: &[u8]) {
        self.0.push((Finder::new(bytes).into_owned(), what.to_owned()));
    }

    /// Half a key is as good as one to whoever searches for it.
    fn key(&mut self, what: &str, key: &[u8]) {
        let (first, second) = key.split_at(key.len() / 2);
        self.bytes(&format!("{what} (first half)"), first);
        self.bytes(&format!("{what} (second half)"), second);
    }

    fn text(&mut self, what: &str, text: &str) {
        self.bytes(&format!("{what} {text}"), text.as_bytes());
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.bytes(&format!("{what} {text} (UTF-16)"), &wide);
        let chars: Vec<u8> = text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        self.bytes(&format!("{what} {text} (letters)"), &chars);
    }

    /// A secret as base32 and as bytes.
    fn secret(&mut self, base32: &str) {
        self.text("secret", base32);
        self.text("secret", &base32.to_lowercase());
        self.key("raw secret", &data_encoding::BASE32_NOPAD.decode(base32.as_bytes()).unwrap());
    }

    /// A code that was shown once.
    fn code(&mut self, what: &str, code: &str) {
        self.text(what, code);
        self.text(what, &code.replace('-', ""));
        // Its bytes: base32 in another alphabet.
        let mut crockford = data_encoding::Specification::new();
        crockford.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
        let letters = code.replace('-', "");
        let bytes = crockford.encoding().unwrap().decode(&letters.as_bytes()[..24]).unwrap();
        self.bytes(what, &bytes[..12]);
    }

    fn member(&mut self, what: &str, member: &MemberKey) {
        let derived = |purpose: &[u8]| {
            let mut out = [0; 32];
            Hkdf::<Sha256>::new(Some(b""), member.key().expose()).expand(purpose, &mut out).unwrap();
            out
        };
        let (seed, mut scalar) = (derived(b"tickey/1 sign"), derived(b"tickey/1 exchange"));
        self.key(&format!("{what}: member key"), member.key().expose());
        self.key(&format!("{what}: signing seed"), &seed);
        self.key(&format!("{what}: exchange scalar"), &scalar);
        // As the curves use them.
        let mut expanded: [u8; 64] = Sha512::digest(seed).into();
        for clamped in [&mut scalar[..], &mut expanded[..32]] {
            clamped[0] &= 248;
            clamped[31] = clamped[31] & 127 | 64;
        }
        self.key(&format!("{what}: exchange scalar, clamped"), &scalar);
        self.key(&format!("{what}: signing scalar"), &expanded[..32]);
        self.key(&format!("{what}: signing prefix"), &expanded[32..]);
        self.text(&format!("{what}: member key"), &data_encoding::BASE32_NOPAD.encode(member.key().expose()));
    }

    /// The keys of a vault's file as it is now.
    fn vault(&mut self, what: &str, bytes: &[u8], open: &Unlocked) {
        let (_, file) = file::File::read(bytes).unwrap();
        let header = &file.header;
        let keys = open.link_keys();
        let members = || std::iter::once(&keys.member).chain(&keys.older).chain(&keys.invite);
        let opened = |grant| members().find_map(|key| seal::open_grant(grant, key, &header.vault, header.epoch));
        let vault_key: Key = header.grants.iter().find_map(opened).unwrap();
        for member in members() {
            self.member(what, member);
        }
        self.key(&format!("{what}: vault key"), vault_key.expose());
        let body = seal::body_key(&vault_key, &header.vault, header.epoch).unwrap();
        self.key(&format!("{what}: body key"), body.expose());
    }

    /// All keys of a home as they are now: the personal vault's and the shared ones'.
    fn home(&mut self, home: &Home, passphrase: &str) {
        let limits = Limits { ram: 8 << 30 };
        let read = |name: &str| std::fs::read(home.0.path().join("data/tickey").join(name)).unwrap();
        let bytes = read("personal.json");
        let (_, file) = file::File::read(&bytes).unwrap();
        for slot in &file.header.slots {
            let key = tickey::vault::kdf::derive(&Text::from(passphrase), &slot.salt, slot.cost, &limits).unwrap();
            self.key("personal: slot key", key.expose());
        }
        let personal = Locked::read(&bytes, &limits).unwrap().unlock(&Text::from(passphrase), &limits).unwrap();
        self.vault("personal", &bytes, &personal);
        for (_, link) in personal.links() {
            let name = format!("{}.json", link.name.as_str());
            let bytes = read(&name);
            let shared = Locked::read(&bytes, &limits).unwrap().open_working_copy(&link.keys).unwrap();
            self.vault(&name, &bytes, &shared);
        }
    }

    /// What of it is in the process's memory; `None` where that cannot be read.
    fn found(&self, pid: Pid) -> Option<BTreeSet<String>> {
        let pid = pid.as_raw_nonzero();
        let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
        let mut found = BTreeSet::new();
        for line in maps.lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            if !rest.starts_with("rw") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|at| u64::from_str_radix(at, 16).unwrap());
            let mut content = vec![0; usize::try_from(end - start).unwrap()];
            // A mapping that has gone meanwhile holds nothing.
            let Ok(()) = memory.read_exact_at(&mut content, start) else { continue };
            let place = rest.split_whitespace().nth(4).unwrap_or("anonymous");
            for (finder, what) in &self.0 {
                let times = finder.find_iter(&content).count();
                if times > 0 {
                    found.insert(format!("{what}: {times} times in {place}"));
                }
            }
        }
        Some(found)
    }

    /// Waits until the workers have dropped what they held too, which takes them a moment longer than the screen; then nothing must be left.
    fn are_gone_from(&self, session: &Session, when: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.found(session.pid()).unwrap();
            if found.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{when}: still in memory:\n{:#?}", found);
            std::thread::yield_now();
        }
    }
}

/// A session whose memory can be read; `None`, and says so, where nobody may: without an administrator's rights, or on a system without `/proc`.
fn readable(session: Session) -> Option<Session> {
    let mut none = Secrets::default();
    none.text("passphrase", "nothing was typed yet");
    if none.found(session.pid()).is_none() {
        skip("the right to read another process's memory (root's)");
        return None;
    }
    Some(session)
}

/// Waits for a line of the screen that has such a code, and reads it.
fn code_shown(session: &Session, groups: usize) -> String {
    let read = |contents: &str| {
        let whole = |group: &&str| {
            group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        let found: Vec<&str> =
            contents.split(|between: char| between == '-' || between.is_whitespace()).filter(whole).collect();
        (found.len() == groups).then(|| found.join("-"))
    };
    session.wait("a code", |shown| read(&shown.emulator.screen().contents()).is_some());
    let shown = session.shown.0.lock().unwrap();
    read(&shown.emulator.screen().contents()).unwrap()
}

const ISSUER: &str = "Quarzwerke";
const ACCOUNT: &str = "ottilie.quarz@example.net";
const SECRET: &str = "NB2HI4DTHIXS653XO4XHIZLTORSXELLBON2GKZZR";
const NOTE: &str = "behind the third geranium";
const OLD: &str = "correct horse battery";
const NEW: &str = "glockenblume am fenster";

/// A vault with an entry whose every text is looked for.
fn home_with_secrets() -> (Home, Secrets) {
    let home = Home::with_vault();
    let link = format!("otpauth://totp/{ISSUER}:{ACCOUNT}?secret={SECRET}&issuer={ISSUER}&digits=8");
    home.command(&["add", "-", "--note", NOTE], &link);
    let mut secrets = Secrets::default();
    for (what, text) in [("issuer", ISSUER), ("account", ACCOUNT), ("note", NOTE), ("passphrase", OLD)] {
        secrets.text(what, text);
    }
    secrets.text("account", "octo@example.com");
    secrets.secret(SECRET);
    secrets.home(&home, OLD);
    (home, secrets)
}

fn lock(session: &mut Session) {
    session.press("L");
    session.see("assphrase");
    session.see_no("example");
}

#[test]
fn a_locked_personal_vault_is_gone_from_memory() {
    let (home, mut secrets) = home_with_secrets();
    let share = home.0.path().join("share");
    std::fs::create_dir(&share).unwrap();
    home.command(&["remote", "set", &format!("folder:{}/own.json", share.display())], "");
    let Some(mut session) = readable(Session::start(&home)) else { return };

    // A wrong passphrase first.
    session.see("assphrase");
    session.press("nearly the right one\r");
    session.see("rong passphrase");
    secrets.text("wrong passphrase", "nearly the right one");
    secrets.are_gone_from(&session, "after a wrong passphrase");
    session.press(OLD);
    session.press("\r");
    session.see(ACCOUNT);
    session.see("synced");

    // What the reading must find while the vault is open.
    let found = secrets.found(session.pid()).unwrap();
    for there in [
        "personal: member key (first",
        "personal: vault key (s",
        "personal: signing seed",
        "issuer Q",
        "note b",
        "secret NB",
        "raw secret",
    ] {
        assert!(found.iter().any(|what| what.starts_with(there)), "{there} is not found in an open vault: {found:#?}");
    }

    // A search, a code copied, an entry viewed and its history.
    session.forget();
    session.press("/quarz\r");
    session.see_raw("\x1b]52;c;");
    let raw = session.raw();
    let text = String::from_utf8_lossy(&raw);
    let copied = text.split("\x1b]52;c;").nth(1).unwrap().split('\x07').next().unwrap().to_owned();
    secrets.text("code, base64", &copied);
    let code = data_encoding::BASE64.decode(copied.as_bytes()).unwrap();
    secrets.bytes("code", &code);
    session.press("\x1b");
    session.see("octo@example.com");
    session.press("\x1b");
    session.see("v view");
    session.press("v");
    session.see(NOTE);
    session.press("\x1b");
    session.see("octo@example.com");
    session.press(":history\r");
    session.see("8 changes");
    session.press("\x1b");
    session.see("octo@example.com");

    // An entry added by the form, and one of a pasted link.
    session.press("a");
    session.see("secret");
    session.press("Wolkenstein\tadalbert@wolken.example\tOBZGK43TMVZSA5DIMUQGW3TPO4======\r");
    session.see("5 entries");
    secrets.text("issuer", "Wolkenstein");
    secrets.text("account", "adalbert@wolken.example");
    secrets.text("secret", "OBZGK43TMVZSA5DIMUQGW3TPO4");
    secrets.key("raw secret", &data_encoding::BASE32_NOPAD.decode(b"OBZGK43TMVZSA5DIMUQGW3TPO4").unwrap());
    session.press("\x1b[200~otpauth://totp/Morgenrot:m@rot.example?secret=KNUGC5DUMVXCAYLVMYQGIZLNEBJWKZI&issuer=Morgenrot\x1b[201~");
    session.see("m@rot.example");
    session.press("\r");
    session.see("6 entries");
    secrets.text("issuer", "Morgenrot");
    secrets.text("secret", "KNUGC5DUMVXCAYLVMYQGIZLNEBJWKZI");

    // Out by an encrypted export, and in again by an import.
    session.press(":export\r");
    session.see("protection");
    session.press("\t\t");
    session.press(home.0.path().join("out.json").to_str().unwrap());
    session.press("\tkieselstein im schuh\tkieselstein im schuh\r");
    secrets.text("export password", "kieselstein im schuh");
    session.see("xported");
    session.press("i");
    session.see("import");
    session.press(home.0.path().join("out.json").to_str().unwrap());
    session.press("\r");
    session.see("assword");
    session.press("kieselstein im schuh\r");
    session.see("skipped");
    session.press("\x1b\x1b\x1b");
    session.see("octo@example.com");

    // A new passphrase: the keys before and after.
    secrets.home(&home, OLD);
    session.press(":passphrase\r");
    session.see("again");
    session.press(NEW);
    session.press("\t");
    session.press(NEW);
    session.press("\r");
    session.see("hanged the passphrase");
    secrets.text("passphrase", NEW);
    secrets.home(&home, NEW);
    session.press("r");
    session.see("synced");

    // A form abandoned half-way.
    session.press("a");
    session.see("secret");
    session.press("Halbmond\tselene@halb.example\tKBUXG5DBMNUGS3ZAMZXXEIDN");
    secrets.text("issuer", "Halbmond");
    secrets.text("account", "selene@halb.example");
    secrets.text("secret", "KBUXG5DBMNUGS3ZAMZXXEIDN");
    session.see("selene");
    session.signal(Signal::USR1);
    session.see("assphrase");
    session.see_no("example");
    secrets.are_gone_from(&session, "locked by a signal");

    // Once more, and by the key.
    session.press(NEW);
    session.press("\r");
    session.see(ACCOUNT);
    lock(&mut session);
    secrets.are_gone_from(&session, "locked by the key");
}

#[test]
fn a_locked_shared_vault_is_gone_from_memory() {
    let (maya, mut secrets) = home_with_secrets();
    let bob = Home::with_vault();
    let address = format!("folder:{}", maya.0.path().join("ops.json").display());
    let Some(mut session) = readable(Session::start(&maya)) else { return };
    session.unlock();
    session.press(":share\r");
    session.see("make a shared vault");
    session.press("ops\r");
    secrets.code("recovery code", &code_shown(&session, 7));
    session.press("\x1b");
    session.see("2 vaults");
    session.press(":remote\r");
    session.see("where a vault is kept");
    session.press(&address);
    session.press("\r");
    session.see("it is kept at");
    session.press("\x1b");
    session.see("synced");
    // An entry goes there; somebody is invited, comes in and is removed again: an epoch each time.
    session.press("M");
    session.see("shared, with nobody yet");
    session.press("\r");
    session.see("oved AWS");
    secrets.home(&maya, OLD);
    session.press("m");
    session.see("members of ops");
    session.press("i");
    session.see("role");
    session.press("bob\r");
    let code = code_shown(&session, 15);
    secrets.code("invitation", &code);
    session.press("\x1b\x1b");
    session.see("synced");
    secrets.home(&maya, OLD);

    let mut theirs = Session::unlocked(&bob);
    theirs.press(":join\r");
    theirs.see("join a shared vault");
    theirs.press(&address);
    theirs.press("\t");
    theirs.press(&code);
    theirs.press("\r");
    theirs.see("in ops as bob");
    theirs.press("\x1b");
    theirs.see("2 vaults");
    theirs.see("synced");
    let mut of_bob = Secrets::default();
    of_bob.code("invitation", &code);
    of_bob.home(&bob, OLD);
    of_bob.text("passphrase", OLD);
    let found = of_bob.found(theirs.pid()).unwrap();
    assert!(found.iter().any(|what| what.starts_with("ops.json: member key")), "{found:#?}");

    session.press("r");
    session.see("let in bob");
    secrets.home(&maya, OLD);
    theirs.press("r");
    of_bob.home(&bob, OLD);
    lock(&mut theirs);
    of_bob.are_gone_from(&theirs, "a newcomer's");

    session.press("m");
    session.see("members of ops");
    session.press("jjd");
    session.see("emove");
    session.press("y");
    session.see("enrol it again");
    session.press("\x1b");
    session.see("synced");
    secrets.home(&maya, OLD);
    let found = secrets.found(session.pid()).unwrap();
    for there in ["ops.json: member key", "ops.json: vault key"] {
        assert!(found.iter().any(|what| what.starts_with(there)), "{there} is not found in an open vault: {found:#?}");
    }
    lock(&mut session);
    secrets.are_gone_from(&session, "an owner's");
}

#[test]
fn a_vault_made_on_the_screen_is_gone_from_memory_when_it_locks() {
    let home = Home::empty();
    let Some(mut session) = readable(Session::start(&home)) else { return };
    session.see("ake a vault");
    session.press("\r");
    session.see("again");
    session.press(NEW);
    session.press("\t");
    session.press(NEW);
    session.press("\r");
    let mut secrets = Secrets::default();
    secrets.text("passphrase", NEW);
    secrets.code("recovery code", &code_shown(&session, 7));
    session.press("\r");
    session.see("entries");
    secrets.home(&home, NEW);
    assert!(!secrets.found(session.pid()).unwrap().is_empty());
    lock(&mut session);
    secrets.are_gone_from(&session, "made and locked");
}

#[test]
fn a_stopped_program_has_locked_and_holds_nothing() {
    let (home, secrets) = home_with_secrets();
    if readable(Session::start(&home)).is_none() {
        return;
    }
    if !Path::new("/bin/bash").exists() {
        skip("bash");
        return;
    }
    let mut shell = CommandBuilder::new("/bin/bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    let mut session = Session::spawn(&home, shell, 24, 80);
    session.see("bash");
    session.press(&format!("PS1=; set -b; {PROGRAM}\r"));
    session.unlock();
    session.press("\x1a");
    session.see("Stopped");
    let program = child_of(session.pid());
    let found = secrets.found(program).unwrap();
    assert!(found.is_empty(), "stopped: still in memory:\n{found:#?}");
    session.press("kill -9 %1\r");
}

/// The process that a shell has started.
fn child_of(shell: Pid) -> Pid {
    let children = format!("/proc/{0}/task/{0}/children", shell.as_raw_nonzero());
    let children = std::fs::read_to_string(children).unwrap();
    Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
}
