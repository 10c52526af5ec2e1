//! Files and folders of a project, with the modes they need.

use crate::exit::file_error;
use connector_core::Result;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes a folder that its owner alone can enter; one that is there is closed to others.
pub(crate) fn make_private_folder(folder: &Path) -> Result<()> {
    let made = if folder.is_dir() {
        fs::set_permissions(folder, Permissions::from_mode(0o700))
    } else {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    };
    made.map_err(|cause| file_error("can't make", folder, cause))
}

/// Opens a file for writing that its owner alone can read; what was in it is dropped.
pub(crate) fn open_private(file: &Path) -> io::Result<File> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    open.set_permissions(Permissions::from_mode(0o600))?;
    Ok(open)
}

/// Writes a file that its owner alone can read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    open_private(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|cause| file_error("can't write", file, cause))
}

/// Writes a file.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|cause| file_error("can't write", file, cause))
}
