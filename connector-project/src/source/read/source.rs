//! Reads one source file.

use super::super::caps::ProvisioningSettings;
use super::super::catalog::{Catalog, CatalogConnector};
use super::super::definition::{AggregationSettings, AuthBlock, ProjectSettings, Source};
use super::super::limits::LimitSettings;
use super::super::opened::{NotOpened, Opened};
use super::super::schema;
use super::{mapping, refs};
use crate::derive::{Derivation, Derivations};
use crate::document::{Block, Fault, Findings, Home, Problems, Start, Text, Tree, leaked_secrets, missing, unseen};
use connector_core::registry::{self, AuthRegistration, ConnectorRegistration};
use connector_core::{Context, HttpOptions, Problem, SettingsFault, nearest};
use connector_files::shell_word;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a project gives to each of its sources.
pub(in super::super) struct Given<'a> {
    /// The defaults from `connector.yaml`.
    pub(in super::super) defaults: &'a ProjectSettings,
    /// The connectors.
    pub(in super::super) catalog: &'a Catalog,
}

/// Reads a source, or returns all problems of its text.
pub(in super::super) fn source(path: &Path, given: &Given<'_>) -> Result<Source, Problems> {
    or_problems(read(path, given, None))
}

/// Reads a source from a text that will become the file at `path`.
pub(in super::super) fn source_from_text(path: &Path, text: &str, given: &Given<'_>) -> Result<Source, Problems> {
    or_problems(match Text::part(path, text.as_bytes().to_vec(), Start::default()) {
        Ok(text) => read_text(&text, path, given, None),
        Err(unreadable) => (None, vec![unreadable.at(path)]),
    })
}

fn or_problems((source, problems): (Option<Source>, Vec<Problem>)) -> Result<Source, Problems> {
    match source {
        Some(source) if problems.is_empty() => Ok(source),
        _ => Err(Problems(problems)),
    }
}

/// All problems of a source: in its text, in the files that it names, and those found by opening it offline.
pub(in super::super) fn check_source(path: &Path, given: &Given<'_>, project: &Path) -> Vec<Problem> {
    read(path, given, Some(project)).1
}

fn read(path: &Path, given: &Given<'_>, project: Option<&Path>) -> (Option<Source>, Vec<Problem>) {
    match Text::read(path) {
        Ok(text) => read_text(&text, path, given, project),
        Err(unreadable) => (None, vec![unreadable.at(path)]),
    }
}

fn read_text(text: &Text, path: &Path, given: &Given<'_>, project: Option<&Path>) -> (Option<Source>, Vec<Problem>) {
    let tree = Tree::parse(text.content(), text.mark_length());
    let mut findings = Findings::new(text, &tree);
    let source = checked(&mut findings, path, given, project);
    (source, findings.finish())
}

