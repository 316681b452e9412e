//! What ratatui draws on: cells turned into as few bytes as the terminal needs, written in one piece.
//!
//! An idle list changes one digit in each row once a second. Going straight down costs five bytes a row where an absolute position
//! costs eight, so the cursor is followed; a frame in which nothing changed writes nothing. The terminal is never asked anything: where the
//! cursor stands is known because this file put it there.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveLeft, MoveRight, MoveTo, Show};
use crossterm::style::{Attribute, SetAttribute, SetBackgroundColor, SetForegroundColor};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate};
use crossterm::{queue, style::force_color_output};
use ratatui::backend::{Backend, ClearType, IntoCrossterm, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use zeroize::Zeroize;

/// How a cell looks, apart from its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Look {
        Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };
}

fn width_of(cell: &Cell) -> u16 {
    u16::try_from(unicode_width::UnicodeWidthStr::width(cell.symbol())).unwrap_or(1).max(1)
}

/// A ratatui backend over any writer.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    size: Size,
    bytes: Vec<u8>,
    /// Where the terminal's cursor is; `None` when it cannot be known (after a wide symbol, or in the last column).
    at: Option<Position>,
    look: Look,
    visible: Option<bool>,
    wanted: Option<Position>,
    wanted_visible: bool,
}

impl<W: Write> Screen<W> {
    /// A screen of that size; nothing is known of what the terminal shows.
    pub fn new(out: W, size: Size) -> Screen<W> {
        // Whether there are colours is the theme's affair; left alone, NO_COLOR would take the reversed row away too.
        force_color_output(true);
        Screen {
            out,
            size,
            bytes: Vec::new(),
            at: None,
            look: Look::PLAIN,
            visible: None,
            wanted: None,
            wanted_visible: false,
        }
    }

    /// The terminal has another size now. The caller clears and draws again.
    pub fn set_size(&mut self, size: Size) {
        self.size = size;
        self.forget();
    }

    /// Something else may have written to the terminal: its cursor and colours are not known any more.
    pub fn forget(&mut self) {
        self.at = None;
        self.visible = None;
        self.look = Look::PLAIN;
        self.bytes.extend_from_slice(b"\x1b[0m");
    }

