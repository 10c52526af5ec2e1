//! Writes YAML. Whatever comes from a description is quoted or stands in a comment.

const WIDTH: usize = 108;

/// Lines of YAML.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// Adds a line, indented by so many blanks.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        self.0.push_str(&" ".repeat(indent));
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// Adds a comment, wrapped.
    pub(super) fn comment(&mut self, indent: usize, text: &str) {
        let mut line = String::from("#");
        for word in plain(text).split_whitespace() {
            if line.len() > 1 && line.chars().count() + word.chars().count() + indent > WIDTH {
                self.line(indent, &line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(indent, &line);
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A text of others on one line, without what a terminal or an editor could take for a command. Cut if it is long.
pub(super) fn plain(text: &str) -> String {
    let kept: String =
        text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).take(400).collect();
    kept.trim().to_owned()
}

/// Marks that change the direction of a text, or can't be seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{85}')
}

/// A text as a YAML scalar that also fits into braces.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/.- ".contains(&byte))
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    // A JSON text is a YAML text in quotes.
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
