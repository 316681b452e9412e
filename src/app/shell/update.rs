//! What each message does to the model.

use std::path::{Path, PathBuf};

use crate::app::core::copy;
use crate::app::core::geometry::parts;
use crate::app::core::save::{self, Then, commit};
use crate::app::core::sync_state;
use crate::app::effect::ImportSource;
use crate::app::keymap::{Action, action_for, enabled};
use crate::app::screens::confirm::{self, Confirm};
use crate::app::screens::conflicts;
use crate::app::screens::entry::{self, EntryView};
use crate::app::screens::export::{self, Export};
use crate::app::screens::form::{self, Form};
use crate::app::screens::help::Help;
use crate::app::screens::history::History;
use crate::app::screens::import::{self, Import};
use crate::app::screens::members;
use crate::app::screens::palette::Palette;
use crate::app::screens::passphrase::{self, NewPassphrase};
use crate::app::screens::picture;
use crate::app::screens::qr;
use crate::app::screens::share;
use crate::app::screens::transfer;
use crate::app::screens::trash::{self, Trash};
use crate::app::screens::unlock;
use crate::app::screens::welcome;
use crate::app::shell::model::{Model, Over, Session, Stage};
use crate::app::shell::mouse;
use crate::app::shell::paste;
use crate::app::shell::schedule;
use crate::app::{Effect, Key, Msg, Screen, VaultChoice};
use crate::config::keys::KeyCode;
use crate::secret::Text;
use crate::time::Now;
use crate::vault::Edit;
use crate::vault::carry::Carry;

/// Acts on what has happened, and says what must be done.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut out = Vec::new();
    model.expire_toast(&msg, now);
    let idle = schedule::lock_after(model).is_some_and(|after| now.since(model.last_input) >= after);
    if idle && model.is_open() {
        unlock::lock(model, "locked: no key was pressed for a while", now, &mut out);
        model.last_input = now;
        // A key meant for the list is no letter of a passphrase.
        if matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_)) {
            return out;
        }
    }
    if !matches!(msg, Msg::Wake) {
        model.dirty = true;
    }
    match msg {
        // Whoever waits for a sync on the way out waits no more.
        Msg::Key(_) | Msg::Paste(_) if model.leaves_at_ms.is_some() => {
            sync_state::go_on_leaving(model, now, true, &mut out)
        }
        Msg::Key(key) => {
            model.last_input = now;
            press(model, &key, now, &mut out);
        }
        Msg::Paste(text) => {
            model.last_input = now;
            paste::paste(model, text, now, &mut out);
        }
        Msg::Mouse(event) => {
            model.last_input = now;
            mouse::mouse(model, event, now, &mut out);
        }
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            resized(model);
        }
        Msg::Focus(focused) => model.focused = focused,
        Msg::Wake => {
            unlock::wake(model, now, &mut out);
            qr::expire(model, now);
            look_at_file(model, now, &mut out);
        }
        Msg::LockNow => unlock::lock(model, "locked", now, &mut out),
        Msg::KeysChangedElsewhere => {
            unlock::lock(model, "another window set a new passphrase: unlock with that", now, &mut out);
        }
        Msg::Resumed => model.focused = true,
        Msg::Vaults(vaults) => model.vaults = vaults,
        Msg::Opened(result) => {
            for key in unlock::opened(model, result, now) {
                press(model, &key, now, &mut out);
            }
        }
        Msg::AlsoOpened(open) => {
            if let Stage::Open(session) = &mut model.stage {
                session.vaults.add(open);
                session.renew();
            }
        }
        Msg::UnlockEstimate(ms) => {
            if let Stage::Locked(lock) = &mut model.stage
                && lock.deriving
            {
                lock.estimate_ms = Some(ms);
            }
        }
        Msg::Created(result) => welcome::created(model, result, now),
        Msg::PassphraseChanged(result) => passphrase::changed(model, result, now),
        Msg::PassphraseFollowed(result) => passphrase::followed(model, result, now),
        Msg::Saved { save, result } => save::saved(model, save, result, now, &mut out),
        Msg::ChangedElsewhere(vault) => save::changed_elsewhere(model, vault),
        Msg::ChangedUnreadably(trouble) => model.say_trouble(&trouble, now),
        Msg::Synced { vault, state, reached, said } => sync_state::synced(model, &vault, (state, reached), &said, now),
        Msg::NoRemote(vault) => sync_state::no_remote(model, &vault),
        Msg::NothingToSync => model.say("no open vault has a remote; the command remote gives it one", now),
        Msg::Shared(result) => share::done(model, result, now),
        Msg::MemberDone { vault, result } => members::done(model, &vault, result, now),
        Msg::Copied(result) => copy::copied(model, result, now),
        Msg::ClipboardCleared(ours) => copy::cleared(model, ours, now),
        Msg::ImportRead(result) => {
            if let Some(result) = picture::read(model, result) {
                import::read(model, result);
            }
        }
        Msg::Completions(found) => import::complete(model, found),
        Msg::Exported(result) => export::exported(model, result, now),
        Msg::PictureSaved(result) => qr::saved(model, result, now),
    }
    sync_state::go_on_leaving(model, now, false, &mut out);
    model.show_selection();
    out
}

