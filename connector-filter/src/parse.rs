//! Reading a condition.

use super::token::{FilterFault, Placed, Token, tokens};
use super::{Condition, Field, Literal};
use connector_core::{Error, ErrorKind, Result, nearest};

/// The maximum nesting of parentheses and `not`.
const DEEPEST: usize = 64;

const OWN: [&str; 8] = ["id", "name", "display_name", "enabled", "locked", "kind", "owner", "state"];

/// Parses a condition; see [`Filter::parse`](super::Filter::parse).
pub(super) fn parse(text: &str, known: &[&str]) -> Result<Condition> {
    let read = tokens(text).and_then(|tokens| {
        let mut parser = Parser { tokens, at: 0, known, depth: 0 };
        let condition = parser.any()?;
        match parser.peek() {
            Token::End => Ok(condition),
            _ => Err(parser.unexpected("`and`, `or` or the end")),
        }
    });
    read.map_err(|fault| {
        let error = Error::new(
            ErrorKind::Definition,
            format!("the condition is wrong at column {}: {}", fault.column, fault.message),
        );
        error.with_help(
            fault
                .help
                .unwrap_or_else(|| "a condition looks like `email like \"%@acme.example\" and not enabled`".to_owned()),
        )
    })
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    at: usize,
    known: &'a [&'a str],
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |placed| &placed.token)
    }

    fn column(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |placed| placed.column)
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let there = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, wanted: &Token, called: &str) -> Result<(), FilterFault> {
        if self.peek() == wanted {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected(called))
        }
    }

    fn unexpected(&self, wanted: &str) -> FilterFault {
        let found = match self.peek() {
            Token::End => "the condition ends here".to_owned(),
            Token::Word(word) | Token::Quoted(word) => format!("`{word}` stands here"),
            Token::Text(_) => "a text stands here".to_owned(),
            Token::Number(_, text) => format!("`{text}` stands here"),
            Token::Comparison(_) => "a comparison stands here".to_owned(),
            Token::Open => "`(` stands here".to_owned(),
            Token::Close => "`)` stands here".to_owned(),
            Token::Comma => "`,` stands here".to_owned(),
        };
        FilterFault::new(self.column(), format!("{found}, expected {wanted}"))
    }

    fn any(&mut self) -> Result<Condition, FilterFault> {
        let mut parts = vec![self.all()?];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self) -> Result<Condition, FilterFault> {
        let mut parts = vec![self.one()?];
        while self.take_word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Condition::All(parts) })
    }

    fn one(&mut self) -> Result<Condition, FilterFault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterFault::new(self.column(), "the condition is nested too deeply"));
        }
        let condition = if self.take_word("not") {
            Condition::Not(Box::new(self.one()?))
        } else if *self.peek() == Token::Open {
            self.at += 1;
            let condition = self.any()?;
            self.expect(&Token::Close, "`)`")?;
            condition
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, FilterFault> {
        let column = self.column();
        let field = match self.peek().clone() {
            Token::Word(word) if !is_keyword(&word) => self.field(&word, column)?,
            Token::Quoted(name) => self.attribute(&name, column)?,
            _ => return Err(self.unexpected("a name")),
        };
        self.at += 1;
        if let Token::Comparison(comparison) = *self.peek() {
            self.at += 1;
            if self.take_word("null") {
                return Err(FilterFault::new(self.column(), "nothing can be compared with null")
                    .with_help("write `is null` or `is not null`"));
            }
            return Ok(Condition::Is(field, comparison, self.literal()?));
        }
        if self.take_word("is") {
            let negated = self.take_word("not");
            if !self.take_word("null") {
                return Err(self.unexpected("`null`"));
            }
            return Ok(negate(negated, Condition::IsNull(field)));
        }
        let negated = self.take_word("not");
        if self.take_word("like") {
            return Ok(negate(negated, Condition::Like(field, self.pattern()?)));
        }
        if self.take_word("in") {
            return Ok(negate(negated, Condition::In(field, self.list()?)));
        }
        if negated {
            return Err(self.unexpected("`like` or `in`"));
        }
        Ok(Condition::IsTrue(field))
    }

    fn literal(&mut self) -> Result<Literal, FilterFault> {
        let literal = match self.peek() {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number, text) => Literal::Number(*number, text.clone()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Truth(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Truth(false),
            Token::Word(word) => {
                return Err(self
                    .unexpected("a value")
                    .with_help(format!("put texts into quotes: '{}'", word.replace('\'', "''"))));
            }
            _ => return Err(self.unexpected("a value: a text in quotes, a number, true or false")),
        };
        self.at += 1;
        Ok(literal)
    }

    /// Both `like` sides are compared in lower case.
    fn pattern(&mut self) -> Result<Vec<char>, FilterFault> {
        let Token::Text(text) = self.peek() else {
            return Err(self.unexpected("a text in quotes, with % for any characters and _ for one"));
        };
        let pattern = text.to_lowercase().chars().collect();
        self.at += 1;
        Ok(pattern)
    }

    fn list(&mut self) -> Result<Vec<Literal>, FilterFault> {
        self.expect(&Token::Open, "`(`")?;
        let mut literals = vec![self.literal()?];
        while *self.peek() == Token::Comma {
            self.at += 1;
            literals.push(self.literal()?);
        }
        self.expect(&Token::Close, "`,` or `)`")?;
        Ok(literals)
    }

    fn field(&self, word: &str, column: usize) -> Result<Field, FilterFault> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "id" => Field::Id,
            "name" => Field::Name,
            "display_name" => Field::DisplayName,
            "enabled" => Field::Enabled,
            "locked" => Field::Locked,
            "kind" if self.is_own("kind", word) => Field::Kind,
            "owner" if self.is_own("owner", word) => Field::Owner,
            "state" if self.is_own("state", word) => Field::State,
            lower => match lower.strip_prefix("attributes.") {
                Some(_) => return self.attribute(&word["attributes.".len()..], column),
                None => return self.attribute(word, column),
            },
        })
    }

    /// Many sources have an attribute `State`; this spelling means that attribute.
    fn is_own(&self, own: &str, word: &str) -> bool {
        own == word || !self.known.contains(&word)
    }

    fn attribute(&self, name: &str, column: usize) -> Result<Field, FilterFault> {
        if self.known.is_empty() || self.known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Ok(Field::Attribute(name.to_owned()));
        }
        let guess = nearest(name, OWN.iter().chain(self.known).copied());
        let fault = FilterFault::new(column, format!("accounts have no `{name}`"));
        Err(match guess {
            Some(known) => fault.with_help(format!("did you mean `{known}`?")),
            None => fault.with_help(format!("the names are {}", self.names())),
        })
    }

    fn names(&self) -> String {
        let all: Vec<&str> = OWN.iter().chain(self.known).copied().collect();
        match all.get(..25) {
            Some(first) => format!("{}, …", first.join(", ")),
            None => all.join(", "),
        }
    }
}

fn negate(negated: bool, condition: Condition) -> Condition {
    if negated { Condition::Not(Box::new(condition)) } else { condition }
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "like", "in", "is", "null", "true", "false"].iter().any(|key| word.eq_ignore_ascii_case(key))
}
