//! The text of a file: decompressed and decoded as far as needed, from any place on.

use super::compression::Compression;
use super::file::DataFile;
use super::format::Format;
use super::transcode::Transcoded;
use crate::error;
use connector_core::Result;
use encoding_rs::Encoding;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// The byte order mark in UTF-8.
pub(crate) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Enough bytes to recognize a mark, and the ends of the first lines.
const HEAD: usize = 64 * 1024;

type Text = Box<dyn Read + Send>;

/// The text of a file from this byte on, and the byte where its first line begins if `from` is 0.
pub(crate) fn text_of(file: &DataFile, format: &Format, from: u64) -> Result<(Text, u64)> {
    let compression = Compression::of(&file.shown);
    let mut opened = file.open()?;
    let fault = |cause: io::Error| error::of_reading(&file.shown, compression, &cause);
    if from > 0 && compression == Compression::None && format.splits_bytes() {
        opened.seek(SeekFrom::Start(from)).map_err(fault)?;
        return Ok((Box::new(opened), from));
    }
    let (head, rest) = with_head(compression.read(opened).map_err(fault)?).map_err(fault)?;
    if let Some(named) = format.contradicting(&head) {
        return Err(error::other_encoding(&file.shown, named));
    }
    let encoding = format.encoding_of(&head);
    let whole = Cursor::new(head).chain(rest);
    let text: Text = if format.splits_bytes() { Box::new(whole) } else { Box::new(Transcoded::new(whole, encoding)) };
    let (head, rest) = with_head(text).map_err(fault)?;
    if from == 0 && head.contains(&b'\r') && !head.contains(&b'\n') {
        return Err(error::old_line_ends(&file.shown));
    }
    let mark = if head.starts_with(MARK) { MARK.len() as u64 } else { 0 };
    let start = from.max(mark);
    let mut text = Cursor::new(head).chain(rest);
    let skipped = io::copy(&mut (&mut text).take(start), &mut io::sink()).map_err(fault)?;
    if skipped < start { Err(error::replaced(&file.shown)) } else { Ok((Box::new(text), start)) }
}

/// The encoding of a file. For UTF-16, its first bytes may say which of the two it is.
pub(crate) fn encoding_of(file: &DataFile, format: &Format) -> Result<&'static Encoding> {
    let compression = Compression::of(&file.shown);
    let fault = |cause: io::Error| error::of_reading(&file.shown, compression, &cause);
    let (head, _) = with_head(compression.read(file.open()?).map_err(fault)?).map_err(fault)?;
    Ok(format.encoding_of(&head))
}

/// The first bytes, and what follows them.
fn with_head(mut text: Text) -> io::Result<(Vec<u8>, Text)> {
    let mut head = Vec::new();
    (&mut text).take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head, text))
}