/// What is read to its end begins anew where its lines are broken anew.
fn resized(model: &mut Model) {
    let Stage::Open(session) = &mut model.stage else { return };
    for over in &mut session.over {
        match over {
            Over::Told(told) => told.resized(),
            Over::Confirm(confirm) => confirm.top = 0,
            _ => {}
        }
    }
}

fn look_at_file(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    let has_file = model.session().is_some_and(|session| session.vaults.first().path.is_some());
    // A little early counts: two wakes a second apart must not become three.
    if has_file && now.boot_ms.saturating_sub(model.file_seen.boot_ms) >= 950 {
        model.file_seen = now;
        out.push(Effect::LookAtFile);
    }
}

fn press(model: &mut Model, key: &Key, now: Now, out: &mut Vec<Effect>) {
    qr::touched(model, now);
    let screen = model.screen();
    // While a passphrase is being derived keys are kept for the list, but for those that leave.
    if let Stage::Locked(lock) = &mut model.stage
        && lock.deriving
        && !key.ctrl
    {
        lock.key(key);
        return;
    }
    match action_for(model, screen, key) {
        Some(action) => act(model, action, Some(key), now, out),
        None => type_into(model, key, out),
    }
}

fn type_into(model: &mut Model, key: &Key, out: &mut Vec<Effect>) {
    match &mut model.stage {
        Stage::Welcome(welcome) => {
            if let Some(twice) = &mut welcome.create
                && !welcome.busy
            {
                twice.key(key);
                welcome.trouble = None;
            }
        }
        Stage::Locked(lock) => lock.key(key),
        Stage::Open(session) => match session.over.last_mut() {
            None if session.list.searching && session.list.query.key(key) => {
                session.list.search();
                session.revealed = None;
            }
            Some(Over::Form(form)) if !form.saving && !form.reading => form.key(key),
            Some(Over::Palette(palette)) => {
                palette.input.key(key);
                palette.cursor = 0;
            }
            Some(Over::Import(import)) if !import.reading && import.table.is_none() => {
                if key.code == KeyCode::Tab && import.needs_password.is_none() && import.plan.is_none() {
                    out.push(Effect::CompletePath(Text::from(import.path.text())));
                } else if import.plan.is_none() && import.line().key(key) {
                    import.error = None;
                    import.completions.clear();
                }
            }
            Some(Over::Export(export)) if !export.writing => export.key(key),
            Some(Over::Codes(codes)) if !codes.writing => {
                if let Some(path) = &mut codes.path {
                    if key.code == KeyCode::Tab {
                        out.push(Effect::CompletePath(Text::from(path.text())));
                    } else {
                        path.key(key);
                    }
                }
            }
            Some(Over::Invite(form)) if !form.busy => form.key(key),
            Some(Over::Share(_)) => share::key(session, key),
            Some(Over::Passphrase(screen)) if !screen.busy => {
                screen.twice.key(key);
                screen.trouble = None;
            }
            _ => {}
        },
    }
}

