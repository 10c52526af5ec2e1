//! `connector schema [WHAT]`.

use super::connectors::warn_of_unusable;
use crate::arguments::SchemaArguments;
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::output::{BAD, GOOD, paint};
use connector_core::{Error, ErrorKind, Result};
use connector_files::Role;
use connector_files::shell_word;
use connector_project::source::{Catalog, schema};
use serde_json::json;
use std::fs;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, arguments: &SchemaArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let catalog = project.catalog();
    warn_of_unusable(invocation, catalog);
    if let Some(folder) = &arguments.write {
        let written = write(folder, catalog)?;
        if printer.is_json() {
            printer.json(&json!({"folder": folder, "written": written}))?;
        } else {
            printer.remark(format!("schemas written to {}", folder.display()));
        }
        return Ok(Exit::Success);
    }
    if let Some(folder) = &arguments.check {
        let stale = stale(folder, catalog)?;
        if printer.is_json() {
            printer.json(&json!({"folder": folder, "current": stale.is_empty(), "stale": stale}))?;
            return Ok(if stale.is_empty() { Exit::Success } else { Exit::Failure });
        }
        if stale.is_empty() {
            printer.result(format!("{} the schemas in {} are current\n", paint(GOOD, "✓"), folder.display()))?;
            return Ok(Exit::Success);
        }
        for name in stale {
            printer.result(format!("{} {} is out of date\n", paint(BAD, "✗"), folder.join(name).display()))?;
        }
        let again = format!("connector schema --write {}", shell_word(&folder.to_string_lossy()));
        printer.next(&[(&again, "write them again")]);
        return Ok(Exit::Failure);
    }
    printer.result(schema::to_text(&schema::named(&arguments.what, catalog)?))?;
    Ok(Exit::Success)
}

/// Writes every schema. Returns the names of the files.
fn write(folder: &Path, catalog: &Catalog) -> Result<Vec<String>> {
    fs::create_dir_all(folder).map_err(|cause| file_error("can't create", folder, cause))?;
    let mut written = Vec::new();
    for (name, document) in schema::all(catalog) {
        connector_files::write_generated(&folder.join(&name), &schema::to_text(&document))
            .map_err(|why| why.into_error(ErrorKind::Invalid))?;
        written.push(name);
    }
    Ok(written)
}

/// The schema files that are missing, differ, or belong to no connector. A project has only those that its files refer to,
/// so the others may be missing if all of them are.
fn stale(folder: &Path, catalog: &Catalog) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Err(Error::new(ErrorKind::Invalid, format!("the folder `{}` does not exist", folder.display())));
    }
    let all = schema::all(catalog);
    let of_files = schema::of_files(catalog);
    let is_of_files = |name: &str| of_files.iter().any(|(known, _)| *known == name);
    let has_others = all.iter().any(|(name, _)| !is_of_files(name) && folder.join(name).exists());
    // A file of another size is another file, and a pipe or device none.
    let differs = |name: &str, text: String| {
        let read = connector_files::read(&folder.join(name), Role::Public, text.len() as u64);
        read.ok().as_deref() != Some(text.as_bytes())
    };
    let mut stale: Vec<String> = all
        .iter()
        .filter(|(name, _)| has_others || is_of_files(name))
        .filter(|(name, document)| differs(name, schema::to_text(document)))
        .map(|(name, _)| name.clone())
        .collect();
    let entries = fs::read_dir(folder).map_err(|cause| file_error("can't read", folder, cause))?;
    for entry in entries {
        let entry = entry.map_err(|cause| file_error("can't read", folder, cause))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".schema.json") && !all.iter().any(|(known, _)| *known == name) {
            stale.push(name);
        }
    }
    stale.sort();
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_schemas_are_current() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
        let stale = stale(&folder, &Catalog::linked()).unwrap();
        assert!(stale.is_empty(), "stale: {stale:?}; run `cargo run -- schema --write schemas`");
    }

    #[test]
    fn a_changed_a_missing_and_a_foreign_schema_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &Catalog::linked()).unwrap();
        let stale = || stale(folder.path(), &Catalog::linked());
        assert_eq!(stale().unwrap(), Vec::<String>::new());
        fs::write(folder.path().join("source.schema.json"), "{}").unwrap();
        fs::remove_file(folder.path().join("project.schema.json")).unwrap();
        fs::write(folder.path().join("gone.schema.json"), "{}").unwrap();
        assert_eq!(stale().unwrap(), ["gone.schema.json", "project.schema.json", "source.schema.json"]);
    }
}
