//! From text to a value, or to what is wrong with the YAML itself.

use super::findings::{Fault, Findings};
use super::text::Text;
use super::tree::{Content, Node};
use serde_json::Value;
use std::collections::HashMap;
use std::ops::Range;

/// The value of the text; nothing at all is a null.
///
/// When the text is no YAML, says so and gives nothing: there is nothing to check further.
pub(crate) fn value(findings: &mut Findings<'_>) -> Option<Value> {
    let text = findings.text;
    if let Some(start) = findings.tree.second_document {
        findings.add(
            start..start + 3,
            Fault {
                rule: "several_documents",
                title: "a second YAML document begins here".into(),
                detail: "one file holds one document".into(),
                help: Some("remove the `---` line, or move what follows to a file of its own".into()),
                ..Fault::default()
            },
        );
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

/// Reports each key that its mapping holds twice; of the two, YAML readers silently take one.
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
                title: format!("the key `{key}` is there twice"),
                detail: format!("it was given before, on line {line}"),
                help: Some("keep one of the two".into()),
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

/// What a message of the YAML reader means, in words: a part of the message, the title, the cure.
const MEANINGS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a second `:` where no key can stand",
        "quote the value if it holds `: `, or check how far the line is indented",
    ),
    (
        "did not find expected key",
        "this line does not fit the block above it",
        "indent it like its neighbors; close every quote and bracket before it",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list above it",
        "begin it with `- ` under the other items, or indent it less",
    ),
    ("could not find expected ':'", "a key without a `:`", "write `key: value`, with a blank behind the colon"),
    ("while scanning a quoted scalar", "a quote is opened here and never closed", "close the quote on the same line"),
    ("did not find expected ',' or '}'", "a `{` is not closed", "close it with `}`, and put `,` between the entries"),
    ("did not find expected ',' or ']'", "a `[` is not closed", "close it with `]`, and put `,` between the items"),
    (
        "did not find expected node content",
        "a value is missing here",
        "write the value, or remove the comma or bracket",
    ),
    (
        "did not find expected whitespace or line break",
        "text follows directly on a quote or tag",
        "put a blank between, or quote the whole value",
    ),
    ("did not find expected alphabetic", "`&` or `*` begins an anchor here", "quote the value"),
    ("unknown anchor", "an alias with no anchor: `*` has a meaning in YAML", "quote the value"),
    (
        "found unknown escape character",
        "`\\` begins an escape that YAML does not know",
        "write the text in single quotes",
    ),
    ("block sequence entries are not allowed", "a list item cannot stand here", "begin the list on a line of its own"),
    ("block collections are not allowed", "a block cannot begin here", "begin it on a line of its own"),
    (
        "did not find expected comment or line break",
        "text behind `|` or `>`",
        "begin the text on the next line, indented",
    ),
    ("control characters are not allowed", "a control character that cannot be seen", "remove it"),
    ("recursion limit exceeded", "blocks are nested too deeply", "a file of this kind is a few levels deep"),
    (
        "repetition limit exceeded",
        "aliases make this file far too large",
        "write the values out instead of using `*` aliases",
    ),
    ("JSON number out of range", "a number with too many digits", "put it in quotes"),
    (
        "invalid type: ",
        "something here that a file of this kind cannot hold",
        "keys are text, and tags such as `!name` are not used",
    ),
];

fn syntax(text: &Text, error: &serde_yaml::Error) -> (Range<usize>, Fault) {
    let message = error.to_string();
    let (mut line, column) = error.location().map_or((1, 1), |location| (location.line(), location.column()));
    let mut at = text.offset(line, column);
    if let Some(tab) = indenting_tab(text, line) {
        let help = "indent with blanks; most editors can turn tabs into blanks";
        return (tab..tab + 1, Fault::new("tab", "a tab where YAML wants blanks", "a tab", help));
    }
    if message.contains("cannot start any token") {
        let found = text.as_str()[at..].chars().next().unwrap_or(' ');
        let title = format!("a value cannot begin with `{found}`");
        return (
            at..at + found.len_utf8(),
            Fault::new("yaml_syntax", &title, "not YAML from here on", "quote the value"),
        );
    }
    if let Some(marks) = text.as_str()[text.line_span(line)].find("{{") {
        let start = text.line_span(line).start + marks;
        let help = "fill it in before this program reads the file, or quote the value";
        let title = "`{{` looks like a template that was not filled in";
        return (start..start + 2, Fault::new("yaml_syntax", title, "not YAML from here on", help));
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
        let help = "close the quote on the same line";
        return (quote..end, Fault::new("yaml_syntax", "a quote is opened here and never closed", "opened here", help));
    }
    if message.contains("mapping values are not allowed")
        && let Some(span) = indented_too_far(text, line)
    {
        let help = "indent it like its neighbors";
        return (
            span,
            Fault::new("yaml_syntax", "this line is indented further than the one above it", "too far in", help),
        );
    }
    let known = MEANINGS.iter().find(|(part, _, _)| message.contains(part));
    let (title, help) = known
        .map_or(("this is not YAML", "check quotes, colons and how far the lines are indented"), |(_, title, help)| {
            (title, help)
        });
    let end = text.line_span(line).end.max(at);
    (at..end, Fault::new("yaml_syntax", title, "not YAML from here on", help))
}

/// The first tab in the blanks before a line, or before the line above it: the reader notices some a line late.
fn indenting_tab(text: &Text, line: usize) -> Option<usize> {
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let start = text.offset(line, 1);
        let blanks = text.as_str()[start..].bytes().take_while(|byte| *byte == b' ' || *byte == b'\t');
        blanks.enumerate().find(|(_, byte)| *byte == b'\t').map(|(at, _)| start + at)
    })
}

/// A value that begins with a quote and has no other on its line: the reader notices it at the next quote at best.
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

/// The text of a line that begins further in than the line above it, although that one ends with a value.
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
