//! How a file is written.

use crate::settings::FormatSettings;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// How a file is written.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    /// What is between two values, as bytes of the text that is split.
    pub(crate) delimiter: Vec<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) encoding: &'static Encoding,
    /// Whether a byte order mark says which of the two UTF-16 it is.
    pub(crate) marked: bool,
    pub(crate) null: String,
    pub(crate) header: Option<Vec<String>>,
}

impl Format {
    /// The format of a file with these settings, or else those of the source. A setting that is wrong is its default here; the
    /// check of the settings says what is wrong with it.
    pub(crate) fn of(own: &FormatSettings, source: &FormatSettings) -> Self {
        let delimiter = own.delimiter.as_ref().or(source.delimiter.as_ref());
        let quote = own.quote.as_ref().or(source.quote.as_ref());
        let encoding = own.encoding.as_ref().or(source.encoding.as_ref());
        let mut format = Self {
            delimiter: b",".to_vec(),
            quote: quote.map_or(Some(b'"'), |text| quote_of(text).unwrap_or(None)),
            encoding: encoding.and_then(|text| Encoding::for_label(text.as_bytes())).unwrap_or(UTF_8),
            marked: encoding.is_some_and(|text| text.trim().eq_ignore_ascii_case("utf-16")),
            null: own.null.clone().or_else(|| source.null.clone()).unwrap_or_default(),
            header: own.header.clone().or_else(|| source.header.clone()),
        };
        if let Some(text) = delimiter.and_then(|text| delimiter_of(text).ok())
            && let Some(bytes) = format.bytes(text)
        {
            format.delimiter = bytes.into_owned();
        }
        format
    }

    /// Whether a plan can change a file: decoding and encoding it must give the same bytes again.
    pub(crate) fn is_writable(&self) -> bool {
        self.splits_bytes() || self.encoding == UTF_16LE || self.encoding == UTF_16BE
    }

    /// Whether the bytes of the file can be split into values before they are decoded.
    pub(crate) fn splits_bytes(&self) -> bool {
        self.encoding == UTF_8 || (self.encoding.is_single_byte() && self.encoding.is_ascii_compatible())
    }

    /// The encoding of a file that begins with these bytes.
    pub(crate) fn encoding_of(&self, head: &[u8]) -> &'static Encoding {
        match head {
            [0xfe, 0xff, ..] if self.marked => UTF_16BE,
            _ => self.encoding,
        }
    }

    /// The encoding that the beginning of a file names, if it is another one.
    pub(crate) fn contradicting(&self, head: &[u8]) -> Option<&'static str> {
        let (named, _) = Encoding::for_bom(head)?;
        let fits = named == self.encoding_of(head) || (named == UTF_16LE && self.encoding == UTF_16LE);
        (!fits).then(|| named.name())
    }

    /// The text of a value; `None` if its bytes are not in the encoding.
    pub(crate) fn text<'a>(&self, value: &'a [u8]) -> Option<Cow<'a, str>> {
        match std::str::from_utf8(value) {
            // Every encoding that is split before it is decoded contains ASCII.
            Ok(text) if self.encoding == UTF_8 || value.is_ascii() || !self.splits_bytes() => Some(Cow::Borrowed(text)),
            _ if !self.splits_bytes() || self.encoding == UTF_8 => None,
            _ => self.encoding.decode_without_bom_handling_and_without_replacement(value),
        }
    }

    /// A text as the bytes that are split: in the encoding, or in UTF-8 if the text is decoded first. `None` if it has a character that
    /// the encoding does not have.
    pub(crate) fn bytes<'a>(&self, text: &'a str) -> Option<Cow<'a, [u8]>> {
        if self.encoding == UTF_8 || !self.splits_bytes() {
            return Some(Cow::Borrowed(text.as_bytes()));
        }
        let (bytes, _, has_unknown) = self.encoding.encode(text);
        (!has_unknown).then_some(bytes)
    }
}

/// The text between two values.
pub(crate) fn delimiter_of(text: &str) -> Result<&str, &'static str> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") => Ok("\t"),
        [] => Err("the delimiter is empty"),
        [byte] if byte.is_ascii_alphanumeric() => Err("this character can't be between two values"),
        _ if text.contains(['\n', '\r', '"', '\0', '\u{feff}']) => Err("this character can't be between two values"),
        [_] => Ok(text),
        // They stand for it while a file is read.
        _ if text.contains(['\u{1e}', '\u{1f}']) => Err("the control characters 1E and 1F can't be between two values"),
        _ => Ok(text),
    }
}

/// The byte around a value, if there is one.
pub(crate) fn quote_of(text: &str) -> Result<Option<u8>, &'static str> {
    match text.as_bytes() {
        [] => Ok(None),
        [byte] if byte.is_ascii_alphanumeric() || matches!(byte, b'\n' | b'\r' | 0) => {
            Err("this character can't be a quote")
        }
        [byte] if byte.is_ascii() => Ok(Some(*byte)),
        _ => Err("the quote is more than one ASCII character"),
    }
}
