//! Pages of accounts.

use super::mapping::{ACCOUNTS, Mapping, unique};
use super::sorted;
use crate::files::DataFile;
use crate::layout::Layout;
use crate::rows::{self, Columns, Position, Row, Rows, VerifiedFile, verify};
use crate::settings::Merge;
use connector_core::{Account, Cursor, Page, Result};
use std::sync::Arc;

/// One page. The first one reads all files to prove that they are complete, and continues in each of them.
pub(crate) fn page(layout: &Layout, cursor: &Cursor) -> Result<Page<Account>> {
    let Some(position) = cursor.position::<Position>()? else { return first(layout) };
    if layout.settings.merge == Merge::Anywhere {
        return sorted::page(layout, &position);
    }
    let mut mapping = None;
    let each = |rows: &[Row<'_>], accounts: &mut Vec<Account>| {
        let mapping = match &mut mapping {
            Some(mapping) => mapping,
            none => none.insert(Mapping::new(layout, rows[0].columns)?),
        };
        accounts.push(mapping.account(rows)?);
        Ok(())
    };
    let group_by = Some((layout.settings.merge, "accounts.id", layout.settings.id.as_str()));
    rows::page(&layout.parked, &layout.accounts, &position, each, group_by)
}

fn first(layout: &Layout) -> Result<Page<Account>> {
    let verified = verify(&layout.accounts, layout.now(), Some(&unique(layout)))?;
    for VerifiedFile { columns, .. } in &verified.files {
        Mapping::new(layout, columns)?;
    }
    let rows = verified.rows();
    let next = if layout.settings.merge == Merge::Anywhere {
        let sorted = sorted::of(layout, verified)?;
        vec![Cursor::of(&sorted::first(&sorted))?]
    } else {
        let positions = verified.files.iter().map(|file| Cursor::of(&Position::first(ACCOUNTS, file)));
        positions.collect::<Result<_>>()?
    };
    Ok(Page::fork(Vec::new(), next).with_estimate(rows))
}

/// The rows of an account in one file.
pub(crate) struct Group<'a> {
    pub(crate) file: &'a DataFile,
    pub(crate) columns: &'a Arc<Columns>,
    pub(crate) rows: &'a [Row<'a>],
}

/// Calls `each` with the rows of every account, or with every row if the rows of an account are anywhere.
pub(crate) fn each_group(layout: &Layout, mut each: impl FnMut(&Mapping, Group<'_>) -> Result<()>) -> Result<()> {
    for file in layout.accounts.files(layout.now())? {
        let mut rows = Rows::open(&layout.accounts, file)?;
        let (file, columns) = (rows.file.clone(), rows.columns.clone());
        let mapping = Mapping::new(layout, &columns)?;
        while rows.next()? {
            if layout.settings.merge != Merge::Adjacent {
                each(&mapping, Group { file: &file, columns: &columns, rows: &[rows.row()] })?;
                continue;
            }
            let group = rows::group(&mut rows, mapping.id)?;
            let members = group.iter().map(|(record, place)| Row {
                record,
                place: *place,
                table: &layout.accounts,
                file: &file,
                columns: &columns,
            });
            each(&mapping, Group { file: &file, columns: &columns, rows: &members.collect::<Vec<_>>() })?;
        }
    }
    Ok(())
}
