use image::GrayImage;
use proptest::prelude::*;

use super::*;
use crate::qr::Symbol;

const LINK: &str = "otpauth://totp/Wolken%20AG:ida@wolken.example?secret=GEZDGNBVGY3TQOJQ&issuer=Wolken%20AG";

/// A code with its border, `scale` pixels a module.
fn code(text: &str, scale: usize) -> Grey {
    let symbol = Symbol::of(text).unwrap();
    let side = (symbol.width() + 8) * scale;
    Grey::made(side, side, |x, y| {
        let at = |pixel: usize| (pixel / scale) as isize - 4;
        if symbol.dark(at(x), at(y)) { 0 } else { 255 }
    })
}

fn gray(grey: &Grey) -> DynamicImage {
    let pixels = grey.pixels.to_vec();
    DynamicImage::ImageLuma8(GrayImage::from_raw(grey.width as u32, grey.height as u32, pixels).unwrap())
}

fn file(picture: &DynamicImage, kind: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, kind).unwrap();
    out.into_inner()
}

fn texts(bytes: &[u8]) -> Vec<String> {
    read(bytes).unwrap().iter().map(|text| text.to_string()).collect()
}

fn png(grey: &Grey) -> Vec<u8> {
    file(&gray(grey), ImageFormat::Png)
}

#[test]
fn every_kind_of_picture_is_read() {
    let picture = gray(&code(LINK, 4)).to_rgb8();
    for kind in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif] {
        let bytes = file(&DynamicImage::ImageRgb8(picture.clone()), kind);
        assert!(is_picture(&bytes), "{kind:?}");
        assert_eq!(texts(&bytes), [LINK], "{kind:?}");
    }
}

#[test]
fn a_code_is_read_however_it_is_shown() {
    let plain = code(LINK, 4);
    let noisy = {
        let mut state = 7_u32;
        let noise: Vec<u8> = plain
            .pixels
            .iter()
            .map(|pixel| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 29 == 0 { 255 - pixel } else { *pixel }
            })
            .collect();
        Grey { width: plain.width, height: plain.height, pixels: Zeroizing::new(noise) }
    };
    let ways = [
        ("inverted", plain.map(|pixel| 255 - pixel)),
        ("grey on grey", plain.map(|pixel| 120 + pixel / 25)),
        ("dark on dark", plain.map(|pixel| 20 + pixel / 32)),
        ("mirrored", Grey::made(plain.width, plain.height, |x, y| plain.pixel(plain.width - 1 - x, y))),
        ("on its side", Grey::made(plain.height, plain.width, |x, y| plain.pixel(y, plain.width - 1 - x))),
        ("one pixel a module", code(LINK, 1)),
        ("blurred", plain.smoothed().smoothed()),
        ("noisy", noisy),
        ("large", code(LINK, 40)),
        ("turned by 10", plain.turned(10.0)),
        ("turned by 33", plain.turned(33.0)),
        ("turned by 45", plain.turned(45.0)),
        ("turned by 71", plain.turned(71.0)),
        (
            "unevenly lit",
            Grey::made(plain.width, plain.height, |x, y| {
                (usize::from(plain.pixel(x, y)) * (60 + x / 2) / 255 + x / 3).min(255) as u8
            }),
        ),
        (
            "small on a large screen",
            Grey::made(1920, 1080, |x, y| {
                if (700..).contains(&x) && y >= 400 {
                    plain
                        .pixels
                        .get((y - 400) * plain.width + x - 700)
                        .copied()
                        .filter(|_| x - 700 < plain.width)
                        .unwrap_or(40)
                } else {
                    40
                }
            }),
        ),
    ];
    for (name, grey) in ways {
        assert_eq!(texts(&png(&grey)), [LINK], "{name}");
    }
}

#[test]
fn all_codes_of_a_picture_are_read_and_each_once() {
    let (one, two) = (code(LINK, 3), code("steam://GEZDGNBVGY3TQOJQ", 4).map(|pixel| 255 - pixel));
    let picture = Grey::made(one.width + two.width + one.width, one.height.max(two.height), |x, y| {
        let part = |grey: &Grey, x: usize| if y < grey.height { grey.pixel(x, y) } else { 255 };
        if x < one.width {
            part(&one, x)
        } else if x < one.width + two.width {
            part(&two, x - one.width)
        } else {
            part(&one, x - one.width - two.width)
        }
    });
    let mut found = texts(&png(&picture));
    found.sort();
    assert_eq!(found, [LINK, "steam://GEZDGNBVGY3TQOJQ"]);
}

