//! Text in lines.

use super::style::{DIM, paint};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// Makes text from outside harmless for a terminal: control characters except line breaks become `�`.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() && c != '\n';
    if text.contains(harmful) { Cow::Owned(text.replace(harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Quotes text as one word for a shell, for commands that users copy.
pub(crate) fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// Wraps `text` at spaces into lines of at most `width` columns. A longer word stays whole, so that commands,
/// paths and ids can be copied. Line breaks in the text stay.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Names and values, one pair per line, the values in one column.
pub(crate) fn fields(pairs: &[(&str, String)], width: usize) -> String {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let widest = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let room = width.saturating_sub(widest + 2).max(20);
    let mut text = String::new();
    for (name, value) in pairs {
        for (index, line) in wrap(&clean(value), room).iter().enumerate() {
            if index == 0 {
                text.push_str(&paint(DIM, name));
                text.push_str(&" ".repeat(widest + 2 - name.width()));
            } else {
                text.push_str(&" ".repeat(widest + 2));
            }
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_stays_whole_so_that_it_can_be_copied() {
        assert_eq!(
            wrap("chmod 600 secrets/a-very-long-name.key now", 20),
            ["chmod 600", "secrets/a-very-long-name.key", "now"]
        );
    }

    #[test]
    fn line_breaks_of_the_text_stay() {
        assert_eq!(wrap("one\ntwo three", 60), ["one", "two three"]);
    }

    #[test]
    fn a_word_that_a_shell_would_split_or_change_is_quoted() {
        assert_eq!(shell_word("my-iga/é_1.yaml"), "my-iga/é_1.yaml");
        assert_eq!(shell_word("my iga"), "'my iga'");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
    }
}
