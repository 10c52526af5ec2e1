//! Reads YAML text: its value or its syntax errors.

use super::findings::{Fault, Findings};
use super::text::Text;
use super::tree::{Content, Node, TooMuch};
use serde_json::Value;
use std::collections::HashMap;
use std::ops::Range;

/// The value of the text. An empty text is a null.
///
/// If the text is not YAML, reports that and returns `None`, because nothing else can be checked.
pub(crate) fn value(findings: &mut Findings<'_>) -> Option<Value> {
    let text = findings.text;
    if let Some(start) = findings.tree.second_document {
        findings.add(
            start..start + 3,
            Fault {
                rule: "several_documents",
                title: "a second YAML document begins here".into(),
                detail: "a file can hold only one document".into(),
                help: Some("remove the `---` line, or move the second document to its own file".into()),
                ..Fault::default()
            },
        );
        return None;
    }
    // The parser of values takes minutes and all memory for such a text before it refuses it.
    if let Some(too_much) = findings.tree.too_much {
        let (start, message) = match too_much {
            TooMuch::Depth(start) => (start, "recursion limit exceeded"),
            // No single alias is to blame.
            TooMuch::Aliases => (0, "repetition limit exceeded"),
        };
        let (title, help) = meaning(message);
        findings.add(start..start + 1, Fault::new("yaml_syntax", title, "invalid YAML starts here", help));
        return None;
    }
    match serde_yaml::from_str::<Value>(text.content()) {
        Ok(value) => {
            duplicate_keys(findings);
            Some(value)
        }
        Err(error) => {
            let (span, fault) = syntax(text, &error);
            findings.add(span, fault);
            None
        }
    }
}

/// Reports duplicate keys. YAML parsers silently keep only one of them.
pub(super) fn duplicate_keys(findings: &mut Findings<'_>) {
    let mut twice = Vec::new();
    if let Some(root) = findings.tree.root() {
        collect_duplicates(root, &mut twice);
    }
    for (key, first, second) in twice {
        let line = findings.text.place(first).line;
        findings.add(
            second,
            Fault {
                rule: "duplicate_key",
                title: format!("duplicate key `{key}`"),
                detail: format!("first given on line {line}"),
                help: Some("remove one of them".into()),
                ..Fault::default()
            },
        );
    }
}

type Duplicate<'a> = (&'a str, Range<usize>, Range<usize>);

fn collect_duplicates<'a>(node: &'a Node, twice: &mut Vec<Duplicate<'a>>) {
    match &node.content {
        Content::Mapping(entries) => {
            let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
            for entry in entries {
                match seen.get(entry.key.as_str()) {
                    Some(first) => twice.push((&entry.key, first.clone(), entry.key_span.clone())),
                    None => _ = seen.insert(&entry.key, entry.key_span.clone()),
                }
                collect_duplicates(&entry.value, twice);
            }
        }
        Content::Sequence(items) => items.iter().for_each(|item| collect_duplicates(item, twice)),
        Content::Scalar { .. } | Content::Alias => {}
    }
}

/// Explains the messages of the YAML parser: a part of the message, our title and our help.
const MEANINGS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a second `:` where YAML allows no key",
        "quote the value if it contains `: `, or check the indentation",
    ),
    (
        "did not find expected key",
        "this line does not fit the block above it",
        "indent it like the lines around it, and close every quote and bracket above it",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list above it",
        "begin it with `- ` and align it with the other items, or indent it less",
    ),
    ("could not find expected ':'", "a key has no `:`", "write `key: value`, with a space after the colon"),
    ("while scanning a quoted scalar", "this quote is never closed", "close it on the same line"),
    (
        "did not find expected ',' or '}'",
        "this `{` is never closed",
        "close it with `}`, and put a `,` between the entries",
    ),
    (
        "did not find expected ',' or ']'",
        "this `[` is never closed",
        "close it with `]`, and put a `,` between the items",
    ),
    ("did not find expected node content", "a value is missing here", "add the value, or remove the comma or bracket"),
    (
        "did not find expected whitespace or line break",
        "text directly after a quote or tag",
        "put a space between them, or quote the whole value",
    ),
    ("did not find expected alphabetic", "YAML reads `&` and `*` as anchors", "quote the value"),
    ("unknown anchor", "YAML reads `*` as an alias, and this alias has no anchor", "quote the value"),
    (
        "found unknown escape character",
        "`\\` begins an escape that YAML does not have",
        "write the text in single quotes",
    ),
    ("block sequence entries are not allowed", "YAML allows no list item here", "begin the list on its own line"),
    ("block collections are not allowed", "YAML allows no block here", "begin the block on its own line"),
    (
        "did not find expected comment or line break",
        "text after `|` or `>`",
        "begin the text on the next line, indented",
    ),
    ("control characters are not allowed", "an invisible control character", "remove it"),
    (
        "recursion limit exceeded",
        "blocks are nested too deeply",
        "remove the extra levels: a valid file has only a few",
    ),
    (
        "repetition limit exceeded",
        "the aliases make this file far too large",
        "replace the `*` aliases with the values",
    ),
    ("JSON number out of range", "this number has too many digits", "put it in quotes"),
    (
        "invalid type: ",
        "YAML that this kind of file can't contain",
        "use only text as keys, and no tags such as `!name`",
    ),
];

