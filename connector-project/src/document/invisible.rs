//! Characters that nobody sees.

/// Without a shape, in no language that a setting needs: soft hyphen, zero width, direction marks, byte order mark.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What to do about a character in a key that nobody sees there: the key looks right.
pub(super) fn help_for_key(key: &str) -> Option<String> {
    let unseen = key.chars().find(|c| is_invisible(*c) || c.is_whitespace() && !c.is_ascii())?;
    let code = u32::from(unseen);
    Some(if unseen.is_whitespace() {
        format!("the key has a blank in it that is not an ordinary one (U+{code:04X}): type an ordinary space")
    } else {
        format!("the key has an invisible character in it (U+{code:04X}): delete it")
    })
}
