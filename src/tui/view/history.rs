//! What was done to an entry or a vault.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::screens::history::{History, Line, What};
use crate::text::width;
use crate::tui::view::entry::date;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, history: &History, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let header = u16::from(h > 3);
    if header > 0 {
        paint.title(&format!("history of {}", history.title), &format!("{} changes", history.items.len()));
    }
    let end = h.saturating_sub(if h > 3 { 2 } else { 0 });
    let mut y = header;
    for item in history.items.iter().skip(history.top) {
        if y >= end {
            break;
        }
        // What is too long for one line is told in several, so that both values are seen at any width.
        let words = words(item, paint);
        let room = w.saturating_sub(2);
        if w >= 60 && width(&words).saturating_add(19) <= usize::from(room) {
            one_line(item, y, paint);
            y = y.saturating_add(1);
            continue;
        }
        let date = date(item.at_ms);
        let date = date.trim_end_matches(" UTC");
        if w >= 60 {
            paint.put(1, y, w, date, paint.look.dim);
            y = paint.lines(19, y, w.saturating_sub(20), end.saturating_sub(y), &words, Style::new());
        } else {
            let date = if w >= 30 { date } else { date.get(5..).unwrap_or("") };
            let head = zeroize::Zeroizing::new(format!("{date} {}", *words));
            y = paint.lines(1, y, room, end.saturating_sub(y), &head, Style::new());
        }
    }
    paint.cursor = Some((0, header));
    if h > 3 {
        paint.footer(model);
    }
}

fn value(value: Option<&crate::secret::Text>) -> &str {
    value.map_or("nothing", |value| value.as_str())
}

/// Who did what, in one sentence.
fn words(item: &Line, paint: &Paint<'_>) -> zeroize::Zeroizing<String> {
    let arrow = if paint.look.ascii { "->" } else { "→" };
    let entry = item.entry.as_ref().map_or_else(String::new, |entry| format!("{entry}  "));
    zeroize::Zeroizing::new(match &item.what {
        What::Field(field, from, to) => {
            format!("{}  {entry}{field}  {} {arrow} {}", item.by, value(from.as_ref()), value(to.as_ref()))
        }
        What::Event(words) => format!("{}  {words}", item.by),
    })
}

fn one_line(item: &Line, y: u16, paint: &mut Paint<'_>) {
    let (w, look) = (paint.width(), paint.look);
    let arrow = if look.ascii { "->" } else { "→" };
    let end = paint.put(1, y, w, date(item.at_ms).trim_end_matches(" UTC"), look.dim);
    let end = paint.put(end.saturating_add(2), y, w, &item.by, look.accent);
    let end = match &item.entry {
        Some(entry) => paint.put(end.saturating_add(2), y, w, entry, Style::new()),
        None => end,
    };
    let (field, from, to) = match &item.what {
        What::Field(field, from, to) => (field, from, to),
        What::Event(words) => {
            paint.put(end.saturating_add(2), y, w, words, Style::new());
            return;
        }
    };
    let end = paint.put(end.saturating_add(2), y, w, field, look.bold);
    let end = paint.put(end.saturating_add(2), y, w, value(from.as_ref()), Style::new());
    let end = paint.put(end.saturating_add(1), y, 2, arrow, look.dim);
    paint.put(end.saturating_add(1), y, w, value(to.as_ref()), Style::new());
}
