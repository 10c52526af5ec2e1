//! Texts with `{expression}` in them: paths, query parameters, bodies.

use super::compiled::{Expression, Undone, named};
use super::scope::{Scope, Vars};
use connector_core::SettingsFault;
use connector_http::path_segment;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A text with expressions. `{{` stands for a brace.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Value(Expression),
}

impl Template {
    /// Parses and checks a text. `pointer` is its place in the settings.
    pub(crate) fn parse(text: &str, scope: Scope<'_>, pointer: &str) -> Result<Self, SettingsFault> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = 0;
        while rest < text.len() {
            let Some(found) = text[rest..].find(['{', '}']).map(|at| rest + at) else { break };
            plain.push_str(&text[rest..found]);
            let brace = &text[found..=found];
            if text[found + 1..].starts_with(brace) {
                plain.push_str(brace);
                rest = found + 2;
                continue;
            }
            let open = |message: &str| {
                let help = "write `{item.id}`; for a brace itself, write it twice: `{{`";
                Err(SettingsFault::new(pointer, message).at(found..found + 1).with_help(help))
            };
            if brace == "}" {
                return open("this brace closes nothing");
            }
            let Some(end) = end_of(&text[found + 1..]) else { return open("the brace is never closed") };
            let inside = &text[found + 1..found + 1 + end];
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Value(Expression::parse(inside, scope, pointer, found + 1)?));
            rest = found + end + 2;
        }
        plain.push_str(&text[rest..]);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// A path. Values are encoded, so that each stays within its segment. A value that is missing is an error.
    pub(crate) fn path(&self, vars: &Vars<'_>) -> Result<String, Undone> {
        Self::encoded(&self.parts, vars)
    }

    fn encoded(parts: &[Part], vars: &Vars<'_>) -> Result<String, Undone> {
        let mut path = String::new();
        for part in parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Value(expression) => {
                    let value = expression.some_text(vars)?;
                    let segment = path_segment(&value).ok_or_else(|| {
                        Undone(format!("`{expression:?}` gives `{value}`, which would leave the path"))
                    })?;
                    path.push_str(&segment);
                }
            }
        }
        Ok(path)
    }

    /// A template in place of one with a fault; the settings with the fault are never used.
    pub(crate) fn broken() -> Self {
        Self { parts: Vec::new() }
    }

    /// A URL. A value at its beginning is a URL itself; the others are encoded, so that none changes the host.
    pub(crate) fn url(&self, vars: &Vars<'_>) -> Result<String, Undone> {
        let Some((Part::Value(first), _)) = self.parts.split_first() else { return self.path(vars) };
        let start = first.some_text(vars)?;
        let rest = Self::encoded(&self.parts[1..], vars)?;
        Ok(format!("{}{rest}", start.trim_end_matches('/')))
    }

    /// A text. `None` if a value is missing.
    pub(crate) fn text(&self, vars: &Vars<'_>) -> Result<Option<String>, Undone> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(expression) if expression.is_missing(vars) => return Ok(None),
                Part::Value(expression) => match expression.value(vars)? {
                    Value::Null => return Ok(None),
                    Value::String(value) => text.push_str(&value),
                    Value::Number(number) => text.push_str(&number.to_string()),
                    Value::Bool(truth) => text.push_str(if truth { "true" } else { "false" }),
                    other => return Err(Undone(format!("`{expression:?}` gives {} instead of text", named(&other)))),
                },
            }
        }
        Ok(Some(text))
    }

    /// The value itself, if the text is one expression; else the text.
    fn json(&self, vars: &Vars<'_>) -> Result<Option<Value>, Undone> {
        match self.parts.as_slice() {
            [Part::Value(expression)] if expression.is_missing(vars) => Ok(None),
            [Part::Value(expression)] => expression.value(vars).map(Some),
            [] => Ok(Some(Value::String(String::new()))),
            _ => Ok(self.text(vars)?.map(Value::String)),
        }
    }

    /// The expressions in it.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(expression) => Some(expression),
            Part::Text(_) => None,
        })
    }

    pub(crate) fn uses(&self, name: &str) -> bool {
        self.expressions().any(|one| one.uses(name))
    }
}

/// Where an expression ends: the brace that is not inside of a text or of other braces.
fn end_of(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            (Some(_) | None, _) => {}
        }
    }
    None
}

