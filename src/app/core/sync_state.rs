//! How the open vaults stand to their remotes, in the title and as news.

use crate::app::core::news::News;
use crate::app::core::session::Session;
use crate::app::core::vaults::Sync;
use crate::app::msg::SyncState;
use crate::time::Now;
use crate::vault::Stamp;
use crate::vault::seal::VaultId;

/// A sync has begun or ended.
pub(crate) fn synced(
    session: &mut Session,
    vault: &VaultId,
    (state, reached): (SyncState, Stamp),
    said: &[String],
    news: &mut News,
    now: Now,
) {
    let Some(number) = session.vaults.find(vault) else { return };
    let Some(open) = session.vaults.get_mut(number) else { return };
    // That the remote went back in time is not forgotten by the next sync, only when somebody asks for one.
    let went_back = open.sync.is_some_and(|sync| sync.state == SyncState::WentBack);
    let state = if went_back && state == SyncState::Done { SyncState::WentBack } else { state };
    let before = open.sync.map_or(Stamp::default(), |sync| sync.reached);
    let reached = if matches!(state, SyncState::Done | SyncState::WentBack) { reached } else { before };
    open.sync = Some(Sync { state, at: now, reached });
    if said.is_empty() {
        return;
    }
    let words = format!("{}: {}", open.name, said.join("; "));
    match state {
        SyncState::Done | SyncState::Running => news.say(words, now),
        SyncState::Offline { .. }
        | SyncState::Stopped
        | SyncState::ShutOut
        | SyncState::OtherPassphrase
        | SyncState::WentBack => news.say_bad(words, now),
    }
}

/// Whether the vault that was unlocked has another passphrase at its remote.
pub(crate) fn has_other_passphrase(session: &Session) -> bool {
    session.vaults.first().sync.is_some_and(|sync| sync.state == SyncState::OtherPassphrase)
}

/// Another window took its remote away.
pub(crate) fn no_remote(session: &mut Session, vault: &VaultId) {
    if let Some(number) = session.vaults.find(vault)
        && let Some(open) = session.vaults.get_mut(number)
    {
        open.sync = None;
    }
}

/// Somebody asked for a sync. That no vault has a remote only the outside knows: it may have got one from another window.
pub(crate) fn asked(session: &mut Session) {
    let numbers: Vec<u16> = session.vaults.iter().map(|(number, _)| number).collect();
    for number in numbers {
        if let Some(sync) = session.vaults.get_mut(number).and_then(|open| open.sync.as_mut()) {
            sync.state = SyncState::Running;
        }
    }
}

/// Whether something that was saved is on its way to a remote.
pub(crate) fn owes(session: &Session) -> bool {
    session.vaults.iter().any(|(_, open)| {
        open.sync.is_some_and(|sync| match sync.state {
            SyncState::Offline { .. } | SyncState::Stopped | SyncState::ShutOut | SyncState::OtherPassphrase => false,
            SyncState::Running | SyncState::Done | SyncState::WentBack => open.saved.newest() > sync.reached,
        })
    })
}

/// What is said after leaving, when something saved has not gone out.
pub(crate) fn farewell(session: &Session) -> Option<String> {
    let waiting = session.vaults.iter().filter_map(|(_, open)| match open.sync?.state {
        SyncState::Offline { waiting } => Some(waiting),
        _ => None,
    });
    let next = "when tickey is opened again, or by tickey sync";
    match waiting.fold(0, usize::saturating_add) {
        0 if owes(session) => Some(format!("what was saved last is not at the remote yet; it goes there {next}")),
        0 => None,
        1 => Some(format!("1 change waits for the remote; it goes there {next}")),
        n => Some(format!("{n} changes wait for the remote; they go there {next}")),
    }
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
    if syncs.iter().any(|sync| sync.state == SyncState::OtherPassphrase) {
        return Some(("not synced: other passphrase".into(), false));
    }
    if syncs.iter().any(|sync| sync.state == SyncState::ShutOut) {
        return Some(("not synced: removed".into(), false));
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
        10..=59 => format!("{} s", (seconds / 10).saturating_mul(10)),
        60..=3_599 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
