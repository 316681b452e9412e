//! Bytes from the terminal turned into keys, pastes and mouse clicks.
//!
//! Our own parser because what is typed here is a passphrase and what is pasted a secret: the bytes are wiped once read, and half a
//! sequence never makes the program wait for the other half (crossterm 0.29 blocks in `read` then, and neither a signal nor the
//! automatic lock gets through). The sequences are those of xterm, with what rxvt, the Linux console and PuTTY send differently.

use zeroize::{Zeroize, Zeroizing};

use crate::app::{Key, KeyCode, Mouse, MouseKind, Msg};
use crate::secret::Text;

/// The longest sequence taken for one; more bytes than that are thrown away.
const LONGEST: usize = 64;
/// The largest paste taken, in bytes; what is beyond it is thrown away.
const LARGEST_PASTE: usize = 1 << 20;
/// What ends a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Reads a terminal's bytes as they come, in pieces of any size.
#[derive(Default)]
pub struct Parser {
    held: Zeroizing<Vec<u8>>,
    paste: Option<Zeroizing<Vec<u8>>>,
}

/// What one step made of the bytes at hand.
enum Step {
    /// A message, and how many bytes it took.
    Msg(Msg, usize),
    /// Bytes that mean nothing to us.
    Skip(usize),
    /// More bytes are needed.
    More,
    /// A paste begins.
    Paste(usize),
}

impl Parser {
    /// Takes bytes and adds what they mean to `out`. The caller wipes its own copy.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Msg>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(paste) = &mut self.paste {
                // Byte by byte up to the end mark, which may come in pieces.
                let Some((&byte, tail)) = rest.split_first() else { break };
                rest = tail;
                push_wiping(paste, byte);
                if paste.ends_with(PASTE_END) {
                    let length = paste.len().saturating_sub(PASTE_END.len()).min(LARGEST_PASTE);
                    paste.truncate(length);
                    self.end_paste(out);
                } else if paste.len() > LARGEST_PASTE.saturating_add(PASTE_END.len()) {
                    // Keep a tail long enough to find the end mark in.
                    let cut = paste.len().saturating_sub(PASTE_END.len());
                    paste.drain(LARGEST_PASTE..cut.max(LARGEST_PASTE));
                }
                continue;
            }
            let Some((&byte, tail)) = rest.split_first() else { break };
            rest = tail;
            push_wiping(&mut self.held, byte);
            self.advance(out);
        }
    }

    /// Whether bytes are held back that only time can explain: a lone Escape, half a sequence, an unfinished paste.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty() || self.paste.is_some()
    }

    /// Whether a paste has begun and not ended.
    pub fn is_pasting(&self) -> bool {
        self.paste.is_some()
    }

    /// No more bytes came for a while: what is held is what it is.
    pub fn settle(&mut self, out: &mut Vec<Msg>) {
        if self.paste.is_some() {
            self.end_paste(out);
        }
        match self.held.as_slice() {
            [] => {}
            [0x1b] => out.push(plain(KeyCode::Esc)),
            [0x1b, byte @ (b'[' | b'O')] => out.push(key(KeyCode::Char(char::from(*byte)), 0b10)),
            _ => {}
        }
        self.held.zeroize();
    }

    fn end_paste(&mut self, out: &mut Vec<Msg>) {
        if let Some(paste) = self.paste.take() {
            let text = match std::str::from_utf8(&paste) {
                Ok(text) => Text::from(text),
                Err(_) => Text::from(String::from_utf8_lossy(&paste).into_owned()),
            };
            out.push(Msg::Paste(text));
        }
    }

    fn advance(&mut self, out: &mut Vec<Msg>) {
        while !self.held.is_empty() {
            let used = match step(&self.held) {
                Step::More if self.held.len() > LONGEST => self.held.len(),
                Step::More => return,
                Step::Msg(msg, used) => {
                    out.push(msg);
                    used
                }
                Step::Skip(used) => used,
                Step::Paste(used) => {
                    self.paste = Some(Zeroizing::new(Vec::with_capacity(256)));
                    used
                }
            };
            let left = self.held.len().saturating_sub(used.max(1));
            let start = self.held.len().saturating_sub(left);
            self.held.copy_within(start.., 0);
            if let Some(old) = self.held.get_mut(left..) {
                old.zeroize();
            }
            self.held.truncate(left);
        }
    }
}

