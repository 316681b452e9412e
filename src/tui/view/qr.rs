//! QR codes: dark on light whatever the theme, with their border, fitted to the screen; where there is no room, the size that is needed.

use ratatui::style::{Color, Style};

use crate::app::Model;
use crate::app::screens::qr::{Codes, Page};
use crate::qr::Symbol;
use crate::qr::write::QUIET;
use crate::text;
use crate::tui::view::input;
use crate::tui::view::paint::Paint;

/// Black and white as they are: the first sixteen colours are the theme's, these are not. Colours even where none are wanted: a code in a
/// dark theme's own colours is inverted, and many phones do not read it.
const DARK: Color = Color::Indexed(16);
const LIGHT: Color = Color::Indexed(231);
/// The least border that phones manage with.
const LEAST: usize = 2;

pub(super) fn draw(model: &Model, codes: &Codes, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let look = paint.look;
    let place = codes.place().unwrap_or_default();
    match codes.page() {
        None => {}
        Some(Page::Words(words)) => {
            paint.title(&codes.title, "");
            let mut y = u16::from(h > 6).saturating_add(1);
            for (n, line) in words.iter().enumerate() {
                let most = h.saturating_sub(1).saturating_sub(y);
                let style = if n > 1 { look.warn } else { Style::new() };
                y = paint.lines(2, y, w.saturating_sub(3), most, line, style);
            }
        }
        Some(Page::Code(link, _)) if codes.as_text => {
            paint.title(&codes.title, &place);
            let columns = usize::from(w.saturating_sub(4)).max(1);
            let letters: Vec<char> = link.chars().collect();
            for (y, line) in (u16::from(h > 4).saturating_add(1)..h.saturating_sub(1)).zip(letters.chunks(columns)) {
                let line = zeroize::Zeroizing::new(line.iter().collect::<String>());
                paint.put(2, y, w, &line, Style::new());
            }
        }
        Some(Page::Code(_, symbol)) => code(codes, symbol, &place, paint),
    }
    match (&codes.path, &codes.note) {
        (Some(path), note) => {
            let y = h.saturating_sub(1);
            paint.clear_row(y);
            let label = if codes.writing.is_some() { "writing" } else { "save as (.png, .svg)" };
            let end = paint.put(1, y, w, label, look.bold).saturating_add(2);
            input::draw(paint, end, y, w.saturating_sub(end), path, true, Style::new());
            if let Some(note) = note {
                paint.error(1, 0, note);
            }
        }
        (None, Some(note)) => {
            paint.clear_row(h.saturating_sub(1));
            paint.put(1, h.saturating_sub(1), w, note, look.bold);
        }
        (None, None) => paint.footer(model),
    }
}

/// Columns and rows that a code takes with such a border.
fn size(symbol: &Symbol, quiet: usize, ascii: bool) -> (usize, usize) {
    let side = symbol.width().saturating_add(quiet.saturating_mul(2));
    if ascii { (side.saturating_mul(2), side) } else { (side, side.div_ceil(2)) }
}

fn code(codes: &Codes, symbol: &Symbol, place: &str, paint: &mut Paint<'_>) {
    let (w, h) = (usize::from(paint.width()), usize::from(paint.height()));
    let look = paint.look;
    // The footer has the last row; the title goes where there is no room for it.
    let choices = [(QUIET, 1), (3, 1), (QUIET, 0), (3, 0), (LEAST, 1), (LEAST, 0)];
    let fits = choices.into_iter().find(|(quiet, title)| {
        let (columns, rows) = size(symbol, *quiet, look.ascii);
        columns <= w && rows.saturating_add(*title) < h
    });
    let Some((quiet, title)) = fits else {
        let (columns, rows) = size(symbol, LEAST, look.ascii);
        let needs = format!(
            "this code takes {columns}×{} characters, the window has {w}×{h}: make it larger, or its letters smaller; or show the link as text, or save the code as a picture",
            rows.saturating_add(1)
        );
        let needs = if look.ascii { needs.replace('×', "x") } else { needs };
        if h > 3 {
            paint.title(&codes.title, place);
        }
        let y = u16::from(h > 3).saturating_add(u16::from(h > 6));
        let most = paint.height().saturating_sub(1).saturating_sub(y);
        paint.lines(1, y, paint.width().saturating_sub(2), most, &needs, look.bold);
        return;
    };
    if title == 1 {
        paint.title(&text::fit(&codes.title, w), place);
    }
    let (columns, rows) = size(symbol, quiet, look.ascii);
    let left = (w.saturating_sub(columns) / 2) as u16;
    let top = title.saturating_add(h.saturating_sub(1).saturating_sub(title).saturating_sub(rows) / 2) as u16;
    let module = |at: usize| isize::try_from(at).unwrap_or(0).saturating_sub_unsigned(quiet);
    let colour = |x: usize, y: usize| if symbol.dark(module(x), module(y)) { DARK } else { LIGHT };
    for (y, row) in (0..rows).zip(top..) {
        for (x, column) in (0..columns).zip(left..) {
            let (upper, lower) = if look.ascii {
                (colour(x / 2, y), colour(x / 2, y))
            } else {
                (colour(x, y.saturating_mul(2)), colour(x, y.saturating_mul(2).saturating_add(1)))
            };
            let sign = if upper == lower { " " } else { "▀" };
            paint.put(column, row, 1, sign, Style::new().fg(upper).bg(lower));
        }
    }
    if title == 0 && !place.is_empty() {
        let y = paint.height().saturating_sub(1);
        paint.put_right(0, y, paint.width().saturating_sub(1), place, look.bold);
    }
}
