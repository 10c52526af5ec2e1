//! Parses the response of a query record by record, without building a tree.
//!
//! The parser compares the response with the request. Everything unexpected is an error of kind `protocol` that names the
//! place but never the value: records contain personal data.

mod cell;

pub(crate) use cell::Cell;

use super::ranges::{RecordId, Span};
use connector_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The request, to compare the response with.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// The object.
    pub(crate) object: &'a str,
    /// The fields that each record must have.
    pub(crate) columns: Vec<&'a str>,
    /// The span that contains all ids, in ascending order; `None` if the request has no order.
    pub(crate) span: Option<Span>,
    /// The most rows.
    pub(crate) limit: usize,
}

/// What came.
#[derive(Debug)]
pub(crate) struct RowsRead<T> {
    /// The items made from the records, in order.
    pub(crate) items: Vec<T>,
    /// How many records the response has. This is more than `items` if some were skipped.
    pub(crate) rows: usize,
    /// Whether the response is complete.
    pub(crate) done: bool,
    /// The last record's id.
    pub(crate) last: Option<RecordId>,
}

/// One record: the values, found by name.
#[derive(Debug)]
pub(crate) struct Row<'r> {
    object: &'r str,
    number: usize,
    columns: &'r [&'r str],
    cells: &'r [Option<Cell<'r>>],
}

