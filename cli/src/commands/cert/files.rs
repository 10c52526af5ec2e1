//! The files of a key in `secrets/`.

use crate::exit::file_error;
use crate::project_files;
use connector_core::{Error, ErrorKind, Result};
use connector_files::{Reason, Role, shell_word};
use connector_keys::secret_text;
use connector_project::source::Project;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// No key or chain of certificates is longer.
const LONGEST: u64 = 1024 * 1024;

/// `secrets/NAME.key` and what belongs to it.
#[derive(Debug)]
pub(super) struct KeyFiles {
    folder: PathBuf,
    name: String,
}

impl KeyFiles {
    /// The files of that name in a project, whether or not they exist.
    pub(super) fn named(project: &Project, name: &str) -> Result<Self> {
        let well_formed = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if !well_formed {
            return Err(Error::new(ErrorKind::Definition, format!("`{name}` is not a valid name for a key"))
                .with_help("use letters, digits, `-`, `_` and `.`, for example the name of the source"));
        }
        let folder = project.folder().strip_prefix(".").unwrap_or(project.folder());
        Ok(Self { folder: folder.to_owned(), name: name.to_owned() })
    }

    /// The file with this ending: `key`, `crt` or `csr`.
    pub(super) fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(self.in_project(ending))
    }

    /// The secret ref of that file, for source files.
    pub(super) fn reference(&self, ending: &str) -> String {
        format!("file:{}", self.in_project(ending))
    }

    /// Fails with kind `already_exists` if a file with one of these endings exists.
    pub(super) fn refuse_present(&self, endings: &[&str]) -> Result<()> {
        match endings.iter().map(|ending| self.file(ending)).find(|file| file.symlink_metadata().is_ok()) {
            Some(file) => Err(project_files::present(&file)),
            None => Ok(()),
        }
    }

    /// Writes new files with these endings, all of them or none.
    pub(super) fn write(&self, texts: &[(&str, &str)]) -> Result<()> {
        project_files::make_secrets_folder(&self.folder)?;
        let files: Vec<_> = texts.iter().map(|(ending, text)| (self.file(ending), *text)).collect();
        project_files::write_new_private(&files)
    }

    fn in_project(&self, ending: &str) -> String {
        format!("secrets/{}.{ending}", self.name)
    }
}

/// A file that a command line names, as PEM text, whatever form it has. Fails with what the file is instead, and how to get a
/// key or certificate out of it.
pub(super) fn text_of(file: &Path) -> Result<SecretString> {
    // A file that somebody sent has the mode and owner that it came with; what it becomes is private.
    let bytes = connector_files::read(file, Role::Public, LONGEST).map_err(|why| match why.reason {
        Reason::NotRegular | Reason::TooLarge => {
            Error::new(ErrorKind::Invalid, format!("`{}` is not a key or certificate", file.display()))
                .with_help("use a PEM, DER or PKCS#12 file of at most 1 MiB")
        }
        _ => file_error("can't read", file, why.into_io()),
    })?;
    let shown = file.display().to_string();
    secret_text(bytes, &format!("`{shown}`")).map_err(|error| {
        let exact = error.help().unwrap_or_default().replace("FILE", &shell_word(&shown));
        error.with_help(exact)
    })
}
