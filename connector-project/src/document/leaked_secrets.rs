//! Secrets that stand in the file itself.

use super::findings::{Fault, Findings};
use super::refs::is_scheme;
use super::tree::{Content, Node, joined};
use connector_core::SecretRef;
use std::collections::BTreeSet;
use std::ops::Range;

/// Words in the name of a key whose value is a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "private_key",
    "privatekey",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "bearer_token",
];

/// Endings of names that say where something is, not what it is.
const POINTING_ENDINGS: &[&str] = &["_ref", "_url", "_uri", "_file", "_path", "_id", "_name", "_type"];

/// Keys with such a word that hold a block about a secret, not the secret.
const SETTING_VERBS: &[&str] = &["set_password", "reset_password", "change_password"];

const KEY_BEGIN: &str = "-----BEGIN ";
const KEY_MARK: &str = "PRIVATE KEY-----";

/// Reports secrets in a file that is YAML. Gives the pointers of their values, which need no further complaint.
///
/// `cure` says, by pointer and key, how a secret is written instead.
pub(crate) fn in_values(findings: &mut Findings<'_>, cure: &dyn Fn(&str, &str) -> String) -> BTreeSet<String> {
    let mut pointers = BTreeSet::new();
    let mut literals = Vec::new();
    let mut addresses = Vec::new();
    let mut with_pins = Vec::new();
    if let Some(root) = findings.tree.root() {
        walk(root, "", "", &mut |pointer, key, span, text| {
            if text.contains(KEY_MARK) {
                pointers.insert(pointer.to_owned());
            } else if !pins(text).is_empty() {
                pointers.insert(pointer.to_owned());
                with_pins.push((key.to_owned(), span));
            } else if url_passwords(text).iter().any(|span| text[span.clone()].contains(':')) {
                pointers.insert(pointer.to_owned());
                addresses.push((key.to_owned(), span));
            } else if is_secret_name(key) && !text.is_empty() && !is_ref(text) {
                pointers.insert(pointer.to_owned());
                literals.push((key.to_owned(), cure(pointer, key), span));
            }
        });
    }
    for (key, cure, span) in literals {
        findings.add(span, literal(&key, cure));
    }
    for (key, span) in addresses {
        findings.add(span, address_with_password(&key));
    }
    for (key, span) in with_pins {
        findings.add(span, ref_with_pin(&key));
    }
    keys(findings);
    pointers
}

/// Reports secrets in a file that is no YAML, going by its lines.
pub(crate) fn in_lines(findings: &mut Findings<'_>) {
    keys(findings);
    for (key, span) in secret_lines(findings.text.as_str()) {
        findings.add(span, literal(&key, by_ref("", &key)));
    }
}

/// The text with everything that may be a secret blanked out, byte for byte, so that places in it stay true.
///
/// Whoever shows a part of a source file shows this.
pub fn masked_text(text: &str) -> String {
    let mut hidden: Vec<Range<usize>> = private_keys(text);
    hidden.extend(secret_lines(text).into_iter().map(|(_, span)| span));
    hidden.extend(url_passwords(text));
    hidden.extend(pins(text));
    hidden.sort_by_key(|span| span.start);
    let mut hidden = hidden.into_iter().peekable();
    let mut hidden_until = 0;
    let mut masked = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        while let Some(span) = hidden.next_if(|span| span.start <= at) {
            hidden_until = hidden_until.max(span.end);
        }
        if at < hidden_until && !c.is_whitespace() {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else {
            masked.push(c);
        }
    }
    masked
}

/// The user and password in front of the host of each URL.
pub(crate) fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let authority = &rest[..rest.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c)).unwrap_or(rest.len())];
        if let Some(end) = authority.rfind('@') {
            found.push(start..start + end);
        }
    }
    found
}

/// The PINs in URIs of tokens (RFC 7512).
fn pins(text: &str) -> Vec<Range<usize>> {
    const MARK: &str = "pin-value=";
    let found = text.match_indices(MARK).map(|(at, _)| {
        let start = at + MARK.len();
        let rest = &text[start..];
        start..start + rest.find(|c: char| c.is_whitespace() || "&\"'".contains(c)).unwrap_or(rest.len())
    });
    found.filter(|span| !span.is_empty()).collect()
}

fn keys(findings: &mut Findings<'_>) {
    for span in private_keys(findings.text.as_str()) {
        findings.add(
            span,
            Fault {
                rule: "secret_in_file",
                title: "a private key stands in the file".into(),
                detail: "not shown".into(),
                help: Some("move it to a file such as `secrets/NAME.key`, run `chmod 600` on it, and write `key_ref: file:secrets/NAME.key`; if the file was shared or committed, make a new key".into()),
                secret: true,
            },
        );
    }
}

fn address_with_password(key: &str) -> Fault {
    let help = if key == "proxy" {
        "leave the user and password out; a proxy that wants them is named in the environment variable `HTTPS_PROXY` instead"
    } else {
        "leave the user and password out: how to sign in is said under `auth:`"
    };
    Fault {
        rule: "secret_in_file",
        title: format!("the address in `{key}` holds a password"),
        detail: "not shown".into(),
        help: Some(help.into()),
        secret: true,
    }
}

