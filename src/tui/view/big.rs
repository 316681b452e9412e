//! Large letters: five rows of dots for each, drawn with half blocks in three lines.

use crate::tui::view::paint::Paint;
use ratatui::style::Style;

/// 0–9 and A–Z, three dots wide, five high; each row's three bits from the top.
const GLYPHS: [u16; 36] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_010_010,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
    0b010_101_111_101_101,
    0b110_101_110_101_110,
    0b011_100_100_100_011,
    0b110_101_101_101_110,
    0b111_100_110_100_111,
    0b111_100_110_100_100,
    0b011_100_101_101_011,
    0b101_101_111_101_101,
    0b111_010_010_010_111,
    0b001_001_001_101_010,
    0b101_101_110_101_101,
    0b100_100_100_100_111,
    0b101_111_111_101_101,
    0b110_101_101_101_101,
    0b010_101_101_101_010,
    0b110_101_110_100_100,
    0b010_101_101_110_011,
    0b110_101_110_101_101,
    0b011_100_010_001_110,
    0b111_010_010_010_010,
    0b101_101_101_101_111,
    0b101_101_101_101_010,
    0b101_101_111_111_101,
    0b101_101_010_101_101,
    0b101_101_010_010_010,
    0b111_001_010_100_111,
];

fn glyph(c: char) -> Option<u16> {
    let place = c.to_digit(36)?;
    GLYPHS.get(usize::try_from(place).ok()?).copied()
}

/// How wide a text is in large letters.
pub(super) fn width(text: &str) -> u16 {
    text.chars().fold(0_u16, |wide, c| wide.saturating_add(if c == ' ' { 2 } else { 4 }))
}

/// Draws a text in large letters, three lines high. False, with nothing drawn, when a letter has no large form or there is no room.
pub(super) fn draw(paint: &mut Paint<'_>, x: u16, y: u16, room: u16, text: &str, style: Style) -> bool {
    if paint.look.ascii || width(text) > room || text.chars().any(|c| c != ' ' && glyph(c).is_none()) {
        return false;
    }
    let mut x = x;
    for c in text.chars() {
        let Some(dots) = glyph(c) else {
            x = x.saturating_add(2);
            continue;
        };
        for line in 0..3_u16 {
            let mut cells = String::new();
            for column in 0..3_u16 {
                let place = |row: u16| row.saturating_mul(3).saturating_add(column);
                let dot = |row: u16| row < 5 && dots >> 14_u16.saturating_sub(place(row)) & 1 == 1;
                let upper = line.saturating_mul(2);
                cells.push(match (dot(upper), dot(upper.saturating_add(1))) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            paint.put(x, y.saturating_add(line), 3, &cells, style);
        }
        x = x.saturating_add(4);
    }
    true
}
