//! Creates a project folder and its files.

use super::definition::is_source_name;
use super::files::near;
use super::project::Project;
use super::{read, schema, template};
use connector_core::registry::ConnectorRegistration;
use connector_core::{Error, ErrorKind, Result, SourceDraft};
use connector_files::{Role, shell_word};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// `connector.yaml` of a new project: everything is commented out, because everything has a default.
const SETTINGS: &str = "\
# yaml-language-server: $schema=schemas/project.schema.json
#
# Settings of the whole project. Every setting has a default. To change one, remove its `#`.

# The store: a path relative to this folder, or the URL of a PostgreSQL database.
# store: .connector/store.db
# store_password_ref: env:STORE_PASSWORD

# The time zone of schedules.
# time_zone: UTC

# HTTP options for every source. The `http:` block of a source overrides them.
# http:
#   ca_file: secrets/ca.pem
#   proxy: http://proxy.acme.example:3128
#   timeout: 60s

# Aggregation settings for every source. The `aggregation:` block of a source overrides them.
# aggregation:
#   concurrency: 8
#   delete_threshold: 10%

# Whose accounts they are: the accounts of one source are the people.
# identities:
#   authority: hr
#   rules:
#     - {name: mail, account: {from: Email, then: [trim, lower]}, person: {from: mail, then: [trim, lower]}}
";

/// No schema is larger.
const LARGEST_SCHEMA: u64 = 16 * 1024 * 1024;

impl Project {
    /// Creates a project folder: `connector.yaml`, `sources/`, `plans/`, `secrets/` (readable only by its owner), `schemas/`
    /// for editors and a `.gitignore`. Existing files stay unchanged, so a second call changes nothing; only a `.gitignore`
    /// that would let secrets through gets the missing lines.
    ///
    /// Returns the project and the created files and folders. Fails with kind `definition` if the folder is not writable or
    /// if other users can read `secrets/`.
    pub fn create(folder: &Path) -> Result<(Self, Vec<PathBuf>)> {
        let mut made = Vec::new();
        make_folder(folder, &mut made)?;
        for name in ["sources", "plans"] {
            make_folder(&folder.join(name), &mut made)?;
        }
        make_private_folder(&folder.join("secrets"), &mut made)?;
        write_new(&folder.join("connector.yaml"), SETTINGS, &mut made)?;
        let ignored = folder.join(".gitignore");
        if connector_files::ignore_secrets(folder).map_err(|cause| unwritable(&ignored, cause))? {
            made.push(near(&ignored));
        }
        let project = Self::at(folder);
        made.extend(project.write_schemas()?);
        Ok((project, made))
    }

    /// Writes the schemas that the first line of each file refers editors to. Returns the files that changed.
    pub fn write_schemas(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder().join("schemas");
        let mut written = Vec::new();
        for (name, schema) in schema::of_files(&self.read_catalog()) {
            let path = folder.join(name);
            let text = schema::to_text(&schema);
            // Only this program writes the schemas, so it replaces an older text.
            if connector_files::read(&path, Role::Public, LARGEST_SCHEMA)
                .is_ok_and(|present| present == text.as_bytes())
            {
                continue;
            }
            make_folder(&folder, &mut Vec::new())?;
            connector_files::write_generated(&path, &text).map_err(|why| why.into_error(ErrorKind::Definition))?;
            written.push(near(&path));
        }
        Ok(written)
    }

    /// Writes a commented source file from [`source_template`](super::source_template), and the schemas for editors.
    ///
    /// Fails with kind `already_exists` if a source has that name, and with kind `definition` if a given value is not valid.
    /// Then nothing is written.
    pub fn add_source(
        &self,
        name: &str,
        connector: &ConnectorRegistration,
        grant_type: Option<&str>,
        filled: &BTreeMap<String, String>,
    ) -> Result<PathBuf> {
        let template = |filled: &_| template::source_template(connector, grant_type, filled);
        self.write_source(name, &template(filled)?, &template(&BTreeMap::new())?)
    }

