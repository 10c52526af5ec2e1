//! What is wrong with a file, for the person who can mend it. No message repeats a value: it may be a secret.

use crate::files::Compression;
use connector_core::{Error, ErrorKind, Happened, Retry, nearest};
use std::io;
use std::time::Duration;

/// A number of things.
pub(crate) fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A file that is not as it must be.
fn broken(message: String, help: &str) -> Error {
    Error::protocol(message).with_help(help)
}

pub(crate) fn missing(shown: &str) -> Error {
    Error::not_found(format!("`{shown}` does not exist"))
        .with_help("check the path, which is relative to the project, and whether the export ran")
}

pub(crate) fn no_folder(pattern: &str, folder: &str, cause: io::Error) -> Error {
    let kind = if cause.kind() == io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Permission };
    let folder = if folder.is_empty() { "." } else { folder };
    Error::new(kind, format!("can't list the folder `{folder}` of `{pattern}`: {cause}"))
        .with_help("check the path, which is relative to the project, and the permissions of the folder")
        .with_cause(cause)
}

pub(crate) fn no_match(pattern: &str) -> Error {
    Error::not_found(format!("no file matches `{pattern}`"))
        .with_help("check the pattern, which is relative to the project, and whether the export ran")
}

pub(crate) fn bad_pattern(pattern: &str, why: &str) -> Error {
    Error::definition(format!("`{pattern}` is not a pattern: {why}")).with_help("write it like `hr/people-*.csv`")
}

pub(crate) fn unreadable(shown: &str, cause: io::Error) -> Error {
    Error::unavailable(format!("can't read `{shown}`: {cause}"))
        .with_help("check the disk that the file is on")
        .with_cause(cause)
}

pub(crate) fn replaced(shown: &str) -> Error {
    Error::new(ErrorKind::Expired, format!("`{shown}` was replaced or changed while it was read"))
        .with_help("run it again when nobody writes into the file")
}

pub(crate) fn not_quiet(shown: &str, age: i64, wanted: i64) -> Error {
    let left = u64::try_from(wanted.saturating_sub(age)).unwrap_or_default();
    let when = if age < 0 { "in the future".to_owned() } else { format!("{age} s ago") };
    Error::unavailable(format!("`{shown}` was changed {when}, but must be unchanged for {wanted} s"))
        .with_help("run it again when the export is complete")
        .with_retry(Retry::After(Duration::from_secs(left)))
}

/// What the system or a decompressor said.
pub(crate) fn of_reading(shown: &str, compression: Compression, cause: &io::Error) -> Error {
    match compression.name() {
        Some(name) if cause.kind() == io::ErrorKind::UnexpectedEof => broken(
            format!("`{shown}` is cut: its {name} data ends in the middle"),
            "let the export finish, or copy the file again",
        ),
        Some(name) => broken(
            format!("`{shown}` is not valid {name} data: {cause}"),
            "copy the file again; a name that ends in `.gz` or `.zst` says that the file is compressed",
        ),
        None => unreadable(shown, io::Error::new(cause.kind(), cause.to_string())),
    }
}

pub(crate) fn other_encoding(shown: &str, named: &str) -> Error {
    broken(
        format!("`{shown}` begins with the mark of {named}, but `encoding` says something else"),
        &format!("set `encoding: {}`", named.to_ascii_lowercase()),
    )
}

pub(crate) fn old_line_ends(shown: &str) -> Error {
    broken(
        format!("`{shown}`, line 1: the lines end with CR alone"),
        "convert the ends of the lines, for example with `tr '\\r' '\\n'`",
    )
}

pub(crate) fn empty(shown: &str) -> Error {
    broken(format!("`{shown}` is empty"), "let the export write a line with the names of the columns, and rows")
}

pub(crate) fn no_trailer(shown: &str) -> Error {
    broken(
        format!("`{shown}` is cut: its last line is not the one that `trailer` names"),
        "let the export finish, or correct `complete: {trailer: …}`",
    )
}

