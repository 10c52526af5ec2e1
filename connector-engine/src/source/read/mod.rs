//! From the text of a file to a typed definition, or to everything that is wrong with it.

use super::definition::{AggregationSettings, AuthBlock, ProjectSettings, Source};
use super::problems::Problems;
use connector_core::{Place, Problem, registry};
use serde_json::Value;
use std::path::{Path, PathBuf};

pub(super) fn project_settings(path: &Path) -> Result<ProjectSettings, Problems> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(ProjectSettings::default()) };
    serde_yaml::from_str(&text).map_err(|e| one(path.to_owned(), "yaml", e.to_string()))
}

pub(super) fn source(path: &Path, _: &ProjectSettings) -> Result<Source, Problems> {
    let fault = |e: String| one(path.to_owned(), "yaml", e);
    let text = std::fs::read_to_string(path).map_err(|e| fault(e.to_string()))?;
    let value: Value = serde_yaml::from_str(&text).map_err(|e| fault(e.to_string()))?;
    let connector =
        registry::connector(value["connector"].as_str().unwrap_or_default()).map_err(|e| fault(e.to_string()))?;
    let auth = match value["auth"].clone() {
        Value::Object(mut fields) => {
            let grant_type = fields.shift_remove("grant_type").unwrap_or_default();
            let strategy =
                registry::auth_strategy(grant_type.as_str().unwrap_or_default()).map_err(|e| fault(e.to_string()))?;
            Some(AuthBlock { strategy, settings: Value::Object(fields) })
        }
        _ => None,
    };
    let http = value.get("http").cloned().unwrap_or_else(|| serde_json::json!({}));
    let aggregation = value.get("aggregation").cloned();
    Ok(Source {
        name: path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned(),
        path: path.to_owned(),
        connector,
        description: value["description"].as_str().map(str::to_owned),
        auth,
        http: serde_json::from_value(http).map_err(|e| fault(e.to_string()))?,
        settings: value.get("settings").cloned().unwrap_or_else(|| serde_json::json!({})),
        aggregation: match aggregation {
            Some(aggregation) => serde_json::from_value(aggregation).map_err(|e| fault(e.to_string()))?,
            None => AggregationSettings::default(),
        },
    })
}

pub(super) fn check_source(path: &Path, settings: &ProjectSettings, _: &Path) -> Vec<Problem> {
    source(path, settings).err().map(|problems| problems.0).unwrap_or_default()
}

pub(super) fn store_file(location: &str) -> Result<PathBuf, String> {
    match location.split_once(':') {
        Some(("sqlite", path)) => Ok(path.strip_prefix("//").unwrap_or(path).into()),
        Some((scheme, rest)) if rest.starts_with("//") => Err(format!("a store of kind `{scheme}` is not supported")),
        _ => Ok(location.into()),
    }
}

pub(super) fn unknown_source(missing: PathBuf, name: &str, _: &[(String, PathBuf)]) -> Problems {
    one(missing, "unknown_source", format!("there is no source `{name}`"))
}

pub(super) fn ambiguous_source(path: PathBuf, name: &str, _: &Path) -> Problems {
    one(path, "ambiguous_source", format!("two files have the name `{name}`"))
}

fn one(file: PathBuf, rule: &'static str, title: String) -> Problems {
    let place = Place { file, line: 1, column: 1, span: 0..0 };
    Problems(vec![Problem { place, rule, title, detail: String::new(), help: None, secret: false }])
}
