//! A text as a QR code: for a screen in half-blocks, for a file as PNG or SVG.

use std::fmt::Write as _;
use std::path::Path;

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// The width of the light border that a reader needs, in modules (ISO/IEC 18004).
pub const QUIET: usize = 4;

/// The text is longer than a code can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is too long for a QR code")]
pub struct TooLong;

/// One code: a square of dark and light modules, without its border.
#[derive(Clone)]
pub struct Symbol {
    width: usize,
    dark: Zeroizing<Vec<bool>>,
}

impl Symbol {
    /// The smallest code for a text, with as much error correction as it has room for.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn of(text: &str) -> Result<Symbol, TooLong> {
        let least = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| TooLong)?;
        let better = [EcLevel::H, EcLevel::Q, EcLevel::M]
            .into_iter()
            .find_map(|level| QrCode::with_version(text, least.version(), level).ok());
        let code = better.unwrap_or(least);
        let width = code.width();
        let mut colors = code.into_colors();
        let dark = Zeroizing::new(colors.iter().map(|color| *color == Color::Dark).collect());
        colors.fill(Color::Light);
        Ok(Symbol { width, dark })
    }

    /// Modules along one side, without the border.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether that module is dark; all outside is light.
    pub fn dark(&self, x: isize, y: isize) -> bool {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return false };
        x < self.width && self.dark.get(y.saturating_mul(self.width).saturating_add(x)).copied().unwrap_or(false)
    }

    /// The picture that a file of that name should hold: SVG if it ends so, else PNG.
    pub fn file(&self, name: &Path) -> Zeroizing<Vec<u8>> {
        if name.extension().is_some_and(|end| end.eq_ignore_ascii_case("svg")) {
            Zeroizing::new(self.svg().as_bytes().to_vec())
        } else {
            self.png(8)
        }
    }

    /// A PNG of it with its border, `scale` pixels a module.
    pub fn png(&self, scale: usize) -> Zeroizing<Vec<u8>> {
        let side = self.width.saturating_add(2 * QUIET).saturating_mul(scale);
        let mut pixels = Zeroizing::new(Vec::with_capacity(side.saturating_mul(side)));
        for y in 0..side {
            let shade = |x: usize| if self.dark(module(x, scale), module(y, scale)) { 0 } else { 255 };
            pixels.extend((0..side).map(shade));
        }
        let mut out = Zeroizing::new(Vec::with_capacity(side.saturating_mul(side) / 8));
        let side = u32::try_from(side).unwrap_or(0);
        let encoder = image::codecs::png::PngEncoder::new(&mut *out);
        // Writing to memory what has the size it should cannot fail.
        let _ = image::ImageEncoder::write_image(encoder, &pixels, side, side, image::ExtendedColorType::L8);
        out
    }

    /// An `<svg>` element of it with its border, without any text.
    pub fn svg(&self) -> Zeroizing<String> {
        let side = self.width.saturating_add(2 * QUIET);
        let mut out = Zeroizing::new(String::with_capacity(self.dark.len().saturating_mul(8).saturating_add(400)));
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{0}\" height=\"{0}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
            side.saturating_mul(6)
        );
        for (y, row) in self.dark.chunks(self.width.max(1)).enumerate() {
            let mut x = 0_usize;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    let (left, top) = (x.saturating_add(QUIET), y.saturating_add(QUIET));
                    let _ = write!(out, "M{left} {top}h{0}v1h-{0}z", run.len());
                }
                x = x.saturating_add(run.len());
            }
        }
        out.push_str("\"/></svg>");
        out
    }
}

/// The module that a pixel belongs to.
fn module(pixel: usize, scale: usize) -> isize {
    isize::try_from(pixel.checked_div(scale).unwrap_or(pixel)).unwrap_or(isize::MAX).saturating_sub_unsigned(QUIET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr;

    #[test]
    fn a_png_reads_back_and_an_svg_has_the_same_modules() {
        for length in [1, 40, 200, 900, 2000] {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let symbol = Symbol::of(&text).unwrap();
            assert_eq!(qr::read(&symbol.png(3)).unwrap(), [text.as_str().into()]);
            let svg = symbol.svg();
            let dark: usize = svg.matches('h').count();
            assert!(dark > symbol.width() && svg.ends_with("</svg>"));
            let runs = svg.split("v1h-").skip(1).filter_map(|run| run.split_once('z')?.0.parse::<usize>().ok());
            let drawn: usize = runs.sum();
            assert_eq!(drawn, symbol.dark.iter().filter(|dark| **dark).count());
        }
    }

    #[test]
    fn a_code_is_as_small_as_it_can_be_and_then_as_sound() {
        // 17 bytes are the most of the smallest code at the lowest level, 7 at the highest.
        assert_eq!(Symbol::of("abcdefghijklmnopq").unwrap().width(), 21);
        assert_eq!(Symbol::of("abcdefghijklmnopqr").unwrap().width(), 25);
        assert_eq!(Symbol::of(&"a".repeat(2954)).err(), Some(TooLong));
    }
}