    /// As [`add_source`](Self::add_source), with drafted settings. What the draft leaves open is no reason to refuse it.
    pub fn add_drafted_source(
        &self,
        name: &str,
        connector: &ConnectorRegistration,
        grant_type: Option<&str>,
        filled: &BTreeMap<String, String>,
        draft: &SourceDraft,
    ) -> Result<PathBuf> {
        let template = |filled: &_| template::drafted_template(connector, grant_type, filled, draft);
        self.write_source(name, &template(filled)?, &template(&BTreeMap::new())?)
    }

    fn write_source(&self, name: &str, text: &str, template: &str) -> Result<PathBuf> {
        if !is_source_name(name) {
            return Err(Error::new(ErrorKind::Definition, format!("`{name}` is not a valid source name")).with_help(
                "use letters, digits, `-`, `_` and `.`; begin with a letter or digit; leave out the ending `.yaml`",
            ));
        }
        if self.source_file(name).is_ok_and(|path| path.exists()) {
            return Err(exists(name));
        }
        let folder = self.folder().join("sources");
        let path = folder.join(format!("{name}.yaml"));
        self.check_new(&path, text, template)?;
        make_folder(&folder, &mut Vec::new())?;
        let mut made = Vec::new();
        write_new(&path, text, &mut made)?;
        if made.is_empty() {
            return Err(exists(name));
        }
        self.write_schemas()?;
        Ok(near(&path))
    }

    /// Fails if the given values are not valid, before anything is written. The template alone can have open values.
    fn check_new(&self, path: &Path, text: &str, template: &str) -> Result<()> {
        let defaults = self.settings().unwrap_or_default();
        let given = read::Given { defaults: &defaults, catalog: self.catalog() };
        let problems = |text| read::source_from_text(path, text, &given).err().map(|found| found.0).unwrap_or_default();
        let open = problems(template);
        let mut caused = problems(text);
        caused.retain(|one| !open.iter().any(|open| (open.rule, &open.title) == (one.rule, &one.title)));
        let Some(first) = caused.first() else { return Ok(()) };
        let titles: Vec<_> = caused.iter().map(|one| one.title.as_str()).collect();
        let help = [first.detail.as_str(), first.help.as_deref().unwrap_or_default()].map(str::to_owned);
        let help: Vec<_> = help.into_iter().filter(|part| !part.is_empty()).collect();
        Err(Error::new(ErrorKind::Definition, format!("the source was not written: {}", titles.join("; ")))
            .with_help(help.join("; ")))
    }
}

fn exists(name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("the source `{name}` already exists"))
        .with_help("choose another name, or edit the existing file")
}

/// Whatever the umask is, no other user may change what is in a project.
fn make_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(|cause| unwritable(path, cause))?;
    made.push(near(path));
    Ok(())
}

fn make_private_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    let is_readable = |path: &Path| fs::metadata(path).is_ok_and(|present| present.permissions().mode() & 0o077 != 0);
    if is_readable(path) && !path.is_symlink() {
        let message = format!("other users can read the folder `{}`", path.display());
        let help = format!("run `chmod 700 {}`", shell_word(&path.to_string_lossy()));
        return Err(Error::new(ErrorKind::Definition, message).with_help(help));
    }
    if connector_files::make_private(path).map_err(|why| why.into_error(ErrorKind::Definition))? {
        made.push(near(path));
    }
    Ok(())
}

/// Writes a new file. An existing file stays unchanged.
fn write_new(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path) {
        Ok(mut file) => {
            if let Err(cause) = file.write_all(text.as_bytes()) {
                // Half a file would be in the way of the next try, and of every check.
                let _ = fs::remove_file(path);
                return Err(unwritable(path, cause));
            }
            made.push(near(path));
            Ok(())
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(unwritable(path, cause)),
    }
}

fn unwritable(path: &Path, cause: io::Error) -> Error {
    let help = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some disk space",
        _ => "check the path, and the owner and permissions of the folder",
    };
    Error::new(ErrorKind::Definition, format!("can't write `{}`: {cause}", near(path).display()))
        .with_help(help)
        .with_cause(cause)
}