pub(crate) fn no_rows(shown: &str) -> Error {
    broken(
        format!("`{shown}` has a header but no rows"),
        "check the export; if a file without rows is right, set `complete: {at_least: 0}`",
    )
}

pub(crate) fn too_few(pattern: &str, rows: u64, wanted: u64) -> Error {
    broken(
        format!("`{pattern}` has {}, but `at_least` is {wanted}", counted(rows, "row")),
        "check the export, or lower `complete: {at_least: …}`",
    )
}

/// A line of a file that is not as it must be.
pub(crate) fn at_line(shown: &str, line: u64, what: &str, help: &str) -> Error {
    broken(format!("`{shown}`, line {line}: {what}"), help)
}

/// A value that is not as it must be.
pub(crate) fn at_column(shown: &str, line: u64, (number, name): (usize, &str), what: &str, help: &str) -> Error {
    broken(format!("`{shown}`, line {line}, column {} (`{name}`): {what}", number + 1), help)
}

pub(crate) fn no_column(shown: &str, setting: &str, name: &str, columns: &[String]) -> Error {
    let help = match (nearest(name, columns.iter().map(String::as_str)), columns) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, [only]) if only.contains([',', ';', '|', '\t']) => {
            format!("the whole header `{}` is one column: set `delimiter`", shortened(only))
        }
        (None, _) => format!("columns: {}", shortened(&columns.join(", "))),
    };
    Error::definition(format!("`{shown}`, line 1: no column `{name}`, which `{setting}` names")).with_help(help)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The same id in two rows.
pub(crate) fn twice(what: &str, first: (&str, u64), second: (&str, u64), help: &str) -> Error {
    broken(format!("`{}`, line {}: the same {what} as in `{}`, line {}", second.0, second.1, first.0, first.1), help)
}

pub(crate) fn temporary(cause: io::Error) -> Error {
    Error::internal(format!("can't sort the rows in a temporary file: {cause}"))
        .with_help("check that the disk of the project has room")
        .with_cause(cause)
}

/// A position of another version of the settings.
pub(crate) fn foreign(of: &str) -> Error {
    Error::protocol(format!("the settings have no entitlements `{of}`"))
        .with_help("drop the unfinished run with `--restart`")
}

/// The thread that reads stopped.
pub(crate) fn stopped() -> Error {
    Error::internal("the thread that reads files stopped")
}

pub(crate) fn not_written(shown: &str, cause: io::Error) -> Error {
    let kind =
        if cause.kind() == io::ErrorKind::PermissionDenied { ErrorKind::Permission } else { ErrorKind::Unavailable };
    Error::new(kind, format!("can't rewrite `{shown}`: {cause}"))
        .with_help("check the owner and permissions of the file and its folder, and the free disk space")
        .with_happened(Happened::No)
        .with_cause(cause)
}

pub(crate) fn other_columns(shown: &str, pattern: &str) -> Error {
    Error::invalid(format!("`{shown}` has other columns than the first file of `{pattern}`, or in another order"))
        .with_help("a plan can change several files only if all of them have the same columns")
}

pub(crate) fn no_file_for_new_rows(name: &str) -> Error {
    Error::invalid(format!("`new_rows` names `{name}`, and there is no such file"))
        .with_help("make it, with the same columns as the others, or name another one")
}

/// A position of a read can expire. For a plan, a file that is another one now is a conflict.
pub(crate) fn for_plan(error: Error, shown: &str) -> Error {
    if error.kind() == ErrorKind::Expired { changed_meanwhile(shown) } else { error }
}

pub(crate) fn changed_meanwhile(shown: &str) -> Error {
    Error::conflict(format!("somebody else changed `{shown}` at the same time, so it was left alone"))
        .with_help("run the plan again")
        .with_retry(Retry::After(Duration::from_secs(1)))
}
