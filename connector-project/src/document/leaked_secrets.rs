//! Finds secrets that were written into a file.

use super::findings::{Fault, Findings};
use super::refs::is_scheme;
use super::tree::{Content, Node, joined};
use connector_core::{Problem, SecretRef};
use std::collections::BTreeSet;
use std::ops::Range;

/// Words that occur in the names of keys with secret values.
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
    "pasword",
];

/// Whole names of keys with secret values.
const SECRET_NAMES: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "pin",
    "psk",
    "jwt",
    "cookie",
    "authorization",
    "credential",
    "credentials",
    "signing_key",
    "passwort",
];

/// Endings of key names whose value points to something, and is not the thing itself.
const POINTING_ENDINGS: &[&str] = &["_ref", "_url", "_uri", "_file", "_path", "_id", "_name", "_type"];

/// Keys that contain such a word but hold a block about a secret.
const SETTING_VERBS: &[&str] = &["set_password", "reset_password", "change_password"];

const KEY_BEGIN: &str = "-----BEGIN ";
const KEY_MARK: &str = "PRIVATE KEY-----";

/// Reports secrets in a file that is valid YAML. Returns the pointers of their values, which need no second problem.
///
/// `cure` returns the help for a pointer and key: how to write the secret instead.
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
            } else if url_passwords(text).iter().any(|span| key == "proxy" || text[span.clone()].contains(':')) {
                pointers.insert(pointer.to_owned());
                addresses.push((key.to_owned(), span));
            } else if is_secret_name(key) && !text.is_empty() && !is_ref(text) && !names_a_value(text) {
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

/// Reports secrets in a file that is not valid YAML. It looks at single lines.
pub(crate) fn in_lines(findings: &mut Findings<'_>) {
    keys(findings);
    // A comment that explains a key is not a secret. `masked_text` still hides it.
    for (key, span) in secret_lines(&without_comments(findings.text.as_str())) {
        findings.add(span, literal(&key, by_ref("", &key)));
    }
}

/// Whether the value beside a key must not be shown: nobody knows what stands under a key that nobody knows. A slip in the name
/// of a known key is shown, unless that key holds a secret.
pub fn hides_value(problem: &Problem) -> bool {
    let texts = [problem.help.as_deref().unwrap_or_default(), &problem.detail];
    let meant = texts.iter().find_map(|text| text.strip_prefix("did you mean `")?.split('`').next());
    problem.rule == "unknown_key" && meant.is_none_or(|key| key.ends_with("_ref") || is_secret_name(key))
}

/// The text with everything that may be a secret blanked out. The length stays the same, so positions stay valid.
///
/// Code that shows a part of a source file must show this text.
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
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(MARK) {
        let start = from + at + MARK.len();
        let rest = &text[start..];
        // A search inside of what was found would take a time that grows with the square of the text.
        from = start + rest.find(|c: char| c.is_whitespace() || "&\"'".contains(c)).unwrap_or(rest.len());
        if start < from {
            found.push(start..from);
        }
    }
    found
}

fn keys(findings: &mut Findings<'_>) {
    for span in private_keys(findings.text.as_str()) {
        findings.add(
            span,
            Fault {
                rule: "secret_in_file",
                title: "the file contains a private key".into(),
                detail: "not shown".into(),
                help: Some("move it to a file such as `secrets/NAME.key`, run `chmod 600` on it, and write `key_ref: file:secrets/NAME.key`; if the file was shared or committed, create a new key".into()),
                secret: true,
            },
        );
    }
}

fn address_with_password(key: &str) -> Fault {
    let help = if key == "proxy" {
        "remove the user and password; if the proxy requires them, set the environment variable `HTTPS_PROXY` instead"
    } else {
        "remove the user and password; configure the sign-in under `auth:`"
    };
    Fault {
        rule: "secret_in_file",
        title: format!("the URL in `{key}` contains a password"),
        detail: "not shown".into(),
        help: Some(help.into()),
        secret: true,
    }
}

