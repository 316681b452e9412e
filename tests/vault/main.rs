//! The vault's file, seen from outside: by a decryptor that knows nothing but its specification, and by fixtures that must never change.
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

mod decryptor;
mod golden;
#[path = "../skip/mod.rs"]
mod skip;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tickey::otp::{Algorithm, Digits, Kind, Otp, Period, base32};
use tickey::secret::{NoRandomness, Random, Secret, Text};
use tickey::vault::{Clock, Cost, Details, Edit, Entry, EntryId, Limits, RecoveryCode, Stamp, Unlocked};

pub const LIMITS: Limits = Limits { ram: 8 << 30 };
pub const CHEAP: Cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
pub const NOON: u64 = 1_800_000_000_000;
pub const PASSPHRASE: &str = "Straße 日本 — ok?";
pub const NEW_PASSPHRASE: &str = "correct horse battery staple";

/// SHA-256 of a seed and a counter, block after block: the same vault every time.
pub struct Stream {
    seed: u64,
    block: u64,
}

impl Stream {
    pub fn new(seed: u64) -> Stream {
        Stream { seed, block: 0 }
    }
}

impl Random for Stream {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in out.chunks_mut(32) {
            let block = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(self.block.to_be_bytes());
            chunk.copy_from_slice(&block.finalize()[..chunk.len()]);
            self.block += 1;
        }
        Ok(())
    }
}

/// A vault, its clock and its recovery code.
pub struct Made {
    pub vault: Unlocked,
    pub recovery_code: Text,
    clock: Clock,
    now: u64,
    random: Stream,
}

impl Made {
    pub fn new(seed: u64) -> Made {
        let mut random = Stream::new(seed);
        let founded = Unlocked::found("maya", &Text::from(PASSPHRASE), CHEAP, &LIMITS, NOON, &mut random).unwrap();
        let clock = Clock::new(0x0123_4567_89ab_cdef, Stamp::default());
        Made { vault: founded.vault, recovery_code: founded.recovery_code, clock, now: NOON, random }
    }

    pub fn id(&mut self) -> EntryId {
        EntryId::random(&mut self.random).unwrap()
    }

    pub fn edit(&mut self, edits: &[Edit]) {
        self.now += 1_000;
        let changes = self.vault.plan(edits, &mut self.clock, self.now).unwrap();
        self.vault = self.vault.with(&changes);
    }

    pub fn add(&mut self, details: Details) -> EntryId {
        let id = self.id();
        self.edit(&[Edit::Add(id, Box::new(details))]);
        id
    }

    pub fn details(&self, id: EntryId) -> Details {
        self.vault.entry(id).unwrap().details.clone()
    }

    pub fn change_passphrase(&mut self, words: &str) {
        self.now += 1_000;
        self.vault =
            self.vault.change_passphrase(&Text::from(words), CHEAP, &LIMITS, self.now, &mut self.random).unwrap();
    }

    /// A second copy edits at the same time as this one; then they meet.
    pub fn meanwhile(&mut self, here: &[Edit], there: &[Edit]) {
        let mut other = Clock::new(7, Stamp::default());
        self.now += 1_000;
        let theirs = self.vault.with(&self.vault.plan(there, &mut other, self.now).unwrap());
        self.edit(here);
        self.vault = self.vault.merge(&theirs).unwrap();
    }

    pub fn seal(&mut self) -> Vec<u8> {
        self.vault.seal(&mut self.random).unwrap()
    }
}

pub fn details(kind: Kind, issuer: &str) -> Details {
    let mut details =
        Details::new(Otp::new(kind, Secret::from(&b"12345678901234567890"[..])), issuer, "maya@example.com");
    if matches!(kind, Kind::Motp | Kind::Yandex) {
        details.otp.pin = Some(Text::from("0042"));
    }
    details
}

