//! Drawing: the model as it is, on a frame. Changes nothing, asks nothing.

mod big;
mod code;
mod confirm;
mod conflicts;
mod entry;
mod export;
mod form;
mod help;
mod history;
mod import;
mod input;
mod invite;
mod list;
mod members;
mod news;
mod paint;
mod palette;
mod passphrase;
mod qr;
mod share;
mod shown_once;
mod transfer;
mod trash;
mod unlock;
mod welcome;

use ratatui::Frame;
use ratatui::layout::Position;

use crate::app::screens::Popup;
use crate::app::shell::model::{Opened, Stage};
use crate::app::{Model, Screen};
use crate::time::Now;
use crate::tui::theme::Look;
use crate::tui::view::paint::Paint;

/// Draws the model.
pub fn draw(model: &Model, now: Now, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width == 0 || area.height == 0 {
        return;
    }
    let mut paint = Paint::new(frame.buffer_mut(), Look::of(&model.config));
    match &model.stage {
        Stage::Welcome(welcome) => welcome::draw(model, welcome, &mut paint),
        Stage::Locked(lock) => unlock::draw(model, lock, now, &mut paint),
        Stage::Open(open) => open_vaults(model, open, now, &mut paint),
    }
    // News would stand over the last rows of a code.
    if !matches!(model.screen(), Screen::Codes | Screen::SavePicture) {
        news::draw(model, now, &mut paint);
    }
    if let Some((x, y)) = paint.cursor
        && x < area.width
        && y < area.height
    {
        frame.set_cursor_position(Position::new(x, y));
    }
}

fn open_vaults(model: &Model, open: &Opened, now: Now, paint: &mut Paint<'_>) {
    let session = &open.session;
    let Some(popup) = open.stack.top() else { return list::draw(model, session, now, paint) };
    match popup {
        Popup::Codes(codes) => qr::draw(model, codes, paint),
        Popup::Confirm(question) => confirm::draw(model, question, paint),
        Popup::Conflicts(all) => conflicts::draw(model, session, all, paint),
        Popup::Entry(view) => entry::draw(model, session, view, now, paint),
        Popup::Export(export) => export::draw(model, session, export, paint),
        Popup::Form(form) => form::draw(model, form, now, paint),
        Popup::Help(help) => help::draw(model, help, paint),
        Popup::History(history) => history::draw(model, history, paint),
        Popup::Import(import) => import::draw(model, import, now, paint),
        Popup::Invite(form) => invite::draw(model, session, form, paint),
        Popup::Members(members) => members::draw(model, session, members, paint),
        Popup::Palette(palette) => palette::draw(model, palette, paint),
        Popup::Passphrase(screen) => passphrase::draw(model, screen, paint),
        Popup::Share(form) => share::draw(model, form, paint),
        Popup::ShownOnce(shown) => shown_once::draw(model, shown, paint),
        Popup::Transfer(choice) => transfer::draw(model, session, choice, paint),
        Popup::Trash(trash) => trash::draw(model, session, trash, paint),
    }
}
