//! The text of a file that is being rewritten, with each row at the place that the reader says.

use crate::error;
use crate::files::{Compression, DataFile, MARK, Table, text_of};
use connector_core::Result;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// The text of a file: the file itself, or a copy without a name if it is compressed or in UTF-16, so that each row is found without
/// reading all of the file again.
#[derive(Clone)]
pub(super) struct Plain {
    pub(super) file: DataFile,
    copy: Option<Arc<File>>,
}

impl Plain {
    pub(super) fn of(table: &Table, file: DataFile) -> Result<Self> {
        if Compression::of(&file.shown) == Compression::None && table.format.splits_bytes() {
            return Ok(Self { file, copy: None });
        }
        let (mut text, start) = text_of(&file, &table.format, 0)?;
        let folder = file.path.parent().unwrap_or(Path::new("."));
        let fault = |cause| error::not_written(&file.shown, cause);
        let mut copy = BufWriter::new(tempfile::tempfile_in(folder).map_err(fault)?);
        // The reader counts the mark, and leaves it out.
        let mark = if start > 0 { MARK } else { b"" };
        copy.write_all(mark).and_then(|()| io::copy(&mut text, &mut copy)).map_err(fault)?;
        let copy = copy.into_inner().map_err(|failed| fault(failed.into_error()))?;
        Ok(Self { file, copy: Some(Arc::new(copy)) })
    }

    /// The text from this byte on.
    pub(super) fn from(&self, place: u64) -> Result<impl Read + use<>> {
        let fault = |cause| error::unreadable(&self.file.shown, cause);
        let mut opened = match &self.copy {
            Some(copy) => copy.try_clone().map_err(fault)?,
            None => self.file.open()?,
        };
        opened.seek(SeekFrom::Start(place)).map_err(fault)?;
        Ok(opened)
    }

    pub(super) fn length(&self) -> Result<u64> {
        match &self.copy {
            Some(copy) => Ok(copy.metadata().map_err(|cause| error::unreadable(&self.file.shown, cause))?.len()),
            None => Ok(self.file.size),
        }
    }
}

/// Where rows are that are being read.
pub(super) struct Origin<'a> {
    /// The number of the file.
    pub(super) part: usize,
    pub(super) plain: &'a Plain,
}
