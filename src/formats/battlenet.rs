//! Battle.net's authenticator: its preferences on Android, masked with a fixed key.

use super::draft::{Draft, Key};
use super::json::Number;
use super::{Format, FormatError, Imported, Opened, preferences};
use crate::secret::Text;

/// The registry's row.
pub(super) const FORMAT: Format = Format {
    id: "battlenet",
    name: "Battle.net",
    help: "Battle.net: com.blizzard.bma.AUTH_STORE.xml or com.blizzard.messenger.authenticator_preferences.xml (rooted phone)",
    detect: |bytes| masked(bytes).is_some(),
    read: Some(read),
    write: None,
};

const SECRET: &str = "com.blizzard.messenger.AUTHENTICATOR_DEVICE_SECRET";
const SERIAL: &str = "com.blizzard.messenger.AUTHENTICATOR_SERIAL";
const MASK: &[u8] = &[
    0x39, 0x8e, 0x27, 0xfc, 0x50, 0x27, 0x6a, 0x65, 0x60, 0x65, 0xb0, 0xe5, 0x25, 0xf4, 0xc0, 0x6c, 0x04, 0xc6, 0x10,
    0x75, 0x28, 0x6b, 0x8e, 0x7a, 0xed, 0xa5, 0x9d, 0xa9, 0x81, 0x3b, 0x5d, 0xd6, 0xc8, 0x0d, 0x2f, 0xb3, 0x80, 0x68,
    0x77, 0x3f, 0xa5, 0x9b, 0xa4, 0x7c, 0x17, 0xca, 0x6c, 0x64, 0x79, 0x01, 0x5c, 0x1d, 0x5b, 0x8b, 0x8f, 0x6b, 0x9a,
];

/// The secret and the serial number, still masked.
fn masked(bytes: &[u8]) -> Option<(String, String)> {
    let texts = preferences::texts(bytes)?;
    let value = |wanted: &str| texts.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.to_string());
    Some((value(SECRET)?, value(SERIAL).unwrap_or_default()))
}

fn unmask(hex: &str) -> Option<Text> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
    if bytes.len() > MASK.len() {
        return None;
    }
    let bytes = zeroize::Zeroizing::new(bytes.iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect::<Vec<u8>>());
    std::str::from_utf8(&bytes).ok().map(Text::from)
}

fn read(bytes: &[u8]) -> Result<Opened, FormatError> {
    let damaged = || FormatError::Damaged("its secret is not masked as Battle.net does".into());
    let (secret, serial) = masked(bytes).ok_or_else(damaged)?;
    let secret = unmask(&secret).ok_or_else(damaged)?;
    let serial = unmask(&serial);
    let mut draft = Draft::new("entry 1".into(), Key::Hex(&secret)).named(Some("Battle.net"), serial.as_deref());
    draft.digits = Number::Is(8);
    let mut imported = Imported::default();
    imported.push(draft.finish());
    Ok(Opened::Plain(imported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::samples;

    #[test]
    fn the_mask_comes_off() {
        let mask = |text: &str| {
            data_encoding::HEXLOWER.encode(&text.bytes().zip(MASK).map(|(byte, mask)| byte ^ mask).collect::<Vec<u8>>())
        };
        let file = format!(
            "<map><string name=\"{SECRET}\">{}</string><string name=\"{SERIAL}\">{}</string></map>",
            mask("0102030405060708090a0b0c0d0e0f1011121314"),
            mask("EU-1234")
        );
        let entry = samples::plain(&FORMAT, file.as_bytes()).entries.remove(0).details;
        assert_eq!((entry.otp.secret.len(), entry.otp.digits.get(), entry.account.as_str()), (20, 8, "EU-1234"));
    }
}