/// Adds a byte without leaving a copy behind when the vector has to grow.
fn push_wiping(to: &mut Zeroizing<Vec<u8>>, byte: u8) {
    if to.len() == to.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(to.capacity().saturating_mul(2).max(LONGEST * 2)));
        larger.extend_from_slice(to);
        *to = larger;
    }
    to.push(byte);
}

fn key(code: KeyCode, modifiers: u32) -> Msg {
    let shift = modifiers & 1 != 0 && !matches!(code, KeyCode::Char(_) | KeyCode::BackTab);
    Msg::Key(Key { code, shift, alt: modifiers & 0b10 != 0, ctrl: modifiers & 0b100 != 0 })
}

fn plain(code: KeyCode) -> Msg {
    key(code, 0)
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [0x1b] => Step::More,
        // Escape and then a control key, typed quickly: nobody means Alt-Ctrl.
        [0x1b, 0..=0x1f, ..] => Step::Msg(plain(KeyCode::Esc), 1),
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b'O', rest @ ..] => match rest {
            [] => Step::More,
            [last, ..] => match named(*last) {
                Some(code) => Step::Msg(plain(code), 3),
                None if *last == b'M' => Step::Msg(plain(KeyCode::Enter), 3),
                None => Step::Skip(3),
            },
        },
        [0x1b, rest @ ..] => match character(rest) {
            Step::Msg(Msg::Key(with), used) => Step::Msg(Msg::Key(Key { alt: true, ..with }), used.saturating_add(1)),
            Step::Skip(used) => Step::Skip(used.saturating_add(1)),
            other => other,
        },
        _ => character(bytes),
    }
}

/// One character or control byte.
fn character(bytes: &[u8]) -> Step {
    let Some(&first) = bytes.first() else { return Step::More };
    let control = |letter: char| Step::Msg(key(KeyCode::Char(letter), 0b100), 1);
    match first {
        0 => control(' '),
        b'\r' | b'\n' => Step::Msg(plain(KeyCode::Enter), 1),
        b'\t' => Step::Msg(plain(KeyCode::Tab), 1),
        0x08 | 0x7f => Step::Msg(plain(KeyCode::Backspace), 1),
        0x01..=0x1a => control(char::from(first.saturating_add(b'a').saturating_sub(1))),
        0x1c..=0x1f => control(char::from(first.saturating_sub(0x1c).saturating_add(b'4'))),
        0x20..=0x7e => Step::Msg(plain(KeyCode::Char(char::from(first))), 1),
        0xc2..=0xf4 => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            let have = bytes.get(..length.min(bytes.len())).unwrap_or(bytes);
            match std::str::from_utf8(have) {
                Ok(text) => match text.chars().next() {
                    // C1 control characters are nobody's keys.
                    Some(character) if !character.is_control() => {
                        Step::Msg(plain(KeyCode::Char(character)), character.len_utf8())
                    }
                    _ => Step::Skip(length),
                },
                Err(error) => match error.error_len() {
                    None => Step::More,
                    Some(bad) => Step::Skip(bad),
                },
            }
        }
        _ => Step::Skip(1),
    }
}

/// The key that a final byte names (`CSI A`, `SS3 A`).
fn named(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// The key that a number names (`CSI 5 ~`).
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number.checked_sub(10)?).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number.checked_sub(11)?).ok()?),
        23 | 24 => KeyCode::F(u8::try_from(number.checked_sub(12)?).ok()?),
        _ => return None,
    })
}

