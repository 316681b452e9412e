//! Vault files that are damaged, forged or put together from others: each is refused with its exit code and a sentence, and stays as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tickey::secret::{NoRandomness, Random};
use tickey::vault::Cost;
use tickey::vault::file::{File, Header};
use tickey::vault::seal::MemberKey;

use crate::{User, errors};

/// Any key but a member's.
struct Sevens;

impl Random for Sevens {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        out.fill(7);
        Ok(())
    }
}

fn read(path: &Path) -> File {
    File::read(&std::fs::read(path).unwrap()).unwrap().1
}

/// The file with its header changed, signed again by somebody who is no member: nothing is wrong with it on the outside.
fn forged(mut file: File, change: impl FnOnce(&mut Header)) -> Vec<u8> {
    change(&mut file.header);
    file.header_bytes = file.header.write().unwrap();
    let stranger = MemberKey::random(&mut Sevens).unwrap();
    let (header, body) = (Sha256::digest(&file.header_bytes), Sha256::digest(&file.body));
    file.author = stranger.public().sign;
    file.signature = stranger.sign(&[b"tickey/1 file".as_slice(), &header, &file.nonce, &body].concat());
    file.write().unwrap()
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|extension| extension != "lock") {
            let content = std::fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

/// Puts those bytes in the vault's place, runs commands that read and that write, and gives what `list` said.
fn refused(user: &User, bytes: &[u8], code: i32, what: &str) -> String {
    std::fs::write(user.vault(), bytes).unwrap();
    let before = files(&user.path("data"));
    let began = Instant::now();
    let assert = user.run(&["list"]).code(code).stdout("");
    let words = errors(&assert);
    assert!(words.starts_with("tickey: error: ") && words.lines().count() <= 3, "{what}: {words}");
    user.run(&["rm", "Site", "--yes"]).code(code).stdout("");
    assert!(began.elapsed() < Duration::from_secs(20), "{what}: slow to refuse");
    assert_eq!(files(&user.path("data")), before, "{what}: something was changed");
    words
}

#[test]
fn flipped_and_cut_at_many_places() {
    let user = User::with_entries();
    let good = std::fs::read(user.vault()).unwrap();
    for place in (0..good.len() - 1).step_by(good.len() / 12) {
        let mut flipped = good.clone();
        flipped[place] ^= 1;
        refused(&user, &flipped, 6, &format!("flipped at {place}"));
    }
    for end in (0..good.len() - 2).step_by(good.len() / 6) {
        refused(&user, &good[..end], 6, &format!("cut at {end}"));
    }
    std::fs::write(user.vault(), &good).unwrap();
    assert_eq!(user.json(&["list"]).as_array().unwrap().len(), 2);
}

#[test]
fn hostile_numbers_that_were_signed() {
    let user = User::with_entries();
    for (m_kib, t, p) in [
        (u32::MAX, 2, 1),
        (1_024, 2, 1),
        (19 * 1024, 0, 1),
        (19 * 1024, u32::MAX, 1),
        (19 * 1024, 2, 0),
        (19 * 1024, 2, 17),
    ] {
        let good = User::with_entries();
        let bytes = forged(read(&good.vault()), |header| header.slots[0].cost = Cost { m_kib, t, p });
        let words = refused(&user, &bytes, 1, "a cost");
        assert!(words.contains("refuses"), "{words}");
    }
    let good = User::with_entries();
    let five = forged(read(&good.vault()), |header| header.slots = vec![header.slots[0].clone(); 5]);
    assert!(refused(&user, &five, 1, "five slots").contains("5 key slots"));
    let many = forged(read(&good.vault()), |header| header.grants = vec![header.grants[0].clone(); 1_025]);
    assert!(refused(&user, &many, 1, "many grants").contains("1025 grants"));
    // Within the bounds, but not what the slot was made with: the slot is bound to its numbers.
    let cheaper = forged(read(&good.vault()), |header| header.slots[0].cost.t = 3);
    refused(&user, &cheaper, 5, "other passes");
}

#[test]
fn parts_of_two_vaults() {
    let user = User::with_entries();
    let other = User::with_entries();
    let (ours, theirs) = (read(&user.vault()), read(&other.vault()));
    // Plainly put together: the signature says so. Signed again: the body is bound to its header.
    let mixed = File { header: theirs.header.clone(), header_bytes: theirs.header_bytes.clone(), ..ours.clone() };
    refused(&user, &mixed.write().unwrap(), 6, "their header");
    assert!(refused(&user, &forged(mixed, |_| ()), 6, "their header, signed").contains("altered"));
    let mixed = File { body: theirs.body.clone(), nonce: theirs.nonce, ..ours.clone() };
    refused(&user, &forged(mixed, |_| ()), 6, "their body, signed");
    // Slots and grants are bound to the vault they were made for, the rest to the header.
    let slots = theirs.header.slots.clone();
    refused(&user, &forged(ours.clone(), |header| header.slots = slots), 5, "their slots");
    let grants = theirs.header.grants.clone();
    refused(&user, &forged(ours.clone(), |header| header.grants = grants), 5, "their grants");
    refused(&user, &forged(ours.clone(), |header| header.epoch += 1), 5, "another epoch");
    // Nothing changed at all but the signer: somebody who is not in the roster.
    let words = refused(&user, &forged(ours, |_| ()), 6, "a stranger's signature");
    assert!(words.contains("not in its roster"), "{words}");
}
