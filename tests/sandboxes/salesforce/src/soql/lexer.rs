//! Statement text to tokens.

use super::error::SoqlError;

/// A token and its position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) position: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    /// A name, keyword or dotted path.
    Word(String),
    /// A quoted string with its escapes.
    Text(String),
    /// A number, date or date-time.
    Literal(String),
    /// One of `( ) , : = != < <= > >=`.
    Sign(&'static str),
    End,
}

impl Token {
    /// The token as messages show it.
    pub(crate) fn shown(&self) -> &str {
        match &self.kind {
            TokenKind::Word(text) | TokenKind::Text(text) | TokenKind::Literal(text) => text,
            TokenKind::Sign(sign) => sign,
            TokenKind::End => "<EOF>",
        }
    }
}

/// Symbols, longer ones before their prefixes.
const SIGNS: [&str; 12] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ":", "*"];

/// Splits a statement into tokens; the last one is [`TokenKind::End`].
pub(crate) fn tokens(statement: &str) -> Result<Vec<Token>, SoqlError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = statement[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (kind, length) = token(&statement[at..])?;
        tokens.push(Token { kind, position: at });
        at += length;
    }
    tokens.push(Token { kind: TokenKind::End, position: statement.len() });
    Ok(tokens)
}

fn token(rest: &str) -> Result<(TokenKind, usize), SoqlError> {
    let first = rest.chars().next().unwrap_or(' ');
    if first == '\'' {
        return text(rest);
    }
    if first.is_ascii_digit()
        || (matches!(first, '-' | '+' | '.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        let length = span(&rest[1..], |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | ':')) + 1;
        return Ok((TokenKind::Literal(rest[..length].to_owned()), length));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = span(rest, |c| c.is_alphanumeric() || matches!(c, '.' | '_'));
        return Ok((TokenKind::Word(rest[..length].to_owned()), length));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((TokenKind::Sign(if *sign == "<>" { "!=" } else { sign }), sign.len())),
        None => Err(SoqlError::malformed(format!("line 1:0 no viable alternative at character '{first}'"))),
    }
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// A quoted string; a backslash escapes the next character.
fn text(rest: &str) -> Result<(TokenKind, usize), SoqlError> {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return Ok((TokenKind::Text(rest[1..at].to_owned()), at + 1)),
            _ => {}
        }
    }
    Err(SoqlError::malformed("unexpected token: <EOF>"))
}
