//! `connector source new CONNECTOR NAME`.

use crate::arguments::SourceNewArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{GOOD, Printer, clean, paint, plural, wrap};
use crate::terminal;
use connector_core::registry::{self, AuthRegistration, ConnectorRegistration};
use connector_core::{Error, ErrorKind, OpenPoint, Result, SourceDraft};
use connector_project::source::{Project, schema};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) fn run(invocation: &Invocation, arguments: SourceNewArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let connector = &*project.catalog().connector(&arguments.connector)?.registration;
    let name = &arguments.name;
    let nothing_set = arguments.set.is_empty();
    let mut values = arguments.set;
    let can_ask = terminal::can_ask();
    if arguments.interactive && !can_ask {
        return Err(Error::new(ErrorKind::Definition, "`--interactive` needs a terminal")
            .with_help("set the values with `--set KEY=VALUE`")
            .into());
    }
    let draft = arguments.openapi.as_deref().map(|file| drafted(&project, connector, file)).transpose()?;
    if let Some(draft) = &draft {
        add_sign_in(draft, &mut values);
    }
    values.extend(own_key_files(connector, &values, name)?);
    let open = open_values(connector, &values, draft.is_some())?;
    let asks = arguments.interactive || can_ask && nothing_set && !printer.is_json();
    if asks && project.source_file(name).is_err() {
        if !open.is_empty() {
            let number = plural(open.len() as u64, "value");
            printer.note(format!("This source needs {number}. Press Enter to skip one and fill it in later.\n"));
        }
        values.extend(ask(&open)?);
    }
    let path = write_values(&project, connector, name, &values, draft.as_ref())?;
    let to_fill: Vec<_> = open.iter().filter(|open| values.iter().all(|(key, _)| *key != open.key)).collect();
    if printer.is_json() {
        let keys: Vec<_> = to_fill.iter().map(|open| &open.key).collect();
        let mut report = json!({"source": name, "path": path, "to_fill_in": keys});
        if let Some(draft) = &draft {
            report["found"] = json!(draft.found);
            report["to_decide"] = draft.open.iter().map(|one| json!({"key": one.key, "what": one.what})).collect();
        }
        printer.json(&report)?;
        return Ok(Exit::Success);
    }
    printer.result(format!("{} wrote {}\n", paint(GOOD, "✓"), path.display()))?;
    if let Some(draft) = &draft {
        show_draft(printer, draft)?;
    }
    if !to_fill.is_empty() {
        printer.result(format!("\nFill in {} in this file:\n", plural(to_fill.len() as u64, "value")))?;
        for open in to_fill {
            let lines = wrap(&clean(&open.description), printer.prose_width().saturating_sub(6));
            printer.result(format!("  {}\n      {}\n", open.key, lines.join("\n      ")))?;
        }
    }
    what_next(invocation, &project, name, &values);
    Ok(Exit::Success)
}

fn what_next(invocation: &Invocation, project: &Project, name: &str, values: &[(String, String)]) {
    let cert = format!("connector cert new {name}");
    let validate = format!("connector validate {name}");
    let test = format!("connector test {name}");
    let mut next = vec![(validate.as_str(), "check the file"), (test.as_str(), "test the connection")];
    let own_key = format!("secrets/{name}.key");
    let names_own_key = values.iter().any(|(key, value)| key == "auth.key_ref" && *value == format!("file:{own_key}"));
    if names_own_key && !project.folder().join(own_key).exists() {
        next.insert(0, (cert.as_str(), "create the key and the certificate"));
    }
    invocation.printer.next(&next);
}

/// Drafts the settings from the description in a file.
fn drafted(project: &Project, connector: &ConnectorRegistration, file: &Path) -> Result<SourceDraft> {
    let Some(draft) = connector.openapi else {
        let able: Vec<_> =
            registry::connectors().iter().filter(|one| one.openapi.is_some()).map(|one| one.name.to_string()).collect();
        let help = match able.as_slice() {
            [] => "leave `--openapi` out; no connector of this program can".to_owned(),
            able => format!("leave `--openapi` out, or use the connector {}", able.join(" or ")),
        };
        let message = format!("the connector `{}` drafts no settings from an OpenAPI description", connector.name);
        return Err(Error::definition(message).with_help(help));
    };
    draft(&project.read_description(file)?)
}

