//! Holds a change against the schema of a source's accounts.

use connector_core::{
    AccountSchema, AttributeMeaning, AttributeSchema, AttributeType, Change, Error, OperationKind, Result, Writable,
    jiff::civil::Date, nearest,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fails with kind `unsupported` if the source's accounts have no such operation.
pub fn check_kind(schema: &AccountSchema, kind: OperationKind) -> Result<()> {
    if schema.operations.contains(&kind) {
        return Ok(());
    }
    let names: Vec<_> = schema.operations.iter().map(|known| format!("`{}`", known.name())).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Error::unsupported(format!("the source does not support `{}`", kind.name()))
        .with_help(format!("leave it out; the source supports: {known}")))
}

/// Brings the attributes of a change into the form that the schema has: names in its spelling, and texts, which are all that a
/// CSV file has, as values of its types. `asked` is the operation that the change is part of.
///
/// Fails with kind `invalid` and names everything that doesn't fit.
pub fn fit<P>(schema: &AccountSchema, asked: OperationKind, change: &mut Change<P>) -> Result<()> {
    let mut fitting = Fitting { schema, creates: asked == OperationKind::Create, faults: Vec::new() };
    match change {
        Change::Create { attributes, .. } => {
            *attributes = fitting.values(std::mem::take(attributes));
            fitting.complete(attributes);
        }
        Change::Update { set, add, remove, .. } => {
            *set = fitting.values(std::mem::take(set));
            *add = fitting.members(std::mem::take(add));
            *remove = fitting.members(std::mem::take(remove));
        }
        _ => {}
    }
    fitting.end()
}

/// What doesn't fit, and how to fix it.
struct Fault {
    message: String,
    help: String,
}

fn fault(message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault { message: message.into(), help: help.into() }
}

struct Fitting<'a> {
    schema: &'a AccountSchema,
    creates: bool,
    faults: Vec<Fault>,
}

impl<'a> Fitting<'a> {
    fn values(&mut self, given: Map<String, Value>) -> Map<String, Value> {
        let mut fitted = Map::new();
        for (name, value) in given {
            let Some(attribute) = self.attribute(&name) else {
                fitted.insert(name, value);
                continue;
            };
            match whole(attribute, value, self.creates) {
                Ok(value) if fitted.get(&attribute.name).is_some_and(|earlier| *earlier != value) => {
                    let message = format!("`{}` has two values", attribute.name);
                    self.faults.push(fault(message, "leave out one of them"));
                }
                Ok(value) => drop(fitted.insert(attribute.name.clone(), value)),
                Err(found) => self.faults.push(found),
            }
        }
        fitted
    }

    fn members(&mut self, given: BTreeMap<String, Vec<Value>>) -> BTreeMap<String, Vec<Value>> {
        let mut fitted: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, values) in given {
            let Some(attribute) = self.attribute(&name) else {
                fitted.insert(name, values);
                continue;
            };
            if !attribute.multi && attribute.attribute_type != AttributeType::Json {
                let message = format!("`{name}` holds one value, so none can be added to it or removed from it");
                self.faults.push(fault(message, "use `set`"));
                continue;
            }
            for value in values {
                match single(attribute, value) {
                    Ok(value) => fitted.entry(attribute.name.clone()).or_default().push(value),
                    Err(found) => self.faults.push(found),
                }
            }
        }
        fitted
    }

    /// The attribute that can be written; `None` if the schema can't judge it or it must not be written.
    fn attribute(&mut self, name: &str) -> Option<&'a AttributeSchema> {
        let Some(attribute) = self.schema.attribute(name) else {
            if !self.schema.open {
                let near = nearest(name, self.schema.attributes.iter().map(|known| known.name.as_str()));
                let help = near.map_or("check the spelling".to_owned(), |near| format!("did you mean `{near}`?"));
                self.faults.push(fault(format!("accounts have no attribute `{name}`"), help));
            }
            return None;
        };
        let why = match attribute.writable {
            Writable::Never => "can't be set: the source sets it by itself",
            Writable::OnCreate if !self.creates => "can only be set when the account is created",
            _ => return Some(attribute),
        };
        self.faults.push(fault(format!("`{}` {why}", attribute.name), "leave it out"));
        None
    }

    /// Reports what a new account needs and does not get. Its name is given outside of the attributes.
    fn complete(&mut self, given: &Map<String, Value>) {
        let needed = self.schema.attributes.iter().filter(|known| {
            known.required
                && known.meaning != Some(AttributeMeaning::LoginName)
                && !matches!(known.writable, Writable::Never)
        });
        let missing = needed.filter(|known| given.get(&known.name).is_none_or(Value::is_null));
        let missing: Vec<_> = missing.map(|known| format!("`{}`", known.name)).collect();
        // A value that doesn't fit is reported already.
        if !missing.is_empty() && self.faults.is_empty() {
            self.faults.push(fault(format!("an account can't be created without {}", missing.join(", ")), "give them"));
        }
    }

    fn end(self) -> Result<()> {
        let Some(first) = self.faults.first() else { return Ok(()) };
        let (mut message, mut help) = (first.message.clone(), first.help.clone());
        for next in &self.faults[1..] {
            message = format!("{message}; {}", next.message);
            if !help.contains(&next.help) {
                help = format!("{help}; {}", next.help);
            }
        }
        Err(Error::invalid(message).with_help(help))
    }
}

/// All that an attribute is set to.
fn whole(attribute: &AttributeSchema, value: Value, creates: bool) -> Result<Value, Fault> {
    let name = &attribute.name;
    match value {
        Value::Null if attribute.required && !creates => Err(fault(format!("`{name}` can't be empty"), "give a value")),
        Value::Null => Ok(Value::Null),
        Value::Array(values) if attribute.multi => {
            values.into_iter().map(|value| single(attribute, value)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        Value::Array(_) if attribute.attribute_type != AttributeType::Json => {
            Err(fault(format!("`{name}` holds one value, not a list"), "give one value"))
        }
        value if attribute.multi => single(attribute, value).map(|value| Value::from(vec![value])),
        value => single(attribute, value),
    }
}

fn single(attribute: &AttributeSchema, value: Value) -> Result<Value, Fault> {
    use AttributeType::{Boolean, Date as Day, Integer, Json, Number};
    let text = value.as_str().map(str::to_owned);
    let (fitted, expected) = match attribute.attribute_type {
        Json => (Some(value), ""),
        Boolean => {
            let of_text = || text.as_deref().and_then(|text| text.to_ascii_lowercase().parse().ok()).map(Value::Bool);
            (value.is_boolean().then_some(value).or_else(of_text), "`true` or `false`")
        }
        Integer => {
            let of_text = || text.as_deref().and_then(|text| text.parse::<i64>().ok()).map(Value::from);
            let is_whole =
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0);
            (is_whole.then_some(value).or_else(of_text), "a whole number")
        }
        Number => {
            let of_text = || text.as_deref().and_then(|text| text.parse::<serde_json::Number>().ok());
            (value.is_number().then_some(value).or_else(|| of_text().map(Value::from)), "a number")
        }
        Day => {
            let is_day = text.as_deref().is_some_and(|text| text.is_empty() || text.parse::<Date>().is_ok());
            (is_day.then_some(value), "a day, such as `2027-01-31`")
        }
        _ => (value.is_string().then_some(value), "text, in quotes"),
    };
    fitted.ok_or_else(|| {
        fault(format!("`{}` has a value of the wrong type", attribute.name), format!("write {expected}"))
    })
}
