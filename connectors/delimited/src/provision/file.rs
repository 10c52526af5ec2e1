//! Files that are being rewritten.

use super::edits::Edits;
use super::line::{Line, Writing, line_end};
use super::lock::Lock;
use super::plain::{Origin, Plain};
use crate::error;
use crate::files::Table;
use crate::layout::Layout;
use crate::rows::{Columns, Rows, Unique, VerifiedFile, verify};
use connector_core::{Error, Happened, Outcome, Result};
use std::sync::Arc;

/// The files of a table, locked and whole.
pub(super) struct Rewritten {
    table: Arc<Table>,
    pub(super) columns: Arc<Columns>,
    parts: Vec<Part>,
    /// The file that new rows go to.
    new: usize,
    /// How many rows all files will have.
    rows: u64,
}

/// One file.
struct Part {
    _lock: Lock,
    plain: Plain,
    edits: Edits,
    /// Where new rows go: before the trailer, or at the end.
    end: u64,
    line_end: &'static [u8],
    /// The last row.
    last: Option<Line>,
}

/// How many changes each file has.
pub(super) struct Changes(Vec<usize>);

/// An operation's outcome, with the files that it changed.
pub(super) type Told = (Result<Outcome>, Vec<usize>);

impl Rewritten {
    /// Waits for the locks, reads the whole files, and gives each row to `each`.
    pub(super) fn read(
        layout: &Layout,
        table: &Arc<Table>,
        unique: Option<&Unique<'_>>,
        each: impl FnMut(&Rows, &Origin<'_>) -> Result<()>,
    ) -> Result<Self> {
        Self::read_whole(layout, table, unique, each).map_err(|error| error::for_plan(error, table.pattern.text()))
    }

    fn read_whole(
        layout: &Layout,
        table: &Arc<Table>,
        unique: Option<&Unique<'_>>,
        mut each: impl FnMut(&Rows, &Origin<'_>) -> Result<()>,
    ) -> Result<Self> {
        // In the order of their names, as every process takes them.
        let locks = table.files(layout.now())?.iter().map(Lock::of).collect::<Result<Vec<_>>>()?;
        // While this process waited, another one may have replaced them.
        let verified = verify(table, layout.now(), unique)?;
        let rows = verified.rows();
        let columns = verified.files.first().ok_or_else(error::stopped)?.columns.clone();
        if verified.files.len() != locks.len() {
            return Err(error::changed_meanwhile(table.pattern.text()));
        }
        let mut parts = Vec::new();
        for (lock, found) in locks.into_iter().zip(verified.files) {
            if !lock.is_of(&found.file) {
                return Err(error::changed_meanwhile(table.pattern.text()));
            }
            if found.columns.names() != columns.names() {
                return Err(error::other_columns(&found.file.shown, table.pattern.text()));
            }
            parts.push(Part::read(table, found, lock, parts.len(), &mut each)?);
        }
        let new = match &table.new_rows {
            None => 0,
            Some(name) => {
                let found = parts.iter().position(|part| part.plain.file.shown == *name);
                found.ok_or_else(|| error::no_file_for_new_rows(name))?
            }
        };
        Ok(Self { table: table.clone(), columns, parts, new, rows })
    }

    /// How the rows of the file of a line are written, or those of the file for new rows.
    pub(super) fn writing(&self, of: Option<&Line>) -> Writing<'_> {
        let part = &self.parts[of.map_or(self.new, |line| line.part)];
        Writing::new(&self.table, &self.columns, part.line_end)
    }

    /// The files, for messages.
    pub(super) fn shown(&self) -> &str {
        self.table.pattern.text()
    }

    /// Puts other values in place of a row.
    pub(super) fn replace(&mut self, line: &Line, values: &[Vec<u8>]) -> Result<()> {
        let bytes = self.writing(Some(line)).row(values, Some(line))?;
        self.parts[line.part].edits.replace(line.text.clone(), bytes);
        Ok(())
    }

    /// Adds a row after another one, or at the end of the file for new rows.
    pub(super) fn add(&mut self, after: Option<&Line>, values: &[Vec<u8>]) -> Result<()> {
        let at = after.map_or(self.new, |line| line.part);
        let bytes = self.writing(after).whole_row(values, after.or(self.parts[at].last.as_ref()))?;
        let part = &mut self.parts[at];
        let place = after.map_or(part.end, |line| line.end);
        part.edits.replace(place..place, bytes);
        self.rows += 1;
        Ok(())
    }

    /// Removes rows. Refuses to leave fewer rows than there must be.
    pub(super) fn remove(&mut self, lines: &[Line]) -> Result<()> {
        let left = self.rows.saturating_sub(lines.len() as u64);
        if left < self.table.at_least {
            let message = format!(
                "`{}` would have {}, but `at_least` is {}",
                self.shown(),
                error::counted(left, "row"),
                self.table.at_least
            );
            return Err(Error::invalid(message).with_help("lower `complete: {at_least: …}` if that is right"));
        }
        self.rows = left;
        for line in lines {
            self.parts[line.part].edits.replace(line.text.start..line.end, Vec::new());
        }
        Ok(())
    }

    /// What changes so far.
    pub(super) fn changes(&self) -> Changes {
        Changes(self.parts.iter().map(|part| part.edits.len()).collect())
    }

    /// The files that changed since then.
    pub(super) fn since(&self, before: &Changes) -> Vec<usize> {
        let now = self.changes();
        (0..now.0.len()).filter(|at| now.0[*at] != before.0[*at]).collect()
    }

    /// Puts the new files in place, if anything changes in them, and says what became of each operation. Fails if no file was
    /// written.
    pub(super) fn finish(self, told: Vec<Told>) -> Result<Vec<Result<Outcome>>> {
        let (mut failed, mut is_written) = (None, vec![false; self.parts.len()]);
        for (at, part) in self.parts.into_iter().enumerate().filter(|(_, part)| part.edits.len() > 0) {
            match part.edits.apply(&self.table, &part.plain) {
                Ok(()) => is_written[at] = true,
                Err(error) => {
                    failed = Some(error::for_plan(error, &part.plain.file.shown));
                    break;
                }
            }
        }
        let Some(error) = failed else { return Ok(told.into_iter().map(|(outcome, _)| outcome).collect()) };
        if !is_written.contains(&true) {
            return Err(error);
        }
        let outcome = |(outcome, changed): Told| {
            let written = changed.iter().filter(|at| is_written[**at]).count();
            match outcome {
                Ok(_) if written < changed.len() => {
                    let happened = if written > 0 { Happened::Unknown } else { Happened::No };
                    Err(error.clone().with_happened(happened))
                }
                outcome => outcome,
            }
        };
        Ok(told.into_iter().map(outcome).collect())
    }
}

impl Part {
    fn read(
        table: &Arc<Table>,
        found: VerifiedFile,
        lock: Lock,
        part: usize,
        each: &mut impl FnMut(&Rows, &Origin<'_>) -> Result<()>,
    ) -> Result<Self> {
        let plain = Plain::of(table, found.file.clone())?;
        let origin = Origin { part, plain: &plain };
        let mut rows = Rows::open_at(table, found.file, found.columns, found.first)?;
        let mut last = None;
        while rows.next()? {
            each(&rows, &origin)?;
            last = Some((rows.place().byte..rows.end().byte, rows.record().clone()));
        }
        let end = match rows.trailer() {
            Some(range) => Line::between(table, &origin, range, Vec::new())?.text.start,
            None => plain.length()?,
        };
        let last = last
            .map(|(range, record)| Line::between(table, &origin, range, record.iter().map(<[u8]>::to_vec).collect()));
        let last = last.transpose()?;
        Ok(Self { _lock: lock, line_end: line_end(&plain)?, edits: Edits::default(), end, last, plain })
    }
}

#[cfg(test)]
mod tests;
