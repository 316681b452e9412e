//! The process itself: no core dumps, no debugger of the same user, no end without a word, and how much memory the machine has.

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use zeroizing_alloc::ZeroAlloc;

use crate::vault::Limits;

/// Wipes what is freed: whatever a library or a growing buffer copied on the heap is gone when it is no longer used.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

/// Keeps the program's memory to itself: not dumpable, so other processes of the same user cannot read it, and no core files. Called
/// first, before a secret is known. A system that refuses is no reason not to start.
pub fn protect() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A file size limit (`ulimit -f`) is then an error of the write that a person can be told, and not the end of the program.
pub fn survive_file_size_limit() {
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Sets the flag when somebody presses Ctrl-C, as long as what is returned lives.
pub fn on_interrupt(flag: &Arc<AtomicBool>) -> Interrupt {
    Interrupt(signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(flag)).ok())
}

/// See [`on_interrupt`].
pub struct Interrupt(Option<signal_hook::SigId>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(id) = self.0.take() {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// A decoder of pictures that breaks is caught and becomes an error: its panic is nothing to speak of.
pub fn keep_contained_panics_quiet() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::qr::contained() {
            before(panic);
        }
    }));
}

/// What this machine allows a vault to ask for: of its memory, or of what this process's control group may have of it.
pub fn limits() -> Limits {
    let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = super::cgroup::memory_limit(std::path::Path::new("/sys/fs/cgroup"), &membership);
    Limits { ram: ram().min(group.unwrap_or(u64::MAX)) }
}

/// The machine's memory in bytes; 2 GiB where it cannot be known.
fn ram() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let info = rustix::system::sysinfo();
        #[allow(clippy::useless_conversion, reason = "a C long is 32 bits wide on other machines")]
        let units = u64::try_from(info.totalram).unwrap_or(u64::MAX);
        units.saturating_mul(u64::from(info.mem_unit.max(1)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        2 << 30
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_machine_has_memory() {
        assert!(super::limits().ram > 64 << 20);
    }
}
