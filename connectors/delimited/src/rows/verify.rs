//! Reads all rows once before anything else is done with them.

use super::columns::Columns;
use super::reader::{Place, Rows, line_of};
use crate::error;
use crate::files::{DataFile, Table};
use crate::settings::Merge;
use crate::sort::Hashes;
use connector_core::Result;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// What a table contains.
pub(crate) struct Verified {
    pub(crate) files: Vec<VerifiedFile>,
}

/// What a file contains.
pub(crate) struct VerifiedFile {
    pub(crate) file: DataFile,
    pub(crate) columns: Arc<Columns>,
    /// Where the first row begins.
    pub(crate) first: Place,
    pub(crate) rows: u64,
}

impl Verified {
    pub(crate) fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

/// The id that may be in one row or group of rows only.
pub(crate) struct Unique<'a> {
    /// What it identifies.
    pub(crate) what: &'static str,
    pub(crate) setting: &'a str,
    pub(crate) column: &'a str,
    pub(crate) merge: Merge,
}

/// Reads every row of a table: all are whole, there are enough of them, and no id comes twice.
pub(crate) fn verify(table: &Arc<Table>, now: Timestamp, unique: Option<&Unique<'_>>) -> Result<Verified> {
    let unique = unique.filter(|unique| unique.merge != Merge::Anywhere);
    let mut hashes = Hashes::new(&table.project);
    let mut verified = Verified { files: Vec::new() };
    for file in table.files(now)? {
        let mut rows = Rows::open(table, file)?;
        let id = unique.map(|unique| rows.columns.find(unique.setting, unique.column)).transpose()?;
        let (first, mut count) = (rows.end(), 0);
        let mut group: Option<Vec<u8>> = None;
        while rows.next()? {
            count += 1;
            let (Some(unique), Some(id)) = (unique, id) else { continue };
            let value = rows.record().get(id).unwrap_or_default();
            if value.is_empty() || value == table.format.null.as_bytes() {
                return Err(rows.fault_in(id, "no id", "check the export: every row needs an id"));
            }
            if unique.merge == Merge::Adjacent && group.as_deref() == Some(value) {
                continue;
            }
            hashes.push(xxh3_64(value))?;
            if unique.merge == Merge::Adjacent {
                let group = group.get_or_insert_default();
                group.clear();
                group.extend_from_slice(value);
            }
        }
        if count == 0 && table.at_least > 0 {
            return Err(error::no_rows(&rows.file.shown));
        }
        let (file, columns) = (rows.file, rows.columns);
        verified.files.push(VerifiedFile { file, columns, first, rows: count });
    }
    if verified.rows() < table.at_least {
        return Err(error::too_few(table.pattern.text(), verified.rows(), table.at_least));
    }
    if let Some(unique) = unique {
        let twice = hashes.twice()?;
        if !twice.is_empty() {
            no_twice(table, &verified, unique, &twice)?;
        }
    }
    Ok(verified)
}

/// Fails with both lines if one of the ids with these hashes comes twice.
fn no_twice(table: &Arc<Table>, verified: &Verified, unique: &Unique<'_>, twice: &[u64]) -> Result<()> {
    let mut seen: HashMap<Vec<u8>, (usize, Place)> = HashMap::new();
    for (number, VerifiedFile { file, columns, first, .. }) in verified.files.iter().enumerate() {
        let mut rows = Rows::open_at(table, file.clone(), columns.clone(), *first)?;
        let id = columns.find(unique.setting, unique.column)?;
        let mut group: Option<Vec<u8>> = None;
        while rows.next()? {
            let value = rows.record().get(id).unwrap_or_default();
            let is_same = unique.merge == Merge::Adjacent && group.as_deref() == Some(value);
            if is_same || twice.binary_search(&xxh3_64(value)).is_err() {
                group = is_same.then_some(group).flatten();
                continue;
            }
            if let Some((first, place)) = seen.insert(value.to_vec(), (number, rows.place())) {
                let first = &verified.files[first].file;
                let help = match unique.merge {
                    Merge::Adjacent => "sort the export by the id, or set `merge: anywhere`",
                    _ => "check the export; if an account may have several rows, set `merge`",
                };
                let lines = (line_of(table, first, place), line_of(table, file, rows.place()));
                return Err(error::twice(unique.what, (&first.shown, lines.0), (&file.shown, lines.1), help));
            }
            group = Some(value.to_vec());
        }
    }
    Ok(())
}
