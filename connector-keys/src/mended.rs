//! PEM texts in the forms in which CI systems, `.env` files, password fields and mails pass them on.

use crate::pem::{self, Block};
use zeroize::Zeroizing;

/// Base64 of `-----BEGIN`, with and without a byte order mark before it.
const ENCODED: [&str; 2] = ["LS0tLS1CRUdJTi", "77u/LS0tLS1CRUdJTi"];

/// The labels of keys, also without their blanks.
const LABELS: [&str; 4] = ["ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"];

/// The text with each complete PEM block in its standard form: line breaks that are written as `\n` or `%0A`, missing,
/// doubled or turned into blanks; indentation, quotes and mail quotation; dashes that a word processor replaced; base64
/// around the whole text.
///
/// A block with anything else in it stays as it is, so that its fault is reported. A text without a block stays, too.
pub(crate) fn mended(text: &str) -> Zeroizing<String> {
    let text = text.trim_start_matches('\u{feff}');
    let plain = decoded(text).unwrap_or_else(|| Zeroizing::new(text.to_owned()));
    let plain = with_dashes(&without_escapes(&plain));
    let mut whole = Zeroizing::new(String::with_capacity(plain.len() + 80));
    for block in pem::blocks(&plain) {
        if let Some(standard) = standard(block) {
            whole.push_str(&standard);
        } else {
            whole.push_str(block.text);
            whole.push('\n');
        }
    }
    if whole.is_empty() { plain } else { whole }
}

/// The text in base64 around a PEM text.
fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '"' && *c != '\'' && *c != '=');
    let standard = kept.map(|c| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    let mut base64 = Zeroizing::new(String::with_capacity(text.len() + 3));
    base64.extend(standard);
    if !ENCODED.iter().any(|beginning| base64.starts_with(beginning)) {
        return None;
    }
    while !base64.len().is_multiple_of(4) {
        base64.push('=');
    }
    let bytes = openssl::base64::decode_block(&base64).ok()?;
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}

/// The text with real characters for `\n`, `\/`, `\u003d` and, in a URL, `%0A` and `%2B`.
fn without_escapes(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(text.to_owned());
    let replace = |plain: &mut Zeroizing<String>, from: &str, to: &str| {
        if plain.contains(from) {
            *plain = Zeroizing::new(plain.replace(from, to));
        }
    };
    if plain.contains("BEGIN+") || plain.contains("BEGIN%20") || plain.contains("%0A") || plain.contains("%0a") {
        if plain.contains("BEGIN+") {
            replace(&mut plain, "+", " ");
        }
        for (from, to) in [
            ("%0D", "\n"),
            ("%0A", "\n"),
            ("%20", " "),
            ("%2B", "+"),
            ("%2F", "/"),
            ("%3D", "="),
            ("%3A", ":"),
            ("%2C", ","),
        ] {
            replace(&mut plain, from, to);
            replace(&mut plain, &from.to_lowercase(), to);
        }
    }
    // Some tools escape twice.
    while plain.contains("\\\\") {
        replace(&mut plain, "\\\\", "\\");
    }
    for (from, to) in [("\\n", "\n"), ("\\r", "\n"), ("\\/", "/"), ("\\u003d", "="), ("\\u002b", "+"), ("\\u002f", "/")]
    {
        replace(&mut plain, from, to);
    }
    plain
}

/// The text with five dashes in its markers, and blanks in their labels.
fn with_dashes(text: &str) -> Zeroizing<String> {
    let is_dash = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let mut plain = Zeroizing::new(String::with_capacity(text.len() + 16));
    let mut rest = text;
    while let Some(start) = rest.find(is_dash) {
        let run = &rest[start..];
        let length = run.find(|c| !is_dash(c)).unwrap_or(run.len());
        plain.push_str(&rest[..start]);
        plain.push_str(if run[..length].is_ascii() { &run[..length] } else { "-----" });
        rest = &run[length..];
    }
    plain.push_str(rest);
    for label in LABELS {
        let joined = label.replace(' ', "");
        for word in ["BEGIN", "END"] {
            let marker = format!("-----{word}{joined}-----");
            if plain.contains(&marker) {
                *plain = plain.replace(&marker, &format!("-----{word} {label}-----"));
            }
        }
    }
    plain
}

/// The block in the standard form; `None` if it has no end, or something that does not belong there.
fn standard(block: Block<'_>) -> Option<Zeroizing<String>> {
    let inner = block.text.strip_prefix("-----BEGIN ")?.strip_prefix(block.label)?.strip_prefix("-----")?;
    let inner = inner.strip_suffix("-----")?.strip_suffix(block.label)?.strip_suffix("-----END ")?;
    let (cipher, body) = match inner.split_once("DEK-Info:") {
        Some((_, info)) => {
            let (cipher, rest) = info.split_once(',')?;
            // The initialization vector may touch the key, whose first characters can look like hex digits.
            let digits = if cipher.contains("DES") { 16 } else { 32 };
            (Some((cipher.trim(), rest.get(..digits)?)), &rest[digits..])
        }
        None => (None, inner),
    };
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|c| {
        !c.is_whitespace()
            && !matches!(c, '"' | '\'' | '\\' | ',' | '>' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    }));
    if base64.is_empty() || !base64.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
        return None;
    }
    let label = block.label.trim();
    let headers = cipher.map(|(cipher, vector)| format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: {cipher},{vector}\n\n"));
    Some(pem::written(label, headers.as_deref().unwrap_or_default(), &base64))
}
