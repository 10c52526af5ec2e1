//! How one attribute is derived.

use super::expression::Expression;
use super::transform::Transform;
use connector_core::SettingsFault;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How an attribute is derived: from one place (`from`, `first_of`, `join`, `constant` or `expr`), and then by transforms.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct Derivation {
    /// The value of this attribute. Also `id`, `name`, `display_name`, `enabled`, `locked` and `owner` of the account, unless an
    /// attribute has that name.
    pub from: Option<String>,
    /// The value of the first of these attributes that has one.
    #[schemars(length(min = 1))]
    pub first_of: Option<Vec<String>>,
    /// The values of these attributes, one after the other. Those without a value are left out.
    #[schemars(length(min = 1))]
    pub join: Option<Vec<String>>,
    /// What stands between values that are joined. Default: nothing.
    pub separator: Option<String>,
    /// This value, for every account.
    pub constant: Option<Value>,
    /// An expression with the names of attributes, for example `FirstName ~ " " ~ LastName | upper`. If an attribute in it has no
    /// value, neither has the expression, unless it says `| default(…)`.
    pub expr: Option<String>,
    /// What is done with the value, in this order. A missing value stays missing, except for `default`.
    pub then: Vec<Transform>,
}

/// A checked derivation.
#[derive(Debug)]
pub(crate) struct Rule {
    place: Place,
    then: Vec<Transform>,
}

#[derive(Debug)]
enum Place {
    FirstOf(Vec<String>),
    Join(Vec<String>, String),
    Constant(Value),
    Expression(Expression),
}

impl Rule {
    pub(crate) fn of(name: &str, written: &Derivation) -> Result<Self, SettingsFault> {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        let at = |member: &str| format!("/{escaped}{member}");
        let Derivation { from, first_of, join, separator, constant, expr, then } = written.clone();
        if separator.is_some() && join.is_none() {
            return Err(SettingsFault::new(at("/separator"), "`separator` is only for `join`")
                .with_help("remove it, or write `join: [ATTRIBUTE, …]`"));
        }
        let mut places = Vec::new();
        places.extend(from.map(|from| Place::FirstOf(vec![from])));
        places.extend(first_of.map(Place::FirstOf));
        places.extend(join.map(|names| Place::Join(names, separator.unwrap_or_default())));
        places.extend(constant.map(Place::Constant));
        if let Some(text) = expr {
            places.push(Place::Expression(Expression::parse(&text, at("/expr"))?));
        }
        let count = places.len();
        let (Some(place), 1) = (places.pop(), count) else {
            let message =
                format!("`{name}` says {} where its value comes from", if count == 0 { "not" } else { "twice" });
            return Err(SettingsFault::new(at(""), message)
                .with_help("write one of `from`, `first_of`, `join`, `constant` and `expr`"));
        };
        for (number, transform) in then.iter().enumerate() {
            transform.check(&at(&format!("/then/{number}")))?;
        }
        Ok(Self { place, then })
    }

    /// The names that it uses.
    pub(super) fn uses(&self) -> &[String] {
        match &self.place {
            Place::FirstOf(names) | Place::Join(names, _) => names,
            Place::Constant(_) => &[],
            Place::Expression(expression) => expression.uses(),
        }
    }

    /// The value; null if there is none. An error says why there can't be one.
    pub(crate) fn value(&self, values: &Map<String, Value>) -> Result<Value, String> {
        let value = |name: &String| values.get(name).filter(|value| has_value(value));
        let first = match &self.place {
            Place::FirstOf(names) => names.iter().find_map(value).cloned().unwrap_or_default(),
            Place::Constant(constant) => constant.clone(),
            Place::Expression(expression) => expression.value(values)?,
            Place::Join(names, separator) => {
                let texts = names.iter().filter_map(value).map(|value| match value {
                    Value::String(text) => Ok(text.clone()),
                    Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
                    _ => Err("a list or an object can't be joined".to_owned()),
                });
                let texts = texts.collect::<Result<Vec<_>, _>>()?;
                if texts.is_empty() { Value::Null } else { Value::from(texts.join(separator)) }
            }
        };
        self.then.iter().try_fold(first, |value, transform| transform.apply(value))
    }
}

/// An empty text is no value.
fn has_value(value: &Value) -> bool {
    !matches!(value, Value::Null) && value.as_str() != Some("")
}
