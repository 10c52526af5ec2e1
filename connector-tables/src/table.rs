//! Tables with a column for each attribute.

use crate::spreadsheet::spreadsheet_cell;
use connector_core::{Attributes, Error, ErrorKind, Result};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

#[cfg(feature = "parquet")]
mod parquet_rows;

/// How to write a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// CSV with a `'` in front of what a spreadsheet would run.
    Csv,
    /// CSV with every cell as it is.
    PlainCsv,
    /// Parquet. Every column is text; an empty cell is null.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// A table: fixed columns, then one for each attribute.
pub struct Table<'a> {
    rows: Rows<'a>,
    columns: HashMap<String, usize>,
    cells: Vec<String>,
}

enum Rows<'a> {
    Csv {
        writer: csv::Writer<&'a mut (dyn Write + Send)>,
        harmless: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet(parquet_rows::ParquetRows<'a>),
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl<'a> Table<'a> {
    /// Begins a table with the columns `own`, then one for each attribute, with `attributes.` in front if the name is taken.
    pub fn new(
        to: &'a mut (dyn Write + Send),
        format: TableFormat,
        own: &[&str],
        attributes: Vec<String>,
    ) -> Result<Self> {
        let cells = vec![String::new(); attributes.len()];
        let taken = |name: &String| own.contains(&name.as_str());
        let further = attributes
            .iter()
            .map(|name| if taken(name) { format!("attributes.{name}").into() } else { Cow::Borrowed(name.as_str()) });
        let header: Vec<Cow<'_, str>> = own.iter().map(|name| Cow::Borrowed(*name)).chain(further).collect();
        let rows = match format {
            TableFormat::Csv | TableFormat::PlainCsv => {
                let (mut writer, harmless) = (csv::Writer::from_writer(to), format == TableFormat::Csv);
                let header: Vec<_> = header.iter().map(|name| cell(name, harmless)).collect();
                writer.write_record(header.iter().map(|name| name.as_bytes())).map_err(of_csv)?;
                Rows::Csv { writer, harmless }
            }
            #[cfg(feature = "parquet")]
            TableFormat::Parquet => Rows::Parquet(parquet_rows::ParquetRows::new(to, &header)?),
        };
        let columns = attributes.into_iter().enumerate().map(|(column, name)| (name, column)).collect();
        Ok(Self { rows, columns, cells })
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
        match &mut self.rows {
            Rows::Csv { writer, harmless } => {
                for text in cells {
                    writer.write_field(&*cell(text, *harmless)).map_err(of_csv)?;
                }
                writer.write_record(None::<&[u8]>).map_err(of_csv)
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(rows) => rows.row(cells),
        }
    }

    /// Writes out what is buffered.
    pub fn finish(self) -> Result<()> {
        match self.rows {
            Rows::Csv { mut writer, .. } => writer.flush().map_err(unwritten),
            #[cfg(feature = "parquet")]
            Rows::Parquet(rows) => rows.finish(),
        }
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
    let is_full = cause.kind() == io::ErrorKind::StorageFull;
    let error = Error::new(ErrorKind::Internal, format!("the table could not be written: {cause}")).with_cause(cause);
    if is_full { error.with_help("free some disk space, or write it elsewhere") } else { error }
}
