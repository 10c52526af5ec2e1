//! Rows in a Parquet file, with one group of rows in memory.

use super::unwritten;
use connector_core::{Error, ErrorKind, Result};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// A group ends when its cells have this many bytes or it has this many rows.
const GROUP_BYTES: usize = 16 * 1024 * 1024;
const GROUP_ROWS: usize = 100_000;

/// The cells of a column in the current group.
#[derive(Default)]
struct Column {
    values: Vec<ByteArray>,
    /// 1 for a value, 0 for null.
    levels: Vec<i16>,
}

pub(super) struct ParquetRows<'a> {
    writer: SerializedFileWriter<&'a mut (dyn Write + Send)>,
    columns: Vec<Column>,
    bytes: usize,
    rows: usize,
}

impl<'a> ParquetRows<'a> {
    pub(super) fn new(to: &'a mut (dyn Write + Send), header: &[impl AsRef<str>]) -> Result<Self> {
        let text = |name: &str| {
            Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                .with_logical_type(Some(LogicalType::String))
                .with_repetition(Repetition::OPTIONAL)
                .build()
                .map(Arc::new)
        };
        let fields: Vec<_> =
            header.iter().map(|name| text(name.as_ref())).collect::<std::result::Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build().map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        let columns = header.iter().map(|_| Column::default()).collect();
        Ok(Self { writer, columns, bytes: 0, rows: 0 })
    }

    pub(super) fn row<'c>(&mut self, cells: impl Iterator<Item = &'c str>) -> Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.levels.push(i16::from(!cell.is_empty()));
            if !cell.is_empty() {
                column.values.push(ByteArray::from(cell.as_bytes().to_vec()));
            }
            // A short value costs more than its text.
            self.bytes += cell.len() + 64;
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.bytes >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for column in &mut self.columns {
            let Some(mut to) = group.next_column().map_err(failed)? else { break };
            if let ColumnWriter::ByteArrayColumnWriter(to) = to.untyped() {
                to.write_batch(&column.values, Some(&column.levels), None).map_err(failed)?;
            }
            to.close().map_err(failed)?;
            *column = Column::default();
        }
        group.close().map_err(failed)?;
        (self.bytes, self.rows) = (0, 0);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if self.rows > 0 {
            self.end_group()?;
        }
        self.writer.close().map(drop).map_err(failed)
    }
}

fn failed(cause: ParquetError) -> Error {
    match cause {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => unwritten(*cause),
            Err(cause) => unwritten(io::Error::other(cause)),
        },
        cause => Error::new(ErrorKind::Internal, format!("the table could not be written: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::super::{Table, TableFormat};
    use bytes::Bytes;
    use connector_core::Attributes;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn parquet_has_every_row_in_groups_and_null_for_nothing() {
        let mut file = Vec::new();
        let names = vec!["Title".to_owned(), "id".to_owned()];
        let mut table = Table::new(&mut file, TableFormat::Parquet, &["id", "name"], names).unwrap();
        let count = 200_001;
        for number in 0..count {
            let attributes = if number % 2 == 0 { r#"{"Title":"Über","id":7}"# } else { "{}" };
            let attributes = Attributes::parse(attributes).unwrap();
            table.row(&[&number.to_string(), "=1+1"], &attributes).unwrap();
        }
        table.finish().unwrap();
        let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
        assert!(reader.metadata().num_row_groups() > 2);
        let mut seen = 0;
        for (number, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            assert_eq!(row.get_string(0).unwrap(), &number.to_string());
            assert_eq!(row.get_string(1).unwrap(), "=1+1");
            let (title, id) = (row.get_string(2).ok(), row.get_string(3).ok());
            let expected = (number % 2 == 0).then_some(("Über", "7"));
            assert_eq!(title.map(String::as_str).zip(id.map(String::as_str)), expected);
            seen += 1;
        }
        assert_eq!(seen, count);
    }
}
