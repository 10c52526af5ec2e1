//! `connector export NAME`.

use crate::arguments::{ExportArguments, ExportFormat, ExportWhat};
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::{Invocation, source_name};
use crate::output::{Waiting, plural};
use connector_core::{Error, ErrorKind};
use connector_engine::query::{self, Format, TableFormat, What};
use connector_engine::store::Store;
use connector_files::NewFile;
use connector_project::source::Project;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(invocation: &Invocation, arguments: &ExportArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let (what, thing) = match arguments.what {
        ExportWhat::Accounts => (What::Accounts, "account"),
        ExportWhat::Entitlements => (What::Entitlements, "entitlement"),
        ExportWhat::Assignments => (What::Assignments, "assignment"),
    };
    let format = match arguments.format {
        ExportFormat::Ndjson => Format::Ndjson,
        ExportFormat::Csv if arguments.keep_formulas => Format::Table(TableFormat::PlainCsv),
        ExportFormat::Csv => Format::Table(TableFormat::Csv),
        ExportFormat::Parquet => parquet()?,
    };
    let export = Export { store: &store, source: source_name(&arguments.name), what, format };
    let Some(file) = arguments.to.as_deref().filter(|file| *file != Path::new("-")) else {
        query::export(&store, export.source, what, format, &mut invocation.printer.raw_stdout())?;
        return Ok(Exit::Success);
    };
    let waiting = Waiting::begin(&invocation.printer, "Writing the export");
    let rows = export.to_file(&project, file, arguments.force)?;
    drop(waiting);
    invocation.printer.remark(format!("{} written to {}", plural(rows, thing), file.display()));
    Ok(Exit::Success)
}

#[cfg(feature = "parquet")]
#[allow(clippy::unnecessary_wraps, reason = "as without the feature")]
fn parquet() -> Result<Format, Error> {
    Ok(Format::Table(TableFormat::Parquet))
}

#[cfg(not(feature = "parquet"))]
fn parquet() -> Result<Format, Error> {
    Err(Error::unsupported("this program was built without Parquet")
        .with_help("build it with the feature `parquet`: `cargo install connector-cli --features parquet`"))
}

struct Export<'a> {
    store: &'a Store,
    source: &'a str,
    what: What,
    format: Format,
}

impl Export<'_> {
    /// Writes to a second file first, so that the name never names half an export. Only the owner can read it: it holds
    /// personal data. Pipes and devices are written directly, and a link keeps its target.
    fn to_file(&self, project: &Project, file: &Path, force: bool) -> Result<u64, Stop> {
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        if target.exists() && !target.is_file() {
            let open = OpenOptions::new().write(true).open(&target).map_err(|cause| not_writable(file, cause))?;
            return self.write(file, &mut BufWriter::new(open));
        }
        self.refuse_to_replace(project, file, &target, force)?;
        let mut new = NewFile::beside(file).map_err(|cause| not_writable(file, cause))?;
        let rows = self.write(file, &mut BufWriter::new(&mut new))?;
        new.replace().map_err(|cause| not_writable(file, cause))?;
        Ok(rows)
    }

    fn write(&self, file: &Path, to: &mut (impl Write + Send)) -> Result<u64, Stop> {
        let rows = query::export(self.store, self.source, self.what, self.format, to)
            .map_err(|error| error.with_context("file", file.display().to_string()))?;
        to.flush().map_err(|cause| not_writable(file, cause))?;
        Ok(rows)
    }

    /// An earlier export may be replaced, whatever else is there only with `--force`. The store, sources and keys of the project
    /// stay in any case.
    fn refuse_to_replace(&self, project: &Project, file: &Path, target: &Path, force: bool) -> Result<(), Error> {
        let refused =
            |message: String, help: &str| Err(Error::new(ErrorKind::AlreadyExists, message).with_help(help.to_owned()));
        if self.is_of_project(project, target) {
            let message = format!("`{}` belongs to the project, so an export can't replace it", file.display());
            return refused(
                message,
                "name a file outside the folders `sources`, `secrets`, `schemas`, `connectors` and that of the store",
            );
        }
        if target.exists() && !force && !is_export(target) {
            let message = format!("the file `{}` already exists", file.display());
            return refused(message, "choose another name, or add `--force` to replace it");
        }
        Ok(())
    }

    fn is_of_project(&self, project: &Project, target: &Path) -> bool {
        let folder = target.parent().and_then(real).unwrap_or_default();
        let target = folder.join(target.file_name().unwrap_or_default());
        let inside = |name: &str| real(&project.folder().join(name)).is_some_and(|part| target.starts_with(part));
        let is_store = self.store.place().file().is_some_and(|store| {
            ["", "-wal", "-shm", "-journal"].iter().any(|end| {
                let mut path = store.as_os_str().to_owned();
                path.push(end);
                real(Path::new(&path)).is_some_and(|path| path == target)
            })
        });
        is_store
            || ["sources", "secrets", "schemas", "connectors", ".connector", "connector.yaml", "findings.yaml"]
                .into_iter()
                .any(inside)
    }
}

/// Whether the file is an earlier export: it begins as exports of some kind do. An empty file has nothing to lose.
fn is_export(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(64).read_to_end(&mut start));
    read.is_ok()
        && (start.is_empty() || query::STARTS_OF_EXPORTS.iter().any(|known| start.starts_with(known.as_bytes())))
}

fn real(path: &Path) -> Option<PathBuf> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().ok()
}

fn not_writable(file: &Path, cause: io::Error) -> Error {
    file_error("can't write", file, cause)
        .with_help("check that the folder exists, that you can write to it, and that the disk is not full")
}
