//! Reads a file that is too large to be held at once, and keeps what places need.

use std::io::{self, Read};

/// More than any operation needs on its line or in its row.
pub(super) const LONGEST_PIECE: usize = 1024 * 1024;

/// A reader that keeps the bytes of the piece being read, and stops at a piece without end.
#[derive(Debug)]
pub(super) struct Kept<R> {
    inner: R,
    bytes: Vec<u8>,
    /// Where in the file `bytes` begins.
    from: usize,
    /// Where in the file the piece begins.
    piece: usize,
}

impl<R: Read> Kept<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: Vec::new(), from: 0, piece: 0 }
    }

    /// The piece that begins where the last one ended, up to `end`; the next one begins there.
    pub(super) fn take(&mut self, end: usize) -> &[u8] {
        let start = self.piece;
        self.piece = end;
        &self.bytes[start - self.from..end - self.from]
    }

    /// What was read of the piece so far, which may be more than its end.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.piece - self.from..]
    }

    /// Where in the file the piece begins.
    pub(super) fn start(&self) -> usize {
        self.piece
    }

    /// Whether the piece is longer than any should be.
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
