//! Every system call that a command makes fails, once and for ever, and is the last one of a killed program.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

use crate::machine::{ADD, INIT, JOIN, Machine, Outcome, PASSPHRASE, REKEY, SYNC, Scenario};
use crate::{can_trace, sample};

/// So many faults are made in a usual run.
const MOST: usize = 30;
const CALLS: &str = "openat,read,pread64,write,writev,close,fsync,ftruncate,rename,renameat2,link,linkat,unlink,unlinkat,flock,fcntl,fchmod,\
chmod,fchown,mkdir,getrandom,statx,newfstatat,lseek,getdents64,readlink,copy_file_range";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Once(&'static str),
    ForEver(&'static str),
    Kill,
}

/// Each call's name, and how often the command makes it.
fn calls(machine: &Machine, scenario: &Scenario) -> BTreeMap<String, usize> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut below: Vec<String> = ["strace", "-f", "-qq", "-e", "signal=none", "-e"].map(str::to_owned).into();
    below.extend([format!("trace={CALLS}"), "-o".into(), log.path().to_str().unwrap().to_owned()]);
    assert!(machine.run(scenario, &below).status.success());
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(log.path()).unwrap().lines() {
        let name = line.split_once(' ').unwrap_or_default().1.trim_start().split('(').next().unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Makes one fault; what is wrong with how the program took it.
fn make(machine: &Machine, scenario: &Scenario, call: &str, at: usize, fault: Fault) -> Result<(), String> {
    let inject = match fault {
        Fault::Once(error) => format!("inject={call}:error={error}:when={at}"),
        Fault::ForEver(error) => format!("inject={call}:error={error}:when={at}+"),
        Fault::Kill => format!("inject={call}:signal=KILL:when={at}"),
    };
    let below: Vec<String> = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]
        .map(str::to_owned)
        .into();
    let done = machine.run(scenario, &below);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let killed = done.status.code().is_none_or(|code| code >= 128) || done.status.signal().is_some();
    if done.status.code() == Some(124) {
        return Err("it hangs".into());
    }
    if said.contains("panicked") || done.status.code() == Some(101) || (killed && fault != Fault::Kill) {
        return Err(format!("it broke ({}): {said}", done.status));
    }
    let outcome = scenario.outcome(machine)?;
    match (done.status.code(), outcome) {
        (Some(0), Outcome::Before) => return Err("it said that it was done, and it was not".into()),
        (Some(code), Outcome::After) if code != 0 && !killed && code < 126 && said.contains("nothing was changed") => {
            return Err(format!("it said that nothing was changed, and it was done: {said}"));
        }
        (Some(code), _)
            if code != 0 && !killed && code < 126 && said.trim().is_empty() && call != "write" && call != "writev" =>
        {
            return Err(format!("it failed ({code}) without a word"));
        }
        _ => {}
    }
    // Whoever does it again gets there, or is told that it is done.
    let mut again = machine.run(scenario, &[]);
    if String::from_utf8_lossy(&again.stderr).contains("tickey sync fetches it") {
        again = machine.run(&SYNC, &[]);
    }
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    let done_before = outcome == Outcome::After && !again.status.success();
    if !again.status.success() && !done_before {
        return Err(format!("a second try fails: {words}"));
    }
    match scenario.outcome(machine) {
        Ok(Outcome::After) => Ok(()),
        Ok(Outcome::Before) => Err("a second try changed nothing".into()),
        // What was added before and is added again is there twice: asked for, and no loss.
        Err(found) if outcome == Outcome::After && found.contains("New New Old") => Ok(()),
        Err(found) => Err(format!("after a second try: {found}")),
    }
}

fn torture(scenario: &Scenario) {
    if !can_trace() {
        return;
    }
    let (machine, before) = Machine::ready(scenario);
    let mut points = Vec::new();
    for (call, count) in calls(&machine, scenario) {
        let error = if call == "getrandom" { "ENOSYS" } else { "EIO" };
        let full = ["write", "fsync", "openat", "mkdir", "link", "linkat"].contains(&call.as_str());
        for at in 1..=count {
            let mut faults = vec![Fault::Once(error), Fault::ForEver(error), Fault::Kill];
            faults.extend(full.then_some(Fault::ForEver("ENOSPC")));
            points.extend(faults.into_iter().map(|fault| (call.clone(), at, fault)));
        }
    }
    let count = points.len();
    let picked = sample(points, MOST);
    let mut wrong = Vec::new();
    for (call, at, fault) in &picked {
        machine.hold(&before);
        if let Err(said) = make(&machine, scenario, call, *at, *fault) {
            wrong.push(format!("{call} {at} {fault:?}: {}", said.trim()));
        }
    }
    println!("{}: {} of {count} faults", scenario.name, picked.len());
    assert!(wrong.is_empty(), "{}: {} of {}\n{}", scenario.name, wrong.len(), picked.len(), wrong.join("\n"));
}

#[test]
fn making_a_vault_survives_every_fault() {
    torture(&INIT);
}

#[test]
fn adding_an_entry_survives_every_fault() {
    torture(&ADD);
}

#[test]
fn changing_the_passphrase_survives_every_fault() {
    torture(&PASSPHRASE);
}

#[test]
fn syncing_survives_every_fault() {
    torture(&SYNC);
}

#[test]
fn joining_survives_every_fault() {
    torture(&JOIN);
}

#[test]
fn giving_links_new_keys_survives_every_fault() {
    torture(&REKEY);
}
