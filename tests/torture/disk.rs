//! What a disk may hold after the power went: what was synced stays; of the rest any part may be lost, torn or there before what was done earlier.
//!
//! A file's bytes are safe once the file was synced, a name once its folder was, or the file that was made under it (as on ext4, XFS and Btrfs).

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::machine::Files;
use crate::trace::Op;

/// What happens to a write that was not synced and yet reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Torn {
    Whole,
    Half,
    Zeros,
    Garbage,
}

/// A disk after a cut.
pub struct State {
    /// When, and what was lost: for people.
    pub what: String,
    /// All was done and said to be done.
    pub acknowledged: bool,
    pub files: Files,
}

/// The numbers of what the disk surely has of the first `count` operations.
fn durable(ops: &[Op], count: usize) -> BTreeSet<usize> {
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut safe = BTreeSet::new();
    for (at, op) in ops[..count].iter().enumerate() {
        match op {
            Op::Sync(file) => {
                safe.extend((0..at).filter(|earlier| match &ops[*earlier] {
                    Op::Write { file: of, .. } | Op::Truncate(of, _) | Op::Create(_, of) => of == file,
                    _ => false,
                }));
                safe.insert(at);
            }
            Op::SyncFolder(synced) => {
                safe.extend((0..at).filter(|earlier| match &ops[*earlier] {
                    Op::Create(path, _) | Op::Unlink(path) | Op::MakeFolder(path) | Op::RemoveFolder(path) => {
                        folder(path) == *synced
                    }
                    Op::Rename(from, to) | Op::Link(from, to) => folder(from) == *synced || folder(to) == *synced,
                    _ => false,
                }));
                safe.insert(at);
            }
            _ => {}
        }
    }
    safe
}

/// The disk on which just these operations arrived, the writes among them as `torn` says.
fn build(before: &Files, ops: &[Op], kept: &BTreeSet<usize>, torn: &HashMap<usize, Torn>) -> Files {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    let mut names: HashMap<PathBuf, usize> = HashMap::new();
    let mut bytes: HashMap<usize, Vec<u8>> = HashMap::new();
    let files = before.iter().filter_map(|(name, content)| content.as_ref().map(|content| (name, content)));
    for (number, (name, content)) in files.enumerate() {
        names.insert(name.clone(), number);
        bytes.insert(number, content.clone());
    }
    folders.extend(before.iter().filter(|(_, content)| content.is_none()).map(|(name, _)| name.clone()));
    // What a name stood for when it was used, whether or not its making arrived.
    let mut meant = names.clone();
    for (at, op) in ops.iter().enumerate() {
        let arrived = kept.contains(&at);
        match op {
            Op::Create(path, file) => {
                meant.insert(path.clone(), *file);
                if arrived {
                    names.insert(path.clone(), *file);
                }
            }
            Op::Truncate(file, size) if arrived => bytes.entry(*file).or_default().resize(*size, 0),
            Op::Write { file, at: from, bytes: text } if arrived => {
                let mut text = text.clone();
                match torn.get(&at).unwrap_or(&Torn::Whole) {
                    Torn::Whole => {}
                    Torn::Half => text.truncate(text.len() / 2),
                    Torn::Zeros => text.fill(0),
                    Torn::Garbage => {
                        text.iter_mut().zip((0_u8..=255).cycle()).for_each(|(byte, n)| *byte ^= n.wrapping_mul(151))
                    }
                }
                let content = bytes.entry(*file).or_default();
                if content.len() < from + text.len() {
                    content.resize(from + text.len(), 0);
                }
                content[*from..from + text.len()].copy_from_slice(&text);
            }
            Op::Rename(from, to) => {
                if let Some(file) = meant.remove(from) {
                    meant.insert(to.clone(), file);
                    if arrived {
                        names.remove(from);
                        names.insert(to.clone(), file);
                    }
                }
            }
            Op::Link(from, to) => {
                if let Some(file) = meant.get(from).copied() {
                    meant.insert(to.clone(), file);
                    if arrived {
                        names.insert(to.clone(), file);
                    }
                }
            }
            Op::Unlink(path) => {
                meant.remove(path);
                if arrived {
                    names.remove(path);
                }
            }
            Op::MakeFolder(path) if arrived => drop(folders.insert(path.clone())),
            Op::RemoveFolder(path) if arrived => drop(folders.remove(path)),
            _ => {}
        }
    }
    let there = |path: &Path| path.ancestors().skip(1).all(|above| above == Path::new("") || folders.contains(above));
    let mut files = Files::new();
    files.extend(folders.iter().filter(|folder| there(folder)).map(|folder| (folder.clone(), None)));
    for (name, file) in names.iter().filter(|(name, _)| there(name)) {
        files.insert(name.clone(), Some(bytes.get(file).cloned().unwrap_or_default()));
    }
    files
}

