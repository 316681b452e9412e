//! One file a screen, with the same name in `tui/view/`. A screen knows the rooms below it, never the shell, never another screen.

pub(crate) mod confirm;
pub(crate) mod conflicts;
pub(crate) mod entry;
pub(crate) mod export;
pub(crate) mod form;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod members;
pub(crate) mod palette;
pub(crate) mod passphrase;
pub(crate) mod qr;
pub(crate) mod share;
pub(crate) mod shown_once;
pub(crate) mod transfer;
pub(crate) mod trash;
pub(crate) mod unlock;
pub(crate) mod welcome;

use crate::app::core::context::Context;
use crate::app::screen::{Handle, Open};

macro_rules! screens {
    ($($name:ident($screen:ty))*) => {
        /// A screen over the list.
        pub(crate) enum Popup {
            $($name(Box<$screen>)),*
        }

        impl Popup {
            /// The screen that is wanted, if one of them is it.
            pub(crate) fn open(wanted: &mut Open, ctx: &mut Context<'_>) -> Option<Popup> {
                $(if let Some(screen) = <$screen>::open(wanted, ctx) {
                    return Some(Popup::$name(Box::new(screen)));
                })*
                None
            }

            pub(crate) fn handle(&self) -> &dyn Handle {
                match self {
                    $(Popup::$name(screen) => &**screen),*
                }
            }

            pub(crate) fn handle_mut(&mut self) -> &mut dyn Handle {
                match self {
                    $(Popup::$name(screen) => &mut **screen),*
                }
            }
        }
    };
}

screens! {
    Confirm(confirm::Confirm)
    Conflicts(conflicts::Conflicts)
    Entry(entry::EntryView)
    Export(export::Export)
    Form(form::Form)
    Help(help::Help)
    History(history::History)
    Import(import::Import)
    Invite(invite::InviteForm)
    Members(members::Members)
    Palette(palette::Palette)
    Passphrase(passphrase::NewPassphrase)
    Codes(qr::Codes)
    Share(share::ShareForm)
    ShownOnce(shown_once::ShownOnce)
    Transfer(transfer::Choice)
    Trash(trash::Trash)
}
