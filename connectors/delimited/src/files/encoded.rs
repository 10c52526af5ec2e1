//! Text as a file has it: in its encoding, and compressed.

use super::compression::Compression;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// Encodes and compresses what is written. [`Packed::finish`] writes the end.
pub(crate) enum Packed<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Packed<W> {
    pub(crate) fn new(compression: Compression, file: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(file),
            Compression::Gzip => Self::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, 0)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Writes the end of the compressed data. Returns the file.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Writes text in UTF-8 as UTF-16, and any other bytes as they are.
pub(crate) struct Encoded<W> {
    inner: W,
    /// How to write a unit of UTF-16; `None` for another encoding.
    unit: Option<fn(u16) -> [u8; 2]>,
    /// The beginning of a character.
    begun: Vec<u8>,
}

impl<W: Write> Encoded<W> {
    pub(crate) fn new(encoding: &'static Encoding, inner: W) -> Self {
        let unit: Option<fn(u16) -> [u8; 2]> = if encoding == UTF_16LE {
            Some(u16::to_le_bytes)
        } else if encoding == UTF_16BE {
            Some(u16::to_be_bytes)
        } else {
            None
        };
        Self { inner, unit, begun: Vec::new() }
    }

    /// Fails if the text ends in the middle of a character.
    pub(crate) fn finish(self) -> io::Result<W> {
        if self.begun.is_empty() { Ok(self.inner) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl<W: Write> Write for Encoded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(unit) = self.unit else { return self.inner.write(bytes) };
        self.begun.extend_from_slice(bytes);
        let valid = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(fault) if fault.error_len().is_none() => fault.valid_up_to(),
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        };
        let text = std::str::from_utf8(&self.begun[..valid]).map_err(io::Error::other)?;
        let units: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
        self.inner.write_all(&units)?;
        self.begun.drain(..valid);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