fn ref_with_pin(key: &str) -> Fault {
    Fault {
        rule: "secret_in_file",
        title: format!("the ref in `{key}` holds a PIN"),
        detail: "not shown".into(),
        help: Some("leave `pin-value` out, and say where the PIN is kept: `key_password_ref: env:TOKEN_PIN`".into()),
        secret: true,
    }
}

/// A secret that stands under `key` itself.
pub(crate) fn literal(key: &str, cure: String) -> Fault {
    Fault {
        rule: "secret_in_file",
        title: format!("`{key}` holds a secret itself"),
        detail: "not shown".into(),
        help: Some(cure),
        secret: true,
    }
}

/// The cure of a secret under a key that has a twin for refs.
pub(crate) fn by_ref(_pointer: &str, key: &str) -> String {
    let reference = if key.ends_with("_ref") { key.to_owned() } else { format!("{key}_ref") };
    let file = reference.trim_end_matches("_ref");
    format!(
        "secrets never stand in the file: move it to a file with mode 600 and write `{reference}: file:secrets/{file}`, or to an environment variable and write `{reference}: env:{}`",
        file.to_uppercase()
    )
}

/// Whether a key of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let is_secret = name.ends_with("token") || SECRET_WORDS.iter().any(|word| name.contains(word));
    is_secret && !POINTING_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether the text says where a secret is kept, in a way this binary knows.
fn is_ref(text: &str) -> bool {
    text.parse::<SecretRef>().is_ok_and(|reference| is_scheme(reference.scheme()))
}

fn walk(node: &Node, pointer: &str, key: &str, visit: &mut impl FnMut(&str, &str, Range<usize>, &str)) {
    match &node.content {
        // What turns something on or off, or clears it, is no secret.
        Content::Scalar { text, quoted: false } if matches!(text.as_str(), "true" | "false" | "null" | "~") => {}
        Content::Scalar { text, .. } => visit(pointer, key, node.span.clone(), text),
        Content::Mapping(entries) => {
            for entry in entries {
                walk(&entry.value, &joined(pointer, &entry.key), &entry.key, visit);
            }
        }
        Content::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), key, visit);
            }
        }
        Content::Alias => {}
    }
}

/// PEM blocks of private keys, whether or not their end is there.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(KEY_BEGIN) {
        let line = text[start..].split('\n').next().unwrap_or_default();
        if !line.contains(KEY_MARK) || found.last().is_some_and(|span| span.contains(&start)) {
            continue;
        }
        let body = start + KEY_BEGIN.len();
        let end = match text[body..].find("-----END ") {
            Some(at) => body + at + text[body + at..].split('\n').next().unwrap_or_default().trim_end().len(),
            None => start + unfinished_key(&text[start..]),
        };
        found.push(start..end);
    }
    found
}

/// The length of a key block without an end: up to the next line that is a `key: value` of its own.
fn unfinished_key(text: &str) -> usize {
    let mut length = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let is_next_key = line.split_once(':').is_some_and(|(key, _)| {
            let key = key.trim();
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        if index > 0 && is_next_key && !line.contains("Proc-Type") && !line.contains("DEK-Info") {
            break;
        }
        length += line.len();
    }
    text[..length].trim_end().len()
}

/// What follows secret-like keys, with the lines that belong to it, found without understanding the YAML.
fn secret_lines(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    let mut start = 0;
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let goes_on = block.is_some_and(|outer| line.trim().is_empty() || indent > outer);
        if goes_on {
            if let Some((_, span)) = found.last_mut() {
                span.end = start + line.trim_end().len().max(span.end.saturating_sub(start));
            }
        } else {
            block = None;
            if let Some((key, value_at)) = secret_value(line) {
                let end = start + line.trim_end().len();
                found.push((key, start + value_at..end));
                block = Some(indent);
            }
        }
        start += line.len();
    }
    found.retain(|(_, span)| !span.is_empty());
    found
}

/// The first secret-like key of a line with a literal behind it, and where that begins.
fn secret_value(line: &str) -> Option<(String, usize)> {
    for (colon, _) in line.match_indices(':') {
        let key_end = line[..colon].trim_end_matches(['"', '\'', ' ']).len();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key_start = line[..key_end]
            .rfind(|c: char| !is_name(c))
            .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
        let key = &line[key_start..key_end];
        let value = line[colon + 1..].trim_start();
        let value_at = line.len() - value.len();
        let bare = value.trim().trim_start_matches(['"', '\'']);
        // JSON needs no blank behind the colon: its keys are in quotes.
        let is_value = value_at > colon + 1 || key_end < colon && line[key_end..].starts_with(['"', '\'']);
        if !is_value || bare.is_empty() && !value.trim().is_empty() {
            continue;
        }
        // A block that says how to set a password is looked into; anything else behind it is the password.
        if SETTING_VERBS.contains(&key) && (bare.is_empty() || bare.starts_with('{')) {
            continue;
        }
        let is_literal_ref = key.ends_with("_ref") && !bare.is_empty() && !is_ref_like(bare);
        if is_literal_ref || is_secret_name(key) && !is_ref_like(bare) {
            return Some((key.to_owned(), value_at));
        }
    }
    None
}

/// Whether the text begins with a known scheme; what stands behind it on the line does not matter.
fn is_ref_like(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}
