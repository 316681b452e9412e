//! The power goes: every disk that can be left opens, with the old or the new in it, whole.

use crate::machine::{ADD, INIT, JOIN, Machine, Outcome, PASSPHRASE, REKEY, SYNC, Scenario};
use crate::trace::{CALLS, Op, Reader};
use crate::{can_trace, disk, sample};

/// So many disks are looked at in a usual run.
const MOST: usize = 24;

/// What the scenario's command does to the disk, and how it went.
fn recorded(machine: &Machine, scenario: &Scenario, before: &crate::machine::Files) -> Vec<Op> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut below: Vec<String> =
        ["strace", "-f", "-y", "-xx", "-s", "1000000000", "-qq", "-e", "signal=none", "-o"].map(str::to_owned).into();
    below.extend([log.path().to_str().unwrap().to_owned(), "-e".into(), format!("trace={CALLS}")]);
    let done = machine.run(scenario, &below);
    assert!(done.status.success(), "{}: {}", scenario.name, String::from_utf8_lossy(&done.stderr));
    let there = before.iter().filter_map(|(name, bytes)| Some((name.clone(), bytes.as_ref()?.len())));
    let mut reader = Reader::new(machine.folder(), there);
    reader.read(&std::fs::read_to_string(log.path()).unwrap());
    reader.ops
}

fn cut(scenario: &Scenario) {
    if !can_trace() {
        return;
    }
    let (machine, before) = Machine::ready(scenario);
    let ops = recorded(&machine, scenario, &before);
    assert_eq!(scenario.outcome(&machine), Ok(Outcome::After));
    let all = disk::states(&before, &ops);
    let count = all.len();
    assert!(count > 20, "{} leaves only {count} disks", scenario.name);
    // Those that were said to be done are few, and all of them count.
    let (acknowledged, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|state| state.acknowledged);
    let picked: Vec<_> = sample(acknowledged, MOST / 2).into_iter().chain(sample(others, MOST / 2)).collect();
    let mut wrong = Vec::new();
    for state in &picked {
        machine.hold(&state.files);
        match scenario.outcome(&machine) {
            Ok(Outcome::Before) if state.acknowledged => wrong.push(format!("{}: it was done and is lost", state.what)),
            Ok(_) => {}
            Err(said) => wrong.push(format!("{}: {said}", state.what)),
        }
    }
    println!("{}: {} of {count} disks after {} operations", scenario.name, picked.len(), ops.len());
    assert!(wrong.is_empty(), "{}: {} of {}\n{}", scenario.name, wrong.len(), picked.len(), wrong.join("\n"));
}

/// Bytes, then the wait for them, then the name, then the wait for the name: in this order, for every name that a command leaves.
#[test]
fn a_name_changes_only_after_the_disk_has_the_bytes() {
    if !can_trace() {
        return;
    }
    for scenario in [&INIT, &ADD, &PASSPHRASE] {
        let (machine, before) = Machine::ready(scenario);
        let ops = recorded(&machine, scenario, &before);
        let vault = std::path::Path::new("data/tickey/personal.json");
        let renamed = ops.iter().position(|op| matches!(op, Op::Rename(_, to) if to == vault)).unwrap();
        let Op::Rename(temporary, _) = &ops[renamed] else { unreachable!() };
        let made = ops.iter().rposition(|op| matches!(op, Op::Create(path, _) if path == temporary)).unwrap();
        let Op::Create(_, file) = ops[made] else { unreachable!() };
        let of_file = |op: &Op| match op {
            Op::Write { file: of, .. } if *of == file => Some("write"),
            Op::Sync(of) if *of == file => Some("sync"),
            _ => None,
        };
        let mut order: Vec<_> = ops[made..renamed].iter().filter_map(of_file).collect();
        order.dedup();
        assert_eq!(order, ["write", "sync"], "{}", scenario.name);
        let folder = Op::SyncFolder("data/tickey".into());
        assert!(ops[renamed..].contains(&folder), "{}: the folder is not synced after the rename", scenario.name);
    }
}

#[test]
fn a_cut_while_a_vault_is_made() {
    cut(&INIT);
}

#[test]
fn a_cut_while_an_entry_is_added() {
    cut(&ADD);
}

#[test]
fn a_cut_while_the_passphrase_changes() {
    cut(&PASSPHRASE);
}

#[test]
fn a_cut_while_changes_go_to_a_folder() {
    cut(&SYNC);
}

#[test]
fn a_cut_while_joining() {
    cut(&JOIN);
}

#[test]
fn a_cut_while_links_get_new_keys() {
    cut(&REKEY);
}
