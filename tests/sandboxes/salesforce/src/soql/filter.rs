//! Conditions: resolved and evaluated.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::ast::{Condition, Literal, Name, Operator};
use super::bind;
use super::error::SoqlError;
use super::path::{Leaf, Path};
use super::rows;
use super::text::{self, Pattern};
use crate::id::Id;
use crate::org::field::Kind;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::{Record, State};
use crate::org::value::Value;

/// A condition with its names resolved.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare {
        path: Path,
        operator: Operator,
        operand: Operand,
    },
    OneOf {
        path: Path,
        negated: bool,
        operands: Vec<Operand>,
    },
    /// The texts are in their order.
    TextOneOf {
        path: Path,
        negated: bool,
        texts: Vec<Value>,
    },
    IdOneOf {
        path: Path,
        negated: bool,
        ids: HashSet<Id>,
    },
}

/// What a field is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Value(Value),
    Pattern(Pattern),
    /// A span of time: first millisecond, and the first after it.
    Span(i64, i64),
}

/// What a condition is resolved in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) state: &'a State,
    pub(crate) statement: &'a str,
    pub(crate) object: Object,
    pub(crate) alias: Option<&'a str>,
    /// Whether this is the statement of a semi-join, which may not contain another one.
    pub(crate) inner: bool,
}

impl Scope<'_> {
    pub(crate) fn path(&self, name: &Name) -> Result<Path, SoqlError> {
        Path::find(self.state, self.statement, self.object, self.alias, name)
    }
}

impl Filter {
    pub(crate) fn bind(scope: Scope<'_>, condition: &Condition) -> Result<Self, SoqlError> {
        let all = |list: &[Condition]| list.iter().map(|inner| Self::bind(scope, inner)).collect::<Result<Vec<_>, _>>();
        Ok(match condition {
            Condition::And(list) => Self::All(all(list)?),
            Condition::Or(list) => Self::Any(all(list)?),
            Condition::Not(inner) => Self::Not(Box::new(Self::bind(scope, inner)?)),
            Condition::Compare { field, operator, literal } => {
                let path = scope.path(field)?;
                let operand = operand(scope, &path, field, *operator, literal)?;
                Self::Compare { path, operator: *operator, operand }
            }
            Condition::In { field, negated, list } => Self::bind_list(scope, field, *negated, list)?,
            Condition::SemiJoin { field, negated, select } => {
                if scope.inner {
                    return Err(SoqlError::malformed("Nesting of semi join sub-selects is not supported"));
                }
                let path = scope.path(field)?;
                let bound = bind::bind_inner(scope.state, scope.statement, select)?;
                Self::IdOneOf { path, negated: *negated, ids: rows::ids(scope.state, &bound) }
            }
        })
    }

    fn bind_list(scope: Scope<'_>, field: &Name, negated: bool, list: &[Literal]) -> Result<Self, SoqlError> {
        let path = scope.path(field)?;
        let mut ids = HashSet::new();
        let mut operands = Vec::new();
        for literal in list {
            match operand(scope, &path, field, Operator::Equal, literal)? {
                Operand::Value(Value::Id(id)) => {
                    ids.insert(id);
                }
                other => operands.push(other),
            }
        }
        if operands.is_empty() {
            return Ok(Self::IdOneOf { path, negated, ids });
        }
        let texts = operands.iter().map(|operand| match operand {
            Operand::Value(text @ Value::Text(_)) => Some(text.clone()),
            _ => None,
        });
        if let Some(mut texts) = texts.collect::<Option<Vec<_>>>().filter(|_| ids.is_empty()) {
            texts.sort_by(Value::order);
            return Ok(Self::TextOneOf { path, negated, texts });
        }
        operands.extend(ids.into_iter().map(|id| Operand::Value(Value::Id(id))));
        Ok(Self::OneOf { path, negated, operands })
    }

    /// Whether a record passes.
    pub(crate) fn passes(&self, state: &State, record: Record) -> bool {
        match self {
            Self::All(list) => list.iter().all(|filter| filter.passes(state, record)),
            Self::Any(list) => list.iter().any(|filter| filter.passes(state, record)),
            Self::Not(filter) => !filter.passes(state, record),
            Self::Compare { path, operator, operand } => operand.compares(&path.value(state, record), *operator),
            Self::OneOf { path, negated, operands } => {
                let value = path.value(state, record);
                operands.iter().any(|operand| operand.compares(&value, Operator::Equal)) != *negated
            }
            Self::TextOneOf { path, negated, texts } => {
                let value = path.value(state, record);
                texts.binary_search_by(|text| text.order(&value)).is_ok() != *negated
            }
            Self::IdOneOf { path, negated, ids } => match path.value(state, record) {
                Value::Id(id) => ids.contains(&id) != *negated,
                _ => *negated,
            },
        }
    }
}