fn checked(findings: &mut Findings<'_>, path: &Path, given: &Given<'_>, project: Option<&Path>) -> Option<Source> {
    let name = source_name(findings, path);
    let Some(value) = mapping::value(findings, &mapping::A_SOURCE) else {
        leaked_secrets::in_lines(findings);
        return None;
    };
    let known_faults = leaked_secrets::in_values(findings, &leaked_secrets::by_ref);
    let named = value["connector"].as_str().and_then(|name| given.catalog.find(name));
    let homes = homes(named.map(|one| &*one.registration));
    let file = File { value: &value, given, known_faults: &known_faults, homes: &homes };
    file.check_frame(findings);
    let found = file.connector(findings);
    let connector = found.map(|one| &*one.registration);
    let strategy = file.strategy(findings, connector);
    let before = findings.count();
    let settings = connector.map(|connector| file.check_settings(findings, connector));
    if let (Some(connector), Some(settings), Some(project)) = (connector, &settings, project)
        && findings.count() == before
    {
        check_by_connector(findings, connector, settings, &Context::new(&name, project));
    }
    let before = findings.count();
    let auth = strategy.map(|strategy| file.check_auth(findings, strategy));
    for (block, ends_only) in [("/auth", false), ("/http", false), ("/settings", true)] {
        unseen::check(findings, block, &known_faults, ends_only);
    }
    if let (Some(connector), Some(auth), true) = (connector, &auth, project.is_some() && findings.count() == before)
        && let Some(check) = connector.provider.auth_check
    {
        for fault in check(&auth.settings) {
            add_fault(findings, "/auth", fault);
        }
    }
    refs::check_proxy(findings, &value["http"]);
    refs::check_schedule(findings, &value["aggregation"]);
    refs::check_refs(findings, &value["http"], "/http", &known_faults);
    refs::check_client_certificate(findings, &value["http"], &given.defaults.http);
    if let Some(project) = project {
        refs::check_files(findings, &value, project);
    }
    let attributes = derived(findings, &value["attributes"]);
    let limits: Option<LimitSettings> = file.merged(findings, "limits", &given.defaults.limits);
    let http: Option<HttpOptions> = file.merged(findings, "http", &given.defaults.http);
    let aggregation: Option<AggregationSettings> = file.merged(findings, "aggregation", &given.defaults.aggregation);
    let provisioning: Option<ProvisioningSettings> =
        file.merged(findings, "provisioning", &given.defaults.provisioning);
    if findings.any() {
        return None;
    }
    let (mut http, limits) = (http?, limits?);
    http.requests_per_second = limits.requests_per_second.or(http.requests_per_second);
    let source = Source {
        name,
        path: path.to_owned(),
        connector: found?.registration.clone(),
        connector_content: found?.content.clone(),
        description: value["description"].as_str().map(str::to_owned),
        auth,
        http,
        settings: settings?,
        attributes: attributes.unwrap_or_default(),
        aggregation: aggregation?,
        provisioning: provisioning?,
        limits,
    };
    if let Some(project) = project {
        try_to_open(findings, &source, project);
    }
    Some(source)
}

/// The derived attributes; `None` if the file already has problems.
fn derived(findings: &mut Findings<'_>, value: &Value) -> Option<BTreeMap<String, Derivation>> {
    if findings.any() || value.is_null() {
        return None;
    }
    let written = findings.typed(value, "/attributes")?;
    if let Err(faults) = Derivations::of(&written) {
        for fault in faults {
            add_fault(findings, "/attributes", fault);
        }
    }
    Some(written)
}

/// The problems that the connector itself finds in settings that match its schema.
fn check_by_connector(
    findings: &mut Findings<'_>,
    connector: &ConnectorRegistration,
    settings: &Value,
    context: &Context,
) {
    let faults = match connector.check(settings.clone(), context) {
        Ok(faults) => faults,
        Err(error) => return findings.at_key("/settings", not_openable(&error)),
    };
    for fault in faults {
        add_fault(findings, "/settings", fault);
    }
}

/// Adds what a connector or a format found, in the block at `block`.
pub(super) fn add_fault(findings: &mut Findings<'_>, block: &str, found: SettingsFault) {
    let pointer = format!("{block}{}", found.pointer);
    let fault = Fault { rule: "invalid_settings", title: found.message, help: found.help, ..Fault::default() };
    match found.span {
        Some(part) => findings.at_part(&pointer, &part, fault),
        None => findings.at_value(&pointer, fault),
    }
}

/// The problems that no schema can express. Opening the source finds them, offline.
fn try_to_open(findings: &mut Findings<'_>, source: &Source, project: &Path) {
    if let Err(NotOpened { pointer, error }) = Opened::from_source(source, project) {
        findings.at_key(pointer, not_openable(&error));
    }
}

pub(super) fn not_openable(error: &connector_core::Error) -> Fault {
    Fault {
        rule: "invalid_settings",
        title: error.message().to_owned(),
        detail: "set here".into(),
        help: error.help().map(str::to_owned),
        secret: false,
    }
}

fn source_name(findings: &mut Findings<'_>, path: &Path) -> String {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    if !super::super::definition::is_source_name(&name) {
        let fault = Fault {
            rule: "source_name",
            title: format!("the file name `{name}` is not a valid source name"),
            detail: String::new(),
            help: Some(
                "rename the file: use letters, digits, `-`, `_` and `.`, and begin with a letter or digit".into(),
            ),
            secret: false,
        };
        findings.add(0..0, fault);
    }
    name
}

/// The value of a source file, and the pointers that already have a problem.
struct File<'a> {
    value: &'a Value,
    given: &'a Given<'a>,
    known_faults: &'a BTreeSet<String>,
    homes: &'a [Home],
}

