//! The files of a project, and how messages name them.

use connector_core::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The YAML files in a folder with their names, sorted by name; none if there is no folder.
pub(super) fn yaml_files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unreadable(folder, cause)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        // A folder or a broken link with the name of a source is a mistake: reading it gives an error.
        if let (true, Some(stem)) = (is_yaml, path.file_stem().and_then(|stem| stem.to_str())) {
            files.push((stem.to_owned(), near(&path)));
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(folder: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Definition, format!("can't read `{}`: {cause}", near(folder).display()))
        .with_help("check the owner and permissions of the folder")
        .with_cause(cause)
}

/// The path as a person in the current folder writes it.
pub(super) fn near(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let path =
        here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned)).unwrap_or_else(|| path.to_owned());
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}
