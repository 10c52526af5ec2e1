//! Members of large groups that wait on the disk for the pages that show them.

use connector_core::{Error, Result};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// How much is written and read at once.
const BUFFER: usize = 256 * 1024;

/// Takes members, each with the number of its resource.
pub(crate) struct Spool(BufWriter<File>);

/// Members in their order.
pub(crate) struct Spooled(BufReader<File>);

impl Spool {
    /// An empty file without a name: only this process sees it, and it is gone when the process ends. It is on the disk of the
    /// project, because the system's folder for temporary files is often in memory.
    pub(super) fn new(project: &Path) -> Result<Self> {
        let own = project.join(".connector");
        let folder = if own.is_dir() { own } else { std::env::temp_dir() };
        let file = tempfile::tempfile_in(folder).map_err(unspooled)?;
        Ok(Self(BufWriter::with_capacity(BUFFER, file)))
    }

    pub(super) fn push(&mut self, row: u32, member: &[u8]) -> Result<()> {
        let length = u32::try_from(member.len()).map_err(|_| Error::internal("a member is too long"))?;
        let parts = [&row.to_le_bytes()[..], &length.to_le_bytes(), member];
        parts.into_iter().try_for_each(|part| self.0.write_all(part)).map_err(unspooled)
    }

    pub(super) fn finish(self) -> Result<Spooled> {
        let mut file = self.0.into_inner().map_err(|fault| unspooled(fault.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(unspooled)?;
        Ok(Spooled(BufReader::with_capacity(BUFFER, file)))
    }
}

impl Spooled {
    /// Begins again at the first member.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        self.0.seek(SeekFrom::Start(0)).map(drop).map_err(unspooled)
    }

    /// The next member: the number of its resource, and its JSON.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Vec<u8>)>> {
        let mut head = [0; 8];
        match self.0.read(&mut head[..1]).map_err(unspooled)? {
            0 => return Ok(None),
            _ => self.0.read_exact(&mut head[1..]).map_err(unspooled)?,
        }
        let (row, length) = head.split_at(4);
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let mut member = vec![0; number(length) as usize];
        self.0.read_exact(&mut member).map_err(unspooled)?;
        Ok(Some((number(row), member)))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the signature is that of `map_err`")]
fn unspooled(cause: io::Error) -> Error {
    Error::internal(format!("can't keep the members of groups in a temporary file: {cause}"))
        .with_help("check that the disk of the project has room")
}