/// The blocks of a source of this connector, with their keys.
fn homes(connector: Option<&ConnectorRegistration>) -> Vec<Home> {
    let mut homes = vec![
        Home::new("http", &schema::block::<HttpOptions>()),
        Home::new("aggregation", &schema::block::<AggregationSettings>()),
        Home::new("provisioning", &schema::block::<ProvisioningSettings>()),
        Home::new("limits", &schema::block::<LimitSettings>()),
    ];
    let strategies = registry::auth_strategies();
    let accepted = strategies.iter().filter(|one| connector.is_none_or(|it| it.grant_types.contains(&one.grant_type)));
    homes.extend(accepted.map(|strategy| Home::new("auth", &schema::grant_type_schema(strategy))));
    homes.extend(connector.map(|connector| Home::new("settings", &schema::connector_schema(connector))));
    homes
}

impl File<'_> {
    fn check(&self, findings: &mut Findings<'_>, pointer: &str, name: &str, value: &Value, schema: &Value) {
        Block { pointer, name, value, schema, known_faults: self.known_faults, homes: self.homes }.check(findings);
    }

    /// The keys of the file itself, and the blocks that are the same for every connector.
    fn check_frame(&self, findings: &mut Findings<'_>) {
        let frame = json!({
            "type": "object",
            "properties": {
                "connector": {"description": "the connector of this source", "type": "string"},
                "description": {"type": "string"},
                "auth": {"type": "object"},
                "http": {"type": ["object", "null"]},
                "settings": {"type": ["object", "null"]},
                "attributes": {"type": ["object", "null"]},
                "aggregation": {"type": ["object", "null"]},
                "provisioning": {"type": ["object", "null"]},
                "limits": {"type": ["object", "null"]},
            },
            "required": ["connector"],
            "additionalProperties": false,
        });
        self.check(findings, "", "the file", self.value, &frame);
        for (name, schema) in [
            ("http", schema::block::<HttpOptions>()),
            ("attributes", schema::block::<BTreeMap<String, Derivation>>()),
            ("aggregation", schema::block::<AggregationSettings>()),
            ("provisioning", schema::block::<ProvisioningSettings>()),
            ("limits", schema::block::<LimitSettings>()),
        ] {
            if self.value[name].is_object() {
                self.check(findings, &format!("/{name}"), &format!("`{name}`"), &self.value[name], &schema);
            }
        }
    }

    fn connector(&self, findings: &mut Findings<'_>) -> Option<&CatalogConnector> {
        let catalog = self.given.catalog;
        let name = self.value["connector"].as_str()?;
        let found = catalog.find(name);
        if found.is_none() {
            let fault = match catalog.broken_file(name) {
                Some(file) => unusable(name, file),
                None => unknown("unknown_connector", "connector", name, &catalog.names()),
            };
            findings.at_value("/connector", fault);
        }
        found
    }

    fn strategy(
        &self,
        findings: &mut Findings<'_>,
        connector: Option<&ConnectorRegistration>,
    ) -> Option<&'static AuthRegistration> {
        if let Some(connector) = connector
            && connector.grant_types.is_empty()
            && self.value.get("auth").is_some()
        {
            findings.at_key("/auth", auth_not_needed(connector));
            return None;
        }
        let Some(auth) = self.value.get("auth") else {
            if let Some(connector) = connector.filter(|one| !one.grant_types.is_empty()) {
                let what = format!("how Connector signs in, with {}", connector.grant_types.join(" or "));
                findings.at_key("", missing("auth", "the file", Some(what)));
            }
            return None;
        };
        // The check of the top level reports a value that is not a block.
        let auth = auth.as_object()?;
        let all = registry::auth_strategies();
        let known: Vec<_> = match connector {
            Some(connector) => connector.grant_types.to_vec(),
            None => all.iter().map(|one| one.grant_type).collect(),
        };
        let Some(written) = auth.get("grant_type") else {
            findings.at_key("/auth", missing("grant_type", "`auth`", Some(known.join(" or "))));
            return None;
        };
        let Some(name) = written.as_str() else {
            let fault = Fault {
                rule: "wrong_type",
                title: "`grant_type` must be text".into(),
                detail: format!("expected {}", known.join(" or ")),
                ..Fault::default()
            };
            findings.at_value("/auth/grant_type", fault);
            return None;
        };
        let Some(found) = all.into_iter().find(|one| schema::spellings(one).contains(&name)) else {
            findings.at_value("/auth/grant_type", unknown("unknown_grant_type", "grant type", name, &known));
            return None;
        };
        if let Some(connector) = connector.filter(|one| !one.grant_types.contains(&found.grant_type)) {
            findings.at_value("/auth/grant_type", not_accepted(connector, found));
        }
        Some(found)
    }

    fn check_settings(&self, findings: &mut Findings<'_>, connector: &ConnectorRegistration) -> Value {
        let settings = match &self.value["settings"] {
            Value::Null => json!({}),
            settings => settings.clone(),
        };
        if let Value::Object(members) = &settings {
            let schema = schema::connector_schema(connector);
            self.check(findings, "/settings", "`settings`", &settings, &schema);
            refs::check_refs(findings, &settings, "/settings", self.known_faults);
            refs::check_urls(findings, members, &schema, "/settings", self.insecure_loopback());
        }
        settings
    }

    fn check_auth(&self, findings: &mut Findings<'_>, strategy: &'static AuthRegistration) -> AuthBlock {
        let mut fields = self.value["auth"].as_object().cloned().unwrap_or_default();
        fields.shift_remove("grant_type");
        let schema = schema::auth_fields_schema(strategy);
        refs::check_urls(findings, &fields, &schema, "/auth", self.insecure_loopback());
        let settings = Value::Object(fields);
        self.check(findings, "/auth", "`auth`", &settings, &schema);
        refs::check_refs(findings, &settings, "/auth", self.known_faults);
        AuthBlock { strategy, settings }
    }

    fn insecure_loopback(&self) -> bool {
        const SWITCH: &str = "allow_insecure_loopback";
        let own = self.value["http"].get(SWITCH);
        own.or_else(|| self.given.defaults.http.get(SWITCH)).is_some_and(|allowed| *allowed == true)
    }

    /// A typed block with the project's defaults; `None` if the file already has problems.
    fn merged<T: serde::de::DeserializeOwned>(
        &self,
        findings: &mut Findings<'_>,
        name: &str,
        defaults: &Map<String, Value>,
    ) -> Option<T> {
        if findings.any() {
            return None;
        }
        let mut merged = defaults.clone();
        merged.extend(self.value[name].as_object().cloned().unwrap_or_default());
        findings.typed(&Value::Object(merged), &format!("/{name}"))
    }
}

