//! The last gate before a terminal: whatever reaches it, the terminal obeys only our own styles.

use connector_text::is_harmful;
use std::io::{self, Write};

/// Longer than any style of ours.
const LONGEST_STYLE: usize = 24;

/// Passes text on, and makes harmless what a terminal would obey or hide. Styles stay.
#[derive(Debug)]
pub(crate) struct Harmless<W> {
    inner: W,
    /// JSON says with an escape what would be lost otherwise.
    json: bool,
    /// The beginning of a character whose rest is still to come.
    cut: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    pub(crate) fn new(inner: W, json: bool) -> Self {
        Self { inner, json, cut: Vec::new() }
    }

    /// Writes data, in which nothing is a style.
    pub(crate) fn write_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_text(bytes, false)?;
        Ok(bytes.len())
    }

    fn write_text(&mut self, bytes: &[u8], styled: bool) -> io::Result<()> {
        if self.cut.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
            return self.inner.write_all(bytes);
        }
        let mut whole = std::mem::take(&mut self.cut);
        whole.extend_from_slice(bytes);
        let mut safe = String::with_capacity(whole.len());
        let mut rest = &whole[..];
        while !rest.is_empty() {
            match str::from_utf8(rest) {
                Ok(text) => {
                    self.push(&mut safe, text, styled);
                    break;
                }
                Err(fault) => {
                    let (valid, others) = rest.split_at(fault.valid_up_to());
                    self.push(&mut safe, &String::from_utf8_lossy(valid), styled);
                    let Some(length) = fault.error_len() else {
                        self.cut = others.to_vec();
                        break;
                    };
                    safe.push('\u{fffd}');
                    rest = &others[length..];
                }
            }
        }
        self.inner.write_all(safe.as_bytes())
    }

    fn push(&self, safe: &mut String, text: &str, styled: bool) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '\u{1b}'
                && styled
                && let Some(length) = style_length(rest)
            {
                safe.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            match c {
                '\n' | '\t' => safe.push(c),
                c if is_harmful(c) && self.json && styled => {
                    let mut units = [0; 2];
                    safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
                }
                c if is_harmful(c) => safe.push('\u{fffd}'),
                c => safe.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// The length of a style at the beginning of a text: bold, dim, underlined or a color. Nothing that hides text is a style.
fn style_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.bytes().take(LONGEST_STYLE).position(|byte| byte == b'm')?;
    let mut codes =
        parameters[..end].split(';').map(|code| if code.is_empty() { Some(0) } else { code.parse::<u8>().ok() });
    while let Some(code) = codes.next() {
        match code? {
            0..=4 | 22..=24 | 30..=37 | 39 | 90..=97 => {}
            // One of 256 colors.
            38 if codes.next()? == Some(5) => _ = codes.next()??,
            _ => return None,
        }
    }
    Some(2 + end + 1)
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_text(bytes, true)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, json: bool, styled: bool) -> String {
        let mut out = Harmless::new(Vec::new(), json);
        // Byte by byte: a pipe cuts characters where it likes, but styles of ours are written at once.
        if text.contains('\u{1b}') {
            out.write_text(text.as_bytes(), styled).unwrap();
        } else {
            text.bytes().for_each(|byte| out.write_text(&[byte], styled).unwrap());
        }
        String::from_utf8(out.inner).unwrap()
    }

    #[test]
    fn styles_pass_and_everything_else_that_a_terminal_obeys_does_not() {
        assert_eq!(written("\u{1b}[1m\u{1b}[31mbad\u{1b}[0m", false, true), "\u{1b}[1m\u{1b}[31mbad\u{1b}[0m");
        for (raw, safe) in [
            ("\u{1b}[38;5;3mwarning", "\u{1b}[38;5;3mwarning"),
            ("\u{1b}[2J", "�[2J"),
            ("\u{1b}[8mhidden", "�[8mhidden"),
            ("\u{1b}]0;title\u{7}", "�]0;title�"),
            ("\u{1b}]52;c;x\u{1b}\\", "�]52;c;x�\\"),
            ("\u{9b}2J \u{7f}", "�2J �"),
            ("a\u{202e}b\u{200b}c\u{feff}", "a�b�c�"),
            ("é 漢\n\t", "é 漢\n\t"),
        ] {
            assert_eq!(written(raw, false, true), safe, "{raw:?}");
        }
    }

    #[test]
    fn data_has_no_styles_and_json_keeps_its_meaning() {
        assert_eq!(written("\u{1b}[31mred", false, false), "�[31mred");
        assert_eq!(written("\"a\u{9b}\u{202e}\"", true, true), r#""a\u009b\u202e""#);
    }
}