/// Parses a response. `make` turns each record into an item, or skips it.
pub(crate) fn read<T>(
    body: &[u8],
    asked: &Asked<'_>,
    mut make: impl FnMut(&Row<'_>) -> Result<Option<T>>,
) -> Result<RowsRead<T>> {
    let text = std::str::from_utf8(body).map_err(|_| odd(asked.object, "is not text"))?;
    let mut reading = Reading {
        asked,
        make: &mut make,
        cells: vec![None; asked.columns.len()],
        items: Vec::new(),
        rows: 0,
        last: None,
        fault: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let ended = PageSeed(&mut reading).deserialize(&mut deserializer).and_then(|page| {
        deserializer.end()?;
        Ok(page)
    });
    match ended {
        Ok(page) => {
            page.check(asked, reading.rows)?;
            Ok(RowsRead { items: reading.items, rows: reading.rows, done: page.done, last: reading.last })
        }
        Err(cause) => Err(reading.fault.unwrap_or_else(|| broken(asked.object, text, &cause))),
    }
}

/// An error for a response that breaks the protocol. `what` follows "the response for `User`".
pub(crate) fn odd(object: &str, what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the response for `{object}` {what}"))
        .with_help(
            "nothing from this response was used; try again; if the error continues, check the proxies between this machine and Salesforce",
        )
        .with_context("object", object)
}

fn broken(object: &str, text: &str, cause: &serde_json::Error) -> Error {
    let what = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if text.trim_start().starts_with('<') {
        "is a web page, not JSON".to_owned()
    } else if cause.is_eof() {
        format!("is cut off after {} bytes", text.len())
    } else {
        format!("is not the JSON that was expected (line {}, column {})", cause.line(), cause.column())
    };
    odd(object, &what)
}

/// The members of a response besides its records.
struct PageEnd {
    total: u64,
    done: bool,
    more: bool,
}

impl PageEnd {
    fn check(&self, asked: &Asked<'_>, rows: usize) -> Result<()> {
        let contradiction = |what: String| Err(odd(asked.object, &what));
        let (count, limit) = (rows as u64, asked.limit as u64);
        if count > limit {
            return contradiction(format!("has {rows} records, but at most {limit} were requested"));
        }
        // Some servers count the rows without the limit. The next request reads the rest.
        if self.done && count != self.total.min(limit) {
            return contradiction(format!("says it is complete with {} records, but has {rows}", self.total));
        }
        if self.done && self.more {
            return contradiction("says both that it is complete and that more follows".to_owned());
        }
        if !self.done && (rows == 0 || count >= self.total || !self.more) {
            return contradiction(format!(
                "says that more follows, but has {rows} of {} records and {} link to more",
                self.total,
                if self.more { "a" } else { "no" }
            ));
        }
        Ok(())
    }
}

struct Reading<'de, 'a, T, F> {
    asked: &'a Asked<'a>,
    make: &'a mut F,
    cells: Vec<Option<Cell<'de>>>,
    items: Vec<T>,
    rows: usize,
    last: Option<RecordId>,
    /// The first unexpected thing; serde's own errors can't carry it.
    fault: Option<Error>,
}

impl<T, F: FnMut(&Row<'_>) -> Result<Option<T>>> Reading<'_, '_, T, F> {
    /// Compares a complete record with the request, and makes an item of it.
    fn take(&mut self, record_type: Option<&str>) -> Result<()> {
        self.rows += 1;
        let row =
            Row { object: self.asked.object, number: self.rows, columns: &self.asked.columns, cells: &self.cells };
        match record_type {
            Some(found) if found == self.asked.object => {}
            Some(_) => return Err(row.odd("belongs to another object")),
            None => return Err(row.odd("does not name its object")),
        }
        if let Some(missing) = self.cells.iter().position(Option::is_none) {
            return Err(row.odd(&format!("has no `{}`", self.asked.columns[missing])));
        }
        let (_, id) = row.id("Id")?;
        if let Some(span) = &self.asked.span {
            if !span.holds(id) {
                return Err(row.odd("has an `Id` outside of the requested span"));
            }
            if self.last.is_some_and(|last| id <= last) {
                return Err(row.odd("is repeated or out of order"));
            }
        }
        let item = (self.make)(&row)?;
        self.items.extend(item);
        self.last = Some(id);
        Ok(())
    }
}

impl<'r> Row<'r> {
    /// Record `number` of a response, with a value for each column.
    pub(crate) fn new(object: &'r str, number: usize, columns: &'r [&'r str], cells: &'r [Option<Cell<'r>>]) -> Self {
        Self { object, number, columns, cells }
    }

    /// The value of a column.
    fn cell(&self, name: &str) -> Result<&'r Cell<'r>> {
        let place = self.columns.iter().position(|column| *column == name);
        place.and_then(|place| self.cells[place].as_ref()).ok_or_else(|| self.odd(&format!("has no `{name}`")))
    }

    /// The value of a column as JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Cow<'r, str>> {
        self.cell(name).map(Cell::json)
    }

    /// Whether a column was requested.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.contains(&name)
    }

    /// Name and value of every column.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&'r str, &'r Cell<'r>)> {
        self.columns.iter().zip(self.cells).filter_map(|(name, cell)| cell.as_ref().map(|cell| (*name, cell)))
    }

    /// Text, or `None` for null.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'r, str>>> {
        self.cell(name)?.text().ok_or_else(|| self.odd(&format!("has a `{name}` that is not text")))
    }

    /// Required text.
    pub(crate) fn some_text(&self, name: &str) -> Result<Cow<'r, str>> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.odd(&format!("has an empty `{name}`"))),
        }
    }

    /// True or false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        let wrong = || self.odd(&format!("has a `{name}` that is neither true nor false"));
        self.cell(name)?.flag().ok_or_else(wrong)
    }

    /// A required id, with all 18 characters.
    pub(crate) fn id(&self, name: &str) -> Result<(Cow<'r, str>, RecordId)> {
        self.some_id(name)?.ok_or_else(|| self.odd(&format!("has an empty `{name}`")))
    }

    /// An id with all 18 characters, or `None` for null.
    pub(crate) fn some_id(&self, name: &str) -> Result<Option<(Cow<'r, str>, RecordId)>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match RecordId::read(&text) {
            Some(id) if text.len() < id.as_str().len() => Ok(Some((Cow::Owned(id.as_str().to_owned()), id))),
            Some(id) => Ok(Some((text, id))),
            None => Err(self.odd(&format!("has a `{name}` that is not a record id"))),
        }
    }

    /// The text of a field of a parent; `None` if there is no parent or the field is null.
    pub(crate) fn parent_text(&self, parent: &str, field: &str) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Value<'a>(#[serde(borrow)] std::collections::BTreeMap<Cow<'a, str>, &'a RawValue>);
        let wrong = || self.odd(&format!("has a `{parent}` without a readable `{field}`"));
        let value = match self.cell(parent)? {
            Cell::Null => return Ok(None),
            Cell::OfParent(of, text) if *of == field => return Ok(Some((*text).to_owned())),
            Cell::Json(value) => value,
            Cell::OfParent(..) | Cell::Text(_) => return Err(wrong()),
        };
        let found: Option<Value<'_>> = serde_json::from_str(value.get()).map_err(|_| wrong())?;
        let Some(Value(members)) = found else { return Ok(None) };
        let value = members.get(field).ok_or_else(wrong)?;
        serde_json::from_str(value.get()).map_err(|_| wrong())
    }

    /// An error about this record. `what` follows "record 7 of the response for `User`".
    pub(crate) fn odd(&self, what: &str) -> Error {
        let error = odd(self.object, "");
        Error::new(ErrorKind::Protocol, format!("record {} of the response for `{}` {what}", self.number, self.object))
            .with_help(error.help().unwrap_or_default())
            .with_context("object", self.object)
    }
}

