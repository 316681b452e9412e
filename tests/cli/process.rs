//! The running program as others on the machine see it.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::User;

/// What belongs to a process that may be looked into is its user's; the system gives that of another to root.
#[test]
#[cfg(target_os = "linux")]
fn no_core_is_dumped_and_nobody_looks_inside() {
    const NOBODY: u32 = 65_534;
    let user = User::without_vault();
    let pipe = user.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickey"));
    command.args(["init", "--passphrase-file"]).arg(&pipe).stdin(Stdio::null()).stdout(Stdio::null());
    user.environment(&mut |name, value| {
        command.env(name, value);
    });
    if rustix::process::geteuid().is_root() {
        // Root's own processes are root's either way.
        std::fs::set_permissions(user.path(""), std::fs::Permissions::from_mode(0o777)).unwrap();
        chown(&pipe, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command.spawn().unwrap();
    // Opened once the program reads its passphrase from it; until this end is closed it waits for more.
    let writer = OpenOptions::new().write(true).open(&pipe).unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{}", child.id()));
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    let owner = process.join("environ").metadata().unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(writer);
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    assert_eq!(owner, 0, "its memory is open to every process of its user");
}
