//! The main screen: tabs, search, rows with codes and countdowns, the detail pane where there is room. Only visible rows are drawn.

use ratatui::style::Style;

use crate::app::Model;
use crate::app::core::geometry::{Area, Columns, columns, parts};
use crate::app::core::index::Order;
use crate::app::core::session::Session;
use crate::app::core::sync_state;
use crate::text::{clean, fit, width};
use crate::time::Now;
use crate::tui::view::paint::Paint;
use crate::tui::view::{code, entry, input};
use crate::vault::Entry;
use crate::vault::find::EntryRef;

pub(super) fn draw(model: &Model, session: &Session, now: Now, paint: &mut Paint<'_>) {
    let (w, h) = (paint.width(), paint.height());
    let places = parts(w, h);
    if places.header.is_some() {
        header(session, now, paint);
    }
    rows(model, session, places.list, now, paint);
    if let Some(area) = places.detail {
        entry::pane(session, area, now, paint);
    }
    let line = places.search.or(if session.list.searching { places.news } else { None });
    if let Some(y) = line {
        search_line(model, session, y, paint);
    }
    if places.footer.is_some() {
        paint.footer(model);
    }
}

fn header(session: &Session, now: Now, paint: &mut Paint<'_>) {
    let count = session.list.len();
    let all = session.list.index.lines().len();
    let noun = |n: usize| if n == 1 { "entry" } else { "entries" };
    let dot = paint.look.signs.dot;
    let counted = if count == all { format!("{all} {}", noun(all)) } else { format!("{count} of {all} {}", noun(all)) };
    let counted = match session.list.index.conflicts() {
        0 => counted,
        n => format!("{counted} {dot} {} {n}", paint.look.signs.conflict),
    };
    let vaults = &session.vaults;
    let name = match session.list.vault() {
        None if vaults.several() => format!("{} vaults", vaults.len()),
        chosen => clean(vaults.name(chosen.unwrap_or(0))).into_owned(),
    };
    let right = if vaults.first().path.is_none() {
        "demo: nothing is kept".to_owned()
    } else if vaults.saving() {
        "saving".to_owned()
    } else if let Some((words, well)) = sync_state::words(session, now) {
        format!("{} {words}", if well { paint.look.signs.ok } else { paint.look.signs.bad })
    } else if session.list.order != Order::Issuer {
        session.list.order.name().to_owned()
    } else {
        String::new()
    };
    let name = fit(&name, 30).trim_end().to_owned();
    // How it stands to the remotes has its place before the counts.
    let titles = [format!("{name} {dot} {counted}"), name, String::new()];
    let fits =
        |title: &&String| width(title).saturating_add(width(&right)).saturating_add(12) <= usize::from(paint.width());
    match titles.iter().find(fits) {
        Some(title) => paint.title(title, &right),
        // The sign at least.
        None => paint.title(titles.get(1).map_or("", String::as_str), right.split(' ').next().unwrap_or("")),
    }
}

fn search_line(model: &Model, session: &Session, y: u16, paint: &mut Paint<'_>) {
    let w = paint.width();
    let list = &session.list;
    let tabs_from = if w >= 48 && list.tabs() > 1 { tabs(session, y, paint) } else { w };
    let end = paint.put(1, y, w, "/", paint.look.accent);
    let x = end.saturating_add(1);
    let room = tabs_from.saturating_sub(x).saturating_sub(1);
    if list.searching || !list.query.is_empty() {
        input::draw(paint, x, y, room, &list.query, list.searching, Style::new());
    } else {
        let key = model.keys_of("search").first().map_or_else(String::new, |key| key.label(paint.look.ascii));
        let hint = if key == "/" { "type to search".to_owned() } else { format!("{key} to search") };
        paint.put(x, y, room, &hint, paint.look.dim);
    }
}

/// The tags at the right; gives back where they begin. The chosen one is always among them.
fn tabs(session: &Session, y: u16, paint: &mut Paint<'_>) -> u16 {
    let w = paint.width();
    let list = &session.list;
    let label = |n: usize| -> String {
        let vault = list.vault_of(n).map(|vault| session.vaults.name(vault));
        let name = vault.or_else(|| Some(list.tag_of(n)?.as_str())).unwrap_or("All");
        let name = fit(name, 14).trim_end().to_owned();
        if n == list.tab { format!("[{name}]") } else { name }
    };
    let room = usize::from(w / 2);
    let cost = |n: usize| width(&label(n)).saturating_add(2);
    // From the chosen one to the left as far as there is room, then to the right.
    let (mut first, mut last) = (list.tab, list.tab);
    let mut used = cost(list.tab);
    while let Some(n) = first.checked_sub(1)
        && used.saturating_add(cost(n)) <= room
    {
        used = used.saturating_add(cost(n));
        first = n;
    }
    while last.saturating_add(1) < list.tabs() && used.saturating_add(cost(last.saturating_add(1))) <= room {
        last = last.saturating_add(1);
        used = used.saturating_add(cost(last));
    }
    let wide = u16::try_from(used).unwrap_or(w);
    let start = w.saturating_sub(wide);
    let mut x = start.saturating_add(1);
    for n in first..=last {
        let text = label(n);
        let style = if n == list.tab { paint.look.accent.patch(paint.look.bold) } else { paint.look.dim };
        x = paint.put(x, y, w, &text, style).saturating_add(2);
    }
    start
}

