//! The line of news.

use crate::app::Model;
use crate::app::geometry::parts;
use crate::app::toast::Tone;
use crate::time::Now;
use crate::tui::view::paint::Paint;

pub(super) fn draw(model: &Model, now: Now, paint: &mut Paint<'_>) {
    let Some(toast) = &model.toast else { return };
    let (w, h) = (paint.width(), paint.height());
    let Some(y) = parts(w, h).news else { return };
    let (sign, style) = match toast.tone {
        Tone::Good => (paint.look.signs.ok, paint.look.good),
        Tone::Plain => (paint.look.signs.news, paint.look.bold),
        Tone::Bad => (paint.look.signs.bad, paint.look.bad.patch(paint.look.bold)),
    };
    paint.clear_row(y);
    let text = toast.words(now);
    let text = if paint.look.ascii { text.replace('·', "-") } else { text };
    let end = paint.put(1, y, w, sign, style);
    paint.put(end.saturating_add(1), y, w, &text, style);
}
