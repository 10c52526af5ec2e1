//! Reads JSON text: its value and the position of each part, or its syntax errors.

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
/// If the text is not JSON, reports that and returns `None`, because nothing else can be checked.
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

/// The positions of keys and values. The tree is empty when the text is not JSON.
pub(crate) fn tree(text: &Text) -> Tree {
    let whole = Whole { text: text.content(), offset: text.mark_length() };
    let root = serde_json::from_str::<&RawValue>(whole.text).ok();
    Tree { root: root.map(|raw| whole.node(raw, 0)), ..Tree::default() }
}

struct Whole<'a> {
    text: &'a str,
    offset: usize,
}

impl Whole<'_> {
    /// The position of a part of the text.
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

/// The members of an object or the items of a list, each as raw text.
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

/// Explains the messages of the JSON parser: a part of the message, our title and our help.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("trailing comma", "a `,` with nothing after it", "remove the `,`"),
    (
        "trailing characters",
        "text after the end of the JSON",
        "remove it; to list several values, write each on its own line in a `.ndjson` file",
    ),
    ("key must be a string", "this key is not in double quotes", "write `\"key\": value`"),
    ("expected `:`", "a key has no `:`", "write `\"key\": value`"),
    ("expected `,` or `}`", "a `,` is missing here, or a `{` is not closed", "put a `,` between the entries"),
    ("expected `,` or `]`", "a `,` is missing here, or a `[` is not closed", "put a `,` between the items"),
    ("control character", "a line break or tab inside a string", "write it as `\\n` or `\\t`, and close every quote"),
    ("invalid escape", "`\\` begins an escape that JSON does not have", "write a backslash as `\\\\`"),
    ("EOF while parsing", "the JSON ends in the middle", "close every quote, bracket and brace"),
    (
        "recursion limit exceeded",
        "blocks are nested too deeply",
        "remove the extra levels: a valid file has only a few",
    ),
    ("invalid number", "not a valid JSON number", "write it without leading zeros, or in double quotes"),
    ("number out of range", "this number is too large", "write it in double quotes"),
    ("surrogate", "an escape for only half of a character", "write the character itself"),
    ("unicode code point", "an escape that is not a character", "write the character itself"),
];

fn syntax(text: &Text, error: &serde_json::Error) -> (Range<usize>, Fault) {
    let message = error.to_string();
    let end = text.mark_length() + text.content().trim_end().len();
    // Columns count bytes. At the end of a text, mark its last character, because nothing follows it.
    let at = (text.offset(error.line(), 1) + error.column().saturating_sub(1)).min(end.saturating_sub(1));
    let at = text.as_str().floor_char_boundary(at);
    let rest = &text.as_str()[at..];
    let span = at..at + rest.chars().next().map_or(0, char::len_utf8);
    let (title, help) = if message.starts_with("expected value") || message.starts_with("expected ident") {
        not_a_value(rest)
    } else if message.starts_with("key must be a string") && rest.starts_with(['#', '/']) {
        NO_COMMENTS
    } else if message.starts_with("trailing characters") && rest.starts_with(',') {
        ("a `,` after the end of the JSON", "remove the `,`")
    } else {
        let known = MEANINGS.iter().find(|(part, _, _)| message.contains(part));
        known.map_or(("this is not JSON", "check the quotes, commas and brackets"), |(_, title, help)| (*title, *help))
    };
    let detail = "invalid JSON starts here".into();
    (span, Fault { rule: "json_syntax", title: title.into(), detail, help: Some(help.into()), secret: false })
}

const NO_COMMENTS: (&str, &str) = ("JSON has no comments", "remove the comment, or write the file as YAML");

/// The title and help for text that stands in place of a value.
fn not_a_value(rest: &str) -> (&'static str, &'static str) {
    match rest.chars().next() {
        Some('#' | '/') => NO_COMMENTS,
        Some('\'') => ("this text is in single quotes", "use double quotes"),
        Some(c) if c.is_alphabetic() => {
            ("this word is not in quotes", "write text in double quotes; only `true`, `false` and `null` have none")
        }
        _ => ("a value is missing here", "add the value, or remove the comma or bracket"),
    }
}
