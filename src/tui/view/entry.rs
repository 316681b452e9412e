//! One entry: in the pane beside the list, and over the whole screen.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::geometry::Area;
use crate::app::core::session::Session;
use crate::app::screens::entry::EntryView;
use crate::time::{Now, Utc};
use crate::tui::view::paint::Paint;
use crate::tui::view::{big, code};
use crate::vault::find::EntryRef;
use crate::vault::{Entry, conflict};

/// The pane beside the list.
pub(super) fn pane(session: &Session, area: Area, now: Now, paint: &mut Paint<'_>) {
    let Some((spot, entry)) = session.selected() else { return };
    let line = if paint.look.ascii { "|" } else { "│" };
    for y in area.y..area.y.saturating_add(area.h) {
        paint.put(area.x.saturating_add(1), y, 1, line, paint.look.dim);
    }
    let inner = Area { x: area.x.saturating_add(3), w: area.w.saturating_sub(4), ..area };
    entry_in(session, spot, entry, None, inner, now, paint);
}

/// The entry over the whole screen.
pub(super) fn draw(model: &Model, session: &Session, view: &EntryView, now: Now, paint: &mut Paint<'_>) {
    let Some(entry) = session.vaults.entry(view.spot) else { return };
    let (w, h) = (paint.width(), paint.height());
    let header = u16::from(h > 4);
    if header > 0 {
        paint.title(entry.title(), "");
    }
    let inner = Area {
        x: if w > 20 { 2 } else { 0 },
        y: header.saturating_add(u16::from(h > 12)),
        w: w.saturating_sub(if w > 20 { 4 } else { 0 }),
        h: h.saturating_sub(header).saturating_sub(u16::from(h > 12)).saturating_sub(if h > 5 { 2 } else { 0 }),
    };
    entry_in(session, view.spot, entry, Some(view), inner, now, paint);
    if h > 5 {
        paint.footer(model);
    }
}

