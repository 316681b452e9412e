//! How the open vaults stand to their remotes, in the title and as news.

use crate::app::model::{Model, Session, Stage};
use crate::app::msg::SyncState;
use crate::time::Now;
use crate::vault::seal::VaultId;

/// The newest word of a sync, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sync {
    pub(crate) state: SyncState,
    at: Now,
}

/// A sync has begun or ended.
pub(crate) fn synced(model: &mut Model, vault: &VaultId, state: SyncState, said: &[String], now: Now) {
    let Stage::Open(session) = &mut model.stage else { return };
    let Some(number) = session.vaults.find(vault) else { return };
    let Some(open) = session.vaults.get_mut(number) else { return };
    // That the remote went back in time is not forgotten by the next sync, only when somebody asks for one.
    let went_back = open.sync.is_some_and(|sync| sync.state == SyncState::WentBack);
    let state = if went_back && state == SyncState::Done { SyncState::WentBack } else { state };
    open.sync = Some(Sync { state, at: now });
    if said.is_empty() {
        return;
    }
    let words = format!("{}: {}", open.name, said.join("; "));
    match state {
        SyncState::Done | SyncState::Running => model.say(words, now),
        SyncState::Offline { .. } | SyncState::Stopped | SyncState::WentBack => model.say_bad(words, now),
    }
}

/// Somebody asked for a sync. False: nothing has a remote.
pub(crate) fn asked(session: &mut Session) -> bool {
    let numbers: Vec<u16> = session.vaults.iter().map(|(number, _)| number).collect();
    let mut any = false;
    for number in numbers {
        if let Some(sync) = session.vaults.get_mut(number).and_then(|open| open.sync.as_mut()) {
            sync.state = SyncState::Running;
            any = true;
        }
    }
    any
}

/// What the title says of the vaults that are shown, and whether all is well: the worst of them.
pub(crate) fn words(session: &Session, now: Now) -> Option<(String, bool)> {
    let only = session.list.vault();
    let shown = session.vaults.iter().filter(|(number, _)| only.is_none_or(|only| only == *number));
    let syncs: Vec<&Sync> = shown.filter_map(|(_, open)| open.sync.as_ref()).collect();
    if syncs.is_empty() {
        return None;
    }
    if syncs.iter().any(|sync| sync.state == SyncState::WentBack) {
        return Some(("the remote went back in time".into(), false));
    }
    if syncs.iter().any(|sync| sync.state == SyncState::Stopped) {
        return Some(("not synced".into(), false));
    }
    let waiting = |sync: &&Sync| match sync.state {
        SyncState::Offline { waiting } => Some(waiting),
        _ => None,
    };
    let offline: Vec<usize> = syncs.iter().copied().filter_map(|sync| waiting(&sync)).collect();
    if !offline.is_empty() {
        return Some((
            match offline.iter().fold(0_usize, |sum, waiting| sum.saturating_add(*waiting)) {
                0 => "offline".into(),
                1 => "offline, 1 change waiting".into(),
                n => format!("offline, {n} changes waiting"),
            },
            false,
        ));
    }
    if syncs.iter().any(|sync| sync.state == SyncState::Running) {
        return Some(("syncing".into(), true));
    }
    let oldest = syncs.iter().map(|sync| now.since(sync.at).as_secs()).max().unwrap_or(0);
    Some((format!("synced {} ago", ago(oldest)), true))
}

/// Seconds in steps that get coarser, so that the title seldom changes.
fn ago(seconds: u64) -> String {
    match seconds {
        0..=9 => format!("{seconds} s"),
        10..=59 => format!("{} s", seconds / 10 * 10),
        60..=3_599 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
