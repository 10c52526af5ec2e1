//! The settings of a connector as a list for people, from their schema.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A setting, with those inside of it after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its place below `settings:`, such as `accounts.map.id`. `NAME` stands for a name that the user chooses, and `[]` for each
    /// item of a list.
    pub key: String,
    /// Its place below the setting that it is inside of.
    pub name: String,
    /// How many settings it is inside of.
    pub depth: usize,
    /// Whether it must be there, if what it is inside of is there.
    pub required: bool,
    /// What it can be, such as `true or false`. Empty for what has settings inside.
    pub values: String,
    /// The value that counts without it, if the schema has one.
    pub default: Option<String>,
    /// What it means.
    pub description: String,
    /// The key of an earlier setting that has the same settings inside.
    pub same_as: Option<String>,
}

/// The deepest settings that are listed.
const DEEPEST: usize = 10;

/// Lists the settings of a [schema](super::schema::connector_schema), in its order.
pub fn outline(schema: &Value) -> Vec<Setting> {
    let mut outline = Outline { root: schema, known: BTreeMap::new(), settings: Vec::new() };
    outline.members(schema, "", "", 0);
    outline.settings
}

struct Outline<'a> {
    root: &'a Value,
    /// The keys of the types that are listed.
    known: BTreeMap<&'a str, String>,
    settings: Vec<Setting>,
}

