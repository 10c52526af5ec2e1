//! The columns of a file.

use crate::error;
use connector_core::Result;
use std::collections::HashMap;

/// The columns of a file, by the names in its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    shown: String,
    names: Vec<String>,
}

impl Columns {
    pub(crate) fn new(shown: &str, names: Vec<String>) -> Result<Self> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (number, name) in names.iter().enumerate() {
            let place = (number, name.as_str());
            if number == 0 && name.to_ascii_lowercase().starts_with("sep=") {
                let help = "remove the line; Connector takes the delimiter from the settings";
                return Err(error::at_line(shown, 1, "the first line is `sep=`, which only spreadsheets know", help));
            }
            if name.trim().is_empty() {
                return Err(error::at_column(shown, 1, place, "the column has no name", "let the export name it"));
            }
            if let Some(first) = known.insert(name, number) {
                let what = format!("column {} has the same name", first + 1);
                return Err(error::at_column(shown, 1, place, &what, "let the export give each column its own name"));
            }
        }
        Ok(Self { shown: shown.to_owned(), names })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The place of a column that a setting names.
    pub(crate) fn find(&self, setting: &str, name: &str) -> Result<usize> {
        let found = self.names.iter().position(|known| known == name);
        found.ok_or_else(|| error::no_column(&self.shown, setting, name, &self.names))
    }

    /// The same for a setting that may be left out.
    pub(crate) fn find_some(&self, setting: &str, name: Option<&String>) -> Result<Option<usize>> {
        name.map(|name| self.find(setting, name)).transpose()
    }
}
