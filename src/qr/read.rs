//! The texts of all QR codes in a picture.
//!
//! Screenshots of dark themes, photographs, pressed JPEGs: where a picture shows nothing as it is, it is looked at in other ways (inverted,
//! with more contrast, larger, smaller, smoothed, turned), as many as its size allows.

use std::cell::Cell;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8Source};
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Text;

/// The most pixels a picture may have: any screen, and a photograph of 40 megapixels.
const MOST_PIXELS: u64 = 40_000_000;
/// The most bytes a decoder may take.
const MOST_MEMORY: u64 = 256 << 20;
/// How many pixels may be looked at in all, over all the ways of looking at one picture.
const MOST_WORK: usize = 300_000_000;
/// Pictures larger than this are not looked at turned or enlarged.
const LARGE: usize = 4_000_000;

/// Why a picture could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// None of the kinds that are read.
    #[error("this is no picture that can be read: PNG, JPEG, WebP, BMP and GIF are")]
    Unknown,
    /// Its size is more than is unpacked.
    #[error("the picture is too large: cut the code out of it, or make it smaller than {} megapixels", MOST_PIXELS / 1_000_000)]
    TooLarge,
    /// It cannot be unpacked.
    #[error("the picture is damaged")]
    Damaged,
}

/// The kind of picture that begins like this.
fn kind(bytes: &[u8]) -> Option<ImageFormat> {
    const STARTS: [(&[u8], ImageFormat); 4] = [
        (b"\x89PNG\r\n\x1a\n", ImageFormat::Png),
        (b"\xff\xd8\xff", ImageFormat::Jpeg),
        (b"GIF8", ImageFormat::Gif),
        (b"RIFF", ImageFormat::WebP),
    ];
    let found = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind);
    match found {
        Some(ImageFormat::WebP) if bytes.get(8..12) != Some(b"WEBP") => None,
        // Two letters are little to go by: the four bytes that must be 0 are looked at, too.
        None if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) => Some(ImageFormat::Bmp),
        found => found,
    }
}

/// Whether these bytes begin like a picture that is read here.
pub fn is_picture(bytes: &[u8]) -> bool {
    kind(bytes).is_some()
}

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is where a panic is caught and becomes an error, so that a hook need not speak of it.
pub fn contained() -> bool {
    CONTAINED.get()
}

/// Runs what others wrote: a panic in it is `None`.
fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    CONTAINED.set(before);
    result
}

/// The texts of all codes in a picture file, each once. None at all is no error.
///
/// # Errors
/// [`PictureError`].
pub fn read(bytes: &[u8]) -> Result<Vec<Text>, PictureError> {
    let kind = kind(bytes).ok_or(PictureError::Unknown)?;
    let picture = contain(|| decode(bytes, kind)).unwrap_or(Err(PictureError::Damaged))?;
    Ok(read_picture(picture))
}

/// The texts of all codes in `width` × `height` pixels of four bytes each: red, green, blue, opacity.
///
/// # Errors
/// [`PictureError`].
pub fn read_pixels(width: u32, height: u32, rgba: Vec<u8>) -> Result<Vec<Text>, PictureError> {
    if u64::from(width).saturating_mul(u64::from(height)) > MOST_PIXELS {
        return Err(PictureError::TooLarge);
    }
    let picture = image::RgbaImage::from_raw(width, height, rgba).ok_or(PictureError::Damaged)?;
    Ok(read_picture(DynamicImage::ImageRgba8(picture)))
}

fn decode(bytes: &[u8], kind: ImageFormat) -> Result<DynamicImage, PictureError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let (width, height) =
        ImageReader::with_format(Cursor::new(bytes), kind).into_dimensions().map_err(|error| refused(&error))?;
    if u64::from(width).saturating_mul(u64::from(height)) > MOST_PIXELS {
        return Err(PictureError::TooLarge);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind);
    reader.limits(limits);
    reader.decode().map_err(|error| refused(&error))
}

fn refused(error: &image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooLarge,
        _ => PictureError::Damaged,
    }
}

fn read_picture(picture: DynamicImage) -> Vec<Text> {
    let mut found = Found { texts: Vec::new(), left: MOST_WORK };
    let grey = on_paper(picture);
    let Some((first, others)) = grey.split_first() else { return found.texts };
    for grey in &grey {
        found.look(grey);
    }
    if found.texts.is_empty() {
        found.look_harder(first);
    }
    for grey in others.iter().filter(|_| found.texts.is_empty()).collect::<Vec<_>>() {
        found.look_harder(grey);
    }
    found.texts
}

