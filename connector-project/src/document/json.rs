//! From a JSON text to a value and its places, or to what is wrong with the JSON itself.

use super::findings::{Fault, Findings};
use super::text::Text;
use super::tree::{Content, DEEPEST, Entry, Node, Tree};
use super::yaml::duplicate_keys;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// The value of the text.
///
/// When the text is no JSON, says so and gives nothing: there is nothing to check further.
pub(crate) fn value(findings: &mut Findings<'_>) -> Option<Value> {
    match serde_json::from_str(findings.text.content()) {
        Ok(value) => {
            duplicate_keys(findings);
            Some(value)
        }
        Err(error) => {
            let (span, fault) = syntax(findings.text, &error);
            findings.add(span, fault);
            None
        }
    }
}

/// Where keys and values stand; empty when the text is no JSON.
pub(crate) fn tree(text: &Text) -> Tree {
    let whole = Whole { text: text.content(), offset: text.mark_length() };
    let root = serde_json::from_str::<&RawValue>(whole.text).ok();
    Tree { root: root.map(|raw| whole.node(raw, 0)), second_document: None }
}

struct Whole<'a> {
    text: &'a str,
    offset: usize,
}

impl Whole<'_> {
    /// Where a part of the text stands.
    fn span(&self, raw: &RawValue) -> Range<usize> {
        let start = self.offset + (raw.get().as_ptr() as usize - self.text.as_ptr() as usize);
        start..start + raw.get().len()
    }

    fn node(&self, raw: &RawValue, depth: usize) -> Node {
        let text = raw.get();
        let content = match text.as_bytes().first() {
            _ if depth > DEEPEST => Content::Alias,
            Some(b'{') => Content::Mapping(self.entries(raw, depth)),
            Some(b'[') => Content::Sequence(self.items(raw, depth)),
            Some(b'"') => Content::Scalar { text: unquoted(text), quoted: true },
            _ => Content::Scalar { text: text.to_owned(), quoted: false },
        };
        Node { span: self.span(raw), content }
    }

    fn entries(&self, raw: &RawValue, depth: usize) -> Vec<Entry> {
        let parts = serde_json::Deserializer::from_str(raw.get()).deserialize_map(Parts).unwrap_or_default();
        let entry = |(key, value): &(Option<&RawValue>, &RawValue)| {
            let key = (*key)?;
            Some(Entry { key: unquoted(key.get()), key_span: self.span(key), value: self.node(value, depth + 1) })
        };
        parts.iter().filter_map(entry).collect()
    }

    fn items(&self, raw: &RawValue, depth: usize) -> Vec<Node> {
        let parts = serde_json::Deserializer::from_str(raw.get()).deserialize_seq(Parts).unwrap_or_default();
        parts.iter().map(|(_, value)| self.node(value, depth + 1)).collect()
    }
}

fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_default()
}

/// The members of an object or the items of a list, each as it is written.
struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Vec<(Option<&'de RawValue>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            parts.push((Some(key), value));
        }
        Ok(parts)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(value) = list.next_element()? {
            parts.push((None, value));
        }
        Ok(parts)
    }
}

/// What a message of the JSON reader means, in words: a part of the message, the title, the cure.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("trailing comma", "a `,` with nothing behind it", "remove the `,`"),
    (
        "trailing characters",
        "something stands behind the end of the JSON",
        "remove it; of several values, each stands on a line of its own, in a file that ends in `.ndjson`",
    ),
    ("key must be a string", "a key that is not in double quotes", "write `\"key\": value`"),
    ("expected `:`", "a key without a `:`", "write `\"key\": value`"),
    ("expected `,` or `}`", "a `,` is missing here, or a `{` is not closed", "put `,` between the entries"),
    ("expected `,` or `]`", "a `,` is missing here, or a `[` is not closed", "put `,` between the items"),
    ("control character", "a line break or tab inside a text", "write it as `\\n` or `\\t`, and close every quote"),
    ("invalid escape", "`\\` begins an escape that JSON does not know", "write a backslash as `\\\\`"),
    ("EOF while parsing", "the JSON ends in the middle", "close every quote, bracket and brace"),
    ("recursion limit exceeded", "blocks are nested too deeply", "a file of this kind is a few levels deep"),
    ("invalid number", "a number that JSON does not know", "write it without zeros in front, or in double quotes"),
    ("number out of range", "a number too large to read", "write it in double quotes"),
    ("surrogate", "half of a character, as an escape", "write the character itself"),
    ("unicode code point", "an escape that is no character", "write the character itself"),
];

fn syntax(text: &Text, error: &serde_json::Error) -> (Range<usize>, Fault) {
    let message = error.to_string();
    let end = text.mark_length() + text.content().trim_end().len();
    // Columns are counted in bytes; at the end of a text the last character says more than what follows it.
    let at = (text.offset(error.line(), 1) + error.column().saturating_sub(1)).min(end.saturating_sub(1));
    let at = text.as_str().floor_char_boundary(at);
    let rest = &text.as_str()[at..];
    let span = at..at + rest.chars().next().map_or(0, char::len_utf8);
    let (title, help) = if message.starts_with("expected value") || message.starts_with("expected ident") {
        not_a_value(rest)
    } else if message.starts_with("key must be a string") && rest.starts_with(['#', '/']) {
        NO_COMMENTS
    } else if message.starts_with("trailing characters") && rest.starts_with(',') {
        ("a `,` behind the end of the JSON", "remove the `,`")
    } else {
        let known = MEANINGS.iter().find(|(part, _, _)| message.contains(part));
        known.map_or(("this is not JSON", "check quotes, commas and brackets"), |(_, title, help)| (*title, *help))
    };
    let detail = "not JSON from here on".into();
    (span, Fault { rule: "json_syntax", title: title.into(), detail, help: Some(help.into()), secret: false })
}

const NO_COMMENTS: (&str, &str) = ("JSON knows no comments", "remove it, or write the file as YAML");

/// Something where a value should stand.
fn not_a_value(rest: &str) -> (&'static str, &'static str) {
    match rest.chars().next() {
        Some('#' | '/') => NO_COMMENTS,
        Some('\'') => ("a text in single quotes", "JSON wants double quotes"),
        Some(c) if c.is_alphabetic() => {
            ("a word that is not in quotes", "write text in double quotes; JSON itself has `true`, `false` and `null`")
        }
        _ => ("a value is missing here", "write the value, or remove the comma or bracket"),
    }
}
