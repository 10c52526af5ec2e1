//! Changes keys of the `auth:` block in the text of a source file. Every other byte stays the same.

use super::super::template::scalar;
use crate::document::{Content, Entry, Node, Start, Text, Tree};
use std::ops::Range;
use std::path::Path;

/// The new value of a key in the block; `None` removes the key.
pub(in super::super) type Change<'a> = (&'a str, Option<&'a str>);

/// The changed text; `None` if the block has a form that only a person can edit safely.
///
/// It replaces a value in place. A new key gets its own line below the last changed key of the block, or at the end of the
/// block. Removing a key removes its line.
pub(in super::super) fn edited(path: &Path, text: &str, changes: &[Change<'_>]) -> Option<String> {
    let mut whole = text.to_owned();
    let mut neighbor = None;
    for (key, wanted) in changes {
        let text = Text::part(path, whole.into_bytes(), Start::default()).ok()?;
        let tree = Tree::parse(text.content(), text.mark_length());
        let block = Block::of(&text, &tree)?;
        whole = match (block.entry(key), wanted) {
            (Some(entry), Some(value)) => block.replaced(entry, value)?,
            (Some(entry), None) => block.without(entry)?,
            (None, Some(value)) => block.with(key, value, neighbor)?,
            (None, None) => text.as_str().to_owned(),
        };
        if wanted.is_some() {
            neighbor = Some(*key);
        }
    }
    Some(whole)
}

/// The `auth:` block, with one key per line.
struct Block<'a> {
    text: &'a str,
    entries: &'a [Entry],
}

impl<'a> Block<'a> {
    fn of(text: &'a Text, tree: &'a Tree) -> Option<Self> {
        let Content::Mapping(entries) = &tree.value("/auth")?.content else { return None };
        let block = Self { text: text.as_str(), entries };
        let first = entries.first()?;
        // `auth: {grant_type: …}` does not have one key per line.
        let indent = &block.text[block.line_start(first.key_span.start)..first.key_span.start];
        (!indent.is_empty() && indent.bytes().all(|byte| byte == b' ')).then_some(block)
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn replaced(&self, entry: &Entry, value: &str) -> Option<String> {
        let span = self.on_one_line(&entry.value)?;
        Some(format!("{}{}{}", &self.text[..span.start], scalar(value), &self.text[span.end..]))
    }

    fn without(&self, entry: &Entry) -> Option<String> {
        let span = self.on_one_line(&entry.value)?;
        let (start, end) = (self.line_start(entry.key_span.start), self.line_end(span.end));
        Some(format!("{}{}", &self.text[..start], &self.text[end..]))
    }

    fn with(&self, key: &str, value: &str, neighbor: Option<&str>) -> Option<String> {
        let above = neighbor.and_then(|key| self.entry(key)).or(self.entries.last())?;
        let indent = self.entries.first().map(|first| first.key_span.start - self.line_start(first.key_span.start))?;
        let value_end = self.on_one_line(&above.value).map_or(above.value.span.end, |span| span.end);
        let at = self.line_end(value_end.max(above.key_span.end));
        let (before, behind) = self.text.split_at(at);
        let line_end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let missing_end = if before.ends_with('\n') { "" } else { line_end };
        let blanks = " ".repeat(indent);
        Some(format!("{before}{missing_end}{blanks}{key}: {}{line_end}{behind}", scalar(value)))
    }

    /// The span of a plain or quoted value that begins and ends on the line of its key.
    fn on_one_line(&self, value: &Node) -> Option<Range<usize>> {
        let Content::Scalar { text, quoted } = &value.content else { return None };
        let start = value.span.start;
        let line = self.text[start..self.line_end(start)].trim_end_matches(['\r', '\n']);
        let length = if *quoted { quoted_length(line)? } else { text.len() };
        let begins = *quoted || !text.is_empty() && line.starts_with(text.as_str());
        begins.then_some(start..start + length)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// The offset after the line end of the line with `at`.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |end| at + end + 1)
    }
}

/// The length of the quoted text at the beginning of a line, including the quotes.
fn quoted_length(line: &str) -> Option<usize> {
    let quote = line.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut rest = line.char_indices().skip(1).peekable();
    while let Some((at, found)) = rest.next() {
        match found {
            '\\' if quote == '"' => drop(rest.next()),
            _ if found != quote => {}
            // Two single quotes stand for one.
            '\'' if rest.peek().is_some_and(|(_, next)| *next == '\'') => drop(rest.next()),
            _ => return Some(at + 1),
        }
    }
    None
}
