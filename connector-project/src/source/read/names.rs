//! Names of sources that lead to no file, or to two.

use crate::document::{Problems, at_start};
use connector_core::nearest;
use std::path::{Path, PathBuf};

/// The problem of a name that no source has.
pub(in super::super) fn unknown_source(file: PathBuf, name: &str, files: &[(String, PathBuf)]) -> Problems {
    let known: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None if known.is_empty() => "there are none yet: `connector source new CONNECTOR NAME` writes one".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    };
    let title = format!("there is no source `{name}`");
    Problems(vec![at_start(file, "unknown_source", title, Some(help))])
}

/// The problem of a name that two files have.
pub(in super::super) fn ambiguous_source(file: PathBuf, name: &str, other: &Path) -> Problems {
    let title = format!("two files have the name `{name}`");
    let help = format!("rename or remove `{}`", other.display());
    Problems(vec![at_start(file, "ambiguous_source", title, Some(help))])
}