/// A picture in shades of grey, row by row.
struct Grey {
    width: usize,
    height: usize,
    pixels: Zeroizing<Vec<u8>>,
}

/// The picture in grey; one with see-through parts is laid on white paper and on black.
fn on_paper(picture: DynamicImage) -> Vec<Grey> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = |pixels| Grey { width, height, pixels: Zeroizing::new(pixels) };
    if width == 0 || height == 0 {
        return Vec::new();
    }
    let papers = if picture.color().has_alpha() {
        let mut both = picture.to_luma_alpha8().into_raw();
        let lay = |paper: u8| {
            let (pairs, _) = both.as_chunks::<2>();
            let shade = |[luma, alpha]: &[u8; 2]| {
                let (luma, alpha, paper) = (u32::from(*luma), u32::from(*alpha), u32::from(paper));
                (luma.saturating_mul(alpha).saturating_add(paper.saturating_mul(255_u32.saturating_sub(alpha))) / 255)
                    as u8
            };
            grey(pairs.iter().map(shade).collect())
        };
        let see_through = both.chunks_exact(2).any(|pair| pair.last() != Some(&255));
        let papers = if see_through { vec![lay(255), lay(0)] } else { vec![lay(255)] };
        both.zeroize();
        papers
    } else {
        vec![grey(picture.to_luma8().into_raw())]
    };
    // What the picture shows is a secret.
    if let DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) | DynamicImage::ImageLuma8(_) = &picture {
        picture.into_bytes().zeroize();
    }
    papers
}

impl Grey {
    fn pixel(&self, x: usize, y: usize) -> u8 {
        let at = y
            .min(self.height.saturating_sub(1))
            .saturating_mul(self.width)
            .saturating_add(x.min(self.width.saturating_sub(1)));
        self.pixels.get(at).copied().unwrap_or(255)
    }

    fn map(&self, change: impl Fn(u8) -> u8) -> Grey {
        let pixels = self.pixels.iter().map(|pixel| change(*pixel)).collect();
        Grey { width: self.width, height: self.height, pixels: Zeroizing::new(pixels) }
    }

    /// Another picture, each of whose pixels is made by `shade` of its place.
    fn made(width: usize, height: usize, shade: impl Fn(usize, usize) -> u8) -> Grey {
        let mut pixels = Zeroizing::new(Vec::with_capacity(width.saturating_mul(height)));
        for y in 0..height {
            pixels.extend((0..width).map(|x| shade(x, y)));
        }
        Grey { width, height, pixels }
    }

    /// The darkest shade becomes black and the brightest white, but for one pixel in a hundred.
    fn stretched(&self) -> Grey {
        let mut counts = [0_usize; 256];
        for pixel in self.pixels.iter() {
            if let Some(count) = counts.get_mut(usize::from(*pixel)) {
                *count = count.saturating_add(1);
            }
        }
        let rest = self.pixels.len() / 100;
        let end = |mut shades: Box<dyn Iterator<Item = usize>>| {
            let mut passed = 0_usize;
            shades
                .find(|shade| {
                    passed = passed.saturating_add(counts.get(*shade).copied().unwrap_or(0));
                    passed > rest
                })
                .unwrap_or(0)
        };
        let (low, high) = (end(Box::new(0..256)), end(Box::new((0..256).rev())));
        let span = high.saturating_sub(low).max(1);
        self.map(|pixel| {
            usize::from(pixel).saturating_sub(low).saturating_mul(255).checked_div(span).unwrap_or(0).min(255) as u8
        })
    }

    /// `factor` times as large.
    fn larger(&self, factor: usize) -> Grey {
        let scale = 1.0 / factor as f32;
        Grey::made(self.width.saturating_mul(factor), self.height.saturating_mul(factor), |x, y| {
            self.between((x as f32 + 0.5) * scale - 0.5, (y as f32 + 0.5) * scale - 0.5)
        })
    }

    /// One pixel for each square of `side` pixels.
    fn smaller(&self, side: usize) -> Grey {
        let shrunk = |size: usize| size.checked_div(side).unwrap_or(0).max(1);
        Grey::made(shrunk(self.width), shrunk(self.height), |x, y| {
            self.mean(x.saturating_mul(side), y.saturating_mul(side), side)
        })
    }

