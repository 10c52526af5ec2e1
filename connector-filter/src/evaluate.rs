//! Whether an account matches a condition.

use super::{Comparison, Condition, Field, Literal};
use connector_core::Account;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;

/// An account under test. Its attributes are parsed once, and only if the condition needs one.
pub(super) struct Subject<'a> {
    account: &'a Account,
    states: &'a [&'a str],
    entries: OnceCell<Vec<(Cow<'a, str>, &'a RawValue)>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(account: &'a Account, states: &'a [&'a str]) -> Self {
        Self { account, states, entries: OnceCell::new() }
    }

    pub(super) fn fulfills(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.fulfills(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.fulfills(part)),
            Condition::Not(part) => !self.fulfills(part),
            Condition::IsTrue(field) => self.any(field, |value| equal(value, &Literal::Truth(true))),
            Condition::IsNull(field) => self.value(field).is_null(),
            Condition::Is(field, Comparison::NotEqual, literal) => !self.any(field, |value| equal(value, literal)),
            Condition::Is(field, Comparison::Equal, literal) => self.any(field, |value| equal(value, literal)),
            Condition::Is(field, comparison, literal) => {
                self.any(field, |value| order(value, literal).is_some_and(|order| fits(order, *comparison)))
            }
            Condition::Like(field, pattern) => self.any(field, |value| is_like(value, pattern)),
            Condition::In(field, literals) => {
                self.any(field, |value| literals.iter().any(|literal| equal(value, literal)))
            }
        }
    }

    /// Whether the value matches, or one of several values.
    fn any(&self, field: &Field, holds: impl Fn(&Value) -> bool) -> bool {
        match self.value(field) {
            Value::Array(values) => values.iter().any(holds),
            value => holds(&value),
        }
    }

    fn value(&self, field: &Field) -> Value {
        let account = self.account;
        match field {
            Field::Id => Value::from(account.id.as_str()),
            Field::Name => Value::from(account.name.as_str()),
            Field::DisplayName => account.display_name.as_deref().map_or(Value::Null, Value::from),
            Field::Enabled => Value::from(account.enabled),
            Field::Locked => Value::from(account.locked),
            Field::Kind if account.kind.is_unspecified() => Value::Null,
            Field::Kind => Value::from(account.kind.name()),
            Field::Owner => account.owner.as_deref().map_or(Value::Null, Value::from),
            Field::State if self.states.is_empty() => Value::Null,
            Field::State => self.states.iter().copied().collect(),
            Field::Attribute(name) => self
                .entries
                .get_or_init(|| account.attributes.entries())
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .and_then(|(_, raw)| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default(),
        }
    }
}

fn equal(value: &Value, literal: &Literal) -> bool {
    order(value, literal) == Some(Ordering::Equal)
}

/// Compares a value with a literal by the type of the value; `None` if they can't be compared.
fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match value {
        Value::String(text) => Some(text.as_str().cmp(match literal {
            Literal::Text(wanted) | Literal::Number(_, wanted) => wanted,
            Literal::Truth(true) => "true",
            Literal::Truth(false) => "false",
        })),
        Value::Number(number) => {
            let wanted = match literal {
                Literal::Number(wanted, _) => *wanted,
                Literal::Text(text) => text.parse().ok()?,
                Literal::Truth(_) => return None,
            };
            number.as_f64()?.partial_cmp(&wanted)
        }
        Value::Bool(truth) => {
            let wanted = match literal {
                Literal::Truth(wanted) => *wanted,
                Literal::Text(text) if text.eq_ignore_ascii_case("true") => true,
                Literal::Text(text) if text.eq_ignore_ascii_case("false") => false,
                _ => return None,
            };
            Some(truth.cmp(&wanted))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn fits(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// Whether a value matches a lowercase pattern: `%` is any text, `_` is one character.
fn is_like(value: &Value, pattern: &[char]) -> bool {
    let text: Vec<char> = match value {
        Value::String(text) => text.to_lowercase().chars().collect(),
        Value::Number(number) => number.to_string().chars().collect(),
        _ => return false,
    };
    let (mut at, mut next) = (0, 0);
    // The last `%` and the position in the text at that point: the only place to backtrack to.
    let mut back: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some('%') => {
                back = Some((next, at));
                next += 1;
            }
            Some(wanted) if *wanted == '_' || *wanted == text[at] => {
                at += 1;
                next += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    next = star + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(|rest| *rest == '%')
}