/// Does an action, pressed by a key or chosen in the palette or the footer.
pub(crate) fn act(model: &mut Model, action: Action, key: Option<&Key>, now: Now, out: &mut Vec<Effect>) {
    if let Err(reason) = enabled(model, action) {
        // Enter does nothing when a search has found nothing.
        if !(action == Action::Copy && model.screen() == Screen::Search) {
            model.say(reason, now);
        }
        return;
    }
    match action {
        Action::QuitNow => return quit_now(model, now, out),
        Action::Quit => return save::quit(model, now, out),
        Action::Suspend => {
            unlock::lock(model, "", now, out);
            out.push(Effect::Suspend);
            return;
        }
        Action::Submit => return submit(model, now, out),
        _ => {}
    }
    let size = model.size;
    let rows = usize::from(parts(size.0, size.1).list.h).max(1);
    match &mut model.stage {
        Stage::Welcome(welcome) => match action {
            Action::Up => welcome.chosen = welcome.chosen.saturating_sub(1),
            Action::Down => {
                let last = welcome::choices(model).saturating_sub(1);
                if let Stage::Welcome(welcome) = &mut model.stage {
                    welcome.chosen = welcome.chosen.saturating_add(1).min(last);
                }
            }
            Action::Back if !welcome.busy => {
                welcome.create = None;
                welcome.trouble = None;
            }
            Action::NextField | Action::PreviousField => {
                if let Some(twice) = &mut welcome.create {
                    twice.at_second = !twice.at_second;
                }
            }
            Action::ShowTyped => {
                if let Some(twice) = &mut welcome.create {
                    twice.show_typed();
                }
            }
            _ => {}
        },
        Stage::Locked(lock) => match action {
            Action::ShowTyped => lock.input.masked = !lock.input.masked,
            Action::UseRecovery => unlock::toggle_recovery(model),
            Action::Up => unlock::choose(model, -1),
            Action::Down => unlock::choose(model, 1),
            Action::NewVault if !lock.deriving => {
                let path = beside(&lock.path, &model.vaults);
                model.stage = Stage::Welcome(Box::new(welcome::Welcome::new(path)));
            }
            _ => {}
        },
        Stage::Open(session) => {
            if let Some(rows) = moves(action, rows) {
                return step(session, rows, size);
            }
            act_open(model, action, key, now, out);
        }
    }
}

/// Where a vault would be made: there, or beside it where there is one already.
pub(crate) fn new_path(path: &Path, vaults: &[VaultChoice]) -> PathBuf {
    if vaults.iter().any(|vault| vault.path == path) { beside(path, vaults) } else { path.to_owned() }
}

/// Where another vault would be made: beside this one, under the first name that is free.
fn beside(path: &Path, vaults: &[VaultChoice]) -> PathBuf {
    let names = std::iter::once("personal".to_owned()).chain((2_u32..1000).map(|n| format!("vault{n}")));
    let paths = names.map(|name| path.with_file_name(format!("{name}.json")));
    let free = |candidate: &PathBuf| candidate != path && vaults.iter().all(|vault| vault.path != *candidate);
    paths.into_iter().find(free).unwrap_or_else(|| path.with_file_name("vault.json"))
}

/// How many rows an action moves by.
fn moves(action: Action, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(page.saturating_neg()),
        Action::PageDown => Some(page),
        Action::Top => Some(isize::MIN),
        Action::Bottom => Some(isize::MAX),
        _ => None,
    }
}