/// Adds the sign-in of a draft where the user names no other.
fn add_sign_in(draft: &SourceDraft, values: &mut Vec<(String, String)>) {
    if values.iter().any(|(key, _)| key == "auth.grant_type") {
        return;
    }
    for (name, value) in &draft.auth {
        let key = format!("auth.{name}");
        if values.iter().all(|(known, _)| *known != key) {
            values.push((key, value.clone()));
        }
    }
}

fn show_draft(printer: &Printer, draft: &SourceDraft) -> Result<(), Stop> {
    printer.result("\nTaken from the description:\n")?;
    for found in &draft.found {
        let lines = wrap(&clean(found), printer.prose_width().saturating_sub(6));
        printer.result(format!("  {}\n", lines.join("\n      ")))?;
    }
    if draft.open.is_empty() {
        return Ok(());
    }
    let number = plural(draft.open.len() as u64, "point");
    printer.result(format!("\nDecide {number} that the description leaves open:\n"))?;
    for OpenPoint { key, what, .. } in &draft.open {
        let lines = wrap(&clean(what), printer.prose_width().saturating_sub(6));
        printer.result(format!("  {}\n      {}\n", clean(key), lines.join("\n      ")))?;
    }
    Ok(())
}

/// Writes a source file with the values of keys such as `auth.issuer`.
#[cfg(feature = "sandbox")]
pub(crate) fn write_source(
    project: &Project,
    connector: &ConnectorRegistration,
    name: &str,
    values: &[(String, String)],
) -> Result<PathBuf> {
    write_values(project, connector, name, values, None)
}

fn write_values(
    project: &Project,
    connector: &ConnectorRegistration,
    name: &str,
    values: &[(String, String)],
    draft: Option<&SourceDraft>,
) -> Result<PathBuf> {
    let strategy = strategy(connector, values)?;
    let mut filled = BTreeMap::new();
    for (key, value) in values.iter().filter(|(key, _)| key != "auth.grant_type") {
        if draft.is_some() && key.starts_with("settings.") {
            return Err(Error::definition(format!("`--set {key}` and `--openapi` exclude each other"))
                .with_help("change the value in the drafted file"));
        }
        filled.insert(in_its_block(connector, strategy, key)?.to_owned(), value.clone());
    }
    let grant_type = strategy.map(|strategy| strategy.grant_type);
    match draft {
        Some(draft) => project.add_drafted_source(name, connector, grant_type, &filled, draft),
        None => project.add_source(name, connector, grant_type, &filled),
    }
}

/// Where `cert new NAME` puts the key and the certificate, unless the user sets other values.
fn own_key_files(
    connector: &ConnectorRegistration,
    values: &[(String, String)],
    name: &str,
) -> Result<Vec<(String, String)>> {
    let Some(strategy) = strategy(connector, values)? else { return Ok(Vec::new()) };
    if values.iter().any(|(key, _)| key == "auth.key_ref") {
        return Ok(Vec::new());
    }
    let document = schema::grant_type_schema(strategy);
    let is_known = |key: &str| document["properties"].get(key).is_some();
    let is_set = |key: &str| values.iter().any(|(known, _)| known.strip_prefix("auth.") == Some(key));
    Ok([("key_ref", "key"), ("certificate_ref", "crt")]
        .into_iter()
        .filter(|(key, _)| is_known(key) && !is_set(key))
        .map(|(key, extension)| (format!("auth.{key}"), format!("file:secrets/{name}.{extension}")))
        .collect())
}

/// A required value without a `--set`.
#[derive(Debug)]
struct OpenValue {
    key: String,
    description: String,
    example: String,
}

fn open_values(
    connector: &ConnectorRegistration,
    values: &[(String, String)],
    has_draft: bool,
) -> Result<Vec<OpenValue>> {
    let mut open = Vec::new();
    let mut add = |block: &str, document: &Value| {
        for name in document["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let key = format!("{block}.{name}");
            if name == "grant_type" || values.iter().any(|(known, _)| *known == key) {
                continue;
            }
            let description =
                document["properties"][name]["description"].as_str().unwrap_or_default().replace('\n', " ");
            open.push(OpenValue { example: example_of(connector, name), key, description });
        }
    };
    if let Some(strategy) = strategy(connector, values)? {
        add("auth", &schema::grant_type_schema(strategy));
    }
    if !has_draft {
        add("settings", &schema::connector_schema(connector));
    }
    Ok(open)
}

