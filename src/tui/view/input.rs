//! A line being typed, with the terminal's cursor in it.

use unicode_segmentation::UnicodeSegmentation;

use crate::app::core::input::Input;
use crate::text::width;
use crate::tui::view::paint::Paint;
use ratatui::style::Style;

/// Draws the line in `columns` cells; with `here` the cursor goes there.
pub(super) fn draw(paint: &mut Paint<'_>, x: u16, y: u16, columns: u16, input: &Input, here: bool, style: Style) {
    let shown = |text: &str| -> zeroize::Zeroizing<String> {
        let mut out = String::with_capacity(text.len().saturating_mul(3));
        if input.masked {
            for _ in text.graphemes(true) {
                out.push_str(paint.look.signs.bullet);
            }
        } else {
            for line in text.split('\n').enumerate() {
                if line.0 > 0 {
                    out.push_str(" / ");
                }
                out.push_str(&crate::text::clean(line.1));
            }
        }
        zeroize::Zeroizing::new(out)
    };
    let before = shown(input.before_cursor());
    let whole = shown(input.text());
    let room = usize::from(columns.saturating_sub(1));
    // The part around the cursor: letters before it are left out until it has room.
    let mut skipped = 0_usize;
    let mut left = width(&before);
    for letter in before.graphemes(true) {
        if left <= room {
            break;
        }
        skipped = skipped.saturating_add(letter.len());
        left = left.saturating_sub(width(letter));
    }
    paint.put(x, y, columns, whole.get(skipped..).unwrap_or(""), style);
    if here {
        let column = u16::try_from(left.min(room)).unwrap_or(0);
        paint.cursor = Some((x.saturating_add(column), y));
    }
}