impl Operand {
    fn compares(&self, value: &Value, operator: Operator) -> bool {
        match self {
            Self::Pattern(pattern) => value.text().is_some_and(|text| pattern.fits(text)),
            Self::Span(from, to) => in_span(value, operator, *from, *to),
            Self::Value(Value::Null) => match operator {
                Operator::Equal => *value == Value::Null,
                Operator::NotEqual => *value != Value::Null,
                _ => false,
            },
            Self::Value(_) if *value == Value::Null => operator == Operator::NotEqual,
            Self::Value(operand) => holds(operator, value.order(operand)),
        }
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Like => false,
    }
}

fn in_span(value: &Value, operator: Operator, from: i64, to: i64) -> bool {
    let at = match value {
        Value::DateTime(ms) => *ms,
        Value::Date(days) => i64::from(*days) * 86_400_000,
        _ => return operator == Operator::NotEqual,
    };
    match operator {
        Operator::Equal => (from..to).contains(&at),
        Operator::NotEqual => !(from..to).contains(&at),
        Operator::Less => at < from,
        Operator::LessOrEqual => at < to,
        Operator::Greater => at >= to,
        Operator::GreaterOrEqual => at >= from,
        Operator::Like => false,
    }
}

/// The literal as a value to compare the field with; an error if the types don't match.
fn operand(
    scope: Scope<'_>,
    path: &Path,
    name: &Name,
    operator: Operator,
    literal: &Literal,
) -> Result<Operand, SoqlError> {
    let (kind, filterable) = match path.leaf {
        Leaf::Field(object, field) => (schema::fields(object)[field].kind, schema::fields(object)[field].filterable),
        Leaf::Any("Id") => (Kind::Id, true),
        Leaf::Any(_) => (Kind::Text, true),
    };
    let fail = |code, message: String| Err(SoqlError::at(code, scope.statement, name.position, &message));
    if !filterable {
        return fail("INVALID_FIELD", format!("field '{}' can not be filtered in a query call", path.leaf.name()));
    }
    if operator == Operator::Like && is_id(kind) {
        return fail("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field".to_owned());
    }
    match (kind, literal) {
        (_, Literal::Null) => Ok(Operand::Value(Value::Null)),
        (Kind::Boolean, Literal::Boolean(yes)) => Ok(Operand::Value(Value::Bool(*yes))),
        (Kind::Int | Kind::Double, Literal::Number(number)) => Ok(Operand::Value(Value::Double(*number))),
        (Kind::DateTime, Literal::DateTime(ms)) => Ok(Operand::Value(Value::DateTime(*ms))),
        (Kind::Date, Literal::Date(days)) => Ok(Operand::Value(Value::Date(*days))),
        (Kind::DateTime | Kind::Date, Literal::Span(from, to)) => Ok(Operand::Span(*from, *to)),
        (Kind::Id | Kind::Reference, Literal::Text(text)) => match Id::parse(text) {
            Some(id) => Ok(Operand::Value(Value::Id(id))),
            None if text.is_empty() => Ok(Operand::Value(Value::Null)),
            None => fail("INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {text}")),
        },
        (kind, Literal::Text(escaped)) if is_text(kind) => Ok(match operator {
            Operator::Like => Operand::Pattern(Pattern::new(escaped)?),
            // An empty string is stored as null.
            _ if escaped.is_empty() => Operand::Value(Value::Null),
            _ => Operand::Value(Value::from(text::unescape(escaped)?)),
        }),
        _ => {
            let (wanted, quotes) = wanted(kind);
            fail(
                "INVALID_FIELD",
                format!(
                    "value of filter criterion for field '{}' must be of type {wanted} and should {quotes}be enclosed \
                     in quotes",
                    path.leaf.name()
                ),
            )
        }
    }
}

fn is_id(kind: Kind) -> bool {
    matches!(kind, Kind::Id | Kind::Reference)
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::TextArea | Kind::Email | Kind::Phone | Kind::Url | Kind::Picklist)
}

fn wanted(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Boolean => ("boolean", "not "),
        Kind::Int => ("int", "not "),
        Kind::Double => ("double", "not "),
        Kind::Date => ("date", "not "),
        Kind::DateTime => ("dateTime", "not "),
        Kind::Id | Kind::Reference => ("id", ""),
        _ => ("string", ""),
    }
}
