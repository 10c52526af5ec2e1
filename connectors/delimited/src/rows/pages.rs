//! Reads a file a page at a time.

use super::reader::{Place, Row, Rows};
use super::verify::VerifiedFile;
use crate::files::Table;
use crate::settings::Merge;
use connector_core::{Cursor, Page, Result};
use csv::ByteRecord;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many bytes of text a page has at most.
pub(crate) const PAGE: u64 = 4 * 1024 * 1024;

/// How many rows a page has at most, so that pages that wait for the store need little memory.
pub(crate) const MOST_ROWS: usize = 2000;

/// How many files stay open between two pages.
const MOST_PARKED: usize = 8;

/// Where a page begins. It says which content it belongs to: in another one, it means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Which table.
    pub(crate) of: String,
    /// Which file of it.
    pub(crate) file: String,
    /// The print of the file.
    pub(crate) print: u64,
    pub(crate) byte: u64,
    pub(crate) line: u64,
}

impl Position {
    /// The first row of a file.
    pub(crate) fn first(of: &str, verified: &VerifiedFile) -> Self {
        let VerifiedFile { file, first, .. } = verified;
        Self { of: of.to_owned(), file: file.shown.clone(), print: file.print, byte: first.byte, line: first.line }
    }
}

/// Files that are open between two pages, so that compressed ones are not read from the start for each page. A position works
/// without them, too.
#[derive(Default)]
pub(crate) struct Parked(Mutex<VecDeque<(Position, Rows)>>);

impl Parked {
    fn take(&self, position: &Position) -> Option<Rows> {
        let mut parked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = parked.iter().position(|(known, _)| known == position)?;
        parked.remove(found).map(|(_, rows)| rows)
    }

    fn park(&self, position: Position, rows: Rows) {
        let mut parked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parked.push_back((position, rows));
        if parked.len() > MOST_PARKED {
            parked.pop_front();
        }
    }
}

/// One page of the rows of a file: `each` makes items of a row, or of the rows that have the same id.
pub(crate) fn page<T>(
    parked: &Parked,
    table: &Arc<Table>,
    position: &Position,
    mut each: impl FnMut(&[Row<'_>], &mut Vec<T>) -> Result<()>,
    group_by: Option<(Merge, &str, &str)>,
) -> Result<Page<T>> {
    let mut rows = match parked.take(position) {
        Some(rows) => rows,
        None => open(table, position)?,
    };
    let id = match group_by {
        Some((Merge::Adjacent, setting, column)) => Some(rows.columns.find(setting, column)?),
        _ => None,
    };
    let (mut items, mut count, mut next) = (Vec::new(), 0, None);
    while rows.next()? {
        let place = rows.place();
        if count >= MOST_ROWS || place.byte.saturating_sub(position.byte) >= PAGE {
            rows.put_back();
            next = Some(place);
            break;
        }
        count += 1;
        match id {
            None => each(&[rows.row()], &mut items)?,
            Some(id) => {
                let group = group(&mut rows, id)?;
                let (file, columns) = (rows.file.clone(), rows.columns.clone());
                let members: Vec<_> = group
                    .iter()
                    .map(|(record, place)| Row { record, place: *place, table, file: &file, columns: &columns })
                    .collect();
                each(&members, &mut items)?;
            }
        }
    }
    // Somebody may have written into the file while it was read.
    rows.file.open()?;
    let Some(Place { byte, line }) = next else { return Ok(Page::last(items)) };
    let next = Position { byte, line, ..position.clone() };
    let cursor = Cursor::of(&next)?;
    parked.park(next, rows);
    Ok(Page::then(items, cursor))
}

fn open(table: &Arc<Table>, position: &Position) -> Result<Rows> {
    let file = table.file(&position.file, position.print)?;
    let rows = Rows::open(table, file)?;
    if rows.end().byte == position.byte {
        return Ok(rows);
    }
    Rows::open_at(table, rows.file, rows.columns, Place { byte: position.byte, line: position.line })
}

/// The row that was read last, and the following ones with the same id.
pub(crate) fn group(rows: &mut Rows, id: usize) -> Result<Vec<(ByteRecord, Place)>> {
    let mut group = vec![(rows.record().clone(), rows.place())];
    while rows.next()? {
        if rows.record().get(id) != group[0].0.get(id) {
            rows.put_back();
            break;
        }
        group.push((rows.record().clone(), rows.place()));
    }
    Ok(group)
}
