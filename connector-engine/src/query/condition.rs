//! Conditions on the accounts of a source, with the attribute names of that source.

use super::accounts::attribute_names;
use connector_core::Result;
use connector_filter::Filter;
use connector_project::source::Project;
use connector_store::Store;

/// Reads a condition on the accounts of `source`. `file` names its file in the project: the source's name, or a path.
///
/// The connector's attributes are known; a name that it does not declare may still be in the store, which is then read once.
/// Fails with kind `definition`, with the position and the nearest known name.
pub fn condition(project: &Project, store: &Store, file: &str, source: &str, text: &str) -> Result<Filter> {
    let declared = declared_attributes(project, file);
    if !declared.is_empty() {
        let known: Vec<_> = declared.iter().map(String::as_str).collect();
        if let Ok(filter) = Filter::parse(text, &known) {
            return Ok(filter);
        }
    }
    let stored = attribute_names(store, source)?;
    let known: Vec<_> = stored.iter().map(String::as_str).collect();
    Filter::parse(text, &known)
}

/// The attributes that the source's connector declares; none if its file is gone or invalid.
pub fn declared_attributes(project: &Project, file: &str) -> Vec<String> {
    let opened = project.load(file).ok().and_then(|source| source.open(project).ok());
    let attributes = opened.map(|opened| opened.connector.schema().attributes).unwrap_or_default();
    attributes.into_iter().map(|attribute| attribute.name).collect()
}
