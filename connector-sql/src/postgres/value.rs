//! Values between the two databases' types. PostgreSQL says which type each place of a statement has; the value adapts, as it
//! does in SQLite.

use crate::error::{Error, Result};
use bytes::{BufMut, BytesMut};
use rusqlite::types::{ToSql, ToSqlOutput, Type as Kind, Value, ValueRef};
use std::error::Error as StdError;
use tokio_postgres::types::{FromSql, IsNull, ToSql as PostgresToSql, Type, to_sql_checked};

/// The type of a column into which rows are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A whole number.
    Integer,
    /// Yes or no.
    Truth,
    /// A text.
    Text,
    /// JSON as the source wrote it.
    Json,
    /// Bytes.
    Bytes,
}

impl Column {
    pub(super) fn of_postgres(self) -> Type {
        match self {
            Self::Integer => Type::INT8,
            Self::Truth => Type::BOOL,
            Self::Text => Type::TEXT,
            Self::Json => Type::JSON,
            Self::Bytes => Type::BYTEA,
        }
    }
}

/// A value of SQLite on its way to PostgreSQL.
#[derive(Debug)]
pub(super) struct Bound<'v>(ToSqlOutput<'v>);

impl<'v> Bound<'v> {
    pub(super) fn of(value: &'v dyn ToSql) -> Result<Self> {
        Ok(Self(value.to_sql()?))
    }

    pub(super) fn of_ref(value: ValueRef<'v>) -> Self {
        Self(ToSqlOutput::Borrowed(value))
    }
}

type Encoded = std::result::Result<IsNull, Box<dyn StdError + Sync + Send>>;

impl PostgresToSql for Bound<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Encoded {
        let value = match &self.0 {
            ToSqlOutput::Borrowed(value) => *value,
            ToSqlOutput::Owned(value) => value_ref(value),
            other => return Err(format!("a value of this kind has no place in PostgreSQL: {other:?}").into()),
        };
        match (value, of) {
            (ValueRef::Null, _) => return Ok(IsNull::Yes),
            (ValueRef::Integer(number), &Type::BOOL) => out.put_u8(u8::from(number != 0)),
            (ValueRef::Integer(number), &Type::INT2) => out.put_i16(number.try_into()?),
            (ValueRef::Integer(number), &Type::INT4) => out.put_i32(number.try_into()?),
            (ValueRef::Integer(number), &Type::INT8) => out.put_i64(number),
            (ValueRef::Integer(number), &Type::TEXT) => out.put_slice(number.to_string().as_bytes()),
            (ValueRef::Real(number), &Type::FLOAT8) => out.put_f64(number),
            (ValueRef::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN) => {
                if text.contains(&0) {
                    return Err("PostgreSQL can't keep a text with a NUL character in it".into());
                }
                out.put_slice(text);
            }
            (ValueRef::Text(text), &Type::JSON) => out.put_slice(text),
            (ValueRef::Text(bytes) | ValueRef::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, of) => return Err(format!("a value of type {} does not fit `{of}`", value.data_type()).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn value_ref(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(*number),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    }
}

/// The bytes of a column as they came.
struct Raw<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> std::result::Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The value of a column, as SQLite has it: a truth is 0 or 1.
pub(crate) fn value_of(row: &tokio_postgres::Row, column: usize) -> Result<ValueRef<'_>> {
    let Some(of) = row.columns().get(column).map(tokio_postgres::Column::type_) else {
        return Err(Error::Sqlite(rusqlite::Error::InvalidColumnIndex(column)));
    };
    let Some(Raw(raw)) = row.try_get::<_, Option<Raw<'_>>>(column)? else { return Ok(ValueRef::Null) };
    let unreadable = |why: String| Error::FromSqlConversionFailure(column, Kind::Null, why.into());
    let cut = |_| unreadable(format!("a `{of}` of {} bytes", raw.len()));
    Ok(match *of {
        Type::BOOL => ValueRef::Integer(i64::from(raw.first().is_some_and(|byte| *byte != 0))),
        Type::INT2 => ValueRef::Integer(i16::from_be_bytes(raw.try_into().map_err(cut)?).into()),
        Type::INT4 => ValueRef::Integer(i32::from_be_bytes(raw.try_into().map_err(cut)?).into()),
        Type::INT8 => ValueRef::Integer(i64::from_be_bytes(raw.try_into().map_err(cut)?)),
        Type::FLOAT4 => ValueRef::Real(f32::from_be_bytes(raw.try_into().map_err(cut)?).into()),
        Type::FLOAT8 => ValueRef::Real(f64::from_be_bytes(raw.try_into().map_err(cut)?)),
        Type::NUMERIC => ValueRef::Integer(whole(raw).ok_or_else(|| unreadable("no whole number".to_owned()))?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON => ValueRef::Text(raw),
        Type::BYTEA => ValueRef::Blob(raw),
        _ => return Err(unreadable(format!("a value of type `{of}`"))),
    })
}

/// A `numeric`, such as the sum of whole numbers: four counts, then groups of four decimal digits.
fn whole(raw: &[u8]) -> Option<i64> {
    let mut numbers = raw.as_chunks::<2>().0.iter().map(|bytes| i16::from_be_bytes(*bytes));
    let (_count, weight, sign, _scale) = (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next()?);
    let mut number = 0_i64;
    for _ in 0..=weight {
        number = number.checked_mul(10_000)?.checked_add(numbers.next().unwrap_or(0).into())?;
    }
    // What is left are digits after the point.
    if numbers.any(|group| group != 0) {
        return None;
    }
    match sign {
        0 => Some(number),
        0x4000 => Some(-number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn sums_are_whole_numbers() {
        let numeric = |numbers: &[i16]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
        assert_eq!(whole(&numeric(&[0, 0, 0, 0])), Some(0));
        assert_eq!(whole(&numeric(&[1, 0, 0, 0, 42])), Some(42));
        assert_eq!(whole(&numeric(&[2, 1, 0, 0, 3, 17])), Some(30_017));
        assert_eq!(whole(&numeric(&[1, 2, 0, 0, 5])), Some(500_000_000));
        assert_eq!(whole(&numeric(&[1, 0, 0x4000, 0, 7])), Some(-7));
        assert_eq!(whole(&numeric(&[2, 0, 0, 1, 7, 5000])), None);
    }
}