fn step(session: &mut Session, by: isize, size: (u16, u16)) {
    let within = |at: usize, len: usize| at.saturating_add_signed(by).min(len.saturating_sub(1));
    match session.over.last_mut() {
        None => {
            session.list.step(by);
            session.revealed = None;
            session.drawn_code = None;
        }
        Some(Over::Entry(view)) => {
            let codes = session.vaults.entry(view.spot).map_or(0, |entry| entry.details.recovery_codes.len());
            view.step(by, codes);
        }
        Some(Over::Trash(trash)) => trash.cursor = within(trash.cursor, trash.spots.len()),
        Some(Over::Told(told)) => told.step(by, size),
        Some(Over::Confirm(confirm)) => confirm.step(by, size),
        Some(Over::Carry(choice)) => choice.cursor = within(choice.cursor, choice.targets.len()),
        Some(Over::Conflicts(conflicts)) => conflicts.cursor = within(conflicts.cursor, conflicts.len()),
        Some(Over::Members(members)) => members.cursor = within(members.cursor, members.rows.len()),
        Some(Over::History(history)) => history.top = within(history.top, history.items.len()),
        Some(Over::Help(help)) => help.top = within(help.top, crate::app::keymap::table().len()),
        Some(Over::Palette(palette)) => palette.cursor = within(palette.cursor, crate::app::keymap::table().len()),
        Some(Over::Import(import)) => {
            import.cursor = within(import.cursor, import.len());
        }
        Some(_) => {}
    }
}

fn submit(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    match model.screen() {
        Screen::Welcome | Screen::Create => welcome::submit(model, out),
        Screen::Unlock => unlock::submit(model, now, out),
        Screen::Form => form::submit(model, now, out),
        Screen::Import | Screen::ImportPlan | Screen::Columns => import::submit(model, now, out),
        Screen::Export => export::submit(model, now, out),
        Screen::SavePicture => qr::save(model, out),
        Screen::Invite => members::send_invite(model, out),
        Screen::Carry => transfer::submit(model, now, out),
        Screen::Share => share::submit(model, out),
        Screen::Passphrase => passphrase::submit(model, now, out),
        Screen::Told => share::go_on(model),
        Screen::Palette => {
            let Stage::Open(session) = &model.stage else { return };
            let Some(Over::Palette(palette)) = session.over.last() else { return };
            let found = palette.found(model);
            let chosen = found.get(palette.cursor.min(found.len().saturating_sub(1))).map(|(row, _)| row.action);
            if let Stage::Open(session) = &mut model.stage {
                session.over.pop();
            }
            if let Some(action) = chosen {
                act(model, action, None, now, out);
            }
        }
        _ => {}
    }
}

fn quit_now(model: &mut Model, now: Now, out: &mut Vec<Effect>) {
    if let Stage::Open(session) = &mut model.stage {
        let asked = matches!(session.over.last(), Some(Over::Confirm(confirm)) if confirm.asks_to_quit());
        if session.has_unsaved_words() && !asked {
            session.over.push(Over::Confirm(Confirm::discard_and_quit()));
            return;
        }
    }
    save::quit(model, now, out);
}

