//! How much memory the process's control group allows (cgroups, versions 1 and 2): a container on a large machine may have little of it.

use std::path::{Component, Path};

/// The smallest memory limit, in bytes, of the control group that `membership` (the text of `/proc/self/cgroup`) names and of every group above it.
/// `mounted` is where the system mounts them: `/sys/fs/cgroup`. `None` where none is set. A group that cannot be seen from here is passed over: inside a
/// container its path is often that of the host, and the container's own group lies at the root.
pub(super) fn memory_limit(mounted: &Path, membership: &str) -> Option<u64> {
    membership
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, group) = (parts.next()?, parts.next()?);
            let is_memory = controllers.split(',').any(|controller| controller == "memory");
            Some(match (controllers, is_memory) {
                // Beside version 1's groups, those of version 2 are mounted in a folder of their own.
                ("", _) => [("", "memory.max"), ("unified", "memory.max")]
                    .iter()
                    .filter_map(|(folder, file)| least(&mounted.join(folder), group, file))
                    .min(),
                (_, true) => least(&mounted.join("memory"), group, "memory.limit_in_bytes"),
                _ => None,
            })
        })
        .flatten()
        .min()
}

/// The smallest number in the files of that name from the folder of `group` up to `root`.
fn least(root: &Path, group: &str, file: &str) -> Option<u64> {
    let mut folder = root.to_path_buf();
    let mut least = limit(&folder.join(file));
    // `..` leads out of what this process may see.
    for part in Path::new(group).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part),
        _ => None,
    }) {
        folder.push(part);
        least = [least, limit(&folder.join(file))].into_iter().flatten().min();
    }
    least
}

/// The number in that file; `max` is none. So is what cannot be read: it costs a derivation that the system may end for want of memory, and refusing instead
/// would shut people out of their vaults.
fn limit(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_allows_no_more_than_those_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str, text: &str| {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let limit = |membership: &str| memory_limit(folder.path(), membership);
        // Version 2: no limit at the root, one on the slice, a larger one below it.
        at("user.slice/memory.max", "1073741824\n");
        at("user.slice/app/memory.max", "4294967296\n");
        at("user.slice/app/tight/memory.max", "536870912\n");
        at("system.slice/memory.max", "max\n");
        assert_eq!(limit("0::/\n"), None);
        assert_eq!(limit("0::/system.slice\n"), None);
        assert_eq!(limit("0::/user.slice\n"), Some(1 << 30));
        assert_eq!(limit("0::/user.slice/app\n"), Some(1 << 30));
        assert_eq!(limit("0::/user.slice/app/tight\n"), Some(512 << 20));
        assert_eq!(limit("0::/../user.slice/gone\n"), Some(1 << 30));
        // Version 1, alone and beside version 2.
        at("memory/memory.limit_in_bytes", "9223372036854771712\n");
        at("memory/docker/memory.limit_in_bytes", "268435456\n");
        at("unified/docker/memory.max", "134217728\n");
        assert_eq!(limit("5:cpu:/docker\n"), None);
        assert_eq!(limit("5:cpu,memory:/docker\n0::/\n"), Some(256 << 20));
        assert_eq!(limit("5:memory:/docker\n0::/docker\n"), Some(128 << 20));
        assert_eq!(limit("4:memory:/host/path/unseen\n"), Some(9_223_372_036_854_771_712));
        for nonsense in ["", "::", "0:", "4:memory\n", "memory"] {
            assert_eq!(limit(nonsense), None, "{nonsense:?}");
        }
    }
}
