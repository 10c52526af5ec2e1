//! Files with the same kind of rows, and when they count as complete.

use super::file::DataFile;
use super::format::Format;
use super::pattern::Pattern;
use crate::error;
use crate::settings::{CompleteSettings, FormatSettings};
use connector_core::Result;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// Files with the same kind of rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) project: PathBuf,
    pub(crate) pattern: Pattern,
    pub(crate) format: Format,
    quiet_for: Option<Duration>,
    pub(crate) trailer: Option<String>,
    pub(crate) at_least: u64,
    /// The file that new rows go to, if the pattern can name several.
    pub(crate) new_rows: Option<String>,
}

impl Table {
    pub(crate) fn new(
        project: &std::path::Path,
        file: &str,
        (format, source_format): (&FormatSettings, &FormatSettings),
        (complete, source_complete): (&CompleteSettings, &CompleteSettings),
    ) -> Self {
        let trailer = complete.trailer.clone().or_else(|| source_complete.trailer.clone());
        Self {
            project: project.to_owned(),
            pattern: Pattern::new(file),
            format: Format::of(format, source_format),
            quiet_for: complete.quiet_for.or(source_complete.quiet_for).map(connector_core::TimeSpan::duration),
            trailer: trailer.filter(|text| !text.is_empty()),
            at_least: complete.at_least.or(source_complete.at_least).unwrap_or(1),
            new_rows: None,
        }
    }

    /// Names the file that new rows go to, if the pattern can name several.
    pub(crate) fn with_new_rows(mut self, file: Option<&String>) -> Self {
        self.new_rows = file.filter(|_| self.pattern.has_wildcards()).cloned();
        self
    }

    /// The files that there are now. Fails if there is none, or if one changed a moment ago.
    pub(crate) fn files(&self, now: Timestamp) -> Result<Vec<DataFile>> {
        let found = self.pattern.find(&self.project)?;
        let files = found.into_iter().map(|(path, shown)| DataFile::at(path, shown)).collect::<Result<Vec<_>>>()?;
        if let Some(quiet_for) = self.quiet_for {
            for file in &files {
                let age = now.as_second().saturating_sub(file.modified);
                let wanted = i64::try_from(quiet_for.as_secs()).unwrap_or(i64::MAX);
                if age < wanted {
                    return Err(error::not_quiet(&file.shown, age, wanted));
                }
            }
        }
        Ok(files)
    }

    /// The file of that name among those of the pattern, as it was when it had that print.
    pub(crate) fn file(&self, shown: &str, print: u64) -> Result<DataFile> {
        // A position comes from the store. It must not lead to a file that the settings don't name.
        let found = self.pattern.find(&self.project)?.into_iter().find(|(_, known)| known == shown);
        let (path, shown) = found.ok_or_else(|| error::replaced(shown))?;
        let file = DataFile::at(path, shown)?;
        if file.print == print { Ok(file) } else { Err(error::replaced(&file.shown)) }
    }
}
