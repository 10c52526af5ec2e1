//! Tokens to a statement.

use super::ast::{Condition, FieldGroup, Item, Literal, Name, Operator, Order, Select};
use super::dates;
use super::error::SoqlError;
use super::lexer::{Token, TokenKind, tokens};
use crate::org::value;

/// The longest statement.
const LONGEST: usize = 100_000;
/// The maximum nesting of conditions.
const DEEPEST: usize = 100;
/// The largest OFFSET.
const FARTHEST: u64 = 2_000;

/// Parses a statement. Date literals such as `TODAY` count from `now`, in milliseconds.
pub(crate) fn parse(statement: &str, now: i64) -> Result<Select, SoqlError> {
    if statement.len() > LONGEST {
        return Err(SoqlError::malformed("SOQL statements cannot be longer than 100000 characters."));
    }
    let mut parser = Parser { tokens: tokens(statement)?, next: 0, depth: 0, now };
    let select = parser.select()?;
    match parser.peek().kind {
        TokenKind::End => Ok(select),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    now: i64,
}

impl Parser {
    fn peek(&self) -> &Token {
        // The last token is `End` and is never passed.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn unexpected(&self) -> SoqlError {
        SoqlError::unexpected(self.peek().shown())
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, TokenKind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Sign(known) if known == sign)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<(), SoqlError> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), SoqlError> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Result<Name, SoqlError> {
        // `Group` and `Order` are names of objects.
        const RESERVED: [&str; 11] =
            ["select", "from", "where", "and", "or", "not", "like", "in", "by", "limit", "offset"];
        match &self.peek().kind {
            TokenKind::Word(text) if !RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word)) => {
                let name = Name { text: text.clone(), position: self.peek().position };
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn select(&mut self) -> Result<Select, SoqlError> {
        self.expect_word("select")?;
        let mut items = vec![self.item()?];
        while self.sign(",") {
            items.push(self.item()?);
        }
        self.expect_word("from")?;
        let from = self.name()?;
        let alias = match &self.peek().kind {
            TokenKind::Word(text) if !is_clause(text) => Some(self.name()?.text),
            _ => None,
        };
        let filter = if self.word("where") { Some(self.condition()?) } else { None };
        let groups = if self.word("group") { self.groups()? } else { Vec::new() };
        let order = if self.word("order") { self.order()? } else { Vec::new() };
        let limit = if self.word("limit") { Some(self.number()?) } else { None };
        let offset = if self.word("offset") { Some(self.offset()?) } else { None };
        if self.word("for") {
            // FOR VIEW and FOR REFERENCE mark records as viewed; they don't change the response.
            self.name()?;
        }
        Ok(Select { items, from, alias, filter, groups, order, limit, offset })
    }

    fn item(&mut self) -> Result<Item, SoqlError> {
        if self.sign("(") {
            let select = self.nested(Self::select)?;
            self.expect_sign(")")?;
            return Ok(Item::Children(Box::new(select)));
        }
        let name = self.name()?;
        if !self.sign("(") {
            return Ok(Item::Field(name));
        }
        let item = if name.text.eq_ignore_ascii_case("count") && self.is_sign(")") {
            Item::Count
        } else if name.text.eq_ignore_ascii_case("count") {
            let field = self.name()?;
            self.expect_sign(")")?;
            let alias = if self.is_word("from") || self.is_sign(",") { None } else { Some(self.name()?.text) };
            return Ok(Item::CountOf { field, alias });
        } else if name.text.eq_ignore_ascii_case("count_distinct") {
            let field = self.name()?;
            self.expect_sign(")")?;
            let alias = if self.is_word("from") || self.is_sign(",") { None } else { Some(self.name()?.text) };
            return Ok(Item::Distinct { field, alias });
        } else if name.text.eq_ignore_ascii_case("min") || name.text.eq_ignore_ascii_case("max") {
            let field = self.name()?;
            self.expect_sign(")")?;
            let alias = if self.is_word("from") || self.is_sign(",") { None } else { Some(self.name()?.text) };
            return Ok(Item::Extreme { largest: name.text.eq_ignore_ascii_case("max"), field, alias });
        } else if name.text.eq_ignore_ascii_case("fields") {
            let group = self.name()?;
            Item::Fields(match group.text.to_ascii_lowercase().as_str() {
                "all" => FieldGroup::All,
                "standard" => FieldGroup::Standard,
                "custom" => FieldGroup::Custom,
                _ => return Err(SoqlError::unexpected(&group.text)),
            })
        } else {
            return Err(SoqlError::unexpected("("));
        };
        self.expect_sign(")")?;
        Ok(item)
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, SoqlError>) -> Result<T, SoqlError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(SoqlError::malformed("the statement is nested too deeply"));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Conditions joined by AND or by OR; the two can't be mixed without parentheses.
    fn condition(&mut self) -> Result<Condition, SoqlError> {
        let first = self.term()?;
        let (joiner, make): (_, fn(Vec<Condition>) -> Condition) = if self.is_word("and") {
            ("and", Condition::And)
        } else if self.is_word("or") {
            ("or", Condition::Or)
        } else {
            return Ok(first);
        };
        let mut terms = vec![first];
        while self.word(joiner) {
            terms.push(self.term()?);
        }
        if self.is_word("and") || self.is_word("or") {
            return Err(self.unexpected());
        }
        Ok(make(terms))
    }

    fn term(&mut self) -> Result<Condition, SoqlError> {
        if self.word("not") {
            return Ok(Condition::Not(Box::new(self.nested(Self::term)?)));
        }
        if self.sign("(") {
            let inner = self.nested(Self::condition)?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let field = self.name()?;
        let negated = self.word("not");
        if self.word("in") {
            return self.membership(field, negated);
        }
        if negated {
            return Err(self.unexpected());
        }
        let operator = self.operator()?;
        let literal = self.literal()?;
        Ok(Condition::Compare { field, operator, literal })
    }

    fn membership(&mut self, field: Name, negated: bool) -> Result<Condition, SoqlError> {
        self.expect_sign("(")?;
        let condition = if self.is_word("select") {
            let select = Box::new(self.nested(Self::select)?);
            Condition::SemiJoin { field, negated, select }
        } else {
            let mut list = vec![self.literal()?];
            while self.sign(",") {
                list.push(self.literal()?);
            }
            Condition::In { field, negated, list }
        };
        self.expect_sign(")")?;
        Ok(condition)
    }

    fn operator(&mut self) -> Result<Operator, SoqlError> {
        if self.word("like") {
            return Ok(Operator::Like);
        }
        let operator = match self.peek().kind {
            TokenKind::Sign("=") => Operator::Equal,
            TokenKind::Sign("!=") => Operator::NotEqual,
            TokenKind::Sign("<") => Operator::Less,
            TokenKind::Sign("<=") => Operator::LessOrEqual,
            TokenKind::Sign(">") => Operator::Greater,
            TokenKind::Sign(">=") => Operator::GreaterOrEqual,
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(operator)
    }

    fn literal(&mut self) -> Result<Literal, SoqlError> {
        let token = self.advance();
        match &token.kind {
            TokenKind::Text(text) => Ok(Literal::Text(text.clone())),
            TokenKind::Literal(text) => number_or_date(text).ok_or_else(|| SoqlError::unexpected(text)),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("null") => Ok(Literal::Null),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("true") => Ok(Literal::Boolean(true)),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("false") => Ok(Literal::Boolean(false)),
            TokenKind::Word(word) => {
                let count = if self.sign(":") { Some(self.number()?) } else { None };
                dates::span(word, count, self.now)
                    .map(|(from, to)| Literal::Span(from, to))
                    .ok_or_else(|| SoqlError::unexpected(word))
            }
            _ => Err(SoqlError::unexpected(token.shown())),
        }
    }

    fn order(&mut self) -> Result<Vec<Order>, SoqlError> {
        self.expect_word("by")?;
        let mut order = Vec::new();
        loop {
            let field = self.name()?;
            let descending = self.word("desc");
            if !descending {
                self.word("asc");
            }
            let mut nulls_last = false;
            if self.word("nulls") {
                nulls_last = self.word("last");
                if !nulls_last {
                    self.expect_word("first")?;
                }
            }
            order.push(Order { field, descending, nulls_last });
            if !self.sign(",") {
                return Ok(order);
            }
        }
    }

    fn groups(&mut self) -> Result<Vec<Name>, SoqlError> {
        self.expect_word("by")?;
        let mut groups = vec![self.name()?];
        while self.sign(",") {
            groups.push(self.name()?);
        }
        Ok(groups)
    }

    fn number(&mut self) -> Result<u64, SoqlError> {
        let token = self.advance();
        match &token.kind {
            TokenKind::Literal(text) => text.parse().map_err(|_| SoqlError::unexpected(text)),
            _ => Err(SoqlError::unexpected(token.shown())),
        }
    }

    fn offset(&mut self) -> Result<u64, SoqlError> {
        let offset = self.number()?;
        if offset > FARTHEST {
            return Err(SoqlError {
                code: "NUMBER_OUTSIDE_VALID_RANGE",
                message: "Maximum SOQL offset allowed is 2000".to_owned(),
            });
        }
        Ok(offset)
    }
}

/// Whether a word begins the next clause and therefore is not an alias.
fn is_clause(word: &str) -> bool {
    ["where", "order", "limit", "offset", "for", "group", "having", "using", "with"]
        .iter()
        .any(|clause| word.eq_ignore_ascii_case(clause))
}

fn number_or_date(text: &str) -> Option<Literal> {
    if let Ok(number) = text.parse::<f64>()
        && number.is_finite()
    {
        return Some(Literal::Number(number));
    }
    match value::parse_date(text) {
        Some(days) => Some(Literal::Date(days)),
        None => value::parse_datetime(text).map(Literal::DateTime),
    }
}
