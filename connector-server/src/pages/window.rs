//! One page of a stream that begins at the beginning.

use connector_core::{Error, ErrorKind, Result};

/// Takes the rows behind a position, as many as fit on a page, and then ends the stream.
pub(crate) struct Window<T> {
    size: usize,
    pub(crate) rows: Vec<T>,
    /// Whether there are more.
    pub(crate) has_more: bool,
}

impl<T> Window<T> {
    pub(crate) fn of(size: usize) -> Self {
        Self { size, rows: Vec::new(), has_more: false }
    }

    /// Takes a row. Fails when the page is full, which ends the stream.
    pub(crate) fn take(&mut self, row: impl FnOnce() -> T) -> Result<()> {
        self.take_with(|_| false, row)
    }

    /// The same, but a row that belongs to the last one stays on its page, even if that is full.
    pub(crate) fn take_with(&mut self, belongs: impl FnOnce(&T) -> bool, row: impl FnOnce() -> T) -> Result<()> {
        if self.rows.len() >= self.size && !self.rows.last().is_some_and(belongs) {
            self.has_more = true;
            return Err(Error::new(ErrorKind::Cancelled, "the page is full"));
        }
        self.rows.push(row());
        Ok(())
    }

    /// What a stream returned that may have been ended here: `None` if it was.
    pub(crate) fn ended<R>(&self, result: Result<R>) -> Result<Option<R>> {
        if self.has_more { Ok(None) } else { result.map(Some) }
    }
}
