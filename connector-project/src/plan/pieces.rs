//! Reads a file that is too large for memory, and keeps the bytes that positions need.

use connector_files::Role;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Opens a plan of any size. The error of a refused file says why.
pub(super) fn open(path: &Path) -> io::Result<File> {
    connector_files::open(path, Role::Instructions, u64::MAX).map_err(io::Error::other)
}

/// More bytes than the line or row of any operation needs.
pub(super) const LONGEST_PIECE: usize = 1024 * 1024;

/// A reader that keeps the bytes of the current piece, and stops at a piece without an end.
#[derive(Debug)]
pub(super) struct Kept<R> {
    inner: R,
    bytes: Vec<u8>,
    /// The offset of `bytes` in the file.
    from: usize,
    /// The offset of the piece in the file.
    piece: usize,
}

impl<R: Read> Kept<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: Vec::new(), from: 0, piece: 0 }
    }

    /// The piece from the end of the last one up to `end`. The next piece begins at `end`.
    pub(super) fn take(&mut self, end: usize) -> &[u8] {
        let start = self.piece;
        self.piece = end;
        &self.bytes[start - self.from..end - self.from]
    }

    /// The bytes read since the piece began. They can go past its end.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.piece - self.from..]
    }

    /// The offset of the piece in the file.
    pub(super) fn start(&self) -> usize {
        self.piece
    }

    /// Whether the piece is longer than the limit.
    pub(super) fn is_too_long(&self) -> bool {
        self.rest().len() > LONGEST_PIECE
    }
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.drain(..self.piece - self.from);
        self.from = self.piece;
        if self.is_too_long() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        self.bytes.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}
