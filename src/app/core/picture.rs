//! The path of a picture, where one is typed, pasted or dropped on the terminal.

use std::path::PathBuf;

/// The path of a picture in what was typed, pasted or dropped on the terminal (in quotes, as a link, with escaped blanks).
pub(crate) fn path(text: &str) -> Option<PathBuf> {
    const ENDS: [&str; 6] = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];
    let text = text.trim();
    let quoted = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    let path = match (quoted, text.strip_prefix("file://")) {
        (Some(path), _) => path.to_owned(),
        (None, Some(path)) => crate::otp::percent::decode(path, false).ok()?.to_string(),
        (None, None) => text.replace("\\ ", " "),
    };
    let name = path.to_ascii_lowercase();
    let is = !path.contains('\n') && ENDS.iter().any(|end| name.len() > end.len() && name.ends_with(end));
    is.then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_pictures_are_seen() {
        for (text, wanted) in [
            ("/tmp/code.png", "/tmp/code.png"),
            (" '/tmp/my code.JPG' \n", "/tmp/my code.JPG"),
            ("/tmp/my\\ code.webp", "/tmp/my code.webp"),
            ("file:///tmp/my%20code.gif", "/tmp/my code.gif"),
            ("~/code.jpeg", "~/code.jpeg"),
        ] {
            assert_eq!(path(text), Some(PathBuf::from(wanted)), "{text}");
        }
        for text in ["", ".png", "JBSWY3DPEHPK3PXP", "a note\nof code.png", "otpauth://totp/x?secret=MY"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
