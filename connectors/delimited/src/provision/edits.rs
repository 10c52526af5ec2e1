//! Rewrites a file: some rows are replaced, removed or added, and all others keep their bytes.

use super::plain::Plain;
use crate::error;
use crate::files::{Compression, DataFile, Encoded, Packed, Table, encoding_of};
use connector_core::Result;
use connector_files::NewFile;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::Range;

const BLOCK: usize = 1 << 18;

/// What changes in the text of a file, from its beginning to its end.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<u64>, Vec<u8>)>);

impl Edits {
    /// Puts these bytes in place of those of the range. An empty range adds them.
    pub(super) fn replace(&mut self, range: Range<u64>, bytes: Vec<u8>) {
        self.0.push((range, bytes));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the new file beside the old one, on disk, and then puts it in its place. Fails with kind `conflict` if somebody
    /// changed the old one since it was read.
    pub(super) fn apply(mut self, table: &Table, plain: &Plain) -> Result<()> {
        let file = &plain.file;
        // Additions at one place keep their order.
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let encoding = encoding_of(file, &table.format)?;
        let old = BufReader::with_capacity(BLOCK, plain.from(0)?);
        let fault = |cause| error::not_written(&file.shown, cause);
        let mut new = NewFile::beside(&file.path).map_err(fault)?;
        let block = BufWriter::with_capacity(BLOCK, &mut new);
        let packed = Packed::new(Compression::of(&file.shown), block).map_err(fault)?;
        let mut encoded = Encoded::new(encoding, packed);
        self.write(old, &mut encoded).map_err(fault)?;
        let packed = encoded.finish().and_then(Packed::finish);
        packed.and_then(|mut block| block.flush()).map_err(fault)?;
        let new = new.like(&real(file)?).map_err(fault)?;
        file.open().map_err(|_| error::changed_meanwhile(&file.shown))?;
        new.replace().map_err(fault)
    }

    fn write(&self, mut old: impl Read, new: &mut impl Write) -> io::Result<()> {
        let mut place = 0;
        for (range, bytes) in &self.0 {
            copy(&mut old, new, range.start - place)?;
            copy(&mut old, &mut io::sink(), range.end - range.start)?;
            new.write_all(bytes)?;
            place = range.end;
        }
        io::copy(&mut old, new).map(drop)
    }
}

/// The file itself, if the path is a link.
fn real(file: &DataFile) -> Result<std::path::PathBuf> {
    file.path.canonicalize().map_err(|cause| error::not_written(&file.shown, cause))
}

fn copy(from: &mut impl Read, to: &mut impl Write, length: u64) -> io::Result<()> {
    let copied = io::copy(&mut from.take(length), to)?;
    if copied == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
