//! XML elements, as the connector reads them from the org and writes them into a package.

use roxmltree::{Document, Node};

/// The namespace of the Metadata API.
pub(super) const NAMESPACE: &str = "http://soap.sforce.com/2006/04/metadata";

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// No answer of the Metadata API is nested more deeply.
const DEEPEST: usize = 32;

/// Parses a document; `None` if it is none, or nested so deeply that reading it could end the process.
pub(crate) fn parse(text: &str) -> Option<Document<'_>> {
    if is_too_deep(text) { None } else { Document::parse(text.trim_start()).ok() }
}

/// Counts the open elements without a parser, because parsers recurse.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((_, end)) = skipped.iter().find(|(start, _)| rest.starts_with(start)) {
            let Some(at) = rest.find(end) else { return false };
            rest = &rest[at + end.len()..];
            continue;
        }
        let Some(length) = tag_length(rest) else { return false };
        let tag = &rest[..length];
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !tag.ends_with("/>") {
            depth += 1;
        }
        if depth > DEEPEST {
            return true;
        }
        rest = &rest[length..];
    }
    false
}

/// The length of a tag; a `>` in quotes does not end it.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// An element of a component: its name, and its text or child elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) content: Content,
}

/// The content of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    pub(super) fn of_text(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), content: Content::Text(text.to_owned()) }
    }

    /// The child elements of a node, in order, without those that `keep` refuses and those that are nil.
    pub(crate) fn within(parent: Node<'_, '_>, keep: &impl Fn(&str) -> bool) -> Vec<Self> {
        let children = parent.children().filter(|node| node.is_element() && !is_nil(*node));
        let children = children.filter(|node| keep(node.tag_name().name()));
        children.map(|node| Self { name: node.tag_name().name().to_owned(), content: content(node, keep) }).collect()
    }

    /// Its text, if it has any.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Elements(_) => None,
        }
    }
}

/// Whether a node is nil.
pub(super) fn is_nil(node: Node<'_, '_>) -> bool {
    node.attribute((INSTANCE, "nil")) == Some("true")
}

fn content(node: Node<'_, '_>, keep: &impl Fn(&str) -> bool) -> Content {
    if node.children().any(|child| child.is_element()) {
        return Content::Elements(Element::within(node, keep));
    }
    Content::Text(node.children().filter_map(|child| if child.is_text() { child.text() } else { None }).collect())
}

/// A complete document of the Metadata API.
pub(super) fn document(root: &str, elements: &[Element]) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">\n");
    for element in elements {
        write(&mut out, element, 1);
    }
    out.extend(["</", root, ">\n"]);
    out
}

fn write(out: &mut String, element: &Element, depth: usize) {
    let indent = "    ".repeat(depth);
    out.extend([&indent, "<", &element.name, ">"]);
    match &element.content {
        Content::Text(text) => out.push_str(&escaped(text)),
        Content::Elements(elements) => {
            out.push('\n');
            for element in elements {
                write(out, element, depth + 1);
            }
            out.push_str(&indent);
        }
    }
    out.extend(["</", &element.name, ">\n"]);
}

/// Text escaped for use between tags.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A bare carriage return would be read as a line feed.
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use roxmltree::Document;

    fn leaf() -> impl Strategy<Value = Element> {
        let text = "[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\u{FFFE}\\u{FFFF}]*";
        ("[a-zA-Z]{1,8}", text).prop_map(|(name, text)| Element::of_text(&name, &text))
    }

    fn element() -> impl Strategy<Value = Element> {
        leaf().prop_recursive(3, 16, 4, |within| {
            ("[a-zA-Z]{1,8}", prop::collection::vec(within, 1..4))
                .prop_map(|(name, elements)| Element { name, content: Content::Elements(elements) })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_as_it_was(elements in prop::collection::vec(element(), 0..6)) {
            let text = document("ConnectedApp", &elements);
            let tree = Document::parse(&text).unwrap();
            prop_assert_eq!(Element::within(tree.root_element(), &|_| true), elements);
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_not_parsed() {
        let nested = |depth: usize| format!("{}x{}", "<a b='/>'>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(&nested(DEEPEST)).is_some());
        for depth in [DEEPEST + 1, 20_000, 400_000] {
            assert!(parse(&nested(depth)).is_none(), "{depth}");
        }
        let flat = format!("<r><!-- {} --><![CDATA[<a><a>]]>{}</r>", "<a>".repeat(99), "<a/>".repeat(999));
        assert!(parse(&flat).is_some());
    }

    #[test]
    fn what_is_nil_or_unwanted_is_left_out() {
        let text = format!("<r xmlns:xsi='{INSTANCE}'><a>1</a><b xsi:nil='true'/><c><s>x</s><d/></c><s>y</s></r>");
        let tree = Document::parse(&text).unwrap();
        let within = vec![Element::of_text("d", "")];
        let expected =
            vec![Element::of_text("a", "1"), Element { name: "c".to_owned(), content: Content::Elements(within) }];
        assert_eq!(Element::within(tree.root_element(), &|name| name != "s"), expected);
    }
}
