//! Putting words on the screen: always cleaned, always cut to their place, never outside the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use zeroize::Zeroizing;

use crate::app::Model;
use crate::app::shell::footer::footer;
use crate::text::{broken, fit, width};
use crate::tui::theme::Look;

/// A screen being drawn.
pub(super) struct Paint<'a> {
    buffer: &'a mut Buffer,
    pub(super) look: Look,
    /// Where the terminal's own cursor goes.
    pub(super) cursor: Option<(u16, u16)>,
}

impl<'a> Paint<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, look: Look) -> Paint<'a> {
        Paint { buffer, look, cursor: None }
    }

    pub(super) fn width(&self) -> u16 {
        self.buffer.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.buffer.area.height
    }

    /// Puts `text` at `x`, `y`, at most `columns` wide; gives back where it ends.
    pub(super) fn put(&mut self, x: u16, y: u16, columns: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if x >= area.width || y >= area.height {
            return x;
        }
        let columns = columns.min(area.width.saturating_sub(x));
        if columns == 0 {
            return x;
        }
        // What is shown may be a code or a note: its copy goes at once.
        let shown = Zeroizing::new(fit(text, usize::from(columns)));
        let (end, _) = self.buffer.set_stringn(x, y, &shown, usize::from(columns), style);
        end
    }

    /// Puts `text` so that it ends before `x + columns`.
    pub(super) fn put_right(&mut self, x: u16, y: u16, columns: u16, text: &str, style: Style) {
        let wide = u16::try_from(width(text)).unwrap_or(u16::MAX).min(columns);
        self.put(x.saturating_add(columns.saturating_sub(wide)), y, columns, text, style);
    }

    /// Empties a row.
    pub(super) fn clear_row(&mut self, y: u16) {
        let area = Rect::new(0, y, self.width(), 1).intersection(self.buffer.area);
        for x in area.left()..area.right() {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }

    /// Changes the style of a row's cells.
    pub(super) fn restyle(&mut self, x: u16, y: u16, columns: u16, style: Style) {
        let area = Rect::new(x, y, columns, 1).intersection(self.buffer.area);
        self.buffer.set_style(area, style);
    }

    /// Marks a row as selected. In one colour: reversed, each word's own would make it a patchwork.
    pub(super) fn reverse(&mut self, x: u16, y: u16, columns: u16) {
        let style = Style::new().fg(Color::Reset).bg(Color::Reset).add_modifier(Modifier::REVERSED);
        self.restyle(x, y, columns, style);
    }

    /// The first line of a screen over the list.
    pub(super) fn title(&mut self, title: &str, right: &str) {
        let w = self.width();
        let style = self.look.accent.patch(self.look.bold);
        let end = self.put(1, 0, w, "tickey", style);
        let end = self.put(end.saturating_add(2), 0, w, title, self.look.bold);
        let room = w.saturating_sub(end.saturating_add(2)).saturating_sub(1);
        if usize::from(room) >= width(right) {
            self.put_right(end.saturating_add(2), 0, room, right, self.look.dim);
        }
    }

    /// The last line: what keys do here.
    pub(super) fn footer(&mut self, model: &Model) {
        let (w, h) = (self.width(), self.height());
        if h < 3 {
            return;
        }
        self.clear_row(h.saturating_sub(1));
        for hint in footer(model, w) {
            let end = self.put(hint.x, h.saturating_sub(1), w, &hint.key, self.look.accent);
            self.put(end.saturating_add(1), h.saturating_sub(1), w, hint.word, self.look.dim);
        }
    }

    /// An error, from `y` on where it has room; else over what stands above it, footer and all: the next key takes it away. Drawn last.
    pub(super) fn error(&mut self, x: u16, y: u16, text: &str) {
        let (w, h) = (self.width(), self.height());
        let columns = w.saturating_sub(x).saturating_sub(1);
        let lines = broken(text, columns);
        let count = u16::try_from(lines.len()).unwrap_or(h).min(h);
        let bottom = h.saturating_sub(u16::from(h > 2));
        let first = if y.saturating_add(count) <= bottom { y } else { h.saturating_sub(count) };
        let style = self.look.bad.patch(self.look.bold);
        let (shown, rest) = lines.split_at_checked(usize::from(count).saturating_sub(1)).unwrap_or((&lines, &[]));
        let rest = rest.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(" ");
        for (line, row) in shown.iter().map(|line| line.as_str()).chain([rest.as_str()]).zip(first..h) {
            self.clear_row(row);
            self.put(x, row, columns, line, style);
        }
    }

    /// A page of lines that are read to their end, with a mark where there are more.
    pub(super) fn read(&mut self, x: u16, y: u16, rows: usize, top: usize, lines: &[(&str, Style)]) {
        let w = self.width();
        let top = top.min(lines.len().saturating_sub(rows));
        let mut row = y;
        for (line, style) in lines.iter().skip(top).take(rows) {
            self.put(x, row, w.saturating_sub(x), line, *style);
            row = row.saturating_add(1);
        }
        let last = row.saturating_sub(1);
        if lines.len() > top.saturating_add(rows) {
            let sign = if self.look.ascii { "v" } else { "↓" };
            self.put(w.saturating_sub(1), last, 1, sign, self.look.accent);
        }
        self.cursor = Some((0, last));
    }

    /// Lines of text, broken at blanks; gives back the line after the last.
    pub(super) fn lines(&mut self, x: u16, y: u16, columns: u16, most: u16, text: &str, style: Style) -> u16 {
        let mut y = y;
        for line in broken(text, columns).iter().take(usize::from(most)) {
            self.put(x, y, columns, line, style);
            y = y.saturating_add(1);
        }
        y
    }
}