fn act_open(model: &mut Model, action: Action, key: Option<&Key>, now: Now, out: &mut Vec<Effect>) {
    let screen = model.screen();
    let Stage::Open(session) = &mut model.stage else { return };
    match action {
        Action::Copy => copy::copy(model, false, now, out),
        Action::CopyShown => copy::copy_shown(model, out),
        Action::CopyAndQuit => copy::copy(model, true, now, out),
        Action::CopyNext => copy::copy_next(model, now, out),
        Action::View if screen == Screen::Members => members::view(session),
        Action::View => {
            if let Some(spot) = session.list.selected() {
                session.over.push(Over::Entry(EntryView::of(spot)));
            }
        }
        Action::Reveal => {
            let spot = session.selected().map(|(spot, _)| spot);
            session.revealed = if session.revealed == spot { None } else { spot };
        }
        Action::RevealAll => {
            session.hidden = !session.hidden;
            session.revealed = None;
        }
        Action::Search => session.list.searching = true,
        Action::NextTag => {
            let tab = session.list.tab.saturating_add(1);
            session.list.choose_tab(tab);
        }
        Action::PreviousTag => {
            let tab = session.list.tab.checked_sub(1).unwrap_or(session.list.tabs().saturating_sub(1));
            session.list.choose_tab(tab);
        }
        Action::Tag => {
            let tab = key.and_then(|key| model.config.keys.get("tag")?.iter().position(|known| known == key));
            if let Some(tab) = tab
                && tab < session.list.tabs()
            {
                session.list.choose_tab(tab);
            }
        }
        Action::Sort => {
            let order = session.list.order.next();
            session.list.sort(order);
            model.order = order;
            model.say(format!("sorted {}", order.name()), now);
        }
        Action::Favourite => {
            let Some((spot, entry)) = session.selected() else { return };
            let (on, name) = (!entry.details.favourite, copy::title(entry));
            let said = if on { format!("{name} is a favourite") } else { format!("{name} is no favourite any more") };
            let then = Then::new(format!("favourite {name}"), said);
            if let Err(reason) = commit(model, spot.vault, &[Edit::Favourite(spot.entry, on)], then, now, out) {
                model.say_bad(format!("nothing was changed: {reason}"), now);
            }
        }
        Action::Add => {
            let form = Form::new(&session.vaults, session.target());
            session.over.push(Over::Form(Box::new(form)));
        }
        Action::Edit => {
            if let Some((spot, entry)) = session.selected() {
                let form = Form::edit(spot, entry);
                session.over.push(Over::Form(Box::new(form)));
            }
        }
        Action::Delete => {
            if let Some(confirm) = Confirm::delete(model)
                && let Stage::Open(session) = &mut model.stage
            {
                session.over.push(Over::Confirm(confirm));
            }
        }
        Action::Undo => save::undo(model, now, out),
        Action::Redo => save::redo(model, now, out),
        Action::Import => session.over.push(Over::Import(Box::new(Import::new()))),
        Action::Export => session.over.push(Over::Export(Box::new(Export::new()))),
        Action::ShowQr => qr::entry(model, now),
        Action::PhoneCodes => qr::all(model, now),
        Action::SavePicture => qr::ask_path(model, now),
        Action::NextPage | Action::PreviousPage | Action::ShowLink => {
            if let Some(codes) = qr::on_top(model) {
                match action {
                    Action::ShowLink => codes.as_text = !codes.as_text,
                    _ => codes.step(action == Action::NextPage),
                }
            }
        }
        Action::History => {
            if let Some(history) = History::of(session) {
                session.over.push(Over::History(history));
            }
        }
        Action::Conflicts => conflicts::open(session),
        Action::Move => transfer::open(model, Carry::Move, now),
        Action::CopyTo => transfer::open(model, Carry::Copy, now),
        Action::Settle => conflicts::settle(model, now, out),
        Action::Trash => {
            let trash = Trash::of(&session.vaults);
            session.over.push(Over::Trash(trash));
        }
        Action::Purge => {
            if let Some(confirm) = Confirm::purge(model)
                && let Stage::Open(session) = &mut model.stage
            {
                session.over.push(Over::Confirm(confirm));
            }
        }
        Action::Restore => trash::restore(model, now, out),
        Action::UseRecoveryCode => entry::use_recovery_code(model, now, out),
        Action::Palette => session.over.push(Over::Palette(Palette::new())),
        Action::Passphrase => session.over.push(Over::Passphrase(NewPassphrase::new())),
        Action::Lock | Action::OtherVault => unlock::lock(model, "", now, out),
        Action::Members => members::open(session),
        Action::Invite => members::invite(session),
        Action::Promote | Action::Demote => members::role(session, action == Action::Promote),
        Action::RemoveMember => members::remove(session),
        Action::Revert => members::revert(model, now),
        Action::Admit => members::admit(session, now),
        Action::Share => share::open(session, share::What::Found),
        Action::Join => share::open(session, share::What::Join),
        Action::Remote => share::open(session, share::What::Remote),
        Action::Recovery => members::renew_recovery(session),
        Action::Sync => {
            if sync_state::has_other_passphrase(session) {
                session.over.push(Over::Passphrase(NewPassphrase::elsewhere()));
                return;
            }
            sync_state::asked(session);
            out.push(Effect::Sync);
        }
        Action::Help => session.over.push(Over::Help(Help { top: 0, of: screen })),
        Action::Yes => confirm::yes(model, now, out),
        Action::No => confirm::no(model),
        Action::AddFile => {
            if let Some(Over::Import(import)) = session.over.last_mut()
                && !import.saving
            {
                import.ask_for_more();
            }
        }
        Action::Columns => import::name_columns(session, now, out),
        Action::PastePicture => picture::ask(model, ImportSource::Clipboard, out),
        Action::Toggle => {
            if let Some(Over::Import(import)) = session.over.last_mut() {
                import.toggle();
            }
        }
        Action::NextField | Action::PreviousField => {
            let by = if action == Action::NextField { 1 } else { -1 };
            match session.over.last_mut() {
                Some(Over::Form(form)) => form.step(by),
                Some(Over::Export(export)) => export.step(by),
                Some(Over::Passphrase(screen)) => screen.twice.at_second = !screen.twice.at_second,
                Some(Over::Invite(form)) => form.at_role = !form.at_role,
                Some(Over::Share(form)) => form.step(by),
                _ => {}
            }
        }
        Action::ShowTyped => match session.over.last_mut() {
            Some(Over::Form(form)) => form.show_typed(),
            Some(Over::Conflicts(conflicts)) => conflicts.bare = !conflicts.bare,
            Some(Over::Share(form)) => form.code.masked = !form.code.masked,
            Some(Over::Export(export)) => export.password.show_typed(),
            Some(Over::Passphrase(screen)) => screen.twice.show_typed(),
            Some(Over::Import(import)) => import.password.masked = !import.password.masked,
            _ => {}
        },
        Action::Back if screen == Screen::Told => share::go_on(model),
        Action::Back => back(session, out),
        _ => {}
    }
}

