//! Older versions of a vault beside it: the last 10, then one a day for 30 days, then one a month; together at most 512 MiB beside the newest.
//!
//! A backup is the old file itself under a second name (a hard link): it costs no writing, and once the save has put the new file in
//! its place nothing that opens the vault by its name can touch the old one. Where there are no hard links it is a copy.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{StoreError, disk, paths};
use crate::secret::Random;

const LAST: usize = 10;
const DAYS: usize = 30;
const DAY_MS: u64 = 86_400_000;
/// The most bytes that all but the newest have together.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its file.
    pub path: PathBuf,
    /// When the version it holds was replaced, in milliseconds since 1970.
    pub wall_ms: u64,
    /// Bytes.
    pub size: u64,
}

/// The backups of a vault, newest first.
///
/// # Errors
/// [`StoreError::Io`] when the folder cannot be read; no folder means no backups.
pub fn list(vault: &Path) -> Result<Vec<Backup>, StoreError> {
    let real = paths::real(vault)?;
    let mut backups = Vec::new();
    for (wall_ms, path) in found(&real)? {
        // One that another window has just pruned is no error.
        if let Ok(metadata) = path.symlink_metadata()
            && metadata.is_file()
        {
            backups.push(Backup { path, wall_ms, size: metadata.len() });
        }
    }
    backups.sort_by_key(|backup| std::cmp::Reverse(backup.wall_ms));
    Ok(backups)
}

/// A backup made for a save that may still fail.
pub(super) struct Kept {
    path: PathBuf,
}

impl Kept {
    /// The save failed: the old file is the vault still.
    pub(super) fn take_back(self) {
        let _ = std::fs::remove_file(self.path);
    }

    /// The save is done: the old file is a backup only, and private whatever it was.
    pub(super) fn settle(self) {
        let _ = std::fs::set_permissions(self.path, Permissions::from_mode(0o600));
    }
}

