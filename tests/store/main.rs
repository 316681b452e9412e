//! The store on a real disk: files as people find them, saves, many writers, and saves that are hindered or killed.
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

mod child;
mod faults;
mod files;
mod saves;
mod writers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tickey::otp::{Kind, Otp};
use tickey::secret::{NoRandomness, Random, Secret, Text, random_bytes};
use tickey::store::disk::{self, Saved};
use tickey::store::{StoreError, Tag};
use tickey::vault::{Clock, Cost, Details, Edit, EntryId, Limits, Locked, Stamp, Unlocked};

const PASSPHRASE: &str = "correct horse";
const LIMITS: Limits = Limits { ram: 8 << 30 };
/// The least the format allows: these tests derive often.
const COST: Cost = Cost { m_kib: 19 * 1024, t: 2, p: 1 };
const NOW_MS: u64 = 1_795_500_000_000;
/// Long enough for every writer of a test to have its turn on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct System;

impl Random for System {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(out).map_err(|_| NoRandomness)
    }
}

/// One program that has a vault open.
struct Window {
    path: PathBuf,
    vault: Unlocked,
    seen: Option<Tag>,
    clock: Clock,
}

impl Window {
    /// Founds a vault there.
    fn found(path: &Path) -> Window {
        let vault = Unlocked::found("maya", &Text::from(PASSPHRASE), COST, &LIMITS, NOW_MS, &mut System).unwrap().vault;
        let tag = disk::create(path, &vault, &mut System).unwrap();
        Window { path: path.into(), vault, seen: Some(tag), clock: new_clock() }
    }

    /// Opens the vault there.
    fn open(path: &Path) -> Window {
        let (bytes, tag) = disk::read(path).unwrap();
        let vault = Locked::read(&bytes, &LIMITS).unwrap().unlock(&Text::from(PASSPHRASE), &LIMITS).unwrap();
        Window { path: path.into(), vault, seen: Some(tag), clock: new_clock() }
    }

    /// Another window on what this one has open.
    fn another(&self) -> Window {
        Window { path: self.path.clone(), vault: self.vault.clone(), seen: self.seen, clock: new_clock() }
    }

    /// Adds an entry and saves. On an error the window is as it was.
    fn add(&mut self, issuer: &str) -> Result<Saved, StoreError> {
        let id = EntryId::random(&mut System).unwrap();
        let details = Details::new(Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..])), issuer, "a");
        let edits = [Edit::Add(id, Box::new(details))];
        let changes = self.vault.plan(&edits, &mut self.clock, NOW_MS).unwrap();
        self.save(&self.vault.with(&changes), PATIENCE)
    }

    fn save(&mut self, vault: &Unlocked, patience: Duration) -> Result<Saved, StoreError> {
        let saved = disk::save(&self.path, self.seen.as_ref(), vault, &LIMITS, patience, NOW_MS, &mut System)?;
        self.vault = saved.vault.clone();
        self.seen = Some(saved.tag);
        Ok(saved)
    }

    fn issuers(&self) -> BTreeSet<String> {
        self.vault.entries().map(|entry| entry.details.issuer.to_string()).collect()
    }

    /// The issuers of what stands in the file, opened with this window's keys.
    fn on_disk(&self) -> BTreeSet<String> {
        let (bytes, _) = disk::read(&self.path).unwrap();
        let vault = self.vault.reopen(&bytes, &LIMITS).unwrap();
        vault.entries().map(|entry| entry.details.issuer.to_string()).collect()
    }
}

fn new_clock() -> Clock {
    Clock::new(u64::from_le_bytes(random_bytes(&mut System).unwrap()), Stamp::default())
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Every name in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}
