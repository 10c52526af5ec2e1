//! Whether anything changed. Files don't say what: then the engine reads everything.

use crate::error;
use crate::layout::Layout;
use connector_core::{Cursor, Error, ErrorKind, Page, Result, SourceChange};
use serde::{Deserialize, Serialize};
use std::io::Read;
use xxhash_rust::xxh3::Xxh3;

/// What all files contain.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Watermark {
    /// The names and contents of all files.
    content: String,
}

pub(crate) fn watermark(layout: &Layout) -> Result<Cursor> {
    Cursor::of(&content(layout)?)
}

/// Nothing, if the files are the same. Fails with kind `expired` if not.
pub(crate) fn changes(layout: &Layout, since: &Cursor) -> Result<Page<SourceChange>> {
    let known: Option<Watermark> = since.position()?;
    let now = content(layout)?;
    if known.as_ref() == Some(&now) {
        return Ok(Page::last(Vec::new()).with_watermark(Cursor::of(&now)?));
    }
    Err(Error::new(ErrorKind::Expired, "the files have changed"))
}

fn content(layout: &Layout) -> Result<Watermark> {
    let mut hasher = Xxh3::new();
    let mut block = vec![0; 1 << 18];
    for file in layout.files()? {
        hasher.update(file.shown.as_bytes());
        hasher.update(&[0]);
        let mut opened = file.open()?;
        let mut length: u64 = 0;
        loop {
            let read = opened.read(&mut block).map_err(|cause| error::unreadable(&file.shown, cause))?;
            if read == 0 {
                break;
            }
            length += read as u64;
            hasher.update(&block[..read]);
        }
        hasher.update(&length.to_le_bytes());
    }
    Ok(Watermark { content: format!("{:032x}", hasher.digest128()) })
}