/// Keeps the file `real` as it is now. `None` when it is the newest backup already (a save died after making it).
pub(super) fn keep(real: &Path, wall_ms: u64, random: &mut dyn Random) -> Result<Option<Kept>, StoreError> {
    let folder = folder(real);
    let trouble = |doing, path: &Path, source| StoreError::Io { doing, path: path.into(), source };
    match DirBuilder::new().mode(0o700).create(&folder) {
        // Whatever the umask took away.
        Ok(()) => std::fs::set_permissions(&folder, Permissions::from_mode(0o700))
            .map_err(|source| trouble("make", &folder, source))?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(trouble("make", &folder, source)),
    }
    let believed = believed(wall_ms);
    let newest = found(real)?.into_iter().filter(|(time, _)| *time <= believed).max_by_key(|(time, _)| *time);
    if let Some((_, newest)) = &newest
        && let (Ok(newest), Ok(now)) = (newest.symlink_metadata(), real.symlink_metadata())
        && (newest.dev(), newest.ino()) == (now.dev(), now.ino())
    {
        return Ok(None);
    }
    // Two saves in one millisecond, or a clock that was set back a little: the later one's backup is still named later.
    let start = newest.map_or(wall_ms, |(newest, _)| wall_ms.max(newest.saturating_add(1)));
    for later in 0..1000 {
        let mut name = prefix(real);
        name.push(utc::write(start.saturating_add(later)));
        name.push(".json");
        let path = folder.join(name);
        match std::fs::hard_link(real, &path) {
            Ok(()) => return Ok(Some(Kept { path })),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(_) => {
                let (bytes, _) = disk::read(real)?;
                match disk::write_new(&path, &bytes, false, random) {
                    Ok(()) => return Ok(Some(Kept { path })),
                    Err(StoreError::Exists(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Err(StoreError::Exists(folder))
}

/// Removes the backups that are not to be kept any longer. What cannot be removed stays.
pub(super) fn prune(real: &Path, wall_ms: u64) {
    let Ok(found) = found(real) else { return };
    let times: Vec<u64> = found.iter().map(|(wall_ms, _)| *wall_ms).collect();
    let kept = kept(&times, wall_ms);
    let size = |path: &Path| path.symlink_metadata().map_or(0, |metadata| metadata.len());
    let sizes = found.iter().filter(|(time, _)| kept.contains(time)).map(|(time, path)| (*time, size(path)));
    let kept = within(sizes.collect(), wall_ms);
    for (_, path) in found.iter().filter(|(wall_ms, _)| !kept.contains(wall_ms)) {
        let _ = std::fs::remove_file(path);
    }
}

/// Which of those backups (time and bytes) have room: the newest in any case. The largest go first, the oldest of equal ones: whoever fills a shared
/// vault drives out none of the small ones from before.
fn within(mut backups: Vec<(u64, u64)>, wall_ms: u64) -> BTreeSet<u64> {
    let newest = backups.iter().map(|(time, _)| *time).filter(|time| *time <= believed(wall_ms)).max();
    backups.sort_unstable_by_key(|(time, size)| (*size, std::cmp::Reverse(*time)));
    let mut kept = BTreeSet::from_iter(newest);
    let mut room = MOST_BYTES;
    for (time, size) in backups.into_iter().filter(|(time, _)| newest != Some(*time)) {
        let Some(left) = room.checked_sub(size) else { break };
        room = left;
        kept.insert(time);
    }
    kept
}

/// The folder of a vault's backups.
pub(super) fn folder(real: &Path) -> PathBuf {
    paths::folder(real).join("backups")
}

/// Which of those times (milliseconds since 1970) are kept: the last 10, the newest of each of the last 30 days that have any,
/// the newest of each month. Days and months are counted, not measured from now, and what a clock set far ahead has named is not
/// taken for the newest, so a clock set wrong removes nothing.
fn kept(times: &[u64], wall_ms: u64) -> BTreeSet<u64> {
    let mut newest_first: Vec<u64> = times.to_vec();
    newest_first.sort_unstable_by_key(|time| std::cmp::Reverse(*time));
    let mut kept: BTreeSet<u64> =
        newest_first.iter().copied().filter(|time| *time <= believed(wall_ms)).take(LAST).collect();
    let mut days = BTreeSet::new();
    let mut months = BTreeSet::new();
    for time in newest_first {
        let (year, month, day) = utc::date(time);
        if days.len() < DAYS && days.insert((year, month, day)) {
            kept.insert(time);
        }
        if months.insert((year, month)) {
            kept.insert(time);
        }
    }
    kept
}

/// The latest time that can be the newest: later ones were given by a clock that was wrong.
fn believed(wall_ms: u64) -> u64 {
    wall_ms.saturating_add(DAY_MS)
}

/// Backups by time, in no order; only names this program gives.
fn found(real: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let folder = folder(real);
    let names = match paths::names(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::Io { doing: "read", path: folder, source }),
    };
    let prefix = prefix(real);
    let times = names.iter().filter_map(|name| Some((time_of(&prefix, name)?, folder.join(name))));
    Ok(times.collect())
}

/// Whether that is the name of a backup of the vault at `real`.
pub(super) fn is_of(real: &Path, name: &OsStr) -> bool {
    time_of(&prefix(real), name).is_some()
}

fn prefix(real: &Path) -> OsString {
    let mut prefix = real.file_stem().unwrap_or_default().to_owned();
    prefix.push("-");
    prefix
}

fn time_of(prefix: &OsStr, name: &OsStr) -> Option<u64> {
    let time = name.as_bytes().strip_prefix(prefix.as_bytes())?.strip_suffix(b".json")?;
    utc::read(std::str::from_utf8(time).ok()?)
}

/// Times in names: `20261124T061500.123Z` (ISO 8601, basic format, UTC).
mod utc {
    use crate::time::Utc;

    /// The last millisecond of the year 9999.
    const LAST_MS: u64 = 253_402_300_799_999;

    /// Year, month and day of a time.
    pub(super) fn date(wall_ms: u64) -> (u64, u64, u64) {
        let Utc { year, month, day, .. } = Utc::from_unix(wall_ms.min(LAST_MS) / 1000);
        (year, month, day)
    }

    pub(super) fn write(wall_ms: u64) -> String {
        let wall_ms = wall_ms.min(LAST_MS);
        let Utc { year, month, day, hour, minute, second } = Utc::from_unix(wall_ms / 1000);
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{:03}Z", wall_ms % 1000)
    }

    /// The time that [`write`] writes so; `None` for everything else.
    pub(super) fn read(text: &str) -> Option<u64> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        let unix = Utc { year, month, day, hour, minute, second }.unix()?;
        let wall_ms = unix.checked_mul(1000)?.checked_add(number(16, 19)?)?;
        // A missing T or Z, a sign: what is not written back the same was not ours.
        (write(wall_ms) == text).then_some(wall_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = DAY_MS;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (ms, text) in [
            (0, "19700101T000000.000Z"),
            (951_782_400_000, "20000229T000000.000Z"),
            (1_795_500_900_123, "20261124T061500.123Z"),
            (4_107_542_399_999, "21000228T235959.999Z"),
            (4_107_542_400_000, "21000301T000000.000Z"),
            (u64::MAX, "99991231T235959.999Z"),
        ] {
            assert_eq!(utc::write(ms), text);
            assert_eq!(utc::read(text), Some(ms.min(253_402_300_799_999)));
        }
        for text in ["", "20260631T000000.000Z", "20261124T061500.123", "20261124 061500.123Z", "2026112éT06150.123Z"]
        {
            assert_eq!(utc::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_back(ms in 0u64..253_402_300_800_000) {
            prop_assert_eq!(utc::read(&utc::write(ms)), Some(ms));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            let _ = utc::read(&text);
        }

        #[test]
        fn the_newest_ten_are_always_kept(mut times in prop::collection::btree_set(0u64..400 * DAY, 1..60)) {
            let kept = kept(&times.iter().copied().collect::<Vec<_>>(), 400 * DAY);
            prop_assert!(kept.is_subset(&times));
            for _ in 0..LAST {
                if let Some(newest) = times.pop_last() {
                    prop_assert!(kept.contains(&newest));
                }
            }
        }
    }

    #[test]
    fn many_saves_a_day_for_two_years_leave_days_and_months() {
        let mut held: Vec<u64> = Vec::new();
        let start = 1_767_225_600_000; // 2026-01-01
        for hour in 0..(2 * 365 * 24) {
            held.push(start + hour * DAY / 24);
            let keep = kept(&held, start + hour * DAY / 24);
            held.retain(|time| keep.contains(time));
        }
        // The last 10 hours are of one day; 29 more days, all of December; then 23 months.
        assert_eq!(held.len(), 10 + 29 + 23);
        let months: BTreeSet<_> = held.iter().map(|time| (utc::date(*time).0, utc::date(*time).1)).collect();
        assert_eq!(months.len(), 24);
        let december: BTreeSet<_> = held.iter().map(|time| utc::date(*time)).filter(|date| date.1 == 12).collect();
        assert_eq!(december.len(), 30 + 1);
        // Each day and month is kept as it was at its end.
        assert!(held.contains(&(start + 31 * DAY - DAY / 24)));
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_push_out_the_newest() {
        let ahead: Vec<u64> = (0..40).map(|n| 5000 * DAY + n).collect();
        let times: Vec<u64> = (0..12).chain(ahead.iter().copied()).collect();
        let kept = kept(&times, 12);
        assert!((2..12).all(|time| kept.contains(&time)));
        // Of the day that never was, its newest.
        assert_eq!(kept.len(), 10 + 1);
    }

    #[test]
    fn large_backups_drive_out_none_of_the_small_ones_from_before() {
        let small: Vec<(u64, u64)> = (0..20).map(|day| (day * DAY, 1 << 20)).collect();
        let large: Vec<(u64, u64)> = (20..30).map(|day| (day * DAY, 200 << 20)).collect();
        let kept = within([&small[..], &large].concat(), 30 * DAY);
        assert!(small.iter().all(|(time, _)| kept.contains(time)));
        // The newest whatever its size, and of the others those that have room, the newest of equal ones.
        let expected: Vec<u64> = [27, 28, 29].iter().map(|day| day * DAY).collect();
        assert_eq!(kept.iter().rev().take(3).rev().copied().collect::<Vec<_>>(), expected);
        assert_eq!(kept.len(), 20 + 3);
        assert_eq!(within(vec![(1, MOST_BYTES + 1)], 2), BTreeSet::from([1]));
    }

    #[test]
    fn backups_are_pruned_by_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("work.json");
        std::fs::write(&vault, "now").unwrap();
        std::fs::create_dir(folder.path().join("backups")).unwrap();
        for n in 1..=4 {
            let name = format!("backups/work-{}.json", utc::write(n * DAY));
            // Without bytes on the disk, but of that length.
            std::fs::File::create(folder.path().join(name)).unwrap().set_len(MOST_BYTES / 2).unwrap();
        }
        prune(&vault, 5 * DAY);
        let left: Vec<u64> = list(&vault).unwrap().iter().map(|backup| backup.wall_ms / DAY).collect();
        assert_eq!(left, [4, 3, 2]);
    }

    #[test]
    fn only_names_we_give_are_backups() {
        let prefix = prefix(Path::new("/d/work.json"));
        let of = |name: &str| time_of(&prefix, OsStr::new(name));
        assert_eq!(of("work-20261124T061500.123Z.json"), Some(1_795_500_900_123));
        assert_eq!(of("work-b-20261124T061500.123Z.json"), None);
        assert_eq!(of("work-20261124T061500.123Z.json.new"), None);
        assert_eq!(of("work-my copy.json"), None);
    }
}
