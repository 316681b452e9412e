//! An entry to another vault: which one.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::session::Session;
use crate::app::screens::transfer::Choice;
use crate::tui::view::paint::Paint;
use crate::vault::carry::Carry;

pub(super) fn draw(model: &Model, session: &Session, choice: &Choice, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let header = u16::from(h > 1);
    let from = session.vaults.name(choice.spot.vault);
    let title = format!("{} {} to", choice.carry.verb(), choice.title);
    if h > 3 {
        paint.title(&title, &format!("it is in {from}"));
    } else if header > 0 {
        paint.put(1, 0, w, &title, look.bold);
    }
    let below: u16 = if h >= 10 { 4 } else { 0 };
    let rows = usize::from(h.saturating_sub(header).saturating_sub(below).saturating_sub(u16::from(h > 3))).max(1);
    let first = choice.cursor.saturating_add(1).saturating_sub(rows);
    for (n, target) in choice.targets.iter().enumerate().skip(first).take(rows) {
        let y = header.saturating_add(u16::try_from(n.saturating_sub(first)).unwrap_or(0));
        let name = if w >= 40 { 18 } else { w.saturating_sub(3) };
        paint.put(2, y, name, &target.name, if target.refused.is_some() { look.dim } else { Style::new() });
        if w >= 40 {
            let x = name.saturating_add(3);
            let (words, style) = match (&target.refused, &target.twin) {
                (Some(reason), _) => (reason.clone(), look.bad),
                (None, Some(twin)) => (format!("{twin} has the same secret there"), look.warn),
                (None, None) => (target.readers.clone(), look.dim),
            };
            paint.put(x, y, w.saturating_sub(x).saturating_sub(1), &words, style);
        }
        if n == choice.cursor {
            paint.reverse(1, y, w.saturating_sub(1));
            paint.put(0, y, 1, look.signs.selected, look.accent);
            paint.cursor = Some((0, y));
        }
    }
    if below > 0
        && let Some(target) = choice.selected()
    {
        let then = match choice.carry {
            Carry::Copy => format!("It stays in {from}; the two are changed apart from each other."),
            Carry::Move => format!("It goes to the trash of {from}, once {} is saved.", target.name),
        };
        let moves = choice.carry == Carry::Move;
        let who = session.vaults.get(choice.spot.vault).filter(|open| moves && open.vault.is_shared());
        let known = who.map_or_else(String::new, |_| format!(" Who is in {from} has been able to read it."));
        let y = h.saturating_sub(below).saturating_sub(1);
        let words = format!("{}: {}. {then}{known}", target.name, target.readers);
        paint.lines(2, y, w.saturating_sub(4), below.saturating_sub(1), &words, Style::new());
    }
    if h > 3 {
        paint.footer(model);
    }
}
