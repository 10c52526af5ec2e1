//! The positions of the keys and values in a text.
//!
//! Values come from `serde_yaml` only, because two parsers disagree on `012` or `1_000`. This parser gives positions.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;
use std::ops::Range;

/// The keys and values of the first document, each with its span in bytes.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(super) root: Option<Node>,
    /// Where a second document begins.
    pub(crate) second_document: Option<usize>,
    /// Where the text stops being one that a small machine can read: blocks nested too deeply, or aliases that unfold to
    /// far more than the file.
    pub(crate) too_much: Option<TooMuch>,
}

/// Why no parser may see a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// This block is nested too deeply.
    Depth(usize),
    /// The aliases unfold to too much.
    Aliases,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Scalar { text: String, quoted: bool },
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    Alias,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
}

/// No valid file is deeper than this. `serde_yaml` and `serde_json` refuse more levels, too.
pub(super) const DEEPEST: usize = 128;

/// What all aliases of a file may add to it, in bytes of text and number of values.
const MOST_UNFOLDED: usize = 1024 * 1024;

impl Tree {
    /// Reads as much of the text as is valid YAML. Adds `offset` to every position.
    pub(crate) fn parse(text: &str, offset: usize) -> Self {
        let bytes = ByteOffsets::new(text, offset);
        let mut tree = Self::default();
        if let Some(at) = hopelessly_deep(text) {
            tree.too_much = Some(TooMuch::Depth(offset + at));
            return tree;
        }
        let mut builder = Builder { open: Vec::new(), root: None };
        let mut anchors = Anchors::default();
        let mut documents = 0;
        let mut parser = Parser::new_from_str(text);
        while let Some(Ok((event, span))) = parser.next_event() {
            let span = bytes.at(span.start.index())..bytes.at(span.end.index());
            if !anchors.take(&event) {
                tree.too_much = Some(TooMuch::Aliases);
                break;
            }
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents == 2 {
                        tree.second_document = Some(span.start);
                        break;
                    }
                }
                Event::SequenceStart(..) if builder.open.len() < DEEPEST => builder.begin(span, false),
                Event::MappingStart(..) if builder.open.len() < DEEPEST => builder.begin(span, true),
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    tree.too_much = Some(TooMuch::Depth(span.start));
                    break;
                }
                Event::SequenceEnd | Event::MappingEnd => builder.end(&span),
                Event::Scalar(text, style, ..) => builder.add(Node {
                    span: trimmed(bytes.text, offset, span),
                    content: Content::Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain },
                }),
                Event::Alias(_) => builder.add(Node { span, content: Content::Alias }),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        while !builder.open.is_empty() {
            let end = bytes.end();
            builder.end(&(end..end));
        }
        tree.root = builder.root;
        tree
    }

    pub(crate) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// Whether the top level is a list.
    pub(crate) fn is_sequence(&self) -> bool {
        matches!(self.root, Some(Node { content: Content::Sequence(_), .. }))
    }

    /// The value at a JSON pointer. If an alias stands there, the alias.
    pub(crate) fn value(&self, pointer: &str) -> Option<&Node> {
        let mut node = self.root.as_ref()?;
        for segment in segments(pointer) {
            node = match &node.content {
                Content::Mapping(entries) => &entries.iter().rfind(|entry| entry.key == segment)?.value,
                Content::Sequence(items) => items.get(segment.parse::<usize>().ok()?)?,
                Content::Alias => return Some(node),
                Content::Scalar { .. } => return None,
            };
        }
        Some(node)
    }

    /// The span of the last key of a JSON pointer.
    pub(crate) fn key(&self, pointer: &str) -> Option<Range<usize>> {
        let (parent, key) = pointer.rsplit_once('/')?;
        let parent = self.value(parent)?;
        let key = unescaped(key);
        match &parent.content {
            Content::Mapping(entries) => {
                entries.iter().rfind(|entry| entry.key == key).map(|entry| entry.key_span.clone())
            }
            Content::Alias => Some(parent.span.clone()),
            _ => None,
        }
    }
}

