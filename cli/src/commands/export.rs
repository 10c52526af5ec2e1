//! `connector export NAME`.

use crate::arguments::{ExportArguments, ExportFormat, ExportWhat};
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::{Invocation, source_name};
use crate::output::plural;
use crate::project_files;
use connector_core::Error;
use connector_engine::query::{self, Format, What};
use connector_engine::store::Store;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(invocation: &Invocation, arguments: &ExportArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let (what, thing) = match arguments.what {
        ExportWhat::Accounts => (What::Accounts, "account"),
        ExportWhat::Entitlements => (What::Entitlements, "entitlement"),
        ExportWhat::Assignments => (What::Assignments, "assignment"),
    };
    let format = match arguments.format {
        ExportFormat::Ndjson => Format::Ndjson,
        ExportFormat::Csv => Format::Csv,
    };
    let Some(file) = &arguments.to else {
        query::export(&store, source, what, format, &mut invocation.printer.stdout())?;
        return Ok(Exit::Success);
    };
    let rows = write_file(&store, source, what, format, file)?;
    invocation.printer.note(format!("{} written to {}", plural(rows, thing), file.display()));
    Ok(Exit::Success)
}

/// Writes to a second file first, so that the name never names half an export. Only the owner can read it: it holds
/// personal data. Pipes and devices are written directly, and a link keeps its target.
fn write_file(store: &Store, source: &str, what: What, format: Format, file: &Path) -> Result<u64, Stop> {
    let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if target.exists() && !target.is_file() {
        let open = OpenOptions::new().write(true).open(&target).map_err(|cause| not_writable(file, cause))?;
        return write_rows(store, source, what, format, file, open);
    }
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = (|| -> Result<u64, Stop> {
        let open = project_files::open_private(&partial).map_err(|cause| not_writable(file, cause))?;
        let rows = write_rows(store, source, what, format, file, open)?;
        fs::rename(&partial, &target).map_err(|cause| not_writable(file, cause))?;
        Ok(rows)
    })();
    if written.is_err() {
        // Half an export is useless; a file that can't be removed was not created.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_rows(store: &Store, source: &str, what: What, format: Format, file: &Path, open: File) -> Result<u64, Stop> {
    let mut writer = BufWriter::new(open);
    let rows = query::export(store, source, what, format, &mut writer)?;
    writer.flush().map_err(|cause| not_writable(file, cause))?;
    Ok(rows)
}

fn not_writable(file: &Path, cause: io::Error) -> Error {
    file_error("can't write", file, cause)
        .with_help("check that the folder exists, that you can write to it, and that the disk is not full")
}
