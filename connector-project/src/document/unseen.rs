//! Finds what a person can't see in a value: blanks at its ends, and characters without a shape.

use super::findings::{Fault, Findings};
use super::invisible::is_invisible;
use super::tree::{Content, Node, joined};
use std::collections::BTreeSet;
use std::ops::Range;

/// Reports each value below `pointer` that has such a character. Values in `known_faults` already have a problem.
///
/// With `ends_only`, only invisible characters at the ends of a value count: the text may be a query or a name that has
/// blanks on purpose.
pub(crate) fn check(findings: &mut Findings<'_>, pointer: &str, known_faults: &BTreeSet<String>, ends_only: bool) {
    let mut found = Vec::new();
    if let Some(node) = findings.tree.value(pointer) {
        walk(node, pointer, &mut |pointer, text| {
            let unseen = if ends_only { at_ends(text) } else { anywhere(text) };
            found.extend(unseen.filter(|_| !known_faults.contains(pointer)).map(|unseen| (pointer.to_owned(), unseen)));
        });
    }
    for (pointer, unseen) in found {
        let key = pointer.rsplit('/').next().unwrap_or_default();
        findings.at_part(&pointer, &unseen.part, unseen.fault(key));
    }
}

/// What is wrong with a text that must have no such character.
pub(crate) fn fault(key: &str, text: &str) -> Option<Fault> {
    anywhere(text).map(|unseen| unseen.fault(key))
}

struct Unseen {
    part: Range<usize>,
    what: String,
    help: &'static str,
}

impl Unseen {
    fn fault(&self, key: &str) -> Fault {
        Fault::new("unseen_character", format!("`{key}` {}", self.what), "here", self.help)
    }
}

fn walk(node: &Node, pointer: &str, visit: &mut impl FnMut(&str, &str)) {
    match &node.content {
        Content::Scalar { text, .. } => visit(pointer, text),
        Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), visit);
            }
        }
        Content::Mapping(entries) => {
            for entry in entries {
                walk(&entry.value, &joined(pointer, &entry.key), visit);
            }
        }
        Content::Alias => {}
    }
}

fn at_ends(text: &str) -> Option<Unseen> {
    let (first, last) = (text.char_indices().next()?, text.char_indices().next_back()?);
    let (at, c) = [first, last].into_iter().find(|(_, c)| is_invisible(*c))?;
    let what =
        format!("{} an invisible character (U+{:04X})", if at == 0 { "begins with" } else { "ends in" }, u32::from(c));
    Some(Unseen { part: at..at + c.len_utf8(), what, help: "delete the character; it probably comes from a web page" })
}

fn anywhere(text: &str) -> Option<Unseen> {
    if text.trim().is_empty() {
        return None;
    }
    if let Some(unseen) = at_ends(text) {
        return Some(unseen);
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_invisible(*c)) {
        let what = format!("contains an invisible character (U+{:04X})", u32::from(c));
        return Some(Unseen {
            part: at..at + c.len_utf8(),
            what,
            help: "delete the character; it probably comes from a web page",
        });
    }
    let (start, end) = (text.len() - text.trim_start().len(), text.trim_end().len());
    if start > 0 || end < text.len() {
        let (part, where_) = if end < text.len() { (end..text.len(), "ends in") } else { (0..start, "begins with") };
        let has_break = text[part.clone()].contains(['\n', '\r']);
        let (what, help) = if has_break {
            ("a line break", "write the value on the line of its key, without `|` or `>`")
        } else {
            ("a blank", "delete the blank between the value and its quote")
        };
        return Some(Unseen { part, what: format!("{where_} {what}"), help });
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_whitespace() && !c.is_ascii()) {
        let what = format!("contains a blank that is not an ordinary one (U+{:04X})", u32::from(c));
        return Some(Unseen { part: at..at + c.len_utf8(), what, help: "delete it, or type an ordinary space" });
    }
    let quotes = [
        ('\u{201c}', "“"),
        ('\u{201d}', "”"),
        ('\u{201e}', "„"),
        ('\u{2018}', "‘"),
        ('\u{2019}', "’"),
        ('\u{ab}', "«"),
    ];
    let (_, shown) = quotes.iter().find(|(quote, _)| text.starts_with(*quote))?;
    let what = format!("begins with `{shown}`, which YAML does not read as a quote");
    Some(Unseen { part: 0..shown.len(), what, help: "use `\"` on both sides, or no quotes" })
}
