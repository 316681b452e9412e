//! The line of news.

use crate::app::Model;
use crate::app::core::geometry::parts;
use crate::app::core::news::Tone;
use crate::text::broken;
use crate::time::Now;
use crate::tui::view::paint::Paint;

/// The most lines that news takes.
const MOST: u16 = 4;

pub(super) fn draw(model: &Model, now: Now, paint: &mut Paint<'_>) {
    let Some(toast) = &model.news.toast else { return };
    let (w, h) = (paint.width(), paint.height());
    let Some(y) = parts(w, h).news else { return };
    let (sign, style) = match toast.tone {
        Tone::Good => (paint.look.signs.ok, paint.look.good),
        Tone::Plain => (paint.look.signs.news, paint.look.bold),
        Tone::Bad => (paint.look.signs.bad, paint.look.bad.patch(paint.look.bold)),
    };
    let text = toast.words(now);
    let text = if paint.look.ascii { text.replace('·', "-") } else { text };
    let columns = w.saturating_sub(3).max(1);
    // News that is too long for one line grows upwards: what to do stands at its end.
    let lines = broken(&text, columns);
    // What could not be done may take all of a small screen: the next key takes it away.
    let most = if toast.tone == Tone::Good { (h / 3).clamp(1, MOST) } else { MOST.min(h) };
    let taken = u16::try_from(lines.len()).unwrap_or(most).clamp(1, most);
    let first = y.saturating_sub(taken.saturating_sub(1));
    for row in first..=y {
        paint.clear_row(row);
    }
    paint.put(1, first, w, sign, style);
    let shown = usize::from(taken).saturating_sub(1);
    for (row, line) in (first..y).zip(&lines) {
        paint.put(3, row, columns, line, style);
    }
    let last = lines.get(shown..).unwrap_or_default().iter().map(|line| line.as_str()).collect::<Vec<_>>().join(" ");
    paint.put(3, y, columns, &last, style);
}