fn example_of(connector: &ConnectorRegistration, name: &str) -> String {
    let line = connector.example.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(": "));
    line.map(|value| value.split(" #").next().unwrap_or_default().trim().to_owned()).unwrap_or_default()
}

fn ask(open: &[OpenValue]) -> Result<Vec<(String, String)>> {
    let mut answers = Vec::new();
    for value in open {
        let label = format!("{}:", value.key);
        let example = format!("for example {}", value.example);
        let question = inquire::Text::new(&label).with_help_message(&value.description);
        let question = if value.example.is_empty() { question } else { question.with_placeholder(&example) };
        let answer = terminal::answer(question.prompt(), "set the values with `--set KEY=VALUE`")?;
        if !answer.trim().is_empty() {
            answers.push((value.key.clone(), answer.trim().to_owned()));
        }
    }
    Ok(answers)
}

/// The strategy that `--set auth.grant_type=…` names, otherwise the first one of the connector.
fn strategy(
    connector: &ConnectorRegistration,
    values: &[(String, String)],
) -> Result<Option<&'static AuthRegistration>> {
    let named = values.iter().find(|(key, _)| key == "auth.grant_type").map(|(_, grant_type)| grant_type.as_str());
    named.or(connector.grant_types.first().copied()).map(registry::auth_strategy).transpose()
}

/// The name of a key within its block, if the block has such a key.
fn in_its_block<'a>(
    connector: &ConnectorRegistration,
    strategy: Option<&AuthRegistration>,
    key: &'a str,
) -> Result<&'a str> {
    if key == "description" {
        return Ok(key);
    }
    let project = schema::project_schema();
    let (block, name) = key.split_once('.').unwrap_or((key, ""));
    let document = match block {
        "auth" => strategy.map(schema::grant_type_schema),
        "settings" => Some(schema::connector_schema(connector)),
        "http" | "aggregation" | "provisioning" | "limits" => project["properties"].get(block).cloned(),
        _ => None,
    };
    let unknown = Error::new(ErrorKind::Definition, format!("sources have no key `{key}`"));
    let Some(members) = document.as_ref().and_then(|document| document["properties"].as_object()) else {
        return Err(unknown.with_help(
            "use `description`, or a key that begins with `auth.`, `http.`, `settings.`, `aggregation.`, `provisioning.` or `limits.`",
        ));
    };
    if members.contains_key(name) {
        return Ok(name);
    }
    let known: Vec<_> = members.keys().map(|known| format!("{block}.{known}")).collect();
    Err(unknown.with_help(format!("known keys: {}", known.join(", "))))
}

#[cfg(test)]
#[cfg(feature = "salesforce")]
mod tests {
    use super::*;

    fn salesforce() -> &'static ConnectorRegistration {
        registry::connector("salesforce").unwrap()
    }

    #[test]
    fn values_stand_in_the_file_that_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (project, _) = Project::create(folder.path()).unwrap();
        let values = [("auth.issuer", "3MVG9abc"), ("http.ca_file", "secrets/ca.pem"), ("description", "East: prod")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        write_values(&project, salesforce(), "east", &values, None).unwrap();
        let source = project.load("east").unwrap();
        assert_eq!(source.auth.unwrap().settings["issuer"], "3MVG9abc");
        assert_eq!(source.http.ca_file, Some("secrets/ca.pem".into()));
        assert_eq!(source.description.as_deref(), Some("East: prod"));
    }

    #[test]
    fn a_key_of_another_block_is_refused_with_the_known_ones() {
        let strategy = strategy(salesforce(), &[]).unwrap();
        for key in ["settings.issuer", "auth", "issuer", "http.ca_fil", "auth.key_ref.x"] {
            let error = in_its_block(salesforce(), strategy, key).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Definition);
            assert!(error.help().is_some(), "{key}");
        }
    }
}