/// Text that is borrowed unless it contains an escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct PageSeed<'de, 'a, 's, T, F>(&'s mut Reading<'de, 'a, T, F>);

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> DeserializeSeed<'de> for PageSeed<'de, '_, '_, T, F> {
    type Value = PageEnd;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PageEnd, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> Visitor<'de> for PageSeed<'de, '_, '_, T, F> {
    type Value = PageEnd;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer of a query")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PageEnd, A::Error> {
        let (mut total, mut done, mut more, mut records) = (None, None, false, false);
        while let Some(Text(name)) = map.next_key()? {
            match name.as_ref() {
                "totalSize" if total.is_none() => total = Some(map.next_value()?),
                "done" if done.is_none() => done = Some(map.next_value()?),
                "nextRecordsUrl" if !more => more = map.next_value::<Option<String>>()?.is_some(),
                "records" if !records => {
                    records = true;
                    map.next_value_seed(RecordsSeed(self.0))?;
                }
                "totalSize" | "done" | "nextRecordsUrl" | "records" => {
                    return Err(A::Error::custom("a member comes twice"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (total, done, records) {
            (Some(total), Some(done), true) => Ok(PageEnd { total, done, more }),
            _ => Err(A::Error::custom("a member is missing")),
        }
    }
}

struct RecordsSeed<'de, 'a, 's, T, F>(&'s mut Reading<'de, 'a, T, F>);

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> DeserializeSeed<'de> for RecordsSeed<'de, '_, '_, T, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> Visitor<'de> for RecordsSeed<'de, '_, '_, T, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(RecordSeed(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct RecordSeed<'de, 'a, 's, T, F>(&'s mut Reading<'de, 'a, T, F>);

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> DeserializeSeed<'de> for RecordSeed<'de, '_, '_, T, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T, F: FnMut(&Row<'_>) -> Result<Option<T>>> Visitor<'de> for RecordSeed<'de, '_, '_, T, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        struct About<'a> {
            #[serde(borrow, rename = "type")]
            object: Cow<'a, str>,
        }
        let reading = self.0;
        reading.cells.fill(None);
        let mut about: Option<About<'de>> = None;
        // Salesforce answers in the order of the query, so the next column is nearly always the next name.
        let mut due = 0;
        while let Some(Text(name)) = map.next_key()? {
            let columns = &reading.asked.columns;
            let place = if columns.get(due).is_some_and(|column| *column == name) {
                Some(due)
            } else {
                columns.iter().position(|column| *column == name)
            };
            match place {
                Some(place) if reading.cells[place].is_none() => {
                    reading.cells[place] = Some(Cell::from(map.next_value::<&'de RawValue>()?));
                    due = place + 1;
                }
                Some(_) => return Err(A::Error::custom("a field comes twice")),
                None if name == "attributes" && about.is_none() => about = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        reading.take(about.as_ref().map(|about| about.object.as_ref())).map_err(|fault| {
            reading.fault = Some(fault);
            A::Error::custom("an odd record")
        })
    }
}

#[cfg(test)]
mod tests;
