//! The tour with the example of a connector that works on any machine.

use super::tour::Tour;
use crate::exit::{Stop, file_error};
use connector_core::Sample;
use connector_core::registry::ConnectorRegistration;
use connector_project::source::schema;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Shows the example of a connector, in the project `folder`, which is the current folder.
pub(super) fn run(
    tour: &Tour<'_>,
    connector: &ConnectorRegistration,
    sample: Sample,
    folder: &str,
) -> Result<(), Stop> {
    let name = &*connector.name;
    if !sample.files.is_empty() {
        tour.title("Put some data into the project")?;
        write(tour, sample.files)?;
    }
    tour.title("Create a source: one YAML file")?;
    tour.source_new(name, name, &values(connector))?;
    tour.say("Without its comments, which explain every setting, the file is:")?;
    tour.show_settings(&format!("sources/{name}.yaml"))?;
    tour.step(&["validate"])?;

    tour.title("Test the connection")?;
    tour.step(&["test", name])?;

    tour.title("Read the source into the store")?;
    tour.step(&["aggregate", name])?;
    tour.step(&["accounts", name, "--limit", "5"])?;
    tour.step(&["entitlements", name])?;

    if !sample.later.is_empty() {
        tour.title("Read it again when something has changed")?;
        write(tour, sample.later)?;
        tour.step(&["aggregate", name])?;
        tour.step(&["diff", name])?;
    }
    tour.title("Your turn")?;
    tour.say(&format!(
        "Change `sources/{name}.yaml` for a system of yours. `connector connectors show {name}` lists the settings."
    ))?;
    let mut commands = vec![format!("connector validate {name}"), format!("connector aggregate {name}")];
    commands.push(format!("connector accounts {name} --where 'not enabled'"));
    tour.your_turn(folder, &commands)
}

/// The values of the example that a source needs.
fn values(connector: &ConnectorRegistration) -> Vec<(String, String)> {
    let example: Value = serde_yaml::from_str(&connector.example).unwrap_or_default();
    let schema = schema::connector_schema(connector);
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let value = |key: &str| match &example["settings"][key] {
        Value::String(text) => text.clone(),
        // JSON is YAML.
        value => value.to_string(),
    };
    required.map(|key| (format!("settings.{key}"), value(key))).collect()
}

fn write(tour: &Tour<'_>, files: &[(&str, &str)]) -> Result<(), Stop> {
    for (file, text) in files {
        let path = Path::new(file);
        let parent = path.parent().unwrap_or(Path::new(""));
        let made = if parent.as_os_str().is_empty() { Ok(()) } else { fs::create_dir_all(parent) };
        made.and_then(|()| fs::write(path, text)).map_err(|cause| file_error("can't write", path, cause))?;
        tour.show_file(file)?;
    }
    Ok(())
}
