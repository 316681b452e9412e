//! A team around one remote, honest and not: founding, joining, editing apart, removing, forks, and every forgery that a storage could try.

mod attacks;
mod forks;
mod insiders;
mod invitations;
mod members;
mod recovery;
mod rekey;
mod storage;
mod time;

use crate::otp::{Kind, Otp};
use crate::secret::Secret;
use crate::vault::accept::{Accepted, Seen};
use crate::vault::file::File;
use crate::vault::fixed::FixedRandom;
use crate::vault::join::InviteCode;
use crate::vault::roster::{Member, Relation, Role};
use crate::vault::sharing::{Deed, Me, Work};
use crate::vault::unlocked::signed_text;
use crate::vault::{Clock, Details, Edit, EntryId, Limits, Locked, Renewed, Stamp, Unlocked, VaultError};

const LIMITS: Limits = Limits { ram: 8 << 30 };
const NOON: u64 = 1_800_000_000_000;
const DAY: u64 = 86_400_000;

type Storage = Option<Vec<u8>>;

/// One member's machine.
#[derive(Clone)]
struct Machine {
    vault: Unlocked,
    clock: Clock,
    now: u64,
    seed: u64,
    seen: Option<Seen>,
    went_back: Option<String>,
}

impl Machine {
    fn of(vault: Unlocked, seed: u64) -> Machine {
        Machine {
            vault,
            clock: Clock::new(seed, Stamp::default()),
            now: NOON,
            seed: seed * 1_000,
            seen: None,
            went_back: None,
        }
    }

    fn random(&mut self) -> FixedRandom {
        self.seed += 1;
        FixedRandom::new(self.seed)
    }

    fn seal(&mut self) -> Vec<u8> {
        let mut random = self.random();
        self.vault.seal(&mut random).unwrap()
    }

    fn accept(&mut self, bytes: &[u8]) -> Result<Accepted, VaultError> {
        let mut random = self.random();
        self.vault.accept(bytes, self.seen.as_ref(), &LIMITS, self.now, &mut random)
    }

    /// The loop of a sync, until the storage holds all that this machine does.
    fn sync(&mut self, storage: &mut Storage) -> Result<Vec<Deed>, VaultError> {
        let mut deeds = Vec::new();
        let unsent = self.vault.unsent(&self.seen.clone().unwrap_or_default());
        for _ in 0..10 {
            let (mut holds_all, mut asked) = (false, None);
            if let Some(bytes) = storage.clone() {
                let accepted = self.accept(&bytes)?;
                let before = std::mem::replace(&mut self.vault, accepted.vault);
                self.vault = self.vault.signed_again(&before, &unsent).unwrap();
                self.went_back = accepted.went_back.or(self.went_back.take());
                (holds_all, asked) = (accepted.holds_all, Some(accepted.asked));
                if holds_all {
                    self.seen = Some(accepted.seen);
                }
            }
            let mut random = self.random();
            if let Some((vault, done)) = self.vault.housekeeping(self.now, &mut random)? {
                holds_all &= vault == self.vault;
                self.vault = vault;
                deeds.extend(done);
            }
            if holds_all {
                return Ok(deeds);
            }
            match self.vault.me() {
                Me::Member { role: Role::Viewer, .. }
                    if asked.is_none_or(|asked| self.vault.asks_for().is_none_or(|key| asked.contains(&key))) =>
                {
                    return Ok(deeds);
                }
                Me::Pending { .. } if storage.is_some() && self.seen.is_some() => return Ok(deeds),
                Me::Pending { .. } => {
                    self.seen = Some(self.vault.seen());
                    *storage = Some(self.seal());
                    return Ok(deeds);
                }
                Me::Member { .. } => *storage = Some(self.seal()),
            }
        }
        panic!("the loop does not come to rest");
    }

    fn edit(&mut self, edits: &[Edit]) {
        self.now += 1_000;
        let changes = self.vault.plan(edits, &mut self.clock, self.now).unwrap();
        self.vault = self.vault.with(&changes);
    }

    fn add(&mut self, n: u8, issuer: &str) {
        let otp = Otp::new(Kind::Totp, Secret::from(&b"12345678901234567890"[..]));
        self.edit(&[Edit::Add(id(n), Box::new(Details::new(otp, issuer, "ops")))]);
    }

    fn rename(&mut self, n: u8, issuer: &str) {
        let mut details = self.vault.entry(id(n)).unwrap().details.clone();
        details.issuer = issuer.into();
        self.edit(&[Edit::Change(id(n), Box::new(details))]);
    }

    fn issuer(&self, n: u8) -> String {
        self.vault.entry(id(n)).map(|entry| entry.details.issuer.to_string()).unwrap_or_default()
    }

    fn member(&self, name: &str) -> Member {
        self.vault.members().iter().find(|member| member.name == name).unwrap().clone()
    }

    fn set_role(&mut self, name: &str, role: Role) {
        let mut random = self.random();
        self.vault = self.vault.set_role(&self.member(name), role, self.now, &mut random).unwrap().vault;
    }

    fn remove(&mut self, name: &str) -> Result<(), VaultError> {
        let mut random = self.random();
        self.vault = self.vault.remove(&self.member(name), Work::Usual, self.now, &mut random)?.vault;
        Ok(())
    }

    fn invite(&mut self, name: &str, role: Role) -> InviteCode {
        let mut random = self.random();
        let invited = self.vault.invite(name, role, self.now + 7 * DAY, self.now, &mut random).unwrap();
        self.vault = invited.vault;
        InviteCode::read(&invited.code).unwrap()
    }

    fn join(storage: &Storage, code: &InviteCode, seed: u64) -> Result<Machine, VaultError> {
        let locked = Locked::read(storage.as_ref().unwrap(), &LIMITS).unwrap();
        let vault = Unlocked::join(&locked, code, None, NOON, &mut FixedRandom::new(seed * 7_919))?;
        Ok(Machine::of(vault, seed))
    }
}

fn id(n: u8) -> EntryId {
    EntryId::random(&mut FixedRandom::new(5_000 + u64::from(n))).unwrap()
}

fn founder() -> Machine {
    let founded = Unlocked::found_shared("ops", "maya", NOON, &mut FixedRandom::new(1)).unwrap();
    Machine::of(founded.vault, 1)
}

/// Maya (owner), Bob (editor) and Vera (viewer), all in, all synced.
fn team() -> (Machine, Machine, Machine, Storage) {
    let mut storage = None;
    let mut maya = founder();
    maya.add(1, "Registrar");
    maya.sync(&mut storage).unwrap();
    let mut people = Vec::new();
    for (name, role, seed) in [("bob", Role::Editor, 2), ("vera", Role::Viewer, 3)] {
        let code = maya.invite(name, role);
        maya.sync(&mut storage).unwrap();
        let mut newcomer = Machine::join(&storage, &code, seed).unwrap();
        assert_eq!(newcomer.issuer(1), "Registrar", "a newcomer reads at once");
        newcomer.sync(&mut storage).unwrap();
        assert_eq!(maya.sync(&mut storage).unwrap(), [Deed::LetIn(name.into())]);
        newcomer.sync(&mut storage).unwrap();
        assert_eq!(newcomer.vault.me(), Me::Member { name: name.into(), role });
        people.push(newcomer);
    }
    let vera = people.pop().unwrap();
    let mut bob = people.pop().unwrap();
    bob.sync(&mut storage).unwrap();
    (maya, bob, vera, storage)
}
