//! The words of a condition.

use super::Comparison;

/// A word of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A name in backticks, never a keyword.
    Quoted(String),
    Text(String),
    Number(f64, String),
    Comparison(Comparison),
    Open,
    Close,
    Comma,
    End,
}

/// A word and its column, in characters from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) column: usize,
}

/// An error at a column.
pub(super) struct FilterFault {
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl FilterFault {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), help: None }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Splits a condition into words; the last one is always [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, FilterFault> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0 };
    let mut tokens = Vec::new();
    loop {
        while reader.peek().is_some_and(char::is_whitespace) {
            reader.at += 1;
        }
        let column = reader.at + 1;
        let token = reader.token(column)?;
        let end = token == Token::End;
        tokens.push(Placed { token, column });
        if end {
            return Ok(tokens);
        }
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn token(&mut self, column: usize) -> Result<Token, FilterFault> {
        let Some(first) = self.peek() else { return Ok(Token::End) };
        if first.is_alphabetic() || first == '_' {
            return Ok(Token::Word(self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '.')));
        }
        if first.is_ascii_digit() || first == '-' {
            return self.number(column);
        }
        self.at += 1;
        Ok(match first {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' | '"' => Token::Text(self.quoted(first, column)?),
            '`' => Token::Quoted(self.quoted('`', column)?),
            '=' => {
                // `==` is what programmers write.
                self.take_if('=');
                Token::Comparison(Comparison::Equal)
            }
            '!' if self.take_if('=') => Token::Comparison(Comparison::NotEqual),
            '<' if self.take_if('>') => Token::Comparison(Comparison::NotEqual),
            '<' if self.take_if('=') => Token::Comparison(Comparison::LessOrEqual),
            '<' => Token::Comparison(Comparison::Less),
            '>' if self.take_if('=') => Token::Comparison(Comparison::GreaterOrEqual),
            '>' => Token::Comparison(Comparison::Greater),
            other => {
                return Err(FilterFault::new(column, format!("`{other}` has no meaning here"))
                    .with_help("put texts into quotes and names with odd characters into backticks"));
            }
        })
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek().filter(|c| wanted(*c)) {
            word.push(next);
            self.at += 1;
        }
        word
    }

    fn number(&mut self, column: usize) -> Result<Token, FilterFault> {
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'));
        match text.parse() {
            Ok(number) => Ok(Token::Number(number, text)),
            Err(_) => {
                Err(FilterFault::new(column, format!("`{text}` is no number")).with_help("put texts into quotes"))
            }
        }
    }

    /// The text up to the closing quote; a doubled quote is a quote.
    fn quoted(&mut self, quote: char, column: usize) -> Result<String, FilterFault> {
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(FilterFault::new(column, format!("the {quote} that opens here is never closed"))),
                Some(next) => {
                    self.at += 1;
                    if next == quote && !self.take_if(quote) {
                        return Ok(text);
                    }
                    text.push(next);
                }
            }
        }
    }
}
