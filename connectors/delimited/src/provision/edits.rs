//! Rewrites a file: some rows are replaced, removed or added, and all others keep their bytes.

use crate::error;
use crate::files::DataFile;
use connector_core::Result;
use connector_files::NewFile;
use std::io::{self, BufReader, Read, Write};
use std::ops::Range;

/// What changes in a file, from its beginning to its end.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<u64>, Vec<u8>)>);

impl Edits {
    /// Puts these bytes in place of those of the range. An empty range adds them.
    pub(super) fn replace(&mut self, range: Range<u64>, bytes: Vec<u8>) {
        self.0.push((range, bytes));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the new file beside the old one, on disk, and then puts it in its place. Fails with kind `conflict` if somebody
    /// changed the old one since it was read.
    pub(super) fn apply(mut self, file: &DataFile) -> Result<()> {
        // Additions at one place keep their order.
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let fault = |cause| error::not_written(&file.shown, cause);
        let mut old = BufReader::with_capacity(1 << 18, file.open()?);
        let mut new = NewFile::beside(&file.path).map_err(fault)?;
        let mut block = io::BufWriter::with_capacity(1 << 18, &mut new);
        let mut place = 0;
        for (range, bytes) in &self.0 {
            copy(&mut old, &mut block, range.start - place).map_err(fault)?;
            copy(&mut old, &mut io::sink(), range.end - range.start).map_err(fault)?;
            block.write_all(bytes).map_err(fault)?;
            place = range.end;
        }
        io::copy(&mut old, &mut block).and_then(|_| block.flush()).map_err(fault)?;
        drop(block);
        let new = new.like(&real(file)?).map_err(fault)?;
        file.open().map_err(|_| error::changed_meanwhile(&file.shown))?;
        new.replace().map_err(fault)
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
