//! Changes the `auth:` block of a source file in place.

use super::files::near;
use super::project::Project;
use super::read;
use connector_core::{Error, ErrorKind, Result};
use connector_files::{NewFile, Refusal, Role};
use serde_json::Value;
use std::path::{Path, PathBuf};

impl Project {
    /// Sets keys in the `auth:` block of a source, or removes those whose value is `None`. Comments, order and everything
    /// else in the file stay unchanged. Returns the file.
    ///
    /// It checks the whole new text, then replaces the file atomically. If the source is invalid before or after the change,
    /// or if the block does not have one key per line, it fails with kind `definition` and leaves the file alone.
    pub fn edit_auth(&self, name_or_path: &str, changes: &[(&str, Option<&str>)]) -> Result<PathBuf> {
        let path = self.source_file(name_or_path)?;
        let settings = self.settings()?;
        let given = read::Given { defaults: &settings, catalog: self.catalog() };
        let before = read::source(&path, &given)?;
        let text = connector_files::read(&path, Role::Instructions, u64::MAX)
            .map_err(Refusal::into_io)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|cause| unwritable(&path, cause))?;
        let by_hand = || {
            Error::new(ErrorKind::Definition, format!("Connector can't edit `{}`", near(&path).display()))
                .with_help("its `auth:` block does not have one key per line: edit the file by hand")
        };
        let edited = read::edited(&path, &text, changes).ok_or_else(by_hand)?;
        let after = read::source_from_text(&path, &edited, &given)?;
        let block = |source: &super::Source| source.auth.as_ref().map(|auth| auth.settings.clone()).unwrap_or_default();
        if block(&after) != changed(block(&before), changes) || all_but_auth(&edited) != all_but_auth(&text) {
            return Err(by_hand());
        }
        replace(&path, &edited)?;
        Ok(near(&path))
    }
}

/// The block with the changes.
fn changed(mut block: Value, changes: &[(&str, Option<&str>)]) -> Value {
    if let Some(members) = block.as_object_mut() {
        for (key, wanted) in changes {
            match wanted {
                Some(value) => drop(members.insert((*key).to_owned(), Value::from(*value))),
                None => drop(members.shift_remove(*key)),
            }
        }
    }
    block
}

fn all_but_auth(text: &str) -> Option<Value> {
    let mut value: Value = serde_yaml::from_str(text).ok()?;
    value.as_object_mut()?.shift_remove("auth");
    Some(value)
}

/// Replaces a file atomically: a reader sees the old text or the new one, never a part. A link stays a link.
fn replace(path: &Path, text: &str) -> Result<()> {
    // Whoever may write the folder may edit the file, also if another user owns it.
    let write = || NewFile::beside(path)?.with_permissions_of(path)?.with_text(text)?.replace();
    write().map_err(|cause| unwritable(path, cause))
}

fn unwritable(path: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Definition, format!("can't change `{}`: {cause}", near(path).display()))
        .with_help("check the owner and permissions of the file and its folder")
        .with_cause(cause)
}
