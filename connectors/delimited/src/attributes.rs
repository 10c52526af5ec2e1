//! The columns that are attributes, and their values.

use crate::rows::{Columns, Row};
use crate::settings::{AttributesSettings, TypeSettings, ValueKind};
use connector_core::{AttributeSchema, AttributeType, Attributes, AttributesBuilder, Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;
use std::borrow::Cow;

/// The columns that are attributes.
#[derive(Clone, Debug)]
pub(crate) struct AttributeColumns(Vec<AttributeColumn>);

/// A column that is an attribute.
#[derive(Clone, Debug)]
pub(crate) struct AttributeColumn {
    pub(crate) column: usize,
    name: String,
    kind: ValueKind,
    format: Option<String>,
    /// What is between two values.
    list: Option<String>,
}

impl AttributeColumns {
    /// The columns that the settings name, or all but `except`. `setting` is their place in the settings.
    pub(crate) fn new(
        settings: &AttributesSettings,
        setting: &str,
        columns: &Columns,
        except: &[usize],
    ) -> Result<Self> {
        for (what, name) in (settings.types.keys().map(|name| ("types", name)))
            .chain(settings.lists.keys().map(|name| ("lists", name)))
            .chain(settings.columns.iter().flatten().map(|name| ("columns", name)))
        {
            columns.find(&format!("{setting}.{what}"), name)?;
        }
        let is_read = |column: usize, name: &String| match &settings.columns {
            Some(named) => named.contains(name),
            None => !except.contains(&column),
        };
        let read = columns.names().iter().enumerate().filter(|(column, name)| is_read(*column, name));
        let read = read.map(|(column, name)| {
            let (kind, format) = match settings.types.get(name) {
                Some(TypeSettings { kind, format }) => (*kind, format.clone()),
                None => (ValueKind::Text, None),
            };
            AttributeColumn { column, name: name.clone(), kind, format, list: settings.lists.get(name).cloned() }
        });
        Ok(Self(read.collect()))
    }

    /// The column of this attribute.
    pub(crate) fn named(&self, name: &str) -> Result<&AttributeColumn> {
        let found = self.0.iter().find(|attribute| attribute.name == name);
        found.ok_or_else(|| Error::invalid(format!("the file has no attribute `{name}`")))
    }

    pub(crate) fn schema(&self) -> impl Iterator<Item = AttributeSchema> {
        self.0.iter().map(|attribute| {
            let schema = AttributeSchema::new(&attribute.name, attribute_type(attribute.kind));
            if attribute.list.is_some() { schema.multi() } else { schema }
        })
    }

    /// The attributes in the rows of one account.
    pub(crate) fn read(&self, rows: &[Row<'_>]) -> Result<Attributes> {
        let mut builder =
            AttributesBuilder::with_capacity(rows.first().map_or(0, |row| row.record.as_slice().len() * 2));
        for attribute in &self.0 {
            if let Some(separator) = &attribute.list {
                let texts = list(rows, attribute.column, separator)?;
                let values = texts.iter().map(|(text, row)| attribute.value(text, row)).collect::<Result<Vec<_>>>()?;
                if !values.is_empty() {
                    builder.push(&attribute.name, &values)?;
                }
            } else if let Some((text, row)) = single(rows, attribute.column)? {
                match attribute.kind {
                    ValueKind::Text => builder.push(&attribute.name, &*text)?,
                    _ => builder.push(&attribute.name, &attribute.value(&text, &row)?)?,
                }
            }
        }
        Ok(builder.build())
    }
}

/// The value of a column that must be the same in all rows of an account. A row without a value says nothing.
pub(crate) fn single<'a>(rows: &[Row<'a>], column: usize) -> Result<Option<(Cow<'a, str>, Row<'a>)>> {
    let mut found: Option<(Cow<'a, str>, Row<'a>)> = None;
    for row in rows {
        let Some(text) = row.text(column)? else { continue };
        match &found {
            None => found = Some((text, *row)),
            Some((first, _)) if *first == text => {}
            Some((_, first)) => {
                let what = format!("another value than in `{}`, line {}", first.file.shown, first.line());
                let help = "list the column in `attributes.lists`, or leave it out of `attributes.columns`";
                return Err(row.fault(column, &what, help));
            }
        }
    }
    Ok(found)
}

