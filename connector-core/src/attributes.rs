//! The named values of an account or entitlement.

use crate::error::{Error, ErrorKind, Result};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// An immutable JSON object kept as text, in the source's own spelling and order.
///
/// Most attributes only go from the source to the store, so nothing is parsed until it is needed.
/// Null values are left out by [`AttributesBuilder`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Attributes(Box<str>);

impl Attributes {
    /// No attributes.
    pub fn empty() -> Self {
        Self("{}".into())
    }

    /// Uses the text of a JSON object without changes.
    ///
    /// Fails with kind `protocol` if the text is not a JSON object.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self> {
        let text = paired(text.into());
        match serde_json::from_str::<Entries<'_>>(&text) {
            Ok(_) => Ok(Self(text)),
            Err(cause) => Err(Error::new(ErrorKind::Protocol, "attributes are not a JSON object").with_cause(cause)),
        }
    }

    /// The text of the JSON object.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Name and JSON text of each attribute, in order.
    pub fn entries(&self) -> Vec<(Cow<'_, str>, &RawValue)> {
        serde_json::from_str::<Entries<'_>>(&self.0).map(|entries| entries.0).unwrap_or_default()
    }

    /// One attribute, read as `T`; `None` if it is missing or of another type.
    pub fn get<T: for<'a> Deserialize<'a>>(&self, name: &str) -> Option<T> {
        self.entries()
            .into_iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, value)| serde_json::from_str(value.get()).ok())
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// Writes [`Attributes`] one value after the other.
#[derive(Debug)]
pub struct AttributesBuilder {
    text: Vec<u8>,
}

impl Default for AttributesBuilder {
    fn default() -> Self {
        Self::with_capacity(64)
    }
}

impl AttributesBuilder {
    /// A builder with room for `bytes` of JSON text.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes.max(2));
        text.push(b'{');
        Self { text }
    }

    /// Adds a value as JSON text; a `null` is left out.
    pub fn push_raw(&mut self, name: &str, value: &RawValue) {
        if value.get() != "null" {
            self.key(name);
            self.text.extend_from_slice(value.get().as_bytes());
        }
    }

    /// Adds any serde value; a `null` is left out.
    pub fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        let before = self.text.len();
        self.key(name);
        let start = self.text.len();
        let written = serde_json::to_writer(&mut self.text, value);
        if written.is_err() || &self.text[start..] == b"null" {
            self.text.truncate(before);
        }
        written.map_err(|cause| {
            Error::new(ErrorKind::Internal, format!("attribute {name} can't be written as JSON")).with_cause(cause)
        })
    }

    /// The finished attributes.
    pub fn build(mut self) -> Attributes {
        self.text.push(b'}');
        let text = String::from_utf8(self.text).expect("JSON text is UTF-8");
        Attributes(paired(text.into_boxed_str()))
    }

    fn key(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.') {
            self.text.push(b'"');
            self.text.extend_from_slice(name.as_bytes());
            self.text.push(b'"');
        } else {
            self.text.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
        }
        self.text.push(b':');
    }
}

/// JSON text in which no escape stands for half a character. Few sources write one, but most programs refuse the whole line.
fn paired(text: Box<str>) -> Box<str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(found) = rest.find('\\') {
        safe.push_str(&rest[..found]);
        rest = &rest[found..];
        let after = rest.get(6..).unwrap_or_default();
        let length = match (half(rest), half(after)) {
            (Some(Half::First), Some(Half::Second)) => 12,
            (Some(_), _) => 6,
            // A backslash and what it escapes.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        safe.push_str(if length == 6 { "\\ufffd" } else { &rest[..length] });
        rest = &rest[length..];
    }
    safe.push_str(rest);
    safe.into_boxed_str()
}

/// Which half of a character a surrogate escape stands for.
enum Half {
    First,
    Second,
}

/// The half that the escape at the start of this text stands for, when it stands for one. JSON text holds any character after an
/// escape, so this looks at bytes and never cuts the text.
fn half(text: &str) -> Option<Half> {
    match text.as_bytes() {
        [b'\\', b'u', b'd' | b'D', third, fourth, fifth, ..]
            if fourth.is_ascii_hexdigit() && fifth.is_ascii_hexdigit() =>
        {
            match third.to_ascii_lowercase() {
                b'8'..=b'9' | b'a'..=b'b' => Some(Half::First),
                b'c'..=b'f' => Some(Half::Second),
                _ => None,
            }
        }
        _ => None,
    }
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(Name(name)) = map.next_key()? {
                    entries.push((name, map.next_value()?));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A key, borrowed from the text unless it contains an escape.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nulls_are_left_out_and_types_are_kept() {
        let mut builder = AttributesBuilder::default();
        builder.push("Title", &Option::<String>::None).unwrap();
        builder.push("Number", &1.5).unwrap();
        assert_eq!(builder.build().as_str(), r#"{"Number":1.5}"#);
    }

    #[test]
    fn a_value_that_is_no_json_leaves_nothing_behind() {
        let mut builder = AttributesBuilder::default();
        builder.push("before", "x").unwrap();
        let odd = std::collections::HashMap::from([(vec![1], "a list is no name")]);
        assert_eq!(builder.push("odd", &odd).unwrap_err().kind(), ErrorKind::Internal);
        builder.push("after", "null").unwrap();
        assert_eq!(builder.build().as_str(), r#"{"before":"x","after":"null"}"#);
    }

    #[test]
    fn half_a_character_becomes_a_mark_so_that_every_program_reads_the_line() {
        for (text, safe) in [
            (r#"{"T":"\ud800"}"#, r#"{"T":"\ufffd"}"#),
            (r#"{"T":"a\uDC00b"}"#, r#"{"T":"a\ufffdb"}"#),
            (r#"{"\ud83d":"\ud83d\ude00"}"#, r#"{"\ufffd":"\ud83d\ude00"}"#),
            (r#"{"T":"\ud800\ud800\udc00"}"#, r#"{"T":"\ufffd\ud800\udc00"}"#),
            (r#"{"T":"\\ud800 \ud7ff \u00e9"}"#, r#"{"T":"\\ud800 \ud7ff \u00e9"}"#),
        ] {
            assert_eq!(Attributes::parse(text).unwrap().as_str(), safe);
        }
    }

    #[test]
    fn text_that_is_no_object_is_refused() {
        for text in
            ["", "[]", "{", "{}x", "null", r#"{"a":}"#, r#"{"T":"\ud8é"}"#, r#"{"T":"\ud83d\ud�"}"#, r#"{"T":"\ud8"#]
        {
            assert_eq!(Attributes::parse(text).unwrap_err().kind(), ErrorKind::Protocol, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_and_text_come_back_unchanged(name in ".*", value in ".*") {
            let mut builder = AttributesBuilder::default();
            builder.push(&name, &value).unwrap();
            let attributes = Attributes::parse(builder.build().as_str()).unwrap();
            prop_assert_eq!(attributes.get::<String>(&name), Some(value));
        }
    }
}
