//! When the program must be woken, and whether what the screen shows is still so. No ticks: nothing visible changes, nobody wakes.

use std::time::Duration;

use crate::app::shell::model::{Model, Opened, Stage};
use crate::time::Now;

/// How long until something must be done or drawn; `None`: nothing until somebody presses a key.
pub fn next_wake(model: &Model, now: Now) -> Option<Duration> {
    let mut wait: Option<u64> = None;
    let mut sooner = |ms: u64| wait = Some(wait.map_or(ms, |known| known.min(ms)));
    if let Some(toast) = &model.news.toast {
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
        Stage::Open(open) => {
            if let Some(after) = lock_after(model) {
                sooner(
                    u64::try_from(after.saturating_sub(now.since(model.last_input)).as_millis()).unwrap_or(u64::MAX),
                );
            }
            if open.session.vaults.first().path.is_some() {
                // The file is looked at: another window may have written it.
                sooner(2_000_u64.saturating_sub(now.boot_ms.saturating_sub(model.file_seen.boot_ms)));
            }
            let screen = open.stack.first();
            if let Some(left) = screen.closes_ms(now) {
                sooner(left);
            }
            let timed = screen.timed(&open.session);
            if counts_seconds(model) && (screen.counts() || !timed.is_empty()) {
                sooner(1000_u64.saturating_sub(now.wall_ms % 1000));
            } else if let Some(next) = timed.iter().map(|otp| otp.valid_until(now.unix())).min() {
                sooner(next.saturating_mul(1000).saturating_sub(now.wall_ms));
            }
        }
    }
    wait.map(Duration::from_millis)
}

/// Whether the screen no longer shows what is so.
pub fn needs_draw(model: &Model, now: Now) -> bool {
    if model.dirty || model.news.fresh {
        return true;
    }
    let another_second = now.unix() != model.drawn.unix();
    if let Some(toast) = &model.news.toast
        && toast.counts_down()
        && model.focused
        && toast.words(now) != toast.words(model.drawn)
    {
        return true;
    }
    match &model.stage {
        Stage::Welcome(_) => false,
        Stage::Locked(lock) => lock.waits_s(now) != lock.waits_s(model.drawn),
        Stage::Open(open) => another_second && another_code(model, open, now),
    }
}

/// Whether another second shows something else.
fn another_code(model: &Model, open: &Opened, now: Now) -> bool {
    let screen = open.stack.first();
    let timed = screen.timed(&open.session);
    let counts = counts_seconds(model) && (screen.counts() || !timed.is_empty());
    counts || timed.iter().any(|otp| otp.valid_from(now.unix()) != otp.valid_from(model.drawn.unix()))
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
