//! String literals: their escapes, and LIKE patterns.

use super::error::SoqlError;

/// The characters of a string literal.
pub(crate) fn unescape(escaped: &str) -> Result<String, SoqlError> {
    Ok(characters(escaped)?.into_iter().map(|(character, _)| character).collect())
}

/// The characters, each with whether a backslash preceded it.
fn characters(escaped: &str) -> Result<Vec<(char, bool)>, SoqlError> {
    let invalid = || SoqlError::malformed("Invalid string literal. Illegal character sequence in string literal.");
    let mut characters = Vec::with_capacity(escaped.len());
    let mut rest = escaped.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            characters.push((next, false));
            continue;
        }
        let character = match rest.next().ok_or_else(invalid)? {
            'n' | 'N' => '\n',
            'r' | 'R' => '\r',
            't' | 'T' => '\t',
            'b' | 'B' => '\u{8}',
            'f' | 'F' => '\u{c}',
            'u' => {
                let code: String = rest.by_ref().take(4).collect();
                if code.len() != 4 || !code.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(invalid());
                }
                let code = u32::from_str_radix(&code, 16).map_err(|_| invalid())?;
                char::from_u32(code).ok_or_else(invalid)?
            }
            literal @ ('"' | '\'' | '\\' | '_' | '%') => literal,
            _ => return Err(invalid()),
        };
        characters.push((character, true));
    }
    Ok(characters)
}

/// A LIKE pattern: `%` is any text, `_` any one character; case does not matter.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Anything,
    One,
    Character(char),
}

impl Pattern {
    pub(crate) fn new(escaped: &str) -> Result<Self, SoqlError> {
        let mut parts = Vec::new();
        for (character, escaped) in characters(escaped)? {
            match character {
                '%' if !escaped => parts.push(Part::Anything),
                '_' if !escaped => parts.push(Part::One),
                _ => parts.extend(character.to_lowercase().map(Part::Character)),
            }
        }
        Ok(Self(parts))
    }

    /// Whether a text matches: the usual scan that backtracks to the latest `%` only.
    pub(crate) fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let (mut at, mut part) = (0, 0);
        let mut again: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(part) {
                Some(Part::Anything) => {
                    again = Some((at, part));
                    part += 1;
                }
                Some(Part::One) => (at, part) = (at + 1, part + 1),
                Some(Part::Character(character)) if *character == text[at] => (at, part) = (at + 1, part + 1),
                _ => match &mut again {
                    Some((from, anything)) => {
                        *from += 1;
                        (at, part) = (*from, *anything + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[part..].iter().all(|part| *part == Part::Anything)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_wildcards_escapes_and_no_case() {
        for (pattern, text, fits) in [
            ("%@ACME.example", "jane@acme.example", true),
            ("j_ne%", "JANE", true),
            ("j_ne", "jaane", false),
            ("%a%b%", "xxaxxbxx", true),
            ("%a%b", "xxaxxbxx", false),
            (r"50\%", "50%", true),
            (r"50\%", "501", false),
            (r"a\_b", "a_b", true),
            (r"a\_b", "axb", false),
            ("", "", true),
            ("%", "", true),
            ("Ö%", "österreich", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().fits(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn escapes_are_read_and_wrong_ones_refused() {
        assert_eq!(unescape(r"O\'Brien\n\u00e9\\").unwrap(), "O'Brien\né\\");
        for wrong in [r"\q", r"\u12", r"\uD800"] {
            assert_eq!(unescape(wrong).unwrap_err().code, "MALFORMED_QUERY", "{wrong}");
        }
    }
}
