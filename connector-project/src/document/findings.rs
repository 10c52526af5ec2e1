//! Gathers the problems of one file.

use super::invisible;
use super::text::Text;
use super::tree::{Content, Tree, joined};
use connector_core::Problem;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::Range;

/// The problems found in one file so far, with the text and the tree that give their positions.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) text: &'a Text,
    pub(crate) tree: &'a Tree,
    problems: Vec<Problem>,
}

/// A problem without its position.
#[derive(Debug, Default)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) help: Option<String>,
    pub(crate) secret: bool,
}

impl Fault {
    /// A fault whose text holds no secret.
    pub(crate) fn new(rule: &'static str, title: impl Into<String>, detail: &str, help: &str) -> Self {
        Self { rule, title: title.into(), detail: detail.into(), help: Some(help.into()), secret: false }
    }
}

impl<'a> Findings<'a> {
    pub(crate) fn new(text: &'a Text, tree: &'a Tree) -> Self {
        Self { text, tree, problems: Vec::new() }
    }

    /// Whether there is any problem so far.
    pub(crate) fn any(&self) -> bool {
        !self.problems.is_empty()
    }

    /// The number of problems so far.
    pub(crate) fn count(&self) -> usize {
        self.problems.len()
    }

    /// Adds a problem that marks a span.
    pub(crate) fn add(&mut self, span: Range<usize>, fault: Fault) {
        let Fault { rule, title, detail, help, secret } = fault;
        self.problems.push(Problem { place: self.text.place(span), rule, title, detail, help, secret });
    }

    /// Adds a problem that marks the value at a pointer. For an empty value, it marks the key.
    pub(crate) fn at_value(&mut self, pointer: &str, fault: Fault) {
        let value = self.tree.value(pointer).filter(|node| !node.span.is_empty());
        let span = match value.map(|node| (&node.content, &node.span)) {
            // Marking a whole block shows too much, so mark its key.
            Some((Content::Mapping(_) | Content::Sequence(_), span)) => {
                self.tree.key(pointer).unwrap_or_else(|| self.first_line_of(span))
            }
            Some((_, span)) => span.clone(),
            None => return self.at_key(pointer, fault),
        };
        self.add(span, fault);
    }

    /// Adds a problem that marks some bytes of the text at a pointer. It marks the whole value when the file does not
    /// hold the text verbatim: escaped, folded or behind an alias.
    pub(crate) fn at_part(&mut self, pointer: &str, part: &Range<usize>, fault: Fault) {
        match self.part(pointer, part) {
            Some(span) => self.add(span, fault),
            None => self.at_value(pointer, fault),
        }
    }

    fn part(&self, pointer: &str, part: &Range<usize>) -> Option<Range<usize>> {
        let node = self.tree.value(pointer)?;
        let Content::Scalar { text, quoted } = &node.content else { return None };
        let marks = usize::from(*quoted);
        let written = node.span.start + marks..node.span.end.checked_sub(marks)?;
        let is_verbatim = self.text.as_str().get(written.clone()) == Some(text);
        (is_verbatim && text.get(part.clone()).is_some()).then(|| written.start + part.start..written.start + part.end)
    }

    /// Adds a problem that marks the last key of a pointer, or the beginning of the file.
    pub(crate) fn at_key(&mut self, pointer: &str, mut fault: Fault) {
        if fault.rule == "unknown_key"
            && let Some(help) = pointer.rsplit('/').next().and_then(invisible::help_for_key)
        {
            fault.help = Some(help);
        }
        let mut pointer = pointer;
        let span = loop {
            if let Some(span) = self.tree.key(pointer) {
                break span;
            }
            match pointer.rsplit_once('/') {
                Some((parent, _)) => pointer = parent,
                None => break self.beginning(),
            }
        };
        self.add(span, fault);
    }

    /// Converts a checked value to its type. Reports what a schema can't express, such as a time span that overflows.
    pub(crate) fn typed<T: DeserializeOwned>(&mut self, value: &Value, pointer: &str) -> Option<T> {
        match T::deserialize(value) {
            Ok(typed) => Some(typed),
            Err(error) => {
                let title = error.to_string();
                let quoted = title.split('`').nth(1);
                let mut members = value.as_object().into_iter().flatten();
                // The error has no position, but most errors quote the value.
                let at = members.find(|(_, value)| quoted.is_some() && value.as_str() == quoted);
                let at = at.map(|(key, _)| joined(pointer, key));
                let fault = Fault { rule: "invalid_value", title, ..Fault::default() };
                match at {
                    Some(at) => self.at_value(&at, fault),
                    None => self.at_key(pointer, fault),
                }
                None
            }
        }
    }

    /// The first key of the file, or its first character.
    pub(crate) fn beginning(&self) -> Range<usize> {
        match self.tree.root().map(|root| (&root.content, &root.span)) {
            Some((Content::Mapping(entries), _)) if !entries.is_empty() => entries[0].key_span.clone(),
            Some((_, span)) => self.first_line_of(span),
            None => 0..0,
        }
    }

    fn first_line_of(&self, span: &Range<usize>) -> Range<usize> {
        let text = self.text.as_str().get(span.clone()).unwrap_or_default();
        let line = text.split('\n').next().unwrap_or_default().trim_end();
        span.start..span.start + line.len()
    }

    /// The problems sorted by position, one per fault. A problem inside a hidden secret is dropped, because the problem
    /// about the secret covers it.
    pub(crate) fn finish(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by(|a, b| {
            (a.place.span.start, !a.secret, a.place.span.end).cmp(&(b.place.span.start, !b.secret, b.place.span.end))
        });
        let hidden: Vec<_> = problems.iter().filter(|one| one.secret).map(|one| one.place.span.clone()).collect();
        problems.retain(|one| {
            one.secret
                || !hidden.iter().any(|span| span.start <= one.place.span.start && one.place.span.start < span.end)
        });
        // One text can hide two secrets, and one block can have several missing keys, so only equal titles are duplicates.
        problems.dedup_by(|later, earlier| {
            later.place == earlier.place && (later.title == earlier.title || earlier.secret && later.secret)
        });
        problems
    }
}