fn back(session: &mut Session, out: &mut Vec<Effect>) {
    if let Some(Over::Import(import)) = session.over.last_mut()
        && import.reading
    {
        return import::abandon(import, out);
    }
    match session.over.last() {
        None if !session.list.query.is_empty() => {
            let selected = session.list.selected();
            session.list.query.clear();
            session.list.search();
            if let Some(spot) = selected {
                session.list.select(spot);
            }
        }
        None => session.list.searching = false,
        Some(Over::Form(form)) if form.saving => {}
        Some(Over::Form(form)) if form.touched() => session.over.push(Over::Confirm(Confirm::discard())),
        Some(Over::Passphrase(screen)) if screen.forced || screen.busy => {}
        Some(Over::Import(import)) if import.saving => {}
        Some(Over::Import(import)) if import.asks_for_more() => import::back_to_plan(session),
        Some(Over::Import(_)) => {
            if let Some(Over::Import(import)) = session.over.last_mut()
                && !import.back()
            {
                session.over.pop();
            }
        }
        Some(Over::Codes(codes)) if codes.path.is_some() => {
            if let Some(Over::Codes(codes)) = session.over.last_mut() {
                codes.path = None;
            }
        }
        Some(_) => {
            session.over.pop();
        }
    }
}

impl Model {
    /// Keeps the selected row on the screen.
    pub(crate) fn show_selection(&mut self) {
        let rows = usize::from(parts(self.size.0, self.size.1).list.h);
        if let Stage::Open(session) = &mut self.stage {
            session.list.show_cursor(rows);
        }
    }
}
