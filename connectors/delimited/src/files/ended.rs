//! The end of a file, said in words.

use std::io::{self, Read};

/// What comes after the last byte of a file: a row of its own if all quotes are closed, and the end of a value if not. No text
/// has it, because a text has no NUL.
pub(crate) const SENTINEL: &[u8] = b"\n\0\0\n";

/// A row that is longer has a quote that is never closed.
pub(crate) const LONGEST_ROW: u64 = 16 * 1024 * 1024;

/// Adds [`SENTINEL`], and stops a row that never ends.
pub(crate) struct Ended<R> {
    inner: R,
    /// How many bytes may be read before the row must end.
    pub(crate) budget: u64,
    /// How many bytes of text there were before the end, once it is known.
    pub(crate) length: Option<u64>,
    read: u64,
    last: Option<u8>,
    given: usize,
}

impl<R> Ended<R> {
    /// A text that is read from this byte on.
    pub(crate) fn new(inner: R, from: u64) -> Self {
        Self { inner, budget: LONGEST_ROW, length: None, read: from, last: None, given: 0 }
    }

    /// Whether the text ended with the end of a line. A read that begins at the end was preceded by one.
    pub(crate) fn ends_with_line(&self) -> bool {
        matches!(self.last, None | Some(b'\n' | b'\r'))
    }
}

impl<R: Read> Read for Ended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.length.is_none() {
            if self.budget == 0 {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the row does not end"));
            }
            let length = self.inner.read(buffer)?;
            if length > 0 {
                self.read += length as u64;
                self.budget = self.budget.saturating_sub(length as u64);
                self.last = buffer[..length].last().copied();
                return Ok(length);
            }
            self.length = Some(self.read);
        }
        let rest = &SENTINEL[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}
