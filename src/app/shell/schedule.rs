//! When the program must be woken, and whether what the screen shows is still so. No ticks: nothing visible changes, nobody wakes.

use std::time::Duration;

use crate::app::core::geometry::parts;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::otp::Otp;
use crate::time::Now;

/// How long until something must be done or drawn; `None`: nothing until somebody presses a key.
pub fn next_wake(model: &Model, now: Now) -> Option<Duration> {
    let mut wait: Option<u64> = None;
    let mut sooner = |ms: u64| wait = Some(wait.map_or(ms, |known| known.min(ms)));
    if let Some(toast) = &model.toast {
        sooner(toast.left_ms(now));
        if toast.counts_down() && model.focused && !model.config.plain {
            // With the codes' countdowns, so that a second has one wake and not two.
            sooner(1000_u64.saturating_sub(now.wall_ms % 1000));
        }
    }
    if let Some(at_ms) = model.leaves_at_ms {
        sooner(at_ms.saturating_sub(now.boot_ms));
    }
    match &model.stage {
        Stage::Welcome(_) => {}
        Stage::Locked(lock) => {
            let left = lock.wait_until_ms.saturating_sub(now.boot_ms);
            if left > 0 {
                sooner(if left % 1000 == 0 { 1000 } else { left % 1000 });
            }
        }
        Stage::Open(session) => {
            if let Some(after) = lock_after(model) {
                sooner(
                    u64::try_from(after.saturating_sub(now.since(model.last_input)).as_millis()).unwrap_or(u64::MAX),
                );
            }
            if session.vaults.first().path.is_some() {
                // The file is looked at: another window may have written it.
                sooner(2_000_u64.saturating_sub(now.boot_ms.saturating_sub(model.file_seen.boot_ms)));
            }
            if let Some(Over::Codes(codes)) = session.over.last() {
                sooner(codes.left_ms(now));
            }
            let until_second = 1000_u64.saturating_sub(now.wall_ms % 1000);
            if counts_seconds(model) && reads(session) {
                sooner(until_second);
            }
            if counts_seconds(model) && counted(model, session).next().is_some() {
                sooner(until_second);
            } else if let Some(next) = counted(model, session).map(|otp| otp.valid_until(now.unix())).min() {
                sooner(next.saturating_mul(1000).saturating_sub(now.wall_ms));
            }
        }
    }
    wait.map(Duration::from_millis)
}

/// Whether the screen no longer shows what is so.
pub fn needs_draw(model: &Model, now: Now) -> bool {
    if model.dirty {
        return true;
    }
    let another_second = now.unix() != model.drawn.unix();
    if let Some(toast) = &model.toast
        && toast.counts_down()
        && model.focused
        && toast.words(now) != toast.words(model.drawn)
    {
        return true;
    }
    match &model.stage {
        Stage::Welcome(_) => false,
        Stage::Locked(lock) => lock.waits_s(now) != lock.waits_s(model.drawn),
        Stage::Open(session) => {
            (another_second && counts_seconds(model) && reads(session))
                || another_second
                    && counted(model, session).any(|otp| {
                        counts_seconds(model) || otp.valid_from(now.unix()) != otp.valid_from(model.drawn.unix())
                    })
        }
    }
}

/// Without a key for so long, the vault locks; `None`: never.
pub(crate) fn lock_after(model: &Model) -> Option<Duration> {
    let minutes = model.config.lock_minutes;
    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)))
}

/// Whether seconds are counted on the screen: not in a window that has lost the focus, and not in plain mode.
fn counts_seconds(model: &Model) -> bool {
    model.focused && !model.config.plain
}

/// Whether a file is being read, and the seconds are shown.
fn reads(session: &Session) -> bool {
    matches!(session.over.last(), Some(Over::Import(import)) if import.reading)
}

/// The timed codes on the screen.
fn counted<'a>(model: &'a Model, session: &'a Session) -> Box<dyn Iterator<Item = &'a Otp> + 'a> {
    let entry =
        |spot| session.vaults.entry(spot).filter(|entry| entry.problem.is_none()).map(|entry| &entry.details.otp);
    match session.over.last() {
        None => {
            let rows = usize::from(parts(model.size.0, model.size.1).list.h);
            Box::new(session.list.on_screen(rows).filter_map(entry).filter(|otp| otp.is_timed()))
        }
        Some(Over::Entry(view)) => Box::new(entry(view.spot).filter(|otp| otp.is_timed()).into_iter()),
        Some(Over::Form(form)) => Box::new(form.preview.as_ref().filter(|otp| otp.is_timed()).into_iter()),
        Some(_) => Box::new(std::iter::empty()),
    }
}
