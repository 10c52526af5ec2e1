//! Changing the `auth:` block of a source file in place.

use super::project::{Project, near};
use super::read;
use connector_core::{Error, ErrorKind, Result};
use connector_secrets::NewFile;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

impl Project {
    /// Sets keys of the `auth:` block of a source, or takes them out where the value is `None`. Comments, order and
    /// everything else in its file stay as they are. Gives the file.
    ///
    /// The new text is checked as a whole before it takes the file's place in one step. Fails with kind `definition`,
    /// and leaves the file alone, when the source is invalid before or after, or when the block is not written with one
    /// key a line.
    pub fn edit_auth(&self, name_or_path: &str, changes: &[(&str, Option<&str>)]) -> Result<PathBuf> {
        let path = self.source_file(name_or_path)?;
        let settings = self.settings()?;
        let before = read::source(&path, &settings)?;
        let text = fs::read_to_string(&path).map_err(|cause| unwritable(&path, cause))?;
        let by_hand = || {
            Error::new(ErrorKind::Definition, format!("`{}` can't be changed by a program", near(&path).display()))
                .with_help("its `auth:` block is not written with one key a line: change it by hand")
        };
        let edited = read::edited(&path, &text, changes).ok_or_else(by_hand)?;
        let after = read::source_from_text(&path, &edited, &settings)?;
        let block = |source: &super::Source| source.auth.as_ref().map(|auth| auth.settings.clone()).unwrap_or_default();
        if block(&after) != changed(block(&before), changes) || all_but_auth(&edited) != all_but_auth(&text) {
            return Err(by_hand());
        }
        replace(&path, &edited)?;
        Ok(near(&path))
    }
}

/// What the block shall say.
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

/// Whoever reads the file sees the old text or the new one, never a part; a link stays a link.
fn replace(path: &Path, text: &str) -> Result<()> {
    let write = || NewFile::beside(path)?.like(path)?.with_text(text)?.replace();
    write().map_err(|cause| unwritable(path, cause))
}

fn unwritable(path: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Definition, format!("`{}` can't be changed: {cause}", near(path).display()))
        .with_help("check who owns the file and its folder, and whether they can be written")
        .with_cause(cause)
}