pub(super) fn unknown(rule: &'static str, what: &str, name: &str, known: &[&str]) -> Fault {
    let help = match nearest(name, known.iter().copied()) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None if known.is_empty() => format!("this build has no {what}"),
        None => format!("write `{}`", known.join("` or `")),
    };
    let listed = if known.is_empty() { "this build has none".into() } else { format!("known: {}", known.join(", ")) };
    Fault {
        rule,
        title: format!("unknown {what} `{}`", shortened(name)),
        detail: listed,
        help: Some(help),
        secret: false,
    }
}

/// The rule of a source whose connector can't be used.
pub(in super::super) const UNUSABLE_CONNECTOR: &str = "unusable_connector";

fn unusable(name: &str, file: &Path) -> Fault {
    let help = format!("run `connector validate {}`", shell_word(&file.to_string_lossy()));
    let detail = format!("`{}` defines it", file.display());
    Fault::new(UNUSABLE_CONNECTOR, format!("the file of the connector `{name}` has problems"), &detail, &help)
}

/// The beginning of a long value.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

fn not_accepted(connector: &ConnectorRegistration, strategy: &AuthRegistration) -> Fault {
    Fault {
        rule: "grant_type_not_accepted",
        title: format!("the connector `{}` does not accept the grant type `{}`", connector.name, strategy.grant_type),
        detail: format!("it accepts {}", connector.grant_types.join(", ")),
        help: Some(format!("write `grant_type: {}`", connector.grant_types.join("` or `"))),
        secret: false,
    }
}

fn auth_not_needed(connector: &ConnectorRegistration) -> Fault {
    Fault {
        rule: "auth_not_needed",
        title: format!("the connector `{}` does not use an `auth:` block", connector.name),
        detail: "not used".into(),
        help: Some("remove the block".into()),
        secret: false,
    }
}
