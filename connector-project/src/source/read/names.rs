//! Source names with no file or with more than one file.

use crate::document::{Problems, at_start};
use connector_core::nearest;
use std::path::{Path, PathBuf};

/// A message with more names than this is hard to read.
const MOST_NAMES_TO_LIST: usize = 20;

/// The problem of a name without a source.
pub(in super::super) fn unknown_source(file: PathBuf, name: &str, files: &[(String, PathBuf)]) -> Problems {
    let known: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None if known.is_empty() => {
            "the project has no sources yet; run `connector source new CONNECTOR NAME` to create one".to_owned()
        }
        None if known.len() > MOST_NAMES_TO_LIST => {
            format!("the project has {} sources; `connector source list` shows them", known.len())
        }
        None => format!("the sources are: {}", known.join(", ")),
    };
    let title = format!("the source `{name}` does not exist");
    Problems(vec![at_start(file, "unknown_source", title, Some(help))])
}

/// The problem of two files with the same name.
pub(in super::super) fn ambiguous_source(file: PathBuf, name: &str, other: &Path) -> Problems {
    let title = format!("two files have the same name `{name}`");
    let help = format!("rename or remove `{}`", other.display());
    Problems(vec![at_start(file, "ambiguous_source", title, Some(help))])
}

/// The problem of a file from elsewhere with the name of a source of the project.
pub(in super::super) fn second_source(file: PathBuf, name: &str, own: &Path) -> Problems {
    let title = format!("the project has another source `{name}`: `{}`", own.display());
    let help = "the store keeps one history for each name: give this file a name of its own";
    Problems(vec![at_start(file, "ambiguous_source", title, Some(help.to_owned()))])
}
