//! The names that sync clients give to the copies they lay aside when two machines changed one file.

/// Whether `name` is a conflict copy of `file`, by the habits of Syncthing (`ops.sync-conflict-20260131-101500-ABCDEFG.json`),
/// Dropbox (`ops (Maya's conflicted copy 2026-01-31).json`) and Nextcloud (`ops (conflicted copy 2026-01-31 101500).json`,
/// `ops_conflict-20260131-101500.json`).
pub(super) fn is_copy(name: &str, file: &str) -> bool {
    let (stem, ending) = match file.rfind('.') {
        Some(dot) if dot > 0 => file.split_at(dot),
        _ => (file, ""),
    };
    let Some(middle) = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(ending)) else { return false };
    let dated =
        |mark: &str| middle.strip_prefix(mark).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let in_brackets = || {
        let inner = middle.trim_start().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        inner.is_some_and(|inner| inner.to_lowercase().contains("conflicted copy"))
    };
    dated(".sync-conflict-") || dated("_conflict-") || in_brackets()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_habits_of_sync_clients_are_known() {
        for name in [
            "ops.sync-conflict-20260131-101500-ABCDEFG.json",
            "ops (Maya's conflicted copy 2026-01-31).json",
            "ops (Maya's Conflicted Copy 2026-01-31 (1)).json",
            "ops (conflicted copy 2026-01-31 101500).json",
            "ops_conflict-20260131-101500.json",
        ] {
            assert!(is_copy(name, "ops.json"), "{name}");
        }
        assert!(is_copy("ops.sync-conflict-20260131-101500-ABCDEFG", "ops"));
        assert!(is_copy(".ops.sync-conflict-20260131-101500-ABCDEFG", ".ops"));
    }

    #[test]
    fn other_files_are_left_alone() {
        for name in [
            "ops.json",
            "ops.json.lock",
            "ops (1).json",
            "ops2.sync-conflict-20260131-101500-ABCDEFG.json",
            "ops.sync-conflict-20260131-101500-ABCDEFG.txt",
            "opsconflicted copy.json",
            "ops_conflict-resolution.json",
            ".ops.json.0123456789abcdef.tmp",
            "",
        ] {
            assert!(!is_copy(name, "ops.json"), "{name}");
        }
    }
}
