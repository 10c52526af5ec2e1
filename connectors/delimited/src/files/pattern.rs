//! The path of a file, whose name may have wildcards.

use crate::error;
use connector_core::Result;
use glob::{MatchOptions, PatternError};
use std::path::{Path, PathBuf};

const WILDCARDS: [char; 3] = ['*', '?', '['];

/// A hidden file is a lock, or not complete.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The path of one file, or of all files in a folder whose names match.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can name several files.
    pub(crate) fn has_wildcards(&self) -> bool {
        self.text.contains(WILDCARDS)
    }

    /// What is wrong with it, and where.
    pub(crate) fn fault(&self) -> Option<(usize, &'static str)> {
        if self.text.trim().is_empty() {
            return Some((0, "the path is empty"));
        }
        if self.name().is_empty() {
            return Some((self.text.len(), "the path names a folder, not a file"));
        }
        match self.text[..self.text.len() - self.name().len()].find(WILDCARDS) {
            Some(place) => Some((place, "only the name of the file may have wildcards, not its folder")),
            None => glob::Pattern::new(self.name())
                .err()
                .map(|PatternError { pos, msg }| (self.text.len() - self.name().len() + pos, msg)),
        }
    }

    fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it names this file.
    pub(crate) fn names(&self, file: &str) -> bool {
        let folder = &self.text[..self.text.len() - self.name().len()];
        let matches = |name: &str| glob::Pattern::new(self.name()).is_ok_and(|one| one.matches_with(name, OPTIONS));
        file.strip_prefix(folder).is_some_and(matches)
    }

    /// The files, in the order of their names: the path to open, and the one to show.
    pub(crate) fn find(&self, project: &Path) -> Result<Vec<(PathBuf, String)>> {
        if !self.has_wildcards() {
            return Ok(vec![(project.join(&self.text), self.text.clone())]);
        }
        let pattern = glob::Pattern::new(self.name()).map_err(|fault| error::bad_pattern(&self.text, fault.msg))?;
        let folder = &self.text[..self.text.len() - self.name().len()];
        let entries = project.join(folder).read_dir().map_err(|cause| error::no_folder(&self.text, folder, cause))?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|cause| error::no_folder(&self.text, folder, cause))?;
            // A name that is not UTF-8 matches no pattern that somebody can write.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if pattern.matches_with(&name, OPTIONS) && !entry.path().is_dir() {
                found.push((project.join(folder).join(&name), format!("{folder}{name}")));
            }
        }
        if found.is_empty() {
            return Err(error::no_match(&self.text));
        }
        found.sort_unstable();
        Ok(found)
    }
}