/// What follows `CSI` (ECMA-48 §5.4): parameters, intermediates, one final byte.
fn control_sequence(rest: &[u8]) -> Step {
    const START: usize = 2;
    // The Linux console's F1 to F5: `CSI [ A`.
    if let [b'[', tail @ ..] = rest {
        return match tail {
            [] => Step::More,
            [last @ b'A'..=b'E', ..] => Step::Msg(plain(KeyCode::F(last.saturating_sub(b'A').saturating_add(1))), 4),
            _ => Step::Skip(4),
        };
    }
    // The oldest way to report the mouse: three bytes of any value.
    if let [b'M', tail @ ..] = rest {
        return if tail.len() < 3 { Step::More } else { Step::Skip(6) };
    }
    let Some(end) = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte)) else { return Step::More };
    let (Some(parameters), Some(&last)) = (rest.get(..end), rest.get(end)) else { return Step::More };
    if !(0x40..=0x7e).contains(&last) {
        // An Escape or a control byte in the middle: the sequence is broken, that byte begins something else.
        return Step::Skip(end.saturating_add(START));
    }
    let used = end.saturating_add(START).saturating_add(1);
    if let Some((b'<', parameters)) = parameters.split_first() {
        return mouse(parameters, last == b'M').map_or(Step::Skip(used), |msg| Step::Msg(msg, used));
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let first = numbers.next().flatten();
    let modifiers = numbers.next().flatten().unwrap_or(1).saturating_sub(1);
    let msg = match last {
        b'~' if first == Some(200) => return Step::Paste(used),
        b'~' => first.and_then(numbered).map(|code| key(code, modifiers)),
        b'Z' => Some(plain(KeyCode::BackTab)),
        b'I' => Some(Msg::Focus(true)),
        b'O' => Some(Msg::Focus(false)),
        b'u' => first.and_then(|code| unicode_key(code, modifiers)),
        _ => named(last).map(|code| key(code, modifiers)),
    };
    msg.map_or(Step::Skip(used), |msg| Step::Msg(msg, used))
}

