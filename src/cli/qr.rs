//! `tickey show --qr`: an entry's link as a QR code, on the terminal or in a picture.

use std::io::{IsTerminal, stdout};
use std::path::Path;

use zeroize::Zeroizing;

use super::args::{Color, Global};
use super::error::Failure;
use super::out;
use crate::qr::Symbol;
use crate::qr::write::QUIET;
use crate::runtime::clock;
use crate::store::disk;
use crate::text;

/// Black and white as they are, whatever the terminal's own colours: a camera must tell them apart.
const PAPER: &str = "\x1b[38;5;16;48;5;231m";

/// Prints it, or writes it to a new file.
pub fn run(global: &Global, link: &str, output: Option<&Path>) -> Result<(), Failure> {
    let symbol = Symbol::of(link).map_err(|error| Failure::failed(format!("{error}; --uri prints the link")))?;
    if let Some(path) = output {
        disk::write_new(path, &symbol.file(path), false, &mut clock::Os)?;
        out::say(&format!("wrote {}", text::clean(&path.display().to_string())));
        out::warn("whoever sees this picture has the secret; delete it as soon as it is not needed any more");
        return Ok(());
    }
    let side = symbol.width().saturating_add(2 * QUIET);
    let columns = rustix::termios::tcgetwinsize(stdout()).ok().map(|size| usize::from(size.ws_col)).filter(|n| *n > 0);
    if let Some(columns) = columns.filter(|columns| *columns < side) {
        return Err(Failure::failed(format!("the code is {side} columns wide, the terminal {columns}"))
            .hint("make the window larger, or write a picture with -o FILE.png"));
    }
    let colours = match global.color {
        Color::Auto => stdout().is_terminal(),
        Color::Always => true,
        Color::Never => false,
    };
    out::data(drawn(&symbol, colours).as_bytes())
}

/// Two modules a character, one over the other. Without colours what is light is drawn, for a dark terminal, as other programs do.
fn drawn(symbol: &Symbol, colours: bool) -> Zeroizing<String> {
    let end = symbol.width().saturating_add(QUIET);
    let range = || 0_isize.saturating_sub_unsigned(QUIET)..isize::try_from(end).unwrap_or(0);
    let mut out = Zeroizing::new(String::with_capacity(end.saturating_mul(end).saturating_mul(3)));
    for y in range().step_by(2) {
        if colours {
            out.push_str(PAPER);
        }
        for x in range() {
            let (upper, lower) = (symbol.dark(x, y) == colours, symbol.dark(x, y.saturating_add(1)) == colours);
            // The last row may have nothing below it.
            let lower = if y.saturating_add(1) < range().end { lower } else { false };
            out.push(match (upper, lower) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.push_str(if colours { "\x1b[0m\n" } else { "\n" });
    }
    out
}
