//! A file that is being rewritten.

use super::edits::Edits;
use super::line::{Line, Writing, line_end};
use super::lock::Lock;
use crate::error;
use crate::files::{DataFile, Table};
use crate::layout::Layout;
use crate::rows::{Columns, Rows, Unique, verify};
use connector_core::{Error, Result};
use std::sync::Arc;

/// A file that is locked and whole.
pub(super) struct Rewritten {
    _lock: Lock,
    table: Arc<Table>,
    pub(super) file: DataFile,
    pub(super) columns: Arc<Columns>,
    pub(super) edits: Edits,
    /// How many rows it will have.
    rows: u64,
    /// Where new rows go: before the trailer, or at the end.
    end: u64,
    line_end: &'static [u8],
    /// The last row.
    last: Option<Line>,
}

impl Rewritten {
    /// Waits for the lock, reads the whole file, and gives each row to `each`.
    pub(super) fn read(
        layout: &Layout,
        table: &Arc<Table>,
        unique: Option<&Unique<'_>>,
        mut each: impl FnMut(&Rows) -> Result<()>,
    ) -> Result<Self> {
        let [file] = <[DataFile; 1]>::try_from(table.files(layout.now())?)
            .map_err(|_| Error::invalid("several files can't be changed by a plan"))?;
        let lock = Lock::of(&file)?;
        // While this process waited, another one may have replaced it.
        let verified = verify(table, layout.now(), unique)?;
        let found = verified.files.into_iter().next().ok_or_else(error::stopped)?;
        let mut rows = Rows::open_at(table, found.file.clone(), found.columns.clone(), found.first)?;
        let mut last = None;
        while rows.next()? {
            each(&rows)?;
            last = Some((rows.place().byte..rows.end().byte, rows.record().clone()));
        }
        let end = match rows.trailer() {
            Some(range) => Line::between(table, &found.file, range, Vec::new())?.text.start,
            None => found.file.size,
        };
        let last = last.map(|(range, record)| {
            Line::between(table, &found.file, range, record.iter().map(<[u8]>::to_vec).collect())
        });
        let line_end = line_end(&found.file)?;
        Ok(Self {
            _lock: lock,
            line_end,
            table: table.clone(),
            file: found.file,
            columns: found.columns,
            edits: Edits::default(),
            rows: found.rows,
            end,
            last: last.transpose()?,
        })
    }

    pub(super) fn writing(&self) -> Writing<'_> {
        Writing::new(&self.table, &self.columns, self.line_end)
    }

    /// Puts other values in place of a row.
    pub(super) fn replace(&mut self, line: &Line, values: &[Vec<u8>]) -> Result<()> {
        let bytes = self.writing().row(values, Some(line))?;
        self.edits.replace(line.text.clone(), bytes);
        Ok(())
    }

    /// Adds a row after another one, or at the end.
    pub(super) fn add(&mut self, after: Option<&Line>, values: &[Vec<u8>]) -> Result<()> {
        let bytes = self.writing().whole_row(values, after.or(self.last.as_ref()))?;
        let place = after.map_or(self.end, |line| line.end);
        self.edits.replace(place..place, bytes);
        self.rows += 1;
        Ok(())
    }

    /// Removes rows. Refuses to leave fewer rows than the file must have.
    pub(super) fn remove(&mut self, lines: &[Line]) -> Result<()> {
        let left = self.rows.saturating_sub(lines.len() as u64);
        if left < self.table.at_least {
            let message = format!(
                "`{}` would have {}, but `at_least` is {}",
                self.file.shown,
                error::counted(left, "row"),
                self.table.at_least
            );
            return Err(Error::invalid(message).with_help("lower `complete: {at_least: …}` if that is right"));
        }
        self.rows = left;
        for line in lines {
            self.edits.replace(line.text.start..line.end, Vec::new());
        }
        Ok(())
    }

    /// Puts the new file in place, if anything changes.
    pub(super) fn finish(self) -> Result<()> {
        if self.edits.is_empty() { Ok(()) } else { self.edits.apply(&self.file) }
    }
}