/// The parts of a JSON pointer.
fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(unescaped)
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A JSON pointer with one more key.
pub(crate) fn joined(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Removes line ends from the end of a span: a mark must not run into the next line.
fn trimmed(text: &str, offset: usize, span: Range<usize>) -> Range<usize> {
    let inside = text.get(span.start - offset..span.end - offset).unwrap_or_default();
    span.start..span.start + inside.trim_end().len()
}

/// Where more brackets are open than any file needs, also if some of them stand in texts. The scanner looks ahead from each open
/// bracket, so its time grows with the square of their number.
fn hopelessly_deep(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > 8 * DEEPEST
    })
}

/// Counts what aliases unfold to.
#[derive(Default)]
struct Anchors {
    /// The size of the value behind each anchor.
    sizes: HashMap<usize, usize>,
    /// The anchor of each open block, and the size before it.
    open: Vec<(usize, usize)>,
    size: usize,
    unfolded: usize,
}

impl Anchors {
    /// Whether the text may go on with this event.
    fn take(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Scalar(text, _, anchor, _) => {
                self.size = self.size.saturating_add(text.len() + 1);
                self.sizes.insert(*anchor, text.len() + 1);
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                self.open.push((*anchor, self.size));
                self.size = self.size.saturating_add(1);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((anchor, before)) = self.open.pop() {
                    self.sizes.insert(anchor, self.size - before);
                }
            }
            Event::Alias(anchor) => {
                let size = self.sizes.get(anchor).copied().unwrap_or(0);
                self.size = self.size.saturating_add(size);
                self.unfolded = self.unfolded.saturating_add(size);
            }
            _ => {}
        }
        self.unfolded <= MOST_UNFOLDED
    }
}

struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
}

struct Open {
    span: Range<usize>,
    items: Vec<Node>,
    is_mapping: bool,
}

impl Builder {
    fn begin(&mut self, span: Range<usize>, is_mapping: bool) {
        self.open.push(Open { span, items: Vec::new(), is_mapping });
    }

    fn end(&mut self, span: &Range<usize>) {
        let Some(open) = self.open.pop() else { return };
        // A block's span ends where the next node begins, so take the end of its last item.
        let last = open.items.last().map_or(open.span.end, |item| item.span.end);
        let end = if span.is_empty() { last } else { span.end };
        let span = open.span.start..end.max(open.span.start);
        let content = if open.is_mapping { mapping(open.items) } else { Content::Sequence(open.items) };
        self.add(Node { span, content });
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = self.root.take().or(Some(node)),
        }
    }
}

/// Keys and values alternate.
fn mapping(items: Vec<Node>) -> Content {
    let mut entries = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(key) = items.next() {
        let end = key.span.end;
        let value = items
            .next()
            .unwrap_or(Node { span: end..end, content: Content::Scalar { text: String::new(), quoted: false } });
        let Content::Scalar { text, .. } = key.content else { continue };
        entries.push(Entry { key: text, key_span: key.span, value });
    }
    Content::Mapping(entries)
}

/// Turns positions counted in characters into positions counted in bytes.
struct ByteOffsets<'a> {
    text: &'a str,
    offset: usize,
    /// The byte offset of each character; `None` when every character is one byte long.
    starts: Option<Vec<usize>>,
}

impl<'a> ByteOffsets<'a> {
    fn new(text: &'a str, offset: usize) -> Self {
        let starts = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { text, offset, starts }
    }

    fn at(&self, character: usize) -> usize {
        let byte = match &self.starts {
            Some(starts) => starts.get(character).copied().unwrap_or(self.text.len()),
            None => character.min(self.text.len()),
        };
        self.offset + byte
    }

    fn end(&self) -> usize {
        self.offset + self.text.len()
    }
}
