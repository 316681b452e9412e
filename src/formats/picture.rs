//! A picture of QR codes: what each of them holds is read like a line of a list. How codes are found is [`crate::qr`]'s matter.

use super::{Format, FormatError, Imported, Opened, Problem, uri_list};
use crate::otp::links;
use crate::qr::{self, PictureError};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "picture",
    name: "picture of QR codes",
    help: "a screenshot or photograph of QR codes: PNG, JPEG, WebP, BMP, GIF; several of one Google Authenticator export together",
    detect: qr::is_picture,
    read: Some(read),
    write: None,
};

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let texts = qr::read(bytes).map_err(|error| match error {
        PictureError::Damaged => FormatError::Damaged("the picture cannot be unpacked".into()),
        other => FormatError::Unsupported(other.to_string()),
    })?;
    from_codes(&texts).map(Opened::Plain)
}

/// What the codes of a picture hold.
///
/// # Errors
/// There is none.
pub fn from_codes(texts: &[Text]) -> Result<Imported, FormatError> {
    if texts.is_empty() {
        return Err(FormatError::Unsupported(
            "no QR code was found in this picture: take it again, sharp, straight and with its white border".into(),
        ));
    }
    let mut imported = Imported::default();
    for (number, text) in (1..).zip(texts) {
        let place = format!("code {number}");
        if links::is_link(text) {
            uri_list::read_line(place, text.trim(), &mut imported);
        } else {
            let reason = "this QR code holds no one-time password".into();
            imported.problems.push(Problem { place, label: String::new(), reason });
        }
    }
    Ok(imported)
}