    /// Each pixel the mean of itself and its neighbours: noise goes, edges stay where they are.
    fn smoothed(&self) -> Grey {
        Grey::made(self.width, self.height, |x, y| self.mean(x.saturating_sub(1), y.saturating_sub(1), 3))
    }

    fn mean(&self, x: usize, y: usize, side: usize) -> u8 {
        let cells = (0..side).flat_map(|down| (0..side).map(move |right| (right, down)));
        let sum: usize = cells
            .map(|(right, down)| usize::from(self.pixel(x.saturating_add(right), y.saturating_add(down))))
            .fold(0, usize::saturating_add);
        sum.checked_div(side.saturating_mul(side)).unwrap_or(0).min(255) as u8
    }

    /// The shade between pixels; white outside.
    fn between(&self, x: f32, y: f32) -> u8 {
        let (left, top) = (x.floor(), y.floor());
        if left < -1.0 || top < -1.0 || left > self.width as f32 || top > self.height as f32 {
            return 255;
        }
        let (across, down) = (x - left, y - top);
        let (x, y) = (left.max(0.0) as usize, top.max(0.0) as usize);
        let (right, below) = (x.saturating_add(1), y.saturating_add(1));
        let mix = |a: u8, b: u8| f32::from(a) * (1.0 - across) + f32::from(b) * across;
        let upper = mix(self.pixel(x, y), self.pixel(right, y));
        let lower = mix(self.pixel(x, below), self.pixel(right, below));
        (upper * (1.0 - down) + lower * down).round() as u8
    }

    /// Turned about its middle, in a square that holds all of it.
    fn turned(&self, degrees: f32) -> Grey {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (w, h) = (self.width as f32, self.height as f32);
        let side = w.hypot(h).ceil() as usize;
        let middle = side as f32 / 2.0;
        Grey::made(side, side, |x, y| {
            let (dx, dy) = (x as f32 + 0.5 - middle, y as f32 + 0.5 - middle);
            self.between(dx * cos + dy * sin + w / 2.0 - 0.5, dy * cos - dx * sin + h / 2.0 - 0.5)
        })
    }
}

/// What was found so far, and how many pixels may still be looked at.
struct Found {
    texts: Vec<Text>,
    left: usize,
}

impl Found {
    /// Looks at a picture as it is and inverted.
    fn look(&mut self, grey: &Grey) {
        self.look_once(grey);
        self.look_once(&grey.map(|pixel| !pixel));
    }

    fn look_once(&mut self, grey: &Grey) {
        let source = Luma8Source::new_with_slice(&grey.pixels, grey.width as u32, grey.height as u32);
        let Ok(source) = source else { return };
        self.codes(grey, || HybridBinarizer::new(source.clone()));
        self.codes(grey, || GlobalHistogramBinarizer::new(source.clone()));
    }

    fn codes<B: Binarizer>(&mut self, grey: &Grey, binarizer: impl FnOnce() -> B) {
        let Some(left) = self.left.checked_sub(grey.pixels.len()) else { return };
        self.left = left;
        let hints = DecodeHints {
            TryHarder: Some(true),
            PossibleFormats: Some([BarcodeFormat::QR_CODE].into()),
            ..DecodeHints::default()
        };
        let found = contain(|| {
            QrReader.decode_multiple_with_hints(&mut BinaryBitmap::new(binarizer()), &hints).unwrap_or_default()
        });
        for code in found.unwrap_or_default() {
            // The library guesses another character set where it is UTF-8 that was meant.
            let text = std::str::from_utf8(code.getRawBytes()).map_or_else(|_| Text::from(code.getText()), Text::from);
            if !text.is_empty() && !self.texts.contains(&text) {
                self.texts.push(text);
            }
        }
    }

    /// Looks in other ways until something is found.
    fn look_harder(&mut self, grey: &Grey) {
        let small = grey.pixels.len() <= LARGE;
        let ways: [(bool, &dyn Fn() -> Grey); 10] = [
            (true, &|| grey.stretched()),
            (true, &|| grey.smaller(2)),
            (small, &|| grey.larger(2)),
            (true, &|| grey.smoothed()),
            (true, &|| grey.smaller(3)),
            (small, &|| grey.smoothed().smoothed()),
            (small, &|| grey.turned(22.5)),
            (small, &|| grey.turned(45.0)),
            (small, &|| grey.turned(67.5)),
            (small, &|| grey.smoothed().smaller(2).stretched()),
        ];
        for (_, way) in ways.iter().filter(|(fits, _)| *fits) {
            self.look(&way());
            if !self.texts.is_empty() {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
