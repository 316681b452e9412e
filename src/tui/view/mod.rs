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
mod list;
mod members;
mod news;
mod paint;
mod palette;
mod passphrase;
mod qr;
mod share;
mod transfer;
mod trash;
mod unlock;
mod welcome;

use ratatui::Frame;
use ratatui::layout::Position;

use crate::app::shell::model::{Over, Stage};
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
        Stage::Open(session) => match session.over.last() {
            None => list::draw(model, session, now, &mut paint),
            Some(Over::Entry(view)) => entry::draw(model, session, view, now, &mut paint),
            Some(Over::Form(form)) => form::draw(model, form, now, &mut paint),
            Some(Over::Confirm(question)) => confirm::draw(model, question, &mut paint),
            Some(Over::Help(help)) => help::draw(model, help, &mut paint),
            Some(Over::Palette(palette)) => palette::draw(model, palette, &mut paint),
            Some(Over::Trash(trash)) => trash::draw(model, session, trash, &mut paint),
            Some(Over::History(history)) => history::draw(model, history, &mut paint),
            Some(Over::Import(import)) => import::draw(model, import, now, &mut paint),
            Some(Over::Export(export)) => export::draw(model, session, export, &mut paint),
            Some(Over::Passphrase(screen)) => passphrase::draw(model, screen, &mut paint),
            Some(Over::Codes(codes)) => qr::draw(model, codes, &mut paint),
            Some(Over::Members(members)) => members::draw(model, session, members, &mut paint),
            Some(Over::Carry(choice)) => transfer::draw(model, session, choice, &mut paint),
            Some(Over::Conflicts(all)) => conflicts::draw(model, session, all, &mut paint),
            Some(Over::Invite(form)) => members::draw_invite(model, session, form, &mut paint),
            Some(Over::Share(form)) => share::draw(model, form, &mut paint),
            Some(Over::Told(told)) => share::draw_told(model, told, &mut paint),
        },
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