fn rows(model: &Model, session: &Session, area: Area, now: Now, paint: &mut Paint<'_>) {
    let list = &session.list;
    let places = columns(area.w, session.names_vaults(paint.width()));
    if list.len() == 0 {
        let no_entry = list.index.lines().is_empty() || (list.vault().is_some() && list.query.is_empty());
        let words = if no_entry {
            let key = |name| model.keys_of(name).first().map_or_else(|| "?".into(), |key| key.label(paint.look.ascii));
            let (add, import) = (key("add"), key("import"));
            format!("no entries yet: {add} adds one, {import} imports a file, a pasted otpauth:// link opens the form")
        } else if list.query.is_empty() {
            "no entry has this tag".to_owned()
        } else {
            "nothing matches".to_owned()
        };
        paint.lines(3, area.y, area.w.saturating_sub(4), area.h, &words, paint.look.dim);
        return;
    }
    for (n, spot) in list.on_screen(usize::from(area.h)).enumerate() {
        let Some(entry) = session.vaults.entry(spot) else { continue };
        let y = area.y.saturating_add(u16::try_from(n).unwrap_or(u16::MAX));
        let selected = list.top.saturating_add(n) == list.cursor;
        row(session, spot, entry, y, &places, now, paint);
        if selected {
            paint.reverse(1, y, area.w.saturating_sub(1));
            paint.put(0, y, 1, paint.look.signs.selected, paint.look.accent);
            paint.cursor.get_or_insert((0, y));
        }
    }
}

fn row(session: &Session, spot: EntryRef, entry: &Entry, y: u16, places: &Columns, now: Now, paint: &mut Paint<'_>) {
    let look = paint.look;
    let details = &entry.details;
    if places.star && details.favourite {
        paint.put(1, y, 1, look.signs.star, look.warn);
    }
    let has_account = places.account.1 > 0;
    let name = if has_account { &*details.issuer } else { entry.title() };
    let name_end = paint.put(places.issuer.0, y, places.issuer.1, name, Style::new());
    if !entry.conflicts.is_empty() {
        let x = if places.star { 2 } else { name_end.min(places.code.0.saturating_sub(1)) };
        paint.put(x, y, 1, look.signs.conflict, look.bad);
    }
    if has_account {
        paint.put(places.account.0, y, places.account.1, &details.account, Style::new());
    }
    if places.vault.1 > 0 {
        paint.put(places.vault.0, y, places.vault.1, session.vaults.name(spot.vault), look.dim);
    }
    let otp = &details.otp;
    let left = code::left(otp, now);
    let ending = otp.is_timed() && code::is_ending(left);
    let style = if ending { look.warn.patch(look.bold) } else { look.bold };
    let (x, room) = places.code;
    if let Some(problem) = &entry.problem {
        paint.put_right(x, y, room, "no code", look.bad);
        paint.put(places.bar.0, y, places.w.saturating_sub(places.bar.0), problem, look.dim);
    } else if !otp.is_timed() {
        counter(session, spot, entry, y, places, paint);
    } else {
        match entry.code(now.unix()) {
            Ok(made) if session.shows_code(spot) => {
                let text = code::grouped(made.as_str(), usize::from(room));
                paint.put_right(x, y, room, &text, style);
            }
            Ok(_) => paint.put_right(x, y, room, look.signs.hidden, look.dim),
            Err(_) => paint.put_right(x, y, room, "no code", look.bad),
        }
        let style = if ending { look.warn.patch(look.bold) } else { look.good };
        if places.bar.1 > 0 && !look.plain {
            let bar = code::bar(left, otp.period.get(), usize::from(places.bar.1), &look);
            paint.put(places.bar.0, y, places.bar.1, &bar, style);
        }
        if places.seconds.1 > 0 {
            let text = code::seconds(left, now, &look);
            paint.put_right(places.seconds.0, y, places.seconds.1, &text, if ending { style } else { look.dim });
        }
    }
}

/// A counter's row: its code only once it was drawn and saved.
fn counter(session: &Session, spot: EntryRef, entry: &Entry, y: u16, places: &Columns, paint: &mut Paint<'_>) {
    let look = paint.look;
    let (x, room) = places.code;
    match &session.drawn_code {
        Some((of, made)) if *of == spot => {
            let text = code::grouped(made.as_str(), usize::from(room));
            paint.put_right(x, y, room, &text, look.bold);
        }
        _ => paint.put_right(x, y, room, look.signs.undrawn, look.dim),
    }
    if places.bar.1 > 0 {
        let room = places.w.saturating_sub(places.bar.0);
        let counter = entry.details.otp.counter;
        let texts = [
            format!("{} next code (#{counter})", look.signs.enter),
            format!("{} next", look.signs.enter),
            look.signs.enter.chars().take(1).collect(),
        ];
        if let Some(text) = texts.iter().find(|text| width(text) <= usize::from(room)) {
            paint.put(places.bar.0, y, room, text, look.accent);
        }
    }
}
