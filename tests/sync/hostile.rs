//! Whoever stores the file chooses its bytes, and how many: no disk here is filled by that.

use std::path::Path;

use tickey::runtime::clock::Os;
use tickey::store::remote::Tag;
use tickey::store::remote::{Guarantees, Guard, Read, Remote, RemoteError, Written};
use tickey::store::sync::Notice;
use tickey::vault::Unlocked;

use crate::machine::{Machine, now};
use crate::storage::Storage;
use crate::story::Desk;

/// Another stranger's vault each time; whatever is written is taken and forgotten.
struct Hostile {
    answers: usize,
}

impl Remote for Hostile {
    fn read(&mut self, _: Option<&Tag>) -> Result<Read, RemoteError> {
        self.answers += 1;
        let bytes = stranger();
        Ok(Read::Found(bytes.clone(), Tag::new(self.answers.to_string(), true, &bytes)))
    }

    fn write(&mut self, bytes: &[u8], _: Option<&Tag>) -> Result<Written, RemoteError> {
        Ok(Written::Done(Tag::new("taken", true, bytes)))
    }

    fn probe(&mut self) -> Result<Guarantees, RemoteError> {
        Ok(Guarantees { guard: Guard::Ignores, notes: Vec::new() })
    }
}

fn stranger() -> Vec<u8> {
    Unlocked::found_shared("ops", "eve", now(0), &mut Os).unwrap().vault.seal(&mut Os).unwrap()
}

fn size_of(folder: &Path) -> (usize, u64) {
    let Ok(files) = std::fs::read_dir(folder) else { return (0, 0) };
    let sizes: Vec<u64> = files.map(|file| file.unwrap().metadata().unwrap().len()).collect();
    (sizes.len(), sizes.iter().sum())
}

#[test]
fn a_hostile_remote_fills_no_disk() {
    let mut maya = Machine::founder();
    maya.sync(&mut Storage::default().honest());
    let mut remote = Hostile { answers: 0 };
    for _ in 0..4 {
        // It never has what was put there: that is said, and ends.
        assert!(maya.try_sync(&mut remote).is_err());
    }
    assert!(remote.answers > 20, "{} copies were read", remote.answers);
    let (files, bytes) = size_of(&maya.home.data.join("aside"));
    assert!(files == 10 && bytes <= 64 << 20, "{files} files of {bytes} bytes");
    assert!(size_of(&maya.home.state).1 < 1 << 20);
}

#[test]
fn a_flood_of_conflict_copies_is_bounded_and_named() {
    let share = tempfile::tempdir().unwrap();
    let file = share.path().join("ops.json");
    let mut maya = Machine::founder();
    let open = || crate::synced_folder::open(&file);
    maya.sync(open().as_mut());
    let copy = |n: usize| share.path().join(format!("ops (conflicted copy {n:04}).json"));
    // A real one, and many that are none, one of them larger than what one sync reads.
    let mut other = maya.window();
    other.add("From the copy");
    std::fs::write(copy(0), other.sealed()).unwrap();
    std::fs::File::create(copy(1)).unwrap().set_len(300 << 20).unwrap();
    let junk = stranger();
    for n in 2..500 {
        std::fs::write(copy(n), &junk).unwrap();
    }
    let synced = maya.sync(open().as_mut());
    let left: Vec<_> = synced
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::CopiesLeft(files) => Some(files.len()),
            _ => None,
        })
        .collect();
    assert_eq!(left, [499], "{:?}", synced.notices);
    assert!(maya.issuers().contains(&"From the copy".into()) && !copy(0).exists() && copy(1).exists());
}

/// What is in quarantine is listed with all that helps to decide what to do with it.
#[test]
fn what_is_in_quarantine_is_listed() {
    let share = tempfile::tempdir().unwrap();
    let file = share.path().join("ops.json");
    let maya = Desk::new("maya", &[]);
    maya.ok(&["vault", "create", "ops"]);
    let url = format!("folder:{}", file.display());
    maya.ops(&["remote", "set", &url]);
    for _ in 0..2 {
        std::fs::write(&file, "nothing that anybody sealed").unwrap();
        maya.ops(&["sync"]);
    }
    let found = maya.ops_json(&["check"]);
    let words =
        |finding: &serde_json::Value| (finding["what"] == "quarantined").then(|| finding["message"].to_string());
    let found: Vec<String> = found["findings"].as_array().unwrap().iter().filter_map(words).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    let kept = std::fs::read_dir(maya.vaults().join("aside")).unwrap().next().unwrap().unwrap().path();
    for word in [&*url, kept.to_str().unwrap(), "1 KiB", "UTC", "delete it"] {
        assert!(found[0].contains(word), "{word}: {}", found[0]);
    }
    assert!(maya.ok(&["check"]).contains("quarantined"), "the personal vault's holder is told of all of them");
    std::fs::remove_file(kept).unwrap();
    assert!(!maya.ops(&["check"]).contains("quarantined"));
}
