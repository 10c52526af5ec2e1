//! Connector files: `connectors/NAME.yaml` in a project describes a system, and the settings that its sources have.

use crate::connector::{Rest, refused};
use crate::settings::{Parameter, ParameterKind, RestFile, Settings};
use crate::system::{System, compile};
use connector_core::{
    AnySettings, Connector, ConnectorFile, ConnectorRegistration, Context, Error, Result, SettingsFault,
};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The grant types of a file that names none.
const GRANT_TYPES: &[&str] =
    &["api_key", "basic", "bearer", "client_credentials", "jwt_bearer", "none", "private_key_jwt"];

connector_core::register_connector_format! {
    name: "rest",
    title: "REST API",
    description: "Describes the REST API of a system: lists, paging, mapping, operations",
    file: RestFile,
}

impl ConnectorFile for RestFile {
    fn check(&self) -> Vec<SettingsFault> {
        let mut faults = compile(&self.system, Some(&self.names())).err().unwrap_or_default();
        for (at, name) in self.own.grant_types.iter().flatten().enumerate() {
            if !GRANT_TYPES.contains(&name.as_str()) {
                let help = format!("write some of {}", GRANT_TYPES.join(", "));
                let fault = SettingsFault::new(format!("/grant_types/{at}"), format!("unknown grant type `{name}`"));
                faults.push(fault.with_help(help));
            }
        }
        for (name, parameter) in &self.own.settings {
            let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let place = format!("/settings/{}", crate::expression::escaped(name));
            if !name.bytes().all(is_name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
                faults.push(
                    SettingsFault::new(&place, format!("`{name}` is not in snake case"))
                        .with_help("write it like `org` or `site_id`"),
                );
            }
            if let Some(default) = &parameter.default
                && !parameter.accepts(default)
            {
                let fault = SettingsFault::new(format!("{place}/default"), "the default is not of this type");
                faults.push(fault.with_help("write a value of the `type`"));
            }
        }
        faults
    }

    fn load(self, name: &str) -> Result<ConnectorRegistration> {
        let names = self.names();
        compile(&self.system, Some(&names)).map_err(refused)?;
        let known = GRANT_TYPES.iter().copied();
        let wanted = self.own.grant_types.as_ref();
        let grant_types: Vec<_> =
            known.filter(|one| wanted.is_none_or(|wanted| wanted.iter().any(|name| name == one))).collect();
        let example = example(name, &self.own.settings, &grant_types);
        let title = self.own.title.clone().unwrap_or_else(|| name.to_owned());
        let described = self.own.description.clone().unwrap_or_else(|| format!("{title}, described in a file"));
        let settings = Described { settings: self.own.settings, names, system: self.system };
        Ok(ConnectorRegistration::new(name.to_owned(), title, described, example, Arc::new(settings))
            .with_grant_types(grant_types))
    }
}

impl RestFile {
    fn names(&self) -> Vec<String> {
        self.own.settings.keys().cloned().collect()
    }
}

/// A source file that is valid as it stands.
fn example(name: &str, settings: &BTreeMap<String, Parameter>, grant_types: &[&'static str]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("connector: {name}\n");
    let auth = grant_types.first().and_then(|first| connector_core::registry::auth_strategy(first).ok());
    text.push_str(auth.map_or("", |auth| auth.example));
    if !settings.is_empty() {
        text.push_str("settings:\n");
    }
    for (name, parameter) in settings {
        if !parameter.description.is_empty() {
            let _ = writeln!(text, "  # {}", parameter.description.replace('\n', " "));
        }
        let value = parameter.default.clone().unwrap_or_else(|| parameter.sample());
        let _ = writeln!(text, "  {name}: {value}");
    }
    text
}

impl Parameter {
    fn accepts(&self, value: &Value) -> bool {
        match self.kind {
            ParameterKind::Text => value.is_string(),
            ParameterKind::Url => value.as_str().is_some_and(|text| text.parse::<url::Url>().is_ok()),
            ParameterKind::Integer => value.is_i64() || value.is_u64(),
            ParameterKind::Boolean => value.is_boolean(),
        }
    }

    fn sample(&self) -> Value {
        match (&self.values, self.kind) {
            (Some(values), _) if !values.is_empty() => values[0].clone().into(),
            (_, ParameterKind::Text) => "acme".into(),
            (_, ParameterKind::Url) => "https://acme.example".into(),
            (_, ParameterKind::Integer) => 1.into(),
            (_, ParameterKind::Boolean) => true.into(),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            ParameterKind::Text => json!({"type": "string", "minLength": 1}),
            ParameterKind::Url => json!({"type": "string", "format": "uri"}),
            ParameterKind::Integer => json!({"type": "integer"}),
            ParameterKind::Boolean => json!({"type": "boolean"}),
        };
        if let Some(values) = &self.values {
            schema["enum"] = json!(values);
        }
        if let Some(default) = &self.default {
            schema["default"] = default.clone();
        }
        schema["description"] = self.description.clone().into();
        schema
    }
}

/// The settings of the sources of a described system.
#[derive(Debug)]
struct Described {
    settings: BTreeMap<String, Parameter>,
    names: Vec<String>,
    system: Settings,
}

impl Described {
    fn system(&self, given: Value) -> Result<System> {
        let mut params = Map::new();
        for (name, parameter) in &self.settings {
            params.extend(parameter.default.clone().map(|default| (name.clone(), default)));
        }
        if let Value::Object(given) = given {
            params.extend(given);
        }
        let mut system = compile(&self.system, Some(&self.names)).map_err(refused)?;
        system.params = Value::Object(params);
        Ok(system)
    }
}

impl AnySettings for Described {
    fn schema(&self, _: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> =
            self.settings.iter().map(|(name, one)| (name.clone(), one.schema())).collect();
        let required = self.settings.iter().filter(|(_, one)| one.default.is_none()).map(|(name, _)| name);
        let schema = json!({
            "type": "object",
            "properties": properties,
            "required": required.collect::<Vec<_>>(),
            "additionalProperties": false,
        });
        schema.as_object().cloned().unwrap_or_default().into()
    }

    fn check(&self, settings: Value, _: &Context) -> Result<Vec<SettingsFault>> {
        let mut faults = Vec::new();
        for (name, parameter) in &self.settings {
            if let Some(value) = settings.get(name)
                && parameter.kind == ParameterKind::Url
                && !parameter.accepts(value)
            {
                let fault = SettingsFault::new(format!("/{name}"), "this is not a URL");
                faults.push(fault.with_help("write it like `https://acme.example`"));
            }
        }
        if faults.is_empty()
            && let Err(why) = self.system(settings)?.base_url()
        {
            let fault = SettingsFault::new("", format!("the settings give no address of the API: {why}"));
            faults.push(fault.with_help("check the settings that name the host"));
        }
        Ok(faults)
    }

    fn open(&self, settings: Value, context: &Context) -> Result<Box<dyn Connector>> {
        let system = self.system(settings)?;
        system.base_url().map_err(Error::definition)?;
        Rest::open(context, system).map(|rest| Box::new(rest) as Box<dyn Connector>)
    }
}