fn entry_in(
    session: &Session,
    spot: EntryRef,
    entry: &Entry,
    view: Option<&EntryView>,
    area: Area,
    now: Now,
    paint: &mut Paint<'_>,
) {
    let look = paint.look;
    let details = &entry.details;
    let otp = &details.otp;
    let end = area.y.saturating_add(area.h);
    let mut y = area.y;
    let mut line = |paint: &mut Paint<'_>, label: &str, text: &str, style: Style| {
        if y < end && !text.is_empty() {
            let x = if label.is_empty() {
                area.x
            } else {
                paint.put(area.x, y, area.w, label, look.dim);
                area.x.saturating_add(10)
            };
            let columns = area.w.saturating_sub(x.saturating_sub(area.x));
            y = paint.lines(x, y, columns, end.saturating_sub(y), text, style);
        }
    };
    // The code comes first where there is little room.
    let roomy = area.h >= 9;
    if roomy {
        if view.is_none() {
            line(paint, "", &details.issuer, look.bold);
        }
        line(paint, "", &details.account, Style::new());
    }
    if let Some(problem) = &entry.problem {
        line(paint, "", &format!("no code: {problem}"), look.bad);
    }
    let made = match &session.drawn_code {
        _ if otp.is_timed() => entry.code(now.unix()).ok(),
        Some((of, drawn)) if *of == spot => Some(drawn.clone()),
        _ => None,
    };
    let shown = session.shows_code(spot) || !otp.is_timed();
    let left = code::left(otp, now);
    let ending = otp.is_timed() && code::is_ending(left);
    let style = if ending { look.warn.patch(look.bold) } else { look.bold };
    let chosen = view.is_some_and(|view| view.recovery.is_none());
    if y < end && entry.problem.is_none() {
        let text = match &made {
            Some(made) if shown => code::grouped(made.as_str(), 11),
            Some(_) => look.signs.hidden.to_owned().into(),
            None => look.signs.undrawn.to_owned().into(),
        };
        if roomy {
            y = y.saturating_add(1);
            if shown && made.is_some() && !look.plain && big::draw(paint, area.x, y, area.w, &text, style) {
                y = y.saturating_add(4);
            }
        }
        let mark = if chosen { look.signs.selected } else { "" };
        let at = paint.put(area.x, y, 1, mark, look.accent);
        let at = paint.put(at, y, 12, &text, style);
        if chosen {
            paint.cursor = Some((area.x, y));
        }
        let at = at.saturating_add(2);
        let room = area.w.saturating_sub(at.saturating_sub(area.x));
        if otp.is_timed() {
            let style = if ending { style } else { look.good };
            let mut at = at;
            if !look.plain && room >= 16 {
                at = paint.put(at, y, 10, &code::bar(left, otp.period.get(), 10, &look), style).saturating_add(1);
            }
            if room >= 5 {
                paint.put(at, y, 5, &code::seconds(left, now, &look), style);
            }
        } else if room >= 8 {
            paint.put(at, y, room, &format!("{} next (#{})", look.signs.enter, otp.counter), look.accent);
        }
        y = y.saturating_add(1);
    }
    let mut line = |paint: &mut Paint<'_>, label: &str, text: &str, style: Style| {
        if y < end && !text.is_empty() {
            paint.put(area.x, y, area.w, label, look.dim);
            let x = area.x.saturating_add(10);
            y = paint.lines(x, y, area.w.saturating_sub(10), end.saturating_sub(y), text, style);
        }
    };
    if otp.is_timed()
        && entry.problem.is_none()
        && shown
        && let Ok(next) = entry.code(otp.valid_until(now.unix()))
    {
        line(paint, "next", &code::grouped(next.as_str(), 11), Style::new());
    }
    let parameters = format!(
        "{}, {}, {} digits, {}",
        otp.kind.name(),
        otp.algorithm.name(),
        otp.digits.get(),
        if otp.is_timed() { format!("{} s", otp.period.get()) } else { format!("counter {}", otp.counter) }
    );
    line(paint, "makes", &parameters, Style::new());
    if session.vaults.several() {
        line(paint, "vault", session.vaults.name(spot.vault), Style::new());
    }
    let tags: Vec<&str> = details.tags.iter().map(|tag| &**tag).collect();
    line(paint, "tags", &tags.join(", "), Style::new());
    line(paint, "note", &details.note, Style::new());
    if !entry.conflicts.is_empty() {
        let fields: Vec<&str> = entry.conflicts.iter().map(|field| conflict::label(field)).collect();
        let text = format!("{} (the newer is shown; \"conflicts\" has both)", fields.join(", "));
        line(paint, "differs", &text, look.bad);
    }
    let unused = details.recovery_codes.iter().filter(|code| !code.used).count();
    if !details.recovery_codes.is_empty() {
        line(paint, "recovery", &format!("{unused} of {} codes unused", details.recovery_codes.len()), Style::new());
        if let Some(view) = view {
            recovery(entry, view, session.shows_code(spot), Area { y, h: end.saturating_sub(y), ..area }, paint);
            return;
        }
    }
    if let Some((at, by)) = session.vaults.get(spot.vault).and_then(|open| open.vault.last_changed(entry.id)) {
        line(paint, "changed", &format!("{} by {by}", date(at.ms())), look.dim);
    }
}

fn recovery(entry: &Entry, view: &EntryView, shown: bool, area: Area, paint: &mut Paint<'_>) {
    let look = paint.look;
    let rows = usize::from(area.h).max(1);
    let first = view.recovery.unwrap_or(0).saturating_add(1).saturating_sub(rows);
    for (n, recovery) in entry.details.recovery_codes.iter().enumerate().skip(first).take(rows) {
        let y = area.y.saturating_add(u16::try_from(n.saturating_sub(first)).unwrap_or(0));
        if y >= area.y.saturating_add(area.h) {
            return;
        }
        let style = if recovery.used { look.dim } else { Style::new() };
        let text = if shown { &*recovery.code } else { look.signs.hidden };
        let end = paint.put(area.x.saturating_add(2), y, area.w.saturating_sub(2), text, style);
        if recovery.used {
            paint.put(end.saturating_add(2), y, 6, "(used)", look.dim);
        }
        if view.recovery == Some(n) {
            paint.put(area.x, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((area.x, y));
        }
    }
}

/// A day and minute in UTC, as in `2026-11-24 07:30`.
pub(super) fn date(ms: u64) -> String {
    let Utc { year, month, day, hour, minute, .. } = Utc::from_unix(ms / 1000);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(1_709_164_800_000), "2024-02-29 00:00 UTC");
        assert_eq!(date(1_767_225_599_000), "2025-12-31 23:59 UTC");
    }
}
