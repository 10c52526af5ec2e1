//! Text in lines.

use super::style::{DIM, paint};
use connector_text::{clean, clean_line};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// Longer names and values are cut where an error repeats them.
const LONGEST_NAME: usize = 200;
/// What stays of a longer one, at its beginning and at its end.
const KEPT: (usize, usize) = (120, 60);

/// Cuts what an error repeats of names and values in the middle: what stands between backticks, and words.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_NAME {
        return Cow::Borrowed(text);
    }
    let is_quoted = text.matches('`').count().is_multiple_of(2);
    let mut short = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            short.push('`');
        }
        if is_quoted && index % 2 == 1 {
            cut(&mut short, part);
        } else {
            for word in part.split_inclusive(char::is_whitespace) {
                let name = word.trim_end();
                cut(&mut short, name);
                short.push_str(&word[name.len()..]);
            }
        }
    }
    Cow::Owned(short)
}

fn cut(to: &mut String, name: &str) {
    let count = name.chars().count();
    if count <= LONGEST_NAME {
        to.push_str(name);
        return;
    }
    to.extend(name.chars().take(KEPT.0));
    to.push('…');
    to.extend(name.chars().skip(count - KEPT.1));
}

/// Wraps `text` at spaces into lines of at most `width` columns. A longer word stays whole, so that commands,
/// paths and ids can be copied. Line breaks in the text stay.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        // A space that does not break is a part of its word.
        for word in paragraph.split_ascii_whitespace() {
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

/// Like [`wrap`], but a digest that is longer than a line is broken: nobody types it, and it is compared piece by piece.
fn wrap_value(value: &str, width: usize) -> Vec<String> {
    let is_digest = |word: &str| word.len() >= 24 && word.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
    // A multiple of three and of two keeps bytes whole, with and without colons.
    let piece = (width / 6 * 6).max(6);
    let mut lines = Vec::new();
    for line in wrap(value, width) {
        if line.width() <= width || !is_digest(&line) {
            lines.push(line);
            continue;
        }
        let mut rest = line.as_str();
        while rest.len() > piece {
            lines.push(rest[..piece].to_owned());
            rest = &rest[piece..];
        }
        lines.push(rest.to_owned());
    }
    lines
}

/// Values in a narrower column than this would hardly fit a word each.
const NARROWEST_VALUES: usize = 20;
/// A terminal that is narrower has no room to spare.
const NARROW: usize = 60;

/// Names and values for a terminal without room for two columns: each value below its name.
fn below_names(pairs: &[&(&str, String)], width: usize) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push_str(&paint(DIM, clean_line(name)));
        for line in wrap_value(&clean(value), width.saturating_sub(2)) {
            text.push_str("\n  ");
            text.push_str(&line);
        }
        text.push('\n');
    }
    text
}

/// Names and values, one pair per line, the values in one column.
pub(crate) fn fields(pairs: &[(&str, String)], width: usize) -> String {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let widest = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let room = width.saturating_sub(widest + 2);
    let fits = |value: &str| wrap_value(&clean(value), room).iter().all(|line| line.width() <= room);
    if room < NARROWEST_VALUES || (width < NARROW && !pairs.iter().all(|(_, value)| fits(value))) {
        return below_names(&pairs, width);
    }
    let mut text = String::new();
    for (name, value) in pairs {
        for (index, line) in wrap_value(&clean(value), room).iter().enumerate() {
            if index == 0 {
                text.push_str(&paint(DIM, clean_line(name)));
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
    use connector_files::shell_word;

    #[test]
    fn a_long_word_stays_whole_so_that_it_can_be_copied() {
        assert_eq!(
            wrap("chmod 600 secrets/a-very-long-name.key now", 20),
            ["chmod 600", "secrets/a-very-long-name.key", "now"]
        );
    }

    #[test]
    fn values_go_below_their_names_where_there_is_no_room_beside_them() {
        let pairs = [("LastPasswordChangeDate", "2026-06-06T16:38:26.000+0000".to_owned()), ("id", "005".to_owned())];
        for width in [40, 80] {
            let text = anstream::adapter::strip_str(&fields(&pairs, width)).to_string();
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
            assert_eq!(text.lines().count(), if width == 40 { 4 } else { 2 }, "{text}");
        }
    }

    #[test]
    fn a_digest_is_broken_between_bytes_where_the_terminal_ends() {
        let digest = vec!["AB"; 32].join(":");
        for (value, width) in [(digest.clone(), 30), (digest.replace(':', ""), 25)] {
            let lines = wrap_value(&value, width);
            assert!(lines.iter().all(|line| line.len() <= width && (line.starts_with("AB"))), "{lines:?}");
            assert_eq!(lines.concat(), value);
        }
    }

    #[test]
    fn a_name_that_nobody_reads_to_its_end_is_cut_in_the_middle() {
        let long = format!("start {} end", "é".repeat(20_000));
        let whole = format!("`org` has no account `{long}`; {}", "a few words ".repeat(40));
        let short = shorten(&whole);
        assert!(short.contains("`org` has no account `start é") && short.contains("é end`; a few"), "{short}");
        assert!(short.ends_with(&"a few words ".repeat(40)) && short.chars().count() < 800, "{short}");
        let unquoted = format!("odd: {} it's `", "x".repeat(500));
        assert_eq!(shorten(&unquoted).chars().count(), "odd:  it's `".len() + KEPT.0 + 1 + KEPT.1);
        let exactly = format!("{} and more", "m".repeat(LONGEST_NAME));
        assert_eq!(shorten(&exactly), exactly);
        for kept in ["x".repeat(LONGEST_NAME), format!("`{}` {}", "n".repeat(LONGEST_NAME), "m".repeat(LONGEST_NAME))] {
            assert_eq!(shorten(&kept), kept);
        }
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