impl<'a> Outline<'a> {
    fn members(&mut self, object: &'a Value, prefix: &str, below: &str, depth: usize) {
        let required: Vec<_> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, rule) in object["properties"].as_object().into_iter().flatten() {
            let forms = self.forms(rule);
            let key = format!("{prefix}{name}");
            let mut values: Vec<_> = forms.iter().filter_map(|form| values(form)).collect();
            if !values.is_empty() && values.len() < forms.len() {
                values.push("the settings below".to_owned());
            }
            self.settings.push(Setting {
                name: format!("{below}{name}"),
                depth,
                required: required.contains(&name.as_str()),
                values: or(&values),
                default: rule.get("default").and_then(default),
                description: self.description(rule),
                same_as: None,
                key: key.clone(),
            });
            let own = self.settings.len() - 1;
            for form in self.forms_of(rule, &key, own) {
                self.inside(form, &key, "", depth + 1, own);
            }
        }
    }

    /// Lists what is inside of a setting: its members, those of each entry, or those of each item.
    fn inside(&mut self, form: &'a Value, key: &str, below: &str, depth: usize, own: usize) {
        if depth > DEEPEST {
            return;
        }
        if form["properties"].is_object() {
            self.members(form, &format!("{key}."), below, depth);
            return;
        }
        let (inner, key, below) = match (form.get("additionalProperties"), form.get("items")) {
            (Some(inner @ Value::Object(_)), _) => (inner, format!("{key}.NAME"), format!("{below}NAME.")),
            (_, Some(inner)) => (inner, format!("{key}[]"), below.to_owned()),
            _ => return,
        };
        for form in self.forms_of(inner, &key, own) {
            self.inside(form, &key, &below, depth, own);
        }
    }

    /// As [`forms`](Self::forms), without those that are listed elsewhere. The setting `own` then refers there.
    fn forms_of(&mut self, rule: &'a Value, key: &str, own: usize) -> Vec<&'a Value> {
        let mut forms = Vec::new();
        self.gather(rule, &mut forms, 0);
        let mut new = Vec::new();
        for (name, form) in forms {
            let has_members = form["properties"].is_object();
            match name.and_then(|name| self.known.get(name)) {
                Some(known) if has_members => {
                    let known = known.clone();
                    self.settings[own].same_as = Some(known);
                }
                _ => {
                    if let Some(name) = name.filter(|_| has_members) {
                        self.known.insert(name, key.to_owned());
                    }
                    new.push(form);
                }
            }
        }
        new
    }

    fn forms(&self, rule: &'a Value) -> Vec<&'a Value> {
        let mut forms = Vec::new();
        self.gather(rule, &mut forms, 0);
        forms.into_iter().map(|(_, form)| form).collect()
    }

    /// The forms that a value can have, with the names of their types. Null is none.
    fn gather(&self, rule: &'a Value, forms: &mut Vec<(Option<&'a str>, &'a Value)>, depth: usize) {
        let name = rule["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/"));
        let target = name.map_or(rule, |name| &self.root["$defs"][name]);
        let choices = target["anyOf"].as_array().or(target["oneOf"].as_array());
        match choices {
            Some(choices) if depth < DEEPEST => {
                for choice in choices.iter().filter(|choice| choice["type"] != "null") {
                    self.gather(choice, forms, depth + 1);
                }
            }
            _ if name.is_some() && depth < DEEPEST && target.get("$ref").is_some() => {
                self.gather(target, forms, depth + 1);
            }
            _ => forms.push((name, target)),
        }
    }

    /// What a setting means: its own text, or that of its type.
    fn description(&self, rule: &'a Value) -> String {
        let own = rule["description"].as_str();
        let named = || self.forms(rule).into_iter().find_map(|form| form["description"].as_str());
        let mut text = own.or_else(named).unwrap_or_default().to_owned();
        for form in self.forms(rule) {
            if let (Some(choice), Some(meaning)) = (form["const"].as_str(), form["description"].as_str())
                && !text.contains(&format!("`{choice}`:"))
            {
                _ = write!(text, " `{choice}`: {meaning}");
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What a form without settings inside can be.
fn values(form: &Value) -> Option<String> {
    if form["properties"].is_object() {
        return None;
    }
    if let Some(choices) = form["enum"].as_array() {
        let choices: Vec<_> = choices.iter().filter_map(Value::as_str).map(|choice| format!("`{choice}`")).collect();
        return Some(or(&choices));
    }
    if let Some(only) = form["const"].as_str() {
        return Some(format!("`{only}`"));
    }
    let kinds: Vec<&str> = match &form["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => Vec::new(),
    };
    let of = |kind: &str| match kind {
        "boolean" => Some("true or false".to_owned()),
        "integer" => Some("a whole number".to_owned()),
        "number" => Some("a number".to_owned()),
        "string" => Some("a text".to_owned()),
        "array" => Some("a list".to_owned()),
        "object" => Some("values by name".to_owned()),
        _ => None,
    };
    let named: Vec<_> = kinds.into_iter().filter_map(of).collect();
    (!named.is_empty()).then(|| or(&named))
}

fn or(values: &[String]) -> String {
    match values {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn default(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Object(members) if members.is_empty() => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(schema: &Value) -> Vec<String> {
        let line = |one: Setting| {
            let same = one.same_as.map(|same| format!(" as {same}")).unwrap_or_default();
            format!("{}{}: {}{same}", one.key, if one.required { "!" } else { "" }, one.values)
        };
        outline(schema).into_iter().map(line).collect()
    }

    #[test]
    fn settings_inside_of_others_are_listed_once_with_their_places() {
        let schema = json!({
            "properties": {
                "url": {"type": "string"},
                "format": {"$ref": "#/$defs/Format"},
                "files": {"type": "object", "additionalProperties": {"$ref": "#/$defs/File"}},
                "rows": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Format"}, {"type": "null"}]}},
                "page": {"anyOf": [{"enum": ["none"]}, {"properties": {"size": {"type": ["integer", "null"], "default": 5}}}]},
            },
            "required": ["url"],
            "$defs": {
                "Format": {"properties": {"quote": {"type": "boolean"}}},
                "File": {"properties": {"format": {"$ref": "#/$defs/Format"}, "inner": {"$ref": "#/$defs/File"}}},
            },
        });
        assert_eq!(
            shown(&schema),
            [
                "url!: a text",
                "format: ",
                "format.quote: true or false",
                "files: values by name",
                "files.NAME.format:  as format",
                "files.NAME.inner:  as files.NAME",
                "rows: a list as format",
                "page: `none` or the settings below",
                "page.size: a whole number",
            ]
        );
    }
}
