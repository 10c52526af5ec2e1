//! PEM blocks: their labels, which say what a file contains, and how they are written.

use std::fmt::Write;
use zeroize::Zeroizing;

/// One block of a PEM text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// The text between `-----BEGIN ` and `-----`.
    pub(crate) label: &'a str,
    /// The whole block, with its marker lines.
    pub(crate) text: &'a str,
}

/// The blocks of a text, in order. A block without an end line reaches to the end of the text.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        let after = start + BEGIN.len();
        let Some(label_end) = text[after..].find("-----").map(|at| after + at) else { break };
        let label = &text[after..label_end];
        let end_marker = format!("-----END {label}-----");
        let end = text[label_end..].find(&end_marker).map_or(text.len(), |at| label_end + at + end_marker.len());
        found.push(Block { label, text: &text[start..end] });
        from = end;
    }
    found
}

/// A block with this content, which is base64. `headers` are lines before it, empty or with an empty line at their end.
pub(crate) fn written(label: &str, headers: &str, base64: &str) -> Zeroizing<String> {
    // Enough at once: a text that grows leaves copies of a key in memory.
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 32 + headers.len() + 80));
    // Writing to a string can't fail.
    _ = writeln!(text, "-----BEGIN {label}-----");
    text.push_str(headers);
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, others) = rest.split_at(rest.len().min(64));
        _ = writeln!(text, "{line}");
        rest = others;
    }
    _ = writeln!(text, "-----END {label}-----");
    text
}

/// Describes a text without the wanted block, for an error message. Never repeats any of the text.
pub(crate) fn describe(text: &str) -> &'static str {
    if text.trim().is_empty() {
        return "it is empty";
    }
    let labels: Vec<_> = blocks(text).iter().map(|block| block.label).collect();
    let has = |wanted: &str| labels.iter().any(|label| label.ends_with(wanted));
    if has("CERTIFICATE REQUEST") {
        "it is a certificate signing request"
    } else if has("PKCS12") {
        "it is a PKCS#12 file"
    } else if has("PKCS7") {
        "it is a bundle of certificates (PKCS#7)"
    } else if has("CERTIFICATE") {
        "it is a certificate"
    } else if has("PRIVATE KEY") {
        "it is a private key"
    } else if labels.iter().any(|label| label.starts_with("PGP ")) {
        "it is a PGP key"
    } else if has("PUBLIC KEY") {
        "it is a public key"
    } else if !labels.is_empty() {
        "it is an unknown kind of PEM text"
    } else if text.trim_start().starts_with('{') && text.contains("\"kty\"") {
        "it is a JSON Web Key (JWK)"
    } else if text.starts_with("ssh-") {
        "it is an SSH public key"
    } else if text.starts_with("PuTTY-User-Key-File") {
        "it is a PuTTY key"
    } else if text.starts_with('0') && text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        "it is binary (DER), not PEM text"
    } else if text.trim_start().starts_with("MII") {
        "it is base64 without the `-----BEGIN …-----` and `-----END …-----` lines"
    } else {
        "it is not PEM text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_are_found_between_other_text() {
        let text = "Bag Attributes\n-----BEGIN A-----\nx\n-----END A-----\nnoise\n-----BEGIN B-----\ny";
        let found = blocks(text);
        assert_eq!(found.iter().map(|block| block.label).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(found[0].text, "-----BEGIN A-----\nx\n-----END A-----");
    }

    proptest! {
        #[test]
        fn any_text_is_described_without_a_fault(text in ".*", label in ".{0,9}") {
            describe(&text);
            describe(&format!("-----BEGIN {label}-----{text}"));
        }
    }
}
