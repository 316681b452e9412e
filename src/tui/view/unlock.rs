//! The unlock screen.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::name_of;
use crate::app::screens::unlock::Lock;
use crate::time::Now;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, lock: &Lock, now: Now, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let label = if lock.recovery { "Recovery code" } else { "Passphrase" };
    let roomy = h >= 8;
    let mut y = 0;
    if h >= 3 {
        let then = lock.then.as_deref().map(name_of);
        let right = then.map_or_else(|| "locked".to_owned(), |then| format!("locked; opens {then}"));
        paint.title(&lock.name, &right);
        y = if roomy { 2 } else { 1 };
    }
    let x = u16::from(w > 20);
    if lock.deriving.is_some() {
        let text = match lock.estimate_ms {
            Some(ms) => format!("unlocking, about {}.{} s", ms / 1000, ms % 1000 / 100),
            None => "unlocking".to_owned(),
        };
        let end = paint.put(x, y, w, &text, look.accent);
        paint.cursor = Some((end, y));
    } else {
        let end = if w > 24 { paint.put(x, y, w, &format!("{label}: "), look.bold) } else { x };
        input::draw(paint, end, y, w.saturating_sub(end), &lock.input, true, Style::new());
    }
    y = y.saturating_add(1);
    let end = h.saturating_sub(u16::from(roomy));
    let mut notes = Vec::new();
    if let Some(trouble) = &lock.trouble {
        notes.push((trouble.message.clone(), look.bad.patch(look.bold)));
    }
    let waits = lock.waits_s(now);
    if waits > 0 && (lock.trouble.is_some() || lock.submit_after_wait) {
        notes.push((format!("the next try in {waits} s"), look.warn));
    }
    if h < 5 {
        let notes: Vec<_> = notes.iter().map(|(note, _)| note.as_str()).collect();
        if !notes.is_empty() {
            paint.error(x, y, &notes.join("\n"));
        }
        return;
    }
    if let Some(hint) = lock.trouble.as_ref().and_then(|trouble| trouble.hint.clone()) {
        notes.push((hint, look.dim));
    }
    for (note, style) in notes {
        y = paint.lines(x, y, w.saturating_sub(2), end.saturating_sub(y), &note, style);
    }
    if roomy && model.own_vaults().count() > 1 {
        y = y.saturating_add(1);
        paint.put(x, y, w, "other vaults (up and down choose)", look.dim);
        let rows = usize::from(h.saturating_sub(2).saturating_sub(y));
        let at = model.own_vaults().position(|vault| vault.path == lock.path).unwrap_or(0);
        let first = at.saturating_add(1).saturating_sub(rows.max(1));
        for vault in model.own_vaults().skip(first).take(rows) {
            y = y.saturating_add(1);
            let chosen = vault.path == lock.path;
            paint.put(x, y, 1, if chosen { look.signs.selected } else { " " }, look.accent);
            paint.put(
                x.saturating_add(2),
                y,
                w.saturating_sub(4),
                &vault.name,
                if chosen { look.bold } else { Style::new() },
            );
        }
    }
    if roomy {
        paint.footer(model);
    }
}