fn meaning(message: &str) -> (&'static str, &'static str) {
    let known = MEANINGS.iter().find(|(part, _, _)| message.contains(part));
    known.map_or(("this is not YAML", "check the quotes, colons and indentation"), |(_, title, help)| (*title, *help))
}

fn syntax(text: &Text, error: &serde_yaml::Error) -> (Range<usize>, Fault) {
    let message = error.to_string();
    let (mut line, column) = error.location().map_or((1, 1), |location| (location.line(), location.column()));
    let mut at = text.offset(line, column);
    if let Some(tab) = indenting_tab(text, line) {
        let help = "indent with spaces; most editors can convert tabs to spaces";
        return (tab..tab + 1, Fault::new("tab", "a tab in the indentation; YAML allows only spaces", "a tab", help));
    }
    if message.contains("control characters are not allowed")
        && let Some(fault) = control_character(text)
    {
        return fault;
    }
    if message.contains("cannot start any token") {
        let found = text.as_str()[at..].chars().next().unwrap_or(' ');
        let title = format!("a value cannot begin with `{found}`");
        return (
            at..at + found.len_utf8(),
            Fault::new("yaml_syntax", &title, "invalid YAML starts here", "quote the value"),
        );
    }
    if let Some(marks) = text.as_str()[text.line_span(line)].find("{{") {
        let start = text.line_span(line).start + marks;
        let help = "render the template before Connector reads the file, or quote the value";
        let title = "`{{` looks like an unrendered template";
        return (start..start + 2, Fault::new("yaml_syntax", title, "invalid YAML starts here", help));
    }
    let begins_earlier = ["while scanning a quoted scalar", "while scanning a simple key", "while parsing a flow "];
    if begins_earlier.iter().any(|part| message.contains(part))
        && let Some((quote_line, quote_column)) = last_position(&message)
    {
        line = quote_line;
        at = text.offset(quote_line, quote_column);
    }
    if let Some(quote) = open_quote(text, line) {
        let end = text.line_span(text.place(quote..quote).line).end;
        let help = "close it on the same line";
        return (quote..end, Fault::new("yaml_syntax", "this quote is never closed", "opened here", help));
    }
    if message.contains("mapping values are not allowed")
        && let Some(span) = indented_too_far(text, line)
    {
        let help = "indent it like the lines around it";
        return (
            span,
            Fault::new("yaml_syntax", "this line is indented further than the line above it", "indented too far", help),
        );
    }
    let (title, help) = meaning(&message);
    let end = text.line_span(line).end.max(at);
    (at..end, Fault::new("yaml_syntax", title, "invalid YAML starts here", help))
}

/// The first character that YAML does not allow: the parser reads ahead and does not know its line.
fn control_character(text: &Text) -> Option<(Range<usize>, Fault)> {
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let (at, found) = text.as_str().char_indices().find(|(_, c)| !is_allowed(*c))?;
    let code = u32::from(found);
    let name = if found == '\0' { "a NUL byte".to_owned() } else { format!("the control character U+{code:04X}") };
    let title = format!("the file contains {name}, which is invisible");
    Some((at..at + found.len_utf8(), Fault::new("yaml_syntax", title, "here", "remove it")))
}

/// The first tab in the indentation of a line or of the line above it: the parser notices some a line late.
fn indenting_tab(text: &Text, line: usize) -> Option<usize> {
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let start = text.offset(line, 1);
        let blanks = text.as_str()[start..].bytes().take_while(|byte| *byte == b' ' || *byte == b'\t');
        blanks.enumerate().find(|(_, byte)| *byte == b'\t').map(|(at, _)| start + at)
    })
}

/// A value that begins with a quote that its line does not close: the parser notices it at the next quote at best.
fn open_quote(text: &Text, until: usize) -> Option<usize> {
    (1..=until).find_map(|line| {
        let span = text.line_span(line);
        let line = &text.as_str()[span.clone()];
        let value = line.find(": ").map(|at| at + 2).or_else(|| line.starts_with("- ").then_some(2))?;
        let value = value + (line[value..].len() - line[value..].trim_start().len());
        let quote = line[value..].chars().next().filter(|c| *c == '"' || *c == '\'')?;
        (!line[value + 1..].contains(quote)).then_some(span.start + value)
    })
}

/// A line that is indented further than the line above it, although the line above has a value.
fn indented_too_far(text: &Text, line: usize) -> Option<Range<usize>> {
    let span = text.line_span(line);
    let above = text.line_span(line.checked_sub(1).filter(|above| *above > 0)?);
    let indent = |line: usize, span: &Range<usize>| span.start - text.offset(line, 1);
    let value = text.as_str()[above.clone()].split_once(": ").map_or("", |(_, value)| value.trim());
    (indent(line, &span) > indent(line - 1, &above) && !value.is_empty()).then_some(span)
}

/// The last `at line 3 column 5` of a message.
fn last_position(message: &str) -> Option<(usize, usize)> {
    let (_, position) = message.rsplit_once(" at line ")?;
    let (line, column) = position.split_once(" column ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
    Some((line.parse().ok()?, column[..digits].parse().ok()?))
}