/// The values of a column with several ones, each once.
pub(crate) fn list<'a>(rows: &[Row<'a>], column: usize, separator: &str) -> Result<Vec<(String, Row<'a>)>> {
    let mut values: Vec<(String, Row<'a>)> = Vec::new();
    for row in rows {
        let Some(text) = row.text(column)? else { continue };
        for value in split(&text, Some(separator)) {
            if values.iter().all(|(known, _)| known != value) {
                values.push((value.to_owned(), *row));
            }
        }
    }
    Ok(values)
}

/// The values in a text, without blanks around them. Between two separators without a value, there is none.
pub(crate) fn split<'a>(text: &'a str, separator: Option<&str>) -> Vec<&'a str> {
    match separator {
        Some(separator) if !separator.is_empty() => {
            text.split(separator).map(str::trim).filter(|value| !value.is_empty()).collect()
        }
        _ if text.is_empty() => Vec::new(),
        _ => vec![text],
    }
}

impl AttributeColumn {
    /// The value that these texts stand for.
    pub(crate) fn present<'a>(&self, mut texts: impl Iterator<Item = Cow<'a, str>>) -> Option<Value> {
        let typed = |text: &str| typed(self.kind, self.format.as_deref(), text);
        let Some(separator) = &self.list else { return texts.next().and_then(|text| typed(&text)) };
        let mut values = Vec::new();
        for text in texts {
            for value in split(&text, Some(separator)).into_iter().filter_map(typed) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        (!values.is_empty()).then_some(Value::Array(values))
    }

    /// How a value is written into a file; `None` if there is no value.
    pub(crate) fn written(&self, value: &Value) -> Result<Option<String>> {
        let name = &self.name;
        let unfit = || Error::invalid(format!("the value of `{name}` does not have the type of the column"));
        let one = |value: &Value| written(self.kind, self.format.as_deref(), value).ok_or_else(unfit);
        match (&self.list, value) {
            (_, Value::Null) => Ok(None),
            (None, value) => one(value).map(Some),
            (Some(separator), Value::Array(values)) => {
                let texts = values.iter().map(one).collect::<Result<Vec<_>>>()?;
                if texts.iter().any(|text| text.trim() != text || text.is_empty() || text.contains(separator.as_str()))
                {
                    let message =
                        format!("a value of `{name}` contains the text between two values, or blanks around it");
                    return Err(Error::invalid(message));
                }
                Ok((!texts.is_empty()).then(|| texts.join(separator)))
            }
            _ => Err(unfit()),
        }
    }

    fn value(&self, text: &str, row: &Row<'_>) -> Result<Value> {
        typed(self.kind, self.format.as_deref(), text).ok_or_else(|| {
            let what = match (self.kind, &self.format) {
                (ValueKind::Boolean, format) => {
                    format!("the value is neither of `{}`", format.as_deref().unwrap_or("true/false"))
                }
                (ValueKind::Integer, _) => "the value is not a whole number".to_owned(),
                (ValueKind::Number, _) => "the value is not a number".to_owned(),
                (_, Some(format)) => format!("the value is not written as `{format}`"),
                (ValueKind::Date, _) => "the value is not a day like `2027-01-31`".to_owned(),
                _ => "the value is not a time like `2027-01-31T08:00:00Z`".to_owned(),
            };
            row.fault(self.column, &what, "correct the value, or the type of the column in `attributes.types`")
        })
    }
}