#[test]
fn see_through_paper_is_white_or_black() {
    let plain = code(LINK, 4);
    for ink in [0, 255] {
        let picture = image::RgbaImage::from_fn(plain.width as u32, plain.height as u32, |x, y| {
            image::Rgba([ink, ink, ink, 255 - plain.pixel(x as usize, y as usize)])
        });
        assert_eq!(read_pixels(picture.width(), picture.height(), picture.clone().into_raw()).unwrap().len(), 1);
        assert_eq!(texts(&file(&DynamicImage::ImageRgba8(picture), ImageFormat::Png)), [LINK], "ink {ink}");
    }
}

#[test]
fn bytes_are_utf_8() {
    for text in ["otpauth://totp/Zürich:müller@例え.jp?secret=MY", "ÄÖÜ", "ключ", "ABC 123", "0123456789"] {
        assert_eq!(texts(&png(&code(text, 4))), [text]);
    }
}

#[test]
fn a_picture_without_a_code_is_no_error() {
    let lines = Grey::made(300, 200, |x, y| if (x / 7 + y / 5) % 2 == 0 { 30 } else { 220 });
    assert_eq!(texts(&png(&lines)), Vec::<String>::new());
    assert_eq!(texts(&png(&Grey::made(1, 1, |_, _| 0))), Vec::<String>::new());
    assert_eq!(texts(&png(&Grey::made(3000, 1, |_, _| 0))), Vec::<String>::new());
}

/// The header of a picture of that size, with nothing behind it.
fn header(side: u32) -> [Vec<u8>; 3] {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(side.to_be_bytes());
    png.extend(side.to_be_bytes());
    png.extend([8, 6, 0, 0, 0]);
    let mut sum = !0_u32;
    for byte in &png[12..] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    png.extend((!sum).to_be_bytes());
    png.extend(b"\0\0\0\0IDAT");
    let mut gif = b"GIF89a".to_vec();
    gif.extend((side as u16).to_le_bytes());
    gif.extend((side as u16).to_le_bytes());
    gif.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, b',', 0, 0, 0, 0]);
    gif.extend((side as u16).to_le_bytes());
    gif.extend((side as u16).to_le_bytes());
    gif.extend([0, 2]);
    let mut bmp = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bmp.extend(side.to_le_bytes());
    bmp.extend(side.to_le_bytes());
    bmp.extend([1, 0, 24, 0]);
    bmp.extend([0; 24]);
    [png, gif, bmp]
}

#[test]
fn a_huge_size_is_refused_before_anything_is_unpacked() {
    for bytes in header(60_000) {
        assert_eq!(read(&bytes), Err(PictureError::TooLarge), "{:?}", kind(&bytes));
    }
    assert_eq!(read_pixels(60_000, 60_000, Vec::new()), Err(PictureError::TooLarge));
    assert_eq!(read_pixels(10, 10, vec![0; 7]), Err(PictureError::Damaged));
}

#[test]
fn what_is_cut_off_or_no_picture_is_refused() {
    let whole = png(&code(LINK, 4));
    for length in [8, 20, whole.len() / 2] {
        assert_eq!(read(&whole[..length]), Err(PictureError::Damaged));
    }
    for bytes in [&b"hello"[..], b"", b"BM", b"BMW is a maker of cars", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7"] {
        assert_eq!(read(bytes), Err(PictureError::Unknown));
    }
}

#[test]
fn a_decoder_that_breaks_is_contained() {
    let seen = std::panic::catch_unwind(|| {
        assert!(!contained());
        contain(|| -> bool {
            assert!(contained());
            std::panic::resume_unwind(Box::new("broken"))
        })
    });
    assert_eq!(seen.unwrap(), None);
    assert!(!contained());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_make_it_panic(kind in 0_usize..5, rest in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>(), byte: u8) {
        let kinds = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];
        let mut bytes = file(&DynamicImage::ImageRgb8(gray(&code("A", 1)).to_rgb8()), kinds[kind]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes);
        bytes.truncate(at);
        bytes.extend(rest);
        let _ = read(&bytes);
    }
}
