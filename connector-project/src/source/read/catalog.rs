//! Reads the connector files of a project.

use super::super::catalog::Catalog;
use super::super::files::{near, yaml_files};
use super::connector_file::connector_file;
use crate::document::{Problems, at_start};
use std::path::Path;

/// The linked connectors and those of the files in `folder`. The folder does not have to exist.
pub(in super::super) fn catalog(folder: &Path) -> Catalog {
    let mut catalog = Catalog::linked();
    let files = yaml_files(folder).unwrap_or_else(|error| {
        let help = error.help().map(str::to_owned);
        let problem = at_start(near(folder), "unreadable_folder", error.message().to_owned(), help);
        catalog.add_broken(String::new(), near(folder), Problems(vec![problem]));
        Vec::new()
    });
    for (name, path) in files {
        match connector_file(&path, &name, &catalog) {
            Ok((registration, content)) => catalog.add(registration, path, content),
            Err(problems) => catalog.add_broken(name, path, problems),
        }
    }
    catalog
}