fn ref_with_pin(key: &str) -> Fault {
    Fault {
        rule: "secret_in_file",
        title: format!("the ref in `{key}` contains a PIN"),
        detail: "not shown".into(),
        help: Some("remove `pin-value`, and reference the PIN: `key_password_ref: env:TOKEN_PIN`".into()),
        secret: true,
    }
}

/// The fault of a secret that is the value of `key`.
pub(crate) fn literal(key: &str, cure: String) -> Fault {
    Fault {
        rule: "secret_in_file",
        title: format!("the value of `{key}` is a secret"),
        detail: "not shown".into(),
        help: Some(cure),
        secret: true,
    }
}

/// The help for a secret under a key that has a `…_ref` variant.
pub(crate) fn by_ref(_pointer: &str, key: &str) -> String {
    let reference = if key.ends_with("_ref") { key.to_owned() } else { format!("{key}_ref") };
    let file = reference.trim_end_matches("_ref");
    format!(
        "this file must not contain secrets: move it to a file with mode 600 and write `{reference}: file:secrets/{file}`, or to an environment variable and write `{reference}: env:{}`",
        file.to_uppercase()
    )
}

/// Whether a key of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let is_secret = name.ends_with("token")
        || SECRET_NAMES.contains(&name.as_str())
        || SECRET_WORDS.iter().any(|word| name.contains(word));
    is_secret && !POINTING_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether the text is a secret ref of a kind that this build supports.
fn is_ref(text: &str) -> bool {
    text.parse::<SecretRef>().is_ok_and(|reference| is_scheme(reference.scheme()))
}

/// Whether the text says where a value comes from at run time, as descriptions of systems do: `{password}`, `item.passwordChanged`.
fn names_a_value(text: &str) -> bool {
    let in_braces = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    in_braces.or_else(|| text.starts_with("item.").then_some(text)).is_some_and(|name| name.split('.').all(is_word))
}

fn walk(node: &Node, pointer: &str, key: &str, visit: &mut impl FnMut(&str, &str, Range<usize>, &str)) {
    match &node.content {
        // A value that turns something on or off, or clears it, is not a secret.
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

/// PEM blocks of private keys, with or without an end line.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(KEY_BEGIN) {
        let start = from + at;
        let line = text[start..].split('\n').next().unwrap_or_default();
        if !line.contains(KEY_MARK) {
            // Neither is any other beginning on this line that of a key.
            from = start + line.len();
            continue;
        }
        let body = start + KEY_BEGIN.len();
        let end = match text[body..].find("-----END ") {
            Some(at) => body + at + text[body + at..].split('\n').next().unwrap_or_default().trim_end().len(),
            None => start + unfinished_key(&text[start..]),
        };
        from = end.max(body);
        found.push(start..end);
    }
    found
}

/// The length of a PEM block without an end line: up to the next `key: value` line.
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

/// The text with its comments blanked out. The length stays the same, so positions stay valid.
fn without_comments(text: &str) -> String {
    let mut rest = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let starts = line.match_indices('#').map(|(at, _)| at);
        let comment = starts
            .filter(|at| line[..*at].chars().next_back().is_none_or(|c| c == ' ' || c == '\t'))
            // An odd number of quotes in front of it means that it is inside of a text.
            .find(|at| ['"', '\''].iter().all(|quote| line[..*at].matches(*quote).count().is_multiple_of(2)));
        let (code, comment) = line.split_at(comment.unwrap_or(line.len()));
        rest.push_str(code);
        rest.extend(comment.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    }
    rest
}

/// The values of secret-like keys, with the lines that belong to them, found without parsing the YAML.
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

/// The first secret-like key of a line that has a literal value, and where that value begins.
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
        // JSON needs no space after the colon: its keys are in quotes.
        let is_value = value_at > colon + 1 || key_end < colon && line[key_end..].starts_with(['"', '\'']);
        if !is_value || bare.is_empty() && !value.trim().is_empty() {
            continue;
        }
        // A block that says how to set a password is searched. Any other value is the password.
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

/// Whether the text begins with a known scheme. The rest of the line does not matter.
fn is_ref_like(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}
