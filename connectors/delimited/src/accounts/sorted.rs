//! Accounts whose rows are anywhere: the rows are sorted by id first.

use super::mapping::{ACCOUNTS, Mapping, unique};
use crate::error;
use crate::layout::Layout;
use crate::rows::{MOST_ROWS, PAGE, Position, Row, SortedRow, SortedRows, Verified, print_of, verify};
use connector_core::{Account, Cursor, Page, Result};
use std::sync::{Arc, PoisonError};

/// Sorts the rows, unless that was done before.
pub(super) fn of(layout: &Layout, verified: Verified) -> Result<Arc<SortedRows>> {
    let print = print_of(verified.files.iter().map(|file| &file.file));
    // Only one page sorts; the others wait for it.
    let mut known = layout.sorted.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.as_ref().filter(|known| known.print == print) {
        return Ok(known.clone());
    }
    // The old rows make room first.
    *known = None;
    let sorted = Arc::new(SortedRows::sort(&layout.accounts, verified, ("accounts.id", &layout.settings.id))?);
    *known = Some(sorted.clone());
    Ok(sorted)
}

/// The first position.
pub(super) fn first(sorted: &SortedRows) -> Position {
    Position { of: ACCOUNTS.to_owned(), file: String::new(), print: sorted.print, byte: 0, line: 0 }
}

/// The rows that this position belongs to. Another process sorts them again.
fn at(layout: &Layout, position: &Position) -> Result<Arc<SortedRows>> {
    let files = layout.accounts.files(layout.now())?;
    if print_of(files.iter()) != position.print {
        return Err(error::replaced(layout.accounts.pattern.text()));
    }
    let known = layout.sorted.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(known) = known.filter(|known| known.print == position.print) {
        return Ok(known);
    }
    let sorted = of(layout, verify(&layout.accounts, layout.now(), Some(&unique(layout)))?)?;
    if sorted.print == position.print { Ok(sorted) } else { Err(error::replaced(layout.accounts.pattern.text())) }
}

pub(super) fn page(layout: &Layout, position: &Position) -> Result<Page<Account>> {
    let sorted = at(layout, position)?;
    let mappings = sorted.files.iter().map(|(_, columns)| Mapping::new(layout, columns));
    let mappings = mappings.collect::<Result<Vec<_>>>()?;
    let mut accounts = Vec::new();
    let mut group: Vec<SortedRow> = Vec::new();
    let (mut id, mut count, mut end, mut next) = (Vec::new(), 0, position.byte, None);
    for row in sorted.from(position.byte) {
        let (own_id, row) = row?;
        if !group.is_empty() && own_id != id {
            accounts.push(account(layout, &sorted, &mappings, &group)?);
            group.clear();
            if count >= MOST_ROWS || end - position.byte >= PAGE {
                next = Some(end);
                break;
            }
        }
        (id, end) = (own_id, row.after);
        group.push(row);
        count += 1;
    }
    if !group.is_empty() {
        accounts.push(account(layout, &sorted, &mappings, &group)?);
    }
    Ok(match next {
        Some(byte) if byte < sorted.end() => Page::then(accounts, Cursor::of(&Position { byte, ..position.clone() })?),
        _ => Page::last(accounts),
    })
}

fn account(layout: &Layout, sorted: &SortedRows, mappings: &[Mapping], group: &[SortedRow]) -> Result<Account> {
    let rows = group.iter().map(|SortedRow { file, record, place, .. }| {
        let (file, columns) = &sorted.files[*file];
        Row { record, place: *place, table: &layout.accounts, file, columns }
    });
    // Files can have their columns in another order. The first row decides where a value is.
    let rows: Vec<_> = rows.collect();
    let Some(odd) = rows.iter().find(|row| row.columns.names() != rows[0].columns.names()) else {
        return mappings[group[0].file].account(&rows);
    };
    let what = format!("other columns than in `{}`", rows[0].file.shown);
    Err(error::at_line(&odd.file.shown, 1, &what, "to merge rows of several files, give them the same columns"))
}