/// Every different disk that a cut at any moment can leave, in the order of the moments.
pub fn states(before: &Files, ops: &[Op]) -> Vec<State> {
    let mut seen = BTreeSet::new();
    let mut states = Vec::new();
    for count in 0..=ops.len() {
        let acknowledged = count == ops.len();
        let safe = durable(ops, count);
        let loose: Vec<usize> = (0..count).filter(|at| !safe.contains(at)).collect();
        let mut sets: Vec<(String, BTreeSet<usize>)> = vec![
            ("all lost that was not synced".into(), BTreeSet::new()),
            ("nothing lost".into(), loose.iter().copied().collect()),
        ];
        for at in &loose {
            let others = loose.iter().copied().filter(|other| other != at).collect();
            sets.push((format!("only {at} lost"), others));
            sets.push((format!("only {at} arrived"), BTreeSet::from([*at])));
            sets.push((format!("arrived up to {at}"), loose.iter().copied().filter(|other| other < at).collect()));
        }
        for (what, arrived) in sets {
            let kept: BTreeSet<usize> = safe.union(&arrived).copied().collect();
            let writes = arrived.iter().filter(|at| matches!(ops[**at], Op::Write { .. }));
            let tears =
                writes.flat_map(|at| [Torn::Half, Torn::Zeros, Torn::Garbage].map(|torn| HashMap::from([(*at, torn)])));
            for torn in std::iter::once(HashMap::new()).chain(tears) {
                let files = build(before, &ops[..count], &kept, &torn);
                let mut hasher = DefaultHasher::new();
                (&files, acknowledged).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    let what = format!("after {count} of {} operations, {what}, torn {torn:?}", ops.len());
                    states.push(State { what, acknowledged, files });
                }
            }
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(sync: bool, sync_folder: bool) -> (Files, Vec<Op>) {
        let before = Files::from([("f".into(), None), ("f/v".into(), Some(b"old".to_vec()))]);
        let mut ops = vec![
            Op::Create("f/t".into(), 1),
            Op::Write { file: 1, at: 0, bytes: b"new!".to_vec() },
            Op::Sync(1),
            Op::Rename("f/t".into(), "f/v".into()),
            Op::SyncFolder("f".into()),
        ];
        if !sync_folder {
            ops.pop();
        }
        if !sync {
            ops.remove(2);
        }
        (before, ops)
    }

    /// What the file may hold, and what it may hold once the save was said to be done.
    fn found(sync: bool, sync_folder: bool) -> (BTreeSet<Vec<u8>>, BTreeSet<Vec<u8>>) {
        let (before, ops) = save(sync, sync_folder);
        let all = states(&before, &ops);
        let at = |state: &State| state.files[Path::new("f/v")].clone().unwrap();
        let acknowledged = all.iter().filter(|state| state.acknowledged).map(at).collect();
        (all.iter().map(at).collect(), acknowledged)
    }

    #[test]
    fn a_right_save_leaves_the_old_or_the_new() {
        let (ever, done) = found(true, true);
        assert_eq!(ever, [b"new!".to_vec(), b"old".to_vec()].into());
        assert_eq!(done, [b"new!".to_vec()].into());
    }

    #[test]
    fn a_missing_sync_is_seen() {
        let (ever, _) = found(false, true);
        assert!(ever.contains(&b""[..]) && ever.contains(&b"ne"[..]) && ever.contains(&b"\0\0\0\0"[..]), "{ever:?}");
        let (_, done) = found(true, false);
        assert!(done.contains(&b"old"[..]), "{done:?}");
    }
}
