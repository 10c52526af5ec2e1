//! Text from outside, made harmless.

use std::borrow::Cow;

/// Makes text from outside harmless: what a terminal would obey, or a reader would not see, becomes `�`, except line breaks.
pub fn clean(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| is_harmful(c) && c != '\n';
    if text.contains("\r\n") {
        return Cow::Owned(clean(&text.replace("\r\n", "\n")).into_owned());
    }
    if text.contains(JOINERS) {
        return Cow::Owned(without_joiners(text).replace(harmful, "\u{fffd}"));
    }
    if text.contains(harmful) { Cow::Owned(text.replace(harmful, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Like [`clean`], for a name or value that must not look like several lines.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    match clean(text) {
        text if text.contains('\n') => Cow::Owned(text.replace('\n', "⏎")),
        text => text,
    }
}

/// Whether a terminal would obey a character, a reader would not see it, or others are shown in another order because of it.
pub fn is_harmful(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() || reorders || is_unseen
}

/// These join or part letters in Persian, in languages of India and in emoji. Next to Latin letters, they only hide a
/// difference between two names.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

fn without_joiners(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let is_latin =
        |at: Option<usize>| at.and_then(|at| characters.get(at)).is_none_or(|c| c.is_ascii() || JOINERS.contains(c));
    let of = |(at, c): (usize, &char)| {
        let hides = JOINERS.contains(c) && (is_latin(at.checked_sub(1)) || is_latin(Some(at + 1)));
        if hides { '\u{fffd}' } else { *c }
    };
    characters.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reorders_or_hides_text_is_shown_as_such_and_the_joiners_of_a_language_stay() {
        assert_eq!(clean("a\u{202e}b\u{200b}\u{ad}\u{e0041}"), "a�b���");
        assert_eq!(clean("admin\u{200d}"), "admin�");
        assert_eq!(clean("می\u{200c}خواهم 👩\u{200d}💻"), "می\u{200c}خواهم 👩\u{200d}💻");
        assert_eq!(clean_line("Read Only\n  = grant  bob"), "Read Only⏎  = grant  bob");
        assert_eq!(clean_line("1 Main\r\nFloor 2\rx"), "1 Main⏎Floor 2�x");
    }
}
