//! What ratatui draws on: cells turned into as few bytes as the terminal needs, written in one piece.
//!
//! An idle list changes one digit in each row once a second. Going straight down costs two bytes a row where an absolute position costs
//! eight, so the cursor is followed; a frame in which nothing changed writes nothing. The terminal is never asked anything: where the
//! cursor stands is known because this file put it there.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Begins a synchronized update: terminals that know it show the frame at once, others ignore it.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends a synchronized update.
const END: &[u8] = b"\x1b[?2026l";

/// How a cell looks, apart from its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    const PLAIN: Look = Look { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };
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

    fn go(&mut self, to: Position) {
        match self.at {
            Some(at) if at == to => {}
            // Raw mode: a line feed goes straight down. Never from the last row, where it would scroll.
            Some(at) if to.y == at.y.saturating_add(1) && to.x == at.x => self.bytes.push(b'\n'),
            Some(at) if to.y == at.y.saturating_add(1) && to.x < at.x && at.x - to.x <= 4 => {
                self.bytes.push(b'\n');
                for _ in to.x..at.x {
                    self.bytes.push(8);
                }
            }
            Some(at) if to.y == at.y && to.x < at.x && at.x - to.x <= 4 => {
                for _ in to.x..at.x {
                    self.bytes.push(8);
                }
            }
            Some(at) if to.y == at.y && to.x > at.x => self.sequence("", u32::from(to.x - at.x), None, 'C'),
            _ => self.sequence("", u32::from(to.y) + 1, Some(u32::from(to.x) + 1), 'H'),
        }
        self.at = Some(to);
    }

    fn sequence(&mut self, private: &str, first: u32, second: Option<u32>, last: char) {
        // Writing to a Vec cannot fail.
        let _ = match (first, second) {
            (1, None) => write!(self.bytes, "\x1b[{private}{last}"),
            (1, Some(1)) => write!(self.bytes, "\x1b[{private}{last}"),
            (_, None) => write!(self.bytes, "\x1b[{private}{first}{last}"),
            (_, Some(second)) => write!(self.bytes, "\x1b[{private}{first};{second}{last}"),
        };
    }

    fn dress(&mut self, look: Look) {
        if look == self.look {
            return;
        }
        let mut codes = String::from("0");
        for (modifier, code) in [
            (Modifier::BOLD, ";1"),
            (Modifier::DIM, ";2"),
            (Modifier::ITALIC, ";3"),
            (Modifier::UNDERLINED, ";4"),
            (Modifier::SLOW_BLINK, ";5"),
            (Modifier::RAPID_BLINK, ";6"),
            (Modifier::REVERSED, ";7"),
            (Modifier::HIDDEN, ";8"),
            (Modifier::CROSSED_OUT, ";9"),
        ] {
            if look.modifier.contains(modifier) {
                codes.push_str(code);
            }
        }
        push_colour(&mut codes, look.fg, false);
        push_colour(&mut codes, look.bg, true);
        if codes == "0" {
            codes.clear();
        }
        let _ = write!(self.bytes, "\x1b[{codes}m");
        self.look = look;
    }
}

/// Adds the SGR code of a colour (ECMA-48 §8.3.117; 16 colours as aixterm has them).
fn push_colour(codes: &mut String, colour: Color, background: bool) {
    let (base, bright, extended) = if background { (40, 100, 48) } else { (30, 90, 38) };
    let code = match colour {
        Color::Reset => return,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => bright,
        Color::LightRed => bright + 1,
        Color::LightGreen => bright + 2,
        Color::LightYellow => bright + 3,
        Color::LightBlue => bright + 4,
        Color::LightMagenta => bright + 5,
        Color::LightCyan => bright + 6,
        Color::White => bright + 7,
        Color::Indexed(index) => {
            codes.push_str(&format!(";{extended};5;{index}"));
            return;
        }
        Color::Rgb(red, green, blue) => {
            codes.push_str(&format!(";{extended};2;{red};{green};{blue}"));
            return;
        }
    };
    codes.push_str(&format!(";{code}"));
}

impl<W: Write> Backend for Screen<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut next = None;
        for (x, y, cell) in content {
            if next != Some((x, y)) {
                self.go(Position { x, y });
            }
            self.dress(Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier });
            let symbol = cell.symbol();
            self.bytes.extend_from_slice(symbol.as_bytes());
            let width = u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap_or(1).max(1);
            let after = x.saturating_add(width);
            next = Some((after, y));
            // Where the cursor is after a symbol that is not ASCII depends on the terminal's own table of widths.
            let known = symbol.is_ascii() && after < self.size.width;
            self.at = known.then_some(Position { x: after, y });
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
        self.bytes.extend_from_slice(b"\x1b[2J");
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.dress(Look::PLAIN);
        if let (Some(position), true) = (self.wanted, clear_type != ClearType::All) {
            self.go(position);
        }
        self.bytes.extend_from_slice(match clear_type {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        });
        Ok(())
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
            self.bytes.extend_from_slice(if self.wanted_visible { b"\x1b[?25h" } else { b"\x1b[?25l" });
            self.visible = Some(self.wanted_visible);
        }
        if self.bytes.is_empty() {
            return Ok(());
        }
        let mut frame = Vec::with_capacity(self.bytes.len() + BEGIN.len() + END.len());
        frame.extend_from_slice(BEGIN);
        frame.append(&mut self.bytes);
        frame.extend_from_slice(END);
        let written = self.out.write_all(&frame).and_then(|()| self.out.flush());
        zeroize::Zeroize::zeroize(&mut frame);
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
        assert!(lengths[1] <= 100, "{lengths:?}");
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

    #[test]
    fn colours_have_their_codes() {
        let mut codes = String::new();
        for (colour, background) in [
            (Color::Reset, false),
            (Color::Red, false),
            (Color::DarkGray, true),
            (Color::Indexed(200), false),
            (Color::Rgb(1, 2, 3), true),
        ] {
            push_colour(&mut codes, colour, background);
        }
        assert_eq!(codes, ";31;100;38;5;200;48;2;1;2;3");
    }
}