fn number(digits: &[u8]) -> Option<u32> {
    // Sub-parameters after a colon say more than we need.
    let digits = digits.split(|byte| *byte == b':').next().unwrap_or(digits);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `CSI code ; modifiers u`: what terminals send for keys that have no older form.
fn unicode_key(code: u32, modifiers: u32) -> Option<Msg> {
    Some(match code {
        9 if modifiers & 1 != 0 => plain(KeyCode::BackTab),
        9 => key(KeyCode::Tab, modifiers),
        13 => key(KeyCode::Enter, modifiers),
        27 => key(KeyCode::Esc, modifiers),
        8 | 127 => key(KeyCode::Backspace, modifiers),
        _ => {
            let character = char::from_u32(code).filter(|character| !character.is_control())?;
            let upper = modifiers & 1 != 0;
            key(
                KeyCode::Char(if upper { character.to_uppercase().next().unwrap_or(character) } else { character }),
                modifiers,
            )
        }
    })
}

/// `CSI < button ; column ; row M` (SGR mouse reports).
fn mouse(parameters: &[u8], pressed: bool) -> Option<Msg> {
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let button = numbers.next()??;
    let column = u16::try_from(numbers.next()??).ok()?.checked_sub(1)?;
    let row = u16::try_from(numbers.next()??).ok()?.checked_sub(1)?;
    // Shift, Alt and Control are bits 4, 8 and 16.
    let kind = match button & !0b1_1100 {
        0 if pressed => MouseKind::Press,
        64 if pressed => MouseKind::WheelUp,
        65 if pressed => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Msg::Mouse(Mouse { kind, column, row }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<Msg> {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        parser.feed(bytes, &mut out);
        parser.settle(&mut out);
        out
    }

    fn one(bytes: &[u8]) -> Msg {
        let mut out = read(bytes);
        assert_eq!(out.len(), 1, "{bytes:?} gave {out:?}");
        out.remove(0)
    }

    #[test]
    fn keys() {
        let ctrl = |letter| key(KeyCode::Char(letter), 0b100);
        let alt = |letter| key(KeyCode::Char(letter), 0b10);
        for (bytes, expected) in [
            (&b"a"[..], plain(KeyCode::Char('a'))),
            (b"G", plain(KeyCode::Char('G'))),
            ("ß".as_bytes(), plain(KeyCode::Char('ß'))),
            ("日".as_bytes(), plain(KeyCode::Char('日'))),
            ("😀".as_bytes(), plain(KeyCode::Char('😀'))),
            (b"\r", plain(KeyCode::Enter)),
            (b"\t", plain(KeyCode::Tab)),
            (b"\x7f", plain(KeyCode::Backspace)),
            (b"\x03", ctrl('c')),
            (b"\x1a", ctrl('z')),
            (b"\x12", ctrl('r')),
            (b"\0", ctrl(' ')),
            (b"\x1b", plain(KeyCode::Esc)),
            (b"\x1bx", alt('x')),
            (b"\x1b[", alt('[')),
            (b"\x1b[A", plain(KeyCode::Up)),
            (b"\x1bOB", plain(KeyCode::Down)),
            (b"\x1b[1;5C", key(KeyCode::Right, 0b100)),
            (b"\x1b[1;2D", key(KeyCode::Left, 1)),
            (b"\x1b[5~", plain(KeyCode::PageUp)),
            (b"\x1b[6~", plain(KeyCode::PageDown)),
            (b"\x1b[3;3~", key(KeyCode::Delete, 0b10)),
            (b"\x1b[Z", plain(KeyCode::BackTab)),
            (b"\x1bOQ", plain(KeyCode::F(2))),
            (b"\x1b[12~", plain(KeyCode::F(2))),
            (b"\x1b[[B", plain(KeyCode::F(2))),
            (b"\x1b[24~", plain(KeyCode::F(12))),
            (b"\x1b[97;5u", ctrl('a')),
            (b"\x1b[13;2u", key(KeyCode::Enter, 1)),
            (b"\x1b[I", Msg::Focus(true)),
            (b"\x1b[O", Msg::Focus(false)),
        ] {
            assert_eq!(one(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_mouse() {
        let at = |kind, column, row| Msg::Mouse(Mouse { kind, column, row });
        assert_eq!(one(b"\x1b[<0;10;5M"), at(MouseKind::Press, 9, 4));
        assert_eq!(one(b"\x1b[<64;1;1M"), at(MouseKind::WheelUp, 0, 0));
        assert_eq!(one(b"\x1b[<81;300;200M"), at(MouseKind::WheelDown, 299, 199));
        for ignored in [&b"\x1b[<0;10;5m"[..], b"\x1b[<2;1;1M", b"\x1b[<0;0;0M", b"\x1b[<0;99999;1M", b"\x1b[M !!"] {
            assert_eq!(read(ignored), vec![], "{ignored:?}");
        }
    }

    #[test]
    fn a_paste_is_one_message() {
        assert_eq!(one(b"\x1b[200~otpauth://totp/a\x1b[31m\r\n\x1b[201~"), {
            Msg::Paste(Text::from("otpauth://totp/a\x1b[31m\r\n"))
        });
        // Its end never came: what is there is taken once the terminal is silent.
        assert_eq!(one(b"\x1b[200~half"), Msg::Paste(Text::from("half")));
        assert_eq!(read(b"\x1b[200~x\x1b[201~q").len(), 2);
    }

    #[test]
    fn a_paste_without_end_takes_bounded_memory() {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        parser.feed(b"\x1b[200~", &mut out);
        let block = vec![b'x'; 1 << 16];
        for _ in 0..20 {
            parser.feed(&block, &mut out);
        }
        parser.feed(PASTE_END, &mut out);
        assert!(matches!(out.as_slice(), [Msg::Paste(text)] if text.len() == LARGEST_PASTE), "{}", out.len());
    }

    #[test]
    fn half_a_sequence_waits_for_time_and_not_for_bytes() {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        parser.feed(b"\x1b[1;", &mut out);
        assert!(parser.is_waiting() && out.is_empty());
        parser.feed(b"5C", &mut out);
        assert_eq!(out, vec![key(KeyCode::Right, 0b100)]);
        assert!(!parser.is_waiting());
        parser.feed(b"\x1b[1;", &mut out);
        parser.settle(&mut out);
        parser.feed(b"j", &mut out);
        assert_eq!(out.last(), Some(&plain(KeyCode::Char('j'))));
    }

    #[test]
    fn broken_sequences_give_way_to_what_follows() {
        assert_eq!(read(b"\x1b[12\x1b[Aq"), vec![plain(KeyCode::Up), plain(KeyCode::Char('q'))]);
        assert_eq!(read(b"\x1b\x03"), vec![plain(KeyCode::Esc), key(KeyCode::Char('c'), 0b100)]);
        assert_eq!(read(b"\xff\xc3q"), vec![plain(KeyCode::Char('q'))]);
        assert_eq!(read(b"\xc2\x9bq"), vec![plain(KeyCode::Char('q'))]);
        let mut long = b"\x1b[".to_vec();
        long.extend([b'1'; 500]);
        assert!(read(&long).iter().all(|msg| *msg == plain(KeyCode::Char('1'))));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
            let whole = read(&bytes);
            let mut parser = Parser::default();
            let mut out = Vec::new();
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            parser.feed(head, &mut out);
            parser.feed(tail, &mut out);
            parser.settle(&mut out);
            prop_assert_eq!(whole, out);
        }
    }
}
