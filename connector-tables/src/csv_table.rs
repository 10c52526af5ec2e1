//! CSV with a column for each attribute.

use crate::spreadsheet::spreadsheet_cell;
use connector_core::{Attributes, Error, ErrorKind, Result};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

/// A CSV file: fixed columns, then one for each attribute.
pub struct CsvTable<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
    harmless: bool,
    columns: HashMap<String, usize>,
    cells: Vec<String>,
}

impl std::fmt::Debug for CsvTable<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvTable").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<'a> CsvTable<'a> {
    /// Writes the header: the columns `own`, then one for each attribute, with `attributes.` in front if the name is taken. With
    /// `harmless`, a `'` in front keeps spreadsheets from running cells.
    pub fn new(to: &'a mut dyn Write, harmless: bool, own: &[&str], attributes: Vec<String>) -> Result<Self> {
        let cells = vec![String::new(); attributes.len()];
        let taken = |name: &String| own.contains(&name.as_str());
        let further = attributes
            .iter()
            .map(|name| if taken(name) { format!("attributes.{name}").into() } else { Cow::Borrowed(name.as_str()) });
        let header: Vec<Cow<'_, str>> = own.iter().map(|name| Cow::Borrowed(*name)).chain(further).collect();
        let mut writer = csv::Writer::from_writer(to);
        let header: Vec<_> = header.iter().map(|name| cell(name, harmless)).collect();
        writer.write_record(header.iter().map(|name| name.as_bytes())).map_err(of_csv)?;
        let columns = attributes.into_iter().enumerate().map(|(column, name)| (name, column)).collect();
        Ok(Self { writer, harmless, columns, cells })
    }

    /// Writes a row: the values of the own columns, in their order, and the attributes. Fails with kind `conflict` if an
    /// attribute has no column.
    pub fn row(&mut self, own: &[&str], attributes: &Attributes) -> Result<()> {
        self.cells.iter_mut().for_each(String::clear);
        for (name, value) in attributes.entries() {
            let Some(column) = self.columns.get(&*name) else {
                return Err(Error::new(ErrorKind::Conflict, "the store got new attributes during the export")
                    .with_help("run the export again"));
            };
            // Text without quotes, everything else as JSON.
            self.cells[*column] = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
        }
        let cells = own.iter().copied().chain(self.cells.iter().map(String::as_str));
        for text in cells {
            self.writer.write_field(&*cell(text, self.harmless)).map_err(of_csv)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(of_csv)
    }

    /// Writes out what is buffered.
    pub fn finish(&mut self) -> Result<()> {
        self.writer.flush().map_err(unwritten)
    }
}

fn cell(text: &str, harmless: bool) -> Cow<'_, str> {
    if harmless { spreadsheet_cell(text) } else { Cow::Borrowed(text) }
}

fn of_csv(cause: csv::Error) -> Error {
    match cause.into_kind() {
        csv::ErrorKind::Io(cause) => unwritten(cause),
        other => unwritten(io::Error::other(format!("{other:?}"))),
    }
}

fn unwritten(cause: io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the table could not be written: {cause}")).with_cause(cause)
}
