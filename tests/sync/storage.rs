//! A remote in memory that remembers every version, and misbehaves as it is told to.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tickey::store::remote::{Guarantees, Guard, Read, Remote, RemoteError, Tag, Trouble, Written};

/// How a server misbehaves. Numbers are chances in a hundred.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// Preconditions mean nothing.
    pub ignores_guards: bool,
    /// Preconditions are looked at some time before the bytes are put there.
    pub checks_early: bool,
    /// A write is done and an error reported.
    pub lost_answers: u32,
    /// A write fails, and so does a read.
    pub busy: u32,
    /// A conflict is reported although there is none.
    pub conflicts: u32,
    /// A read gives only the beginning.
    pub torn: u32,
    /// A read gives no bytes.
    pub empty: u32,
    /// A read gives a page that asks for a login.
    pub page: u32,
    /// A read gives an older version.
    pub stale: u32,
    /// The longest an answer takes.
    pub delay: Duration,
}

/// What lies there, and what was asked of it.
#[derive(Default)]
pub struct Shelf {
    /// Every version there ever was, oldest first.
    pub versions: Vec<Vec<u8>>,
    /// The one that is there.
    pub now: Option<usize>,
    /// Bytes that were sent to clients.
    pub read: usize,
    /// Bytes that clients sent.
    pub written: usize,
    /// How often something was asked.
    pub requests: usize,
}

impl Shelf {
    /// Puts those bytes there.
    pub fn put(&mut self, bytes: &[u8]) {
        self.versions.push(bytes.to_vec());
        self.now = Some(self.versions.len() - 1);
    }

    /// What is there.
    pub fn bytes(&self) -> Option<&Vec<u8>> {
        self.now.map(|now| &self.versions[now])
    }
}

/// The storage that several machines share.
#[derive(Clone, Default)]
pub struct Storage {
    shelf: Arc<Mutex<Shelf>>,
}

impl Storage {
    pub fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }

    /// One machine's way to it. `seed` is not 0.
    pub fn client(&self, faults: Faults, seed: u64) -> Client {
        Client { storage: self.clone(), faults, dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1) }
    }

    /// The way of a machine that nothing stands in.
    pub fn honest(&self) -> Client {
        self.client(Faults::default(), 1)
    }
}

/// Small numbers that look random, the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    pub fn falls(&mut self, percent: u32) -> bool {
        self.below(100) < u64::from(percent)
    }
}

pub struct Client {
    storage: Storage,
    pub faults: Faults,
    dice: Dice,
}

impl Client {
    fn wait(&mut self) {
        if !self.faults.delay.is_zero() {
            let micros = self.dice.below(self.faults.delay.as_micros() as u64 + 1);
            std::thread::sleep(Duration::from_micros(micros));
        }
    }

    fn busy(&mut self) -> Result<(), RemoteError> {
        match self.dice.falls(self.faults.busy) {
            true => Err(RemoteError::new(Trouble::Later(Some(Duration::from_millis(20))), "memory", "503")),
            false => Ok(()),
        }
    }
}

fn fits(shelf: &Shelf, expected: Option<&Tag>) -> bool {
    match (shelf.bytes(), expected) {
        (None, None) => true,
        (Some(bytes), Some(expected)) => expected.is_of(bytes),
        _ => false,
    }
}

impl Remote for Client {
    fn read(&mut self, known: Option<&Tag>) -> Result<Read, RemoteError> {
        self.wait();
        self.busy()?;
        let mut shelf = self.storage.shelf.lock().unwrap();
        shelf.requests += 1;
        let Some(now) = shelf.now else { return Ok(Read::Absent) };
        let mut version = now;
        if self.dice.falls(self.faults.stale) {
            version = now.saturating_sub(self.dice.below(6) as usize);
        }
        let mut bytes = shelf.versions[version].clone();
        if self.dice.falls(self.faults.torn) {
            bytes.truncate(self.dice.below(bytes.len() as u64) as usize);
        }
        if self.dice.falls(self.faults.empty) {
            bytes.clear();
        }
        if self.dice.falls(self.faults.page) {
            bytes = b"<!DOCTYPE html><title>Welcome to the hotel</title>".to_vec();
        }
        let read = Read::of(bytes.clone(), Tag::new(version.to_string(), true, &bytes), known);
        if matches!(read, Read::Found(..)) {
            shelf.read += bytes.len();
        }
        Ok(read)
    }

    fn write(&mut self, bytes: &[u8], expected: Option<&Tag>) -> Result<Written, RemoteError> {
        self.wait();
        self.busy()?;
        if self.dice.falls(self.faults.conflicts) {
            return Ok(Written::Conflict);
        }
        let mut shelf = self.storage.shelf.lock().unwrap();
        shelf.requests += 1;
        shelf.written += bytes.len();
        if !self.faults.ignores_guards && !fits(&shelf, expected) {
            return Ok(Written::Conflict);
        }
        if self.faults.checks_early {
            drop(shelf);
            self.wait();
            shelf = self.storage.shelf.lock().unwrap();
        }
        shelf.put(bytes);
        let name = shelf.versions.len() - 1;
        if self.dice.falls(self.faults.lost_answers) {
            return Err(RemoteError::new(Trouble::Failed, "memory", "connection reset").perhaps_arrived());
        }
        Ok(Written::Done(Tag::new(name.to_string(), true, bytes)))
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        Ok(Guarantees { guard: Guard::Atomic, notes: Vec::new() })
    }
}
