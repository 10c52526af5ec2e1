//! Writes JSON as XML: objects become elements, arrays repeat their element, and null is left out.

use serde_json::Value as Json;

/// Appends an element. With an indent each element starts a line of its own.
pub(crate) fn write(out: &mut String, name: &str, value: &Json, indent: Option<usize>) {
    match value {
        Json::Null => {}
        Json::Array(values) => values.iter().for_each(|value| write(out, name, value, indent)),
        Json::Object(children) => {
            start_line(out, indent);
            out.extend(["<", name, ">"]);
            for (child, value) in children {
                write(out, child, value, indent.map(|depth| depth + 1));
            }
            start_line(out, indent);
            out.extend(["</", name, ">"]);
        }
        Json::String(text) => leaf(out, name, text, indent),
        Json::Bool(_) | Json::Number(_) => leaf(out, name, &value.to_string(), indent),
    }
}

fn leaf(out: &mut String, name: &str, text: &str, indent: Option<usize>) {
    start_line(out, indent);
    out.extend(["<", name, ">", &escaped(text), "</", name, ">"]);
}

fn start_line(out: &mut String, indent: Option<usize>) {
    if let Some(depth) = indent {
        out.push('\n');
        out.push_str(&"    ".repeat(depth));
    }
}

/// Text escaped for use between tags.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // A bare carriage return would be read as a line feed.
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_becomes_elements() {
        let mut out = String::new();
        let value = json!({"a": "<&>", "b": [1, 2], "c": null, "d": {"e": true}});
        write(&mut out, "r", &value, None);
        assert_eq!(out, "<r><a>&lt;&amp;&gt;</a><b>1</b><b>2</b><d><e>true</e></d></r>");
    }

    proptest! {
        #[test]
        fn text_is_read_back_as_it_was(text in "[^\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\u{FFFE}\\u{FFFF}]*") {
            let mut out = String::new();
            write(&mut out, "r", &json!(text), None);
            let read = roxmltree::Document::parse(&out).unwrap();
            prop_assert_eq!(read.root_element().text().unwrap_or(""), text);
        }
    }
}