    /// Writes bytes that move no cursor and draw nothing (an OSC sequence), past ratatui.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_aside(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// A few changes go column by column: what changes in each row once a second has one look and stands in one column, so the cursor
    /// goes straight down and colours are not switched to and fro. Within a row the order stays. A whole screen goes row by row.
    fn in_short_order<'a>(&self, content: impl Iterator<Item = (u16, u16, &'a Cell)>) -> Vec<(u16, u16, &'a Cell)> {
        let mut cells: Vec<(u16, u16, &Cell)> = content.collect();
        if cells.len() > usize::from(self.size.width).saturating_mul(self.size.height.into()) / 2 {
            return cells;
        }
        let mut run: Option<(u16, u16, u16, Look)> = None;
        let mut starts: Vec<(u16, (u16, u16, &Cell))> = Vec::with_capacity(cells.len());
        for (x, y, cell) in cells.drain(..) {
            let look = Look::of(cell);
            let start = match run {
                Some((start, end, row, same)) if row == y && end == x && same == look => start,
                _ => x,
            };
            run = Some((start, x.saturating_add(width_of(cell)), y, look));
            starts.push((start, (x, y, cell)));
        }
        starts.sort_by_key(|(start, (x, y, _))| (*start, *y, *x));
        cells.extend(starts.into_iter().map(|(_, cell)| cell));
        cells
    }

    /// Room for a cell's symbol and all that may come before it. Growing leaves no copy of the frame behind.
    fn make_room(&mut self, symbol: usize) {
        /// More than a move and the longest style take together.
        const SEQUENCES: usize = 256;
        let needed = self.bytes.len().saturating_add(symbol).saturating_add(SEQUENCES);
        if needed <= self.bytes.capacity() {
            return;
        }
        let mut bigger = Vec::with_capacity(needed.saturating_mul(2));
        bigger.extend_from_slice(&self.bytes);
        std::mem::swap(&mut self.bytes, &mut bigger);
        bigger.zeroize();
    }

    fn go(&mut self, to: Position) {
        match self.at {
            Some(at) if at == to => {}
            // Raw mode: a line feed goes straight down. Never from the last row, where it would scroll.
            Some(at) if to.y == at.y.saturating_add(1) && to.x == at.x => self.bytes.push(b'\n'),
            Some(at) if to.y == at.y.saturating_add(1) && to.x < at.x => {
                self.bytes.push(b'\n');
                self.left(at.x.saturating_sub(to.x));
            }
            Some(at) if to.y == at.y && to.x < at.x => {
                self.left(at.x.saturating_sub(to.x));
            }
            Some(at) if to.y == at.y && to.x > at.x => {
                let _ = queue!(self.bytes, MoveRight(to.x.saturating_sub(at.x)));
            }
            _ => {
                let _ = queue!(self.bytes, MoveTo(to.x, to.y));
            }
        }
        self.at = Some(to);
    }

    /// To the left; one column goes without a number.
    fn left(&mut self, columns: u16) {
        let _ = match columns {
            1 => self.bytes.write_all(b"\x1b[D"),
            _ => queue!(self.bytes, MoveLeft(columns)),
        };
    }

    fn dress(&mut self, look: Look) {
        if look == self.look {
            return;
        }
        // Writing to memory cannot fail.
        let _ = queue!(self.bytes, SetAttribute(Attribute::Reset));
        for (modifier, attribute) in [
            (Modifier::BOLD, Attribute::Bold),
            (Modifier::DIM, Attribute::Dim),
            (Modifier::ITALIC, Attribute::Italic),
            (Modifier::UNDERLINED, Attribute::Underlined),
            (Modifier::SLOW_BLINK, Attribute::SlowBlink),
            (Modifier::RAPID_BLINK, Attribute::RapidBlink),
            (Modifier::REVERSED, Attribute::Reverse),
            (Modifier::HIDDEN, Attribute::Hidden),
            (Modifier::CROSSED_OUT, Attribute::CrossedOut),
        ] {
            if look.modifier.contains(modifier) {
                let _ = queue!(self.bytes, SetAttribute(attribute));
            }
        }
        if look.fg != Color::Reset {
            let _ = queue!(self.bytes, SetForegroundColor(look.fg.into_crossterm()));
        }
        if look.bg != Color::Reset {
            let _ = queue!(self.bytes, SetBackgroundColor(look.bg.into_crossterm()));
        }
        self.look = look;
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut next = None;
        for (x, y, cell) in self.in_short_order(content) {
            self.make_room(0);
            if next != Some((x, y)) {
                self.go(Position { x, y });
            }
            self.dress(Look::of(cell));
            let symbol = cell.symbol();
            self.make_room(symbol.len());
            self.bytes.extend_from_slice(symbol.as_bytes());
            let after = x.saturating_add(width_of(cell));
            next = Some((after, y));
            // Where the cursor is after a symbol that is not ASCII depends on the terminal's own table of widths; lines are in all of them.
            let known = symbol.chars().all(|symbol| symbol.is_ascii() || ('\u{2500}'..='\u{257f}').contains(&symbol));
            self.at = (known && after < self.size.width).then_some(Position { x: after, y });
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wanted_visible = false;
        self.wanted = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.wanted_visible = true;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.wanted.or(self.at).unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.wanted = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.dress(Look::PLAIN);
        queue!(self.bytes, Clear(crossterm::terminal::ClearType::All))
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.dress(Look::PLAIN);
        if let (Some(position), true) = (self.wanted, clear_type != ClearType::All) {
            self.go(position);
        }
        use crossterm::terminal::ClearType as Kind;
        let kind = match clear_type {
            ClearType::All => Kind::All,
            ClearType::AfterCursor => Kind::FromCursorDown,
            ClearType::BeforeCursor => Kind::FromCursorUp,
            ClearType::CurrentLine => Kind::CurrentLine,
            ClearType::UntilNewLine => Kind::UntilNewLine,
        };
        queue!(self.bytes, Clear(kind))
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.wanted_visible
            && let Some(position) = self.wanted
        {
            self.go(position);
        }
        if self.visible != Some(self.wanted_visible) {
            if self.wanted_visible { queue!(self.bytes, Show) } else { queue!(self.bytes, Hide) }?;
            self.visible = Some(self.wanted_visible);
        }
        if self.bytes.is_empty() {
            return Ok(());
        }
        let mut frame = Vec::with_capacity(self.bytes.len().saturating_add(16));
        // Terminals that know synchronized updates show the frame at once, others ignore them.
        queue!(frame, BeginSynchronizedUpdate)?;
        frame.extend_from_slice(&self.bytes);
        // Codes and shown secrets are among them: a lock must leave none behind.
        self.bytes.zeroize();
        queue!(frame, EndSynchronizedUpdate)?;
        let written = self.out.write_all(&frame).and_then(|()| self.out.flush());
        frame.zeroize();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::{Style, Stylize};
    use ratatui::widgets::Paragraph;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    fn terminal(columns: u16, rows: u16) -> Terminal<Screen<Vec<u8>>> {
        let size = Size::new(columns, rows);
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        Terminal::with_options(Screen::new(Vec::new(), size), TerminalOptions { viewport }).unwrap()
    }

    fn take(terminal: &mut Terminal<Screen<Vec<u8>>>) -> Vec<u8> {
        std::mem::take(&mut terminal.backend_mut().out)
    }

    #[test]
    fn a_frame_without_a_change_writes_nothing() {
        let mut terminal = terminal(20, 3);
        for round in 0..3 {
            terminal
                .draw(|frame| {
                    frame.render_widget(Paragraph::new("hello".bold()), frame.area());
                    frame.set_cursor_position((2, 1));
                })
                .unwrap();
            assert_eq!(take(&mut terminal).is_empty(), round > 0);
        }
    }

    #[test]
    fn one_digit_a_row_costs_a_few_bytes_a_row() {
        let mut terminal = terminal(80, 24);
        let mut lengths = Vec::new();
        for second in ["28 s", "27 s"] {
            terminal
                .draw(|frame| {
                    for row in 2..22 {
                        frame.buffer_mut().set_string(70, row, second, Style::new());
                    }
                    frame.set_cursor_position((0, 2));
                })
                .unwrap();
            lengths.push(take(&mut terminal).len());
        }
        assert!(lengths[1] <= 160, "{lengths:?}");
    }

    /// What a terminal shows after our bytes must be what ratatui's buffer says, whatever changes.
    #[test]
    fn a_terminal_shows_what_was_drawn() {
        let words = ["日本郵便", "━━━╌", "a", "bc", "ÄÖ", "👩 x", "    ", "0", "é"];
        let (columns, rows) = (33, 9);
        let mut terminal = terminal(columns, rows);
        let mut emulator = vt100::Parser::new(rows, columns, 0);
        let mut seed = 7u32;
        for _ in 0..400 {
            let mut pick = |below: u32| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) % below
            };
            let mut plan = Vec::new();
            for _ in 0..12 {
                let style = match pick(4) {
                    0 => Style::new().bold().red(),
                    1 => Style::new().reversed(),
                    _ => Style::new(),
                };
                plan.push((
                    pick(u32::from(columns)) as u16,
                    pick(u32::from(rows)) as u16,
                    words[pick(9) as usize],
                    style,
                ));
            }
            let drawn = terminal
                .draw(|frame| {
                    for (x, y, word, style) in &plan {
                        frame.buffer_mut().set_string(*x, *y, word, *style);
                    }
                })
                .unwrap()
                .buffer
                .clone();
            emulator.process(&take(&mut terminal));
            for y in 0..rows {
                for x in 0..columns {
                    let cell = &drawn[(x, y)];
                    let shown = emulator.screen().cell(y, x).unwrap();
                    if shown.is_wide_continuation() {
                        continue;
                    }
                    let expected = if cell.symbol() == " " { "" } else { cell.symbol() };
                    assert_eq!(shown.contents().trim(), expected, "at {x},{y}");
                    if !expected.is_empty() {
                        assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD));
                        assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED));
                    }
                }
            }
        }
    }

    /// Also under NO_COLOR, where crossterm left to itself writes no style at all.
    #[test]
    fn styles_reach_the_terminal() {
        let mut terminal = terminal(8, 1);
        terminal.draw(|frame| frame.render_widget(Paragraph::new("a".bold().red().reversed()), frame.area())).unwrap();
        let mut emulator = vt100::Parser::new(1, 8, 0);
        emulator.process(&take(&mut terminal));
        let cell = emulator.screen().cell(0, 0).unwrap();
        assert!(cell.bold() && cell.inverse());
        assert_eq!(cell.fgcolor(), vt100::Color::Idx(1));
    }
}
