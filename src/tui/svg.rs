//! A drawn screen as a picture: for the README, made by the tests from what the program really draws.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// A cell's width and height in the picture's units.
const CELL: (f32, f32) = (8.4, 18.0);
/// Around the cells.
const MARGIN: f32 = 10.0;
const BACKGROUND: &str = "#1d2026";
const FOREGROUND: &str = "#d7dae0";

/// The screen as SVG 1.1, one text element for each run of cells of one look, each placed on its cell so that no font shifts it.
pub fn picture(buffer: &Buffer) -> String {
    let area = buffer.area;
    let width = f32::from(area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(area.height) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in area.top()..area.bottom() {
        let mut x = area.left();
        while x < area.right() {
            let Some(first) = buffer.cell((x, y)) else { break };
            let (start, look) = (x, (first.fg, first.bg, first.modifier));
            let (mut text, mut columns) = (String::new(), 0_u16);
            while let Some(cell) = (x < area.right()).then(|| buffer.cell((x, y))).flatten() {
                let step = width_of(cell);
                // Wide symbols by themselves: fonts differ in how wide they draw them.
                if (cell.fg, cell.bg, cell.modifier) != look || (columns > 0 && step != width_of(first)) {
                    break;
                }
                text.push_str(cell.symbol());
                columns = columns.saturating_add(step);
                x = x.saturating_add(step);
            }
            let (column, row) = (start.saturating_sub(area.left()), y.saturating_sub(area.top()));
            run(&mut svg, (column, row, columns), &text, look);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn width_of(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width()).unwrap_or(1).max(1)
}

fn run(svg: &mut String, (x, y, columns): (u16, u16, u16), text: &str, (fg, bg, modifier): (Color, Color, Modifier)) {
    let (mut ink, mut paper) = (colour(fg).unwrap_or(FOREGROUND), colour(bg));
    if modifier.contains(Modifier::REVERSED) {
        (ink, paper) = (paper.unwrap_or(BACKGROUND), Some(ink));
    }
    let (left, top) = (f32::from(x) * CELL.0 + MARGIN, f32::from(y) * CELL.1 + MARGIN);
    let length = f32::from(columns) * CELL.0;
    // Writing to a String cannot fail.
    if let Some(paper) = paper {
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{length:.1}\" height=\"{:.1}\" fill=\"{paper}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (has, attribute) in [
        (modifier.contains(Modifier::BOLD), " font-weight=\"bold\""),
        (modifier.contains(Modifier::ITALIC), " font-style=\"italic\""),
        (modifier.contains(Modifier::UNDERLINED), " text-decoration=\"underline\""),
        (modifier.contains(Modifier::DIM), " opacity=\"0.6\""),
    ] {
        if has {
            style.push_str(attribute);
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{ink}\" textLength=\"{length:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{style}>{}</text>",
        top + 13.5,
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The sixteen colours as many terminals have them; `None`: the default.
fn colour(colour: Color) -> Option<&'static str> {
    Some(match colour {
        Color::Black => "#282c34",
        Color::Red => "#e06c75",
        Color::Green => "#98c379",
        Color::Yellow => "#e5c07b",
        Color::Blue => "#61afef",
        Color::Magenta => "#c678dd",
        Color::Cyan => "#56b6c2",
        Color::Gray => "#abb2bf",
        Color::DarkGray => "#7f848e",
        Color::LightRed => "#ff7a85",
        Color::LightGreen => "#b5e08f",
        Color::LightYellow => "#ffd88a",
        Color::LightBlue => "#82c4ff",
        Color::LightMagenta => "#dd9cf2",
        Color::LightCyan => "#7fd9e4",
        Color::White => "#ffffff",
        Color::Reset | Color::Indexed(_) | Color::Rgb(..) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn runs_are_placed_on_their_cells_and_escaped() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        buffer.set_string(0, 0, "日本 <a&b>", Style::new());
        buffer.set_string(4, 1, "code", Style::new().fg(Color::Green).add_modifier(Modifier::REVERSED));
        let svg = picture(&buffer);
        assert!(
            svg.contains(">日本</text>") && svg.contains("x=\"43.6\" y=\"23.5\"") && svg.contains("> &lt;a&amp;b&gt;"),
            "{svg}"
        );
        assert!(svg.contains("<rect x=\"43.6\" y=\"28.0\" width=\"33.6\" height=\"18.0\" fill=\"#98c379\"/>"), "{svg}");
        assert!(svg.contains(&format!("fill=\"{BACKGROUND}\" textLength=\"33.6\"")), "{svg}");
    }
}