/// Query parameters, each with one value or several. One without a value is left out.
#[derive(Debug, Default)]
pub(crate) struct QueryTemplate(Vec<(String, Template)>);

fn parameter(value: &Value, scope: Scope<'_>, pointer: &str) -> Result<Template, SettingsFault> {
    match value {
        Value::String(text) => Template::parse(text, scope, pointer),
        Value::Number(_) | Value::Bool(_) => Template::parse(&value.to_string(), scope, pointer),
        other => Err(SettingsFault::new(pointer, format!("a parameter can't be {}", named(other)))
            .with_help("write a text or a number, or a list of them for a parameter that is sent several times")),
    }
}

impl QueryTemplate {
    pub(crate) fn parse(
        query: &BTreeMap<String, Value>,
        scope: Scope<'_>,
        pointer: &str,
        faults: &mut Vec<SettingsFault>,
    ) -> Self {
        let mut parameters = Vec::new();
        for (name, value) in query {
            let pointer = format!("{pointer}/{}", escaped(name));
            let values: Vec<(String, &Value)> = match value {
                Value::Array(values) => {
                    values.iter().enumerate().map(|(at, value)| (format!("{pointer}/{at}"), value)).collect()
                }
                value => vec![(pointer, value)],
            };
            for (pointer, value) in values {
                match parameter(value, scope, &pointer) {
                    Ok(template) => parameters.push((name.clone(), template)),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        Self(parameters)
    }

    pub(crate) fn pairs(&self, vars: &Vars<'_>) -> Result<Vec<(String, String)>, Undone> {
        let mut pairs = Vec::with_capacity(self.0.len());
        for (name, template) in &self.0 {
            if let Some(value) = template.text(vars)? {
                pairs.push((name.clone(), value));
            }
        }
        Ok(pairs)
    }

    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.0.iter().flat_map(|(_, template)| template.expressions())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// A JSON body. A member without a value is left out, and so is an object that has none left.
#[derive(Debug)]
pub(crate) enum BodyTemplate {
    Text(Template),
    List(Vec<BodyTemplate>),
    Object(Vec<(String, BodyTemplate)>),
    Fixed(Value),
}

impl BodyTemplate {
    pub(crate) fn parse(value: &Value, scope: Scope<'_>, pointer: &str, faults: &mut Vec<SettingsFault>) -> Self {
        match value {
            Value::String(text) => match Template::parse(text, scope, pointer) {
                Ok(template) => Self::Text(template),
                Err(fault) => {
                    faults.push(fault);
                    Self::Fixed(Value::Null)
                }
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Self::List(items.map(|(at, one)| Self::parse(one, scope, &format!("{pointer}/{at}"), faults)).collect())
            }
            Value::Object(object) => Self::Object(
                object
                    .iter()
                    .map(|(name, one)| {
                        let place = format!("{pointer}/{}", escaped(name));
                        (name.clone(), Self::parse(one, scope, &place, faults))
                    })
                    .collect(),
            ),
            other => Self::Fixed(other.clone()),
        }
    }

    /// The value; `None` if it has none.
    pub(crate) fn json(&self, vars: &Vars<'_>) -> Result<Option<Value>, Undone> {
        Ok(Some(match self {
            Self::Text(template) => return template.json(vars),
            Self::Fixed(value) => value.clone(),
            Self::List(items) => {
                let mut values = Vec::new();
                for item in items {
                    values.extend(item.json(vars)?);
                }
                Value::Array(values)
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    if let Some(value) = member.json(vars)? {
                        object.insert(name.clone(), value);
                    }
                }
                if object.is_empty() && !members.is_empty() {
                    return Ok(None);
                }
                Value::Object(object)
            }
        }))
    }

    pub(crate) fn uses(&self, name: &str) -> bool {
        match self {
            Self::Text(template) => template.uses(name),
            Self::List(items) => items.iter().any(|one| one.uses(name)),
            Self::Object(members) => members.iter().any(|(_, one)| one.uses(name)),
            Self::Fixed(_) => false,
        }
    }

    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Text(template) => template.expressions().collect(),
            Self::List(items) => items.iter().flat_map(Self::expressions).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, one)| one.expressions()).collect(),
            Self::Fixed(_) => Vec::new(),
        }
    }
}

/// A name in a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Puts a value at a JSON pointer; what is missing on the way is made.
pub(crate) fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut here = into;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(object) = here else { return };
        here = object.entry(name).or_insert(Value::Null);
    }
    *here = value;
}