fn typed(kind: ValueKind, format: Option<&str>, text: &str) -> Option<Value> {
    let text = if kind == ValueKind::Text { text } else { text.trim() };
    Some(match kind {
        ValueKind::Text => text.into(),
        ValueKind::Boolean => {
            let (yes, no) = words(format)?;
            if text == yes {
                true.into()
            } else if text == no {
                false.into()
            } else {
                return None;
            }
        }
        ValueKind::Integer => text.parse::<i64>().ok()?.into(),
        ValueKind::Number => {
            // Other words that parse as a number, such as `inf`, are none in JSON.
            let plain =
                text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
            let number = text.parse::<f64>().ok().filter(|_| plain)?;
            serde_json::Number::from_f64(number)?.into()
        }
        ValueKind::Date => match format {
            Some(format) => Date::strptime(format, text).ok()?.to_string().into(),
            None => text.parse::<Date>().ok()?.to_string().into(),
        },
        ValueKind::DateTime => moment(format, text)?.to_string().into(),
    })
}

/// The words for true and false.
pub(crate) fn words(format: Option<&str>) -> Option<(&str, &str)> {
    format.unwrap_or("true/false").split_once('/').filter(|(yes, no)| yes != no)
}

pub(crate) fn moment(format: Option<&str>, text: &str) -> Option<Timestamp> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    match format {
        Some(format) => {
            let parsed = BrokenDownTime::parse(format, text).ok()?;
            match (parsed.offset(), parsed.iana_time_zone()) {
                (None, None) => utc(parsed.to_datetime().ok()?),
                (_, None) => parsed.to_timestamp().ok(),
                (_, Some(_)) => parsed.to_zoned().ok().map(|zoned| zoned.timestamp()),
            }
        }
        None => text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| text.parse::<Zoned>().ok().map(|zoned| zoned.timestamp()))
            .or_else(|| text.parse::<DateTime>().ok().and_then(utc)),
    }
}

/// How a value is written into a file; `None` if it does not fit the type.
fn written(kind: ValueKind, format: Option<&str>, value: &Value) -> Option<String> {
    match (kind, value) {
        (ValueKind::Boolean, Value::Bool(is)) => words(format).map(|(yes, no)| if *is { yes } else { no }.to_owned()),
        (ValueKind::Integer | ValueKind::Number, Value::Number(number)) => Some(number.to_string()),
        (ValueKind::Date, Value::String(text)) => {
            let date = text.parse::<Date>().ok()?;
            Some(format.map_or_else(|| date.to_string(), |format| date.strftime(format).to_string()))
        }
        (ValueKind::DateTime, Value::String(text)) => {
            let zoned = moment(None, text)?.to_zoned(TimeZone::UTC);
            Some(format.map_or_else(|| zoned.timestamp().to_string(), |format| zoned.strftime(format).to_string()))
        }
        (ValueKind::Text, Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

fn attribute_type(kind: ValueKind) -> AttributeType {
    match kind {
        ValueKind::Text => AttributeType::String,
        ValueKind::Boolean => AttributeType::Boolean,
        ValueKind::Integer => AttributeType::Integer,
        ValueKind::Number => AttributeType::Number,
        ValueKind::Date => AttributeType::Date,
        ValueKind::DateTime => AttributeType::DateTime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_its_own_zone_and_in_utc_without_one() {
        for (format, text, moment) in [
            ("%Y-%m-%d %H:%M", "2027-01-31 08:00", "2027-01-31T08:00:00Z"),
            ("%Y-%m-%d %H:%M %z", "2027-01-31 08:00 +0200", "2027-01-31T06:00:00Z"),
            ("%Y-%m-%d %H:%M %Q", "2027-01-31 08:00 Europe/Berlin", "2027-01-31T07:00:00Z"),
        ] {
            let value = typed(ValueKind::DateTime, Some(format), text);
            assert_eq!(value, Some(Value::from(moment)), "{text}");
        }
    }
}
