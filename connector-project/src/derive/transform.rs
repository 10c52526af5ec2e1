//! What is done with a value: a closed list, so that a file is checked before anything is read.

use connector_core::SettingsFault;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something that is done with a value. All but `default` leave a missing value missing, and all but `default`, `lookup` and `text`
/// need a text.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Transform {
    /// Without blanks at both ends.
    Trim,
    /// In small letters.
    Lower,
    /// In capital letters.
    Upper,
    /// A number or a truth value as a text.
    Text,
    /// Every `find` in it becomes `with`.
    #[serde(rename_all = "snake_case")]
    Replace {
        /// The text to look for; no pattern.
        find: String,
        /// The text instead.
        with: String,
    },
    /// One of the parts between separators.
    #[serde(rename_all = "snake_case")]
    Split {
        /// The separator.
        on: String,
        /// Which part, from 0. A text with fewer parts gives no value.
        take: usize,
    },
    /// Some of its characters.
    #[serde(rename_all = "snake_case")]
    Substring {
        /// The first character, from 0.
        start: usize,
        /// How many. Default: all that follow.
        #[serde(default)]
        length: Option<usize>,
    },
    /// The value beside it in a table.
    #[serde(rename_all = "snake_case")]
    Lookup {
        /// From value to value.
        table: BTreeMap<String, Value>,
        /// For all other values. Default: no value.
        #[serde(default)]
        otherwise: Option<Value>,
    },
    /// A day or a time in another form.
    #[serde(rename_all = "snake_case")]
    Date {
        /// The form, for example `%Y-%m-%d`.
        to: String,
    },
    /// This value, where there is none.
    Default(Value),
}

impl Transform {
    /// What is wrong with it, whatever the value.
    pub(super) fn check(&self, pointer: &str) -> Result<(), SettingsFault> {
        let fault = |message: &str, help: &str| Err(SettingsFault::new(pointer, message).with_help(help));
        match self {
            Self::Date { to } if strtime::format(to, Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC).date()).is_err() => {
                fault("this is no form of a date", "write it like `%Y-%m-%d` or `%d.%m.%Y`")
            }
            Self::Split { on, .. } if on.is_empty() => {
                fault("the separator is empty", "write what separates the parts")
            }
            Self::Replace { find, .. } if find.is_empty() => fault("`find` is empty", "write the text to look for"),
            _ => Ok(()),
        }
    }

    /// The value after it. An error says why it can't be done with this value.
    pub(super) fn apply(&self, value: Value) -> Result<Value, String> {
        if value.is_null() || value.as_str() == Some("") {
            return Ok(if let Self::Default(other) = self { other.clone() } else { Value::Null });
        }
        match self {
            Self::Default(_) => return Ok(value),
            Self::Lookup { table, otherwise } => {
                let key = as_text(&value).ok_or_else(|| format!("a list or an object is in no table: {value}"))?;
                return Ok(table.get(&key).or(otherwise.as_ref()).cloned().unwrap_or_default());
            }
            Self::Text => {
                let text =
                    as_text(&value).ok_or_else(|| format!("a list or an object can't become a text: {value}"))?;
                return Ok(Value::from(text));
            }
            _ => {}
        }
        let Value::String(text) = &value else { return Err(format!("`{}` needs a text, not {value}", self.name())) };
        Ok(match self {
            Self::Trim => Value::from(text.trim()),
            Self::Lower => Value::from(text.to_lowercase()),
            Self::Upper => Value::from(text.to_uppercase()),
            Self::Replace { find, with } => Value::from(text.replace(find, with)),
            Self::Split { on, take } => text.split(on.as_str()).nth(*take).map_or(Value::Null, Value::from),
            Self::Substring { start, length } => {
                let rest = text.chars().skip(*start);
                let part: String = rest.take(length.unwrap_or(usize::MAX)).collect();
                if part.is_empty() { Value::Null } else { Value::from(part) }
            }
            Self::Date { to } => Value::from(date(text, to)?),
            Self::Text | Self::Lookup { .. } | Self::Default(_) => value,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Trim => "trim",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Text => "text",
            Self::Replace { .. } => "replace",
            Self::Split { .. } => "split",
            Self::Substring { .. } => "substring",
            Self::Lookup { .. } => "lookup",
            Self::Date { .. } => "date",
            Self::Default(_) => "default",
        }
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A day, or a time as sources write it: RFC 3339, also without a colon in the offset.
fn date(text: &str, form: &str) -> Result<String, String> {
    let exact = text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text));
    let day = exact.ok().map(|moment| moment.to_zoned(TimeZone::UTC).date()).or_else(|| text.parse::<Date>().ok());
    let day = day.ok_or_else(|| format!("`{text}` is neither a day nor a time"))?;
    strtime::format(form, day).map_err(|_| format!("`{form}` needs more than a day"))
}
