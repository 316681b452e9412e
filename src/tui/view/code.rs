//! Codes, countdowns and bars, the same wherever they are shown.

use zeroize::Zeroizing;

use crate::otp::Otp;
use crate::time::Now;
use crate::tui::theme::Look;

/// A code in groups, as it is easiest to read: `763 244`, `1234 5678`; in one piece where it has no room.
pub(super) fn grouped(code: &str, room: usize) -> Zeroizing<String> {
    let letters = code.chars().count();
    let group = match letters {
        6 | 9 => 3,
        7 => 3,
        8 => 4,
        10 => 5,
        _ => return Zeroizing::new(code.to_owned()),
    };
    let mut out = Zeroizing::new(String::with_capacity(code.len().saturating_add(3)));
    for (n, c) in code.chars().enumerate() {
        if n > 0 && n.is_multiple_of(group) && !(letters == 7 && n == 6) {
            out.push(' ');
        }
        out.push(c);
    }
    if out.chars().count() > room { Zeroizing::new(code.to_owned()) } else { out }
}

/// Seconds until the code changes.
pub(super) fn left(otp: &Otp, now: Now) -> u64 {
    otp.valid_until(now.unix()).saturating_sub(now.unix())
}

/// Whether a code is in its last seconds.
pub(super) fn is_ending(left: u64) -> bool {
    left <= 5
}

/// A countdown's words in five cells: ` 28 s`, `! 4 s`, `14 min`, in plain mode when it ends within its minute.
pub(super) fn seconds(left: u64, now: Now, look: &Look) -> String {
    if look.plain {
        return format!("to:{:02}", now.unix().saturating_add(left) % 60);
    }
    match left {
        0..=5 => format!("!{left:>2} s"),
        6..=99 => format!("{left:>3} s"),
        100..=5_999 => format!("{:>3} m", left / 60),
        _ => format!("{:>3} h", left / 3600),
    }
}

/// A bar of `cells`: what is left of the period, rounded down, but never empty.
pub(super) fn bar(left: u64, period: u64, cells: usize, look: &Look) -> String {
    let cells_u64 = u64::try_from(cells).unwrap_or(u64::MAX);
    let full = left.saturating_mul(cells_u64).checked_div(period).unwrap_or(0).clamp(1, cells_u64.max(1));
    let full = usize::try_from(full).unwrap_or(0);
    if cells == 1 {
        let levels = look.signs.levels;
        let last = u64::try_from(levels.len()).unwrap_or(1).saturating_sub(1);
        let level = usize::try_from(left.saturating_mul(last).div_ceil(period.max(1))).unwrap_or(0);
        return levels.get(level.min(levels.len().saturating_sub(1))).copied().unwrap_or("").to_owned();
    }
    let mut out = look.signs.full.repeat(full);
    out.push_str(&look.signs.spent.repeat(cells.saturating_sub(full)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups() {
        for (code, shown) in [
            ("763244", "763 244"),
            ("1234567", "123 4567"),
            ("12345678", "1234 5678"),
            ("123456789", "123 456 789"),
            ("1234567890", "12345 67890"),
            ("MVG5K", "MVG5K"),
            ("1", "1"),
        ] {
            assert_eq!(*grouped(code, 11), shown);
        }
        assert_eq!(*grouped("1234567890", 10), "1234567890");
    }
}
