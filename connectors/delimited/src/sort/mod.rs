//! Sorting more rows than memory holds, in temporary files that have no name.

mod hashes;
mod sorted;

pub(crate) use hashes::Hashes;
pub(crate) use sorted::{Sorted, Sorter};

use std::fs::File;
use std::io;
use std::path::Path;

/// A file that only this process sees and that is gone when it ends. It is on the disk of the project: the system's folder for
/// temporary files is often in memory.
fn temporary(project: &Path) -> io::Result<File> {
    let own = project.join(".connector");
    let folder = if own.is_dir() { own } else { std::env::temp_dir() };
    tempfile::tempfile_in(folder)
}
