//! Making a project folder and the files in it.

use super::definition::is_source_name;
use super::project::{Project, near};
use super::{schema, template};
use crate::plan::plan_schema;
use connector_core::registry::ConnectorRegistration;
use connector_core::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `connector.yaml` of a new project: everything is commented out, because everything has a default.
const SETTINGS: &str = "\
# yaml-language-server: $schema=schemas/project.schema.json
#
# Settings of the whole project. Everything has a default; take the `#` away from what you want to change.

# Where the store is: a path, relative to this folder.
# store: .connector/store.db

# Options for every source; a source's own `http:` goes before them.
# http:
#   ca_file: secrets/ca.pem
#   proxy: http://proxy.acme.example:3128
#   timeout: 60s

# Settings for every source; a source's own `aggregation:` goes before them.
# aggregation:
#   concurrency: 4
#   delete_threshold: 10%
";

const GITIGNORE: &str = "\
# Keys, certificates and the store stay on this machine.
secrets/
.connector/
";

impl Project {
    /// Makes a project folder: `connector.yaml`, `sources/`, `plans/`, `secrets/` (for its owner alone), `schemas/` for
    /// editors and a `.gitignore`. What is there already stays as it is, so doing it twice changes nothing.
    ///
    /// Gives the project and the files and folders that were made. Fails with kind `definition` when the folder can't
    /// be written to or `secrets/` can be read by others.
    pub fn create(folder: &Path) -> Result<(Self, Vec<PathBuf>)> {
        let mut made = Vec::new();
        make_folder(folder, &mut made)?;
        for name in ["sources", "plans"] {
            make_folder(&folder.join(name), &mut made)?;
        }
        make_private_folder(&folder.join("secrets"), &mut made)?;
        write_new(&folder.join("connector.yaml"), SETTINGS, &mut made)?;
        write_new(&folder.join(".gitignore"), GITIGNORE, &mut made)?;
        let project = Self::at(folder);
        made.extend(project.write_schemas()?);
        Ok((project, made))
    }

    /// Writes the schemas that the first line of each file points editors to. Gives the files that changed.
    pub fn write_schemas(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder().join("schemas");
        let mut written = Vec::new();
        for (name, schema) in [
            ("plan.schema.json", plan_schema()),
            ("project.schema.json", schema::project_schema()),
            ("source.schema.json", schema::source_schema()),
        ] {
            let path = folder.join(name);
            let text = schema::to_text(&schema);
            // They are made from this program alone, so an older text is replaced.
            if fs::read_to_string(&path).is_ok_and(|present| present == text) {
                continue;
            }
            fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause))?;
            fs::write(&path, text).map_err(|cause| unwritable(&path, cause))?;
            written.push(near(&path));
        }
        Ok(written)
    }

    /// Writes a commented source file, made by [`source_template`](super::source_template), and the schemas for editors.
    ///
    /// Fails with kind `already_exists` when there is a source of that name.
    pub fn add_source(
        &self,
        name: &str,
        connector: &ConnectorRegistration,
        grant_type: Option<&str>,
        filled: &BTreeMap<String, String>,
    ) -> Result<PathBuf> {
        if !is_source_name(name) {
            return Err(Error::new(ErrorKind::Definition, format!("`{name}` can't be the name of a source"))
                .with_help("use letters, digits, `-`, `_` and `.`, beginning with a letter or digit"));
        }
        if self.source_file(name).is_ok_and(|path| path.exists()) {
            return Err(exists(name));
        }
        let text = template::source_template(connector, grant_type, filled)?;
        let folder = self.folder().join("sources");
        fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause))?;
        let path = folder.join(format!("{name}.yaml"));
        let mut made = Vec::new();
        write_new(&path, &text, &mut made)?;
        if made.is_empty() {
            return Err(exists(name));
        }
        self.write_schemas()?;
        Ok(near(&path))
    }
}

fn exists(name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("there is a source `{name}` already"))
        .with_help("choose another name, or edit the file")
}

fn make_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|cause| unwritable(path, cause))?;
    made.push(near(path));
    Ok(())
}

#[cfg(unix)]
fn make_private_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => made.push(near(path)),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            let permissions = fs::metadata(path).map_err(|cause| unwritable(path, cause))?.permissions();
            if permissions.mode() & 0o077 != 0 {
                let message = format!("the folder `{}` can be read by others", path.display());
                return Err(
                    Error::new(ErrorKind::Definition, message).with_help(format!("run `chmod 700 {}`", path.display()))
                );
            }
        }
        Err(cause) => return Err(unwritable(path, cause)),
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    make_folder(path, made)
}

/// Writes a file that is not there yet; one that is stays as it is.
fn write_new(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(|cause| unwritable(path, cause))?;
            made.push(near(path));
            Ok(())
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(unwritable(path, cause)),
    }
}

fn unwritable(path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Definition, format!("`{}` can't be written: {cause}", near(path).display()))
        .with_help("check the path, who owns the folder, and whether it can be written")
        .with_cause(cause)
}
