//! The order of values in a sorted list.

use serde_json::Value;
use std::cmp::Ordering;

/// A value among others. Kinds of values don't mix: numbers come before texts.
#[derive(Clone, Debug)]
pub(super) enum Rank {
    Switch(bool),
    Number(f64),
    /// Without letter case.
    Text(String),
}

impl Rank {
    pub(super) fn of(value: &Value) -> Self {
        // An item of a list stands for its value.
        match value.get("value").unwrap_or(value) {
            Value::Bool(switch) => Self::Switch(*switch),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::MAX)),
            Value::String(text) => Self::Text(text.to_lowercase()),
            other => Self::Text(other.to_string()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Switch(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Switch(one), Self::Switch(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_in_the_order_of_numbers_and_texts_without_letter_case() {
        let mut values =
            vec![json!("b"), json!(10), json!("A"), json!(9.5), json!(-1), json!(true), json!({"value": 9})];
        values.sort_by_key(Rank::of);
        assert_eq!(json!(values), json!([true, -1, {"value": 9}, 9.5, 10, "A", "b"]));
    }
}
