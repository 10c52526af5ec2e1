//! A plan in a file, or one that came another way.

use super::format::Format;
use super::{PlanOperation, read_in};
use crate::document::Problems;
use crate::source::ProjectSettings;
use connector_core::{Error, ErrorKind, Problem, Result};
use connector_files::{Reason, Role};
use std::env;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

/// A plan may be larger, and read piece by piece. Its problems are shown without their lines.
pub const LARGEST_SHOWN: u64 = 16 * 1024 * 1024;

/// How many folders that killed processes left are passed over.
const MOST_LEFT: u32 = 1_000;

/// As much of a plan as its format shows in.
const BEGINNING: u64 = 64 * 1024;

/// The file of a plan. One that came another way, as from standard input, is removed with this value.
#[derive(Debug)]
pub struct PlanFile {
    path: PathBuf,
    received: Option<Received>,
}

/// Where a plan came from that the user did not name as a file.
#[derive(Debug)]
struct Received {
    folder: PathBuf,
    /// What stands for its file in the places of problems.
    place: PathBuf,
    /// What people read in place of its file.
    shown: String,
}

impl PlanFile {
    /// A file of the user.
    pub fn at(path: PathBuf) -> Self {
        Self { path, received: None }
    }

    /// A plan that comes from `input`: it is written to a file that only this user can read. Its problems name `place`, and people
    /// read `shown` in place of the file. The ending of `place` says which format it has; if it has none that is known, the beginning of the plan does.
    ///
    /// Fails with kind `invalid` if the plan can't be written.
    pub fn received(input: impl Read, place: &str, shown: &str) -> Result<Self> {
        let folder = new_folder()?;
        let received = Received { folder: folder.clone(), place: place.into(), shown: shown.to_owned() };
        let mut file = Self { path: folder.join("plan"), received: Some(received) };
        let known = Format::of(Path::new(place)).and(Path::new(place).extension());
        let ending_of_name = known.and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let taken = take(input, &folder, ending_of_name.as_deref());
        file.path = taken.map_err(|cause| {
            let message = format!("can't write the plan into `{}`: {cause}", folder.display());
            Error::invalid(message)
                .with_help("check the disk, and the owner and the permissions of the folder")
                .with_cause(cause)
        })?;
        Ok(file)
    }

    /// Reads the operations. The problems of a received plan never name the file that holds it for now.
    pub fn read(&self, settings: &ProjectSettings, sink: &mut dyn FnMut(PlanOperation)) -> Result<(), PlanProblems> {
        read_in(settings, &self.path, sink).map_err(|problems| match &self.received {
            None => PlanProblems { problems, typed: None },
            Some(received) => PlanProblems {
                problems: self.typed(problems, received),
                typed: connector_files::read(&self.path, Role::Instructions, LARGEST_SHOWN)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok()),
            },
        })
    }

    fn typed(&self, Problems(mut problems): Problems, received: &Received) -> Problems {
        let path = format!("`{}`", self.path.display());
        let named =
            |text: &str| text.replace(&format!("the file {path}"), &received.shown).replace(&path, &received.shown);
        for Problem { place, title, detail, help, .. } in &mut problems {
            place.file.clone_from(&received.place);
            (*title, *detail) = (named(title), named(detail));
            *help = help.as_deref().map(named);
        }
        Problems(problems)
    }
}

fn take(mut input: impl Read, folder: &Path, known: Option<&str>) -> io::Result<PathBuf> {
    let mut beginning = Vec::new();
    input.by_ref().take(BEGINNING).read_to_end(&mut beginning)?;
    let text = String::from_utf8_lossy(&beginning);
    let path = folder.join(format!("plan.{}", known.unwrap_or_else(|| ending(&text))));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(&beginning)?;
    io::copy(&mut input, &mut file)?;
    Ok(path)
}

/// A new folder that only this user can enter. A killed process can have left one, and in a container ids of processes repeat.
fn new_folder() -> Result<PathBuf> {
    let mut number = 0;
    loop {
        let folder = env::temp_dir().join(format!("connector-plan-{}-{number}", process::id()));
        match connector_files::make_private(&folder) {
            Ok(true) => return Ok(folder),
            Err(why) if matches!(why.reason, Reason::Io(_)) || number >= MOST_LEFT => {
                return Err(why.into_error(ErrorKind::Invalid));
            }
            Ok(false) | Err(_) => number += 1,
        }
    }
}

/// The problems of a plan.
#[derive(Debug)]
pub struct PlanProblems {
    /// The problems.
    pub problems: Problems,
    /// The text of a received plan, which can't be read again for its lines.
    pub typed: Option<String>,
}

impl fmt::Display for PlanProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.fmt(f)
    }
}

impl std::error::Error for PlanProblems {}

impl From<PlanProblems> for Error {
    fn from(problems: PlanProblems) -> Self {
        Self::from(problems.problems.clone()).with_cause(problems)
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        if let Some(received) = &self.received {
            // It is a temporary folder, and the plan has no secrets: it does no harm if it stays.
            let _ = fs::remove_dir_all(&received.folder);
        }
    }
}

/// The ending for the format that a plan begins in.
fn ending(beginning: &str) -> &'static str {
    let text = beginning.trim_start_matches('\u{feff}').trim_start();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if text.starts_with('[') {
        return "json";
    }
    if text.starts_with('{') {
        let whole: Option<serde_json::Value> = serde_json::from_str(first).ok();
        return match whole {
            Some(whole) if whole.get("operations").is_none() => "ndjson",
            _ => "json",
        };
    }
    let cells: Vec<_> = first.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
    let is_header = cells.len() > 1 && cells.iter().any(|cell| ["operation", "account"].contains(cell));
    if is_header || first.starts_with("sep=") { "csv" } else { "yaml" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_plan_shows_its_format() {
        for (text, expected) in [
            ("- disable: {account: a}\n", "yaml"),
            ("# a comment\noperations:\n  - disable: {account: a}\n", "yaml"),
            ("", "yaml"),
            ("[{\"disable\": {\"account\": \"a\"}}]", "json"),
            ("{\n  \"operations\": []\n}", "json"),
            ("{\"operations\": []}", "json"),
            ("{\"disable\": {\"account\": \"a\"}}\n{\"enable\": {\"account\": \"a\"}}\n", "ndjson"),
            ("\u{feff}operation;account\r\ndisable;a\r\n", "csv"),
            ("sep=;\noperation;account\n", "csv"),
            ("\"account\",\"operation\"\n", "csv"),
            ("account\toperation\n", "csv"),
        ] {
            assert_eq!(ending(text), expected, "{text:?}");
        }
    }
}
