//! Where things stand on the main screen. The same numbers place a click and draw a row.

/// A part of the screen, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Area {
    pub(crate) x: u16,
    pub(crate) y: u16,
    pub(crate) w: u16,
    pub(crate) h: u16,
}

/// The main screen's parts; what has no room is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) header: Option<u16>,
    pub(crate) search: Option<u16>,
    pub(crate) list: Area,
    pub(crate) detail: Option<Area>,
    pub(crate) news: Option<u16>,
    pub(crate) footer: Option<u16>,
}

/// The main screen's parts at a size.
pub(crate) fn parts(w: u16, h: u16) -> Parts {
    let last = h.saturating_sub(1);
    let (header, search, first, rows, news, footer) = match h {
        0 | 1 => (None, None, 0, h, None, None),
        // One line for search, news and hints in turn.
        2..=4 => (None, None, 0, last, Some(last), None),
        5..=7 => (None, Some(0), 1, h.saturating_sub(2), Some(last), None),
        _ => (Some(0), Some(1), 2, h.saturating_sub(4), Some(h.saturating_sub(2)), Some(last)),
    };
    let pane = if w >= 100 && rows >= 8 { w.saturating_sub(66).clamp(34, 46) } else { 0 };
    let list = Area { x: 0, y: first, w: w.saturating_sub(pane), h: rows };
    let detail = (pane > 0).then_some(Area { x: list.w, y: first, w: pane, h: rows });
    Parts { header, search, list, detail, news, footer }
}

/// Where a text stands that is read to its end, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// The first of its rows; above it there is a title where that is not 0.
    pub(crate) first: u16,
    /// Rows of the list that fit on the screen.
    pub(crate) rows: usize,
    /// Below it the keys are named.
    pub(crate) footer: bool,
}

/// Where such a text stands on a screen that high.
pub(crate) fn page(h: u16) -> Page {
    let (first, footer) = match h {
        0..=5 => (0, false),
        6 | 7 => (1, true),
        _ => (2, true),
    };
    let rows = usize::from(h.saturating_sub(first).saturating_sub(u16::from(footer))).max(1);
    Page { first, rows, footer }
}

/// A row's columns: start and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    /// The row's whole width.
    pub(crate) w: u16,
    pub(crate) star: bool,
    pub(crate) issuer: (u16, u16),
    pub(crate) account: (u16, u16),
    pub(crate) vault: (u16, u16),
    pub(crate) code: (u16, u16),
    pub(crate) bar: (u16, u16),
    pub(crate) seconds: (u16, u16),
}

/// A row's columns in a list of that width; `vaults`: with the name of each entry's vault.
pub(crate) fn columns(w: u16, vaults: bool) -> Columns {
    let none = (0, 0);
    if w >= 58 {
        // Beside a detail pane the vault's name takes the place of half the bar.
        let (vault, bar_width) = match vaults {
            true if w >= 78 => (10, 10),
            true => (8, 5),
            false => (0, 10),
        };
        let gap = u16::from(vaults);
        let rest = w.saturating_sub(25).saturating_sub(bar_width).saturating_sub(vault).saturating_sub(gap);
        // An account is cut before the name that people look for.
        let issuer = if vault == 8 { rest / 2 } else { rest.saturating_mul(2) / 5 };
        let account = rest.saturating_sub(issuer);
        let account_x = issuer.saturating_add(4);
        let vault_x = account_x.saturating_add(account).saturating_add(gap);
        let code = vault_x.saturating_add(vault).saturating_add(1);
        let bar = code.saturating_add(13);
        let account = (account_x, account);
        Columns {
            w,
            star: true,
            issuer: (3, issuer),
            account,
            vault: (vault_x, vault),
            code: (code, 11),
            bar: (bar, bar_width),
            seconds: (bar.saturating_add(bar_width).saturating_add(1), 5),
        }
    } else if w >= 30 {
        let issuer = w.saturating_sub(26);
        let code = issuer.saturating_add(4);
        let bar = code.saturating_add(11);
        let seconds = (bar.saturating_add(6), 5);
        Columns {
            w,
            star: true,
            issuer: (3, issuer),
            account: none,
            vault: none,
            code: (code, 10),
            bar: (bar, 5),
            seconds,
        }
    } else {
        let code_width = w.saturating_sub(1).min(10);
        let bar = w.saturating_sub(1);
        let code = if w > 14 { bar.saturating_sub(1).saturating_sub(code_width) } else { u16::from(w > 6) };
        let issuer = code.saturating_sub(2);
        let (bar, code_width) = if w > 14 { ((bar, 1), code_width) } else { (none, w.saturating_sub(code)) };
        Columns {
            w,
            star: false,
            issuer: (1, issuer),
            account: none,
            vault: none,
            code: (code, code_width),
            bar,
            seconds: none,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_nothing_sticks_out() {
        for w in (1..=200).flat_map(|w| [(w, false), (w, true)]) {
            let (w, c) = (w.0, columns(w.0, w.1));
            let mut end = 0;
            for (x, width) in [c.issuer, c.account, c.vault, c.code, c.bar, c.seconds] {
                if width > 0 {
                    assert!(x >= end, "{w}: {c:?}");
                    end = x + width;
                }
            }
            assert!(end <= w, "{w}: {c:?}");
            assert!(c.code.1 >= 6.min(w), "{w}: a six-digit code has room: {c:?}");
        }
    }

    #[test]
    fn every_height_has_a_row() {
        for h in 1..=60 {
            for w in [1, 22, 80, 110] {
                let p = parts(w, h);
                assert!(p.list.h >= 1 && p.list.y + p.list.h <= h, "{h}");
            }
        }
    }
}