/// A vault with something of everything that the format can say.
pub fn full(seed: u64) -> Made {
    let mut made = Made::new(seed);
    for kind in Kind::ALL {
        made.add(details(kind, kind.name()));
    }
    let mut odd = details(Kind::Totp, "Odd \u{1b}[31m\n\u{202e}\u{0} \"quotes\" \\ 日本 👩‍👩‍👧‍👦 e\u{301} \u{2028}");
    odd.otp.algorithm = Algorithm::Sha512;
    odd.otp.digits = Digits::new(10).unwrap();
    odd.otp.period = Period::new(86_400).unwrap();
    odd.otp.secret = Secret::new((0..=255).collect());
    odd.account = Text::from("x".repeat(1024));
    odd.tags = vec![Text::from("Work/Ops"), Text::from("日本"), Text::from("")];
    odd.note = Text::from("two\r\nlines\t\"and\" a \u{7f}");
    odd.favourite = true;
    odd.recovery_codes = ["first", "second", "third"]
        .map(|code| RecoveryCode { id: None, code: Text::from(code), used: code == "second" })
        .to_vec();
    let odd = made.add(odd);

    let mut large = details(Kind::Hotp, "Beyond a float");
    large.otp.counter = 9_007_199_254_740_993;
    let large = made.add(large);
    made.edit(&[Edit::UseCounter(large)]);
    made.edit(&[Edit::UseCounter(large)]);
    let mut largest = details(Kind::Hotp, "The last one");
    largest.otp.counter = u64::MAX;
    made.add(largest);
    let mut lowered = details(Kind::Hotp, "Lowered");
    lowered.otp.counter = 1_000;
    let lowered = made.add(lowered);
    let mut lower = made.details(lowered);
    lower.otp.counter = 3;
    made.edit(&[Edit::Change(lowered, Box::new(lower))]);
    made.edit(&[Edit::UseCounter(lowered)]);

    let code = made.details(odd).recovery_codes[0].id.clone().unwrap();
    made.edit(&[Edit::UseRecoveryCode(odd, code)]);
    let mut fewer = made.details(odd);
    fewer.recovery_codes.truncate(2);
    fewer.recovery_codes.push(RecoveryCode { id: None, code: Text::from("fourth"), used: false });
    fewer.otp.secret = Secret::from(&b"another"[..]);
    fewer.favourite = false;
    fewer.tags = Vec::new();
    made.edit(&[Edit::Change(odd, Box::new(fewer))]);

    let gone = made.add(details(Kind::Totp, "Gone"));
    made.edit(&[Edit::Delete(gone)]);
    let back = made.add(details(Kind::Totp, "Back"));
    made.edit(&[Edit::Delete(back)]);
    made.edit(&[Edit::Restore(back)]);
    let busy = made.add(details(Kind::Totp, "Busy"));
    for n in 0..30 {
        let mut renamed = made.details(busy);
        renamed.issuer = Text::from(format!("Busy {n}"));
        made.edit(&[Edit::Change(busy, Box::new(renamed))]);
    }
    let torn = made.add(details(Kind::Totp, "Torn"));
    let [mut here, mut there] = [made.details(torn), made.details(torn)];
    (here.issuer, there.issuer, there.note) = (Text::from("here"), Text::from("there"), Text::from("theirs"));
    made.meanwhile(&[Edit::Change(torn, Box::new(here))], &[Edit::Change(torn, Box::new(there))]);
    let purged = made.add(details(Kind::Totp, "Purged"));
    made.vault = made.vault.purge(&[purged], made.now).unwrap();
    made
}

/// The entries as the decryptor prints them.
pub fn entries(vault: &Unlocked) -> Value {
    vault.entries().map(entry).collect()
}

fn entry(entry: &Entry) -> Value {
    let Details { otp, issuer, account, tags, note, recovery_codes, favourite } = &entry.details;
    let codes: Vec<Value> = recovery_codes.iter().map(|code| json!({ "code": code.code, "used": code.used })).collect();
    json!({
        "id": entry.id.to_string(),
        "kind": otp.kind.name(),
        "issuer": issuer,
        "account": account,
        "secret": base32::encode(otp.secret.expose()),
        "algorithm": otp.algorithm.name(),
        "digits": otp.digits.get(),
        "period": otp.period.get(),
        "counter": otp.counter,
        "pin": otp.pin,
        "tags": tags,
        "note": note,
        "recovery": codes,
        "favourite": favourite,
        "deleted": entry.deleted,
        "conflicts": entry.conflicts,
    })
}

/// What tells two long texts apart in a failed test.
pub fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
