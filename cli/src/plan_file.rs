//! The plan that an argument names, which may come from standard input.

use crate::exit::file_error;
use connector_core::{Error, ErrorKind, Problem, Result};
use connector_files::{Reason, Role};
use connector_project::plan::{self, PlanOperation};
use connector_project::source::{Problems, Project, ProjectSettings};
use std::env;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write, stdin};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

/// The argument that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// What people read in place of [`STDIN`].
const STANDARD_INPUT: &str = "standard input";

/// The name of a plan for people: its path as the user typed it, or where else it came from.
pub(crate) fn shown(argument: &str) -> &str {
    if argument == STDIN { STANDARD_INPUT } else { argument }
}

/// A plan may be larger, and read piece by piece. Its problems are shown without their lines.
pub(crate) const LARGEST_SHOWN: u64 = 16 * 1024 * 1024;

/// How many folders that killed processes left are passed over.
const MOST_LEFT: u32 = 1_000;

/// As much of a plan as its format shows in.
const BEGINNING: u64 = 64 * 1024;

/// The file of a plan. One that came from standard input is removed with this value.
pub(crate) struct PlanFile {
    path: PathBuf,
    folder: Option<PathBuf>,
}

impl PlanFile {
    /// The file itself; for `-`, a file that only this user can read, with what standard input holds.
    pub(crate) fn named(project: &Project, argument: &Path) -> Result<Self> {
        if argument != Path::new(STDIN) {
            return Ok(Self { path: project.typed(argument), folder: None });
        }
        let folder = new_folder()?;
        let mut file = Self { path: folder.clone(), folder: Some(folder) };
        file.path =
            file.take(stdin().lock()).map_err(|cause| file_error("can't read the plan into", &file.path, cause))?;
        Ok(file)
    }

    /// Reads the operations. The problems of a plan from standard input say so, and never name the file that holds it for now.
    pub(crate) fn read(
        &self,
        settings: &ProjectSettings,
        sink: &mut dyn FnMut(PlanOperation),
    ) -> Result<(), PlanProblems> {
        plan::read_in(settings, &self.path, sink).map_err(|problems| match self.folder {
            None => PlanProblems { problems, typed: None },
            Some(_) => PlanProblems {
                problems: self.typed(problems),
                typed: connector_files::read(&self.path, Role::Instructions, LARGEST_SHOWN)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok()),
            },
        })
    }

    fn typed(&self, Problems(mut problems): Problems) -> Problems {
        let path = format!("`{}`", self.path.display());
        let named =
            |text: &str| text.replace(&format!("the file {path}"), STANDARD_INPUT).replace(&path, STANDARD_INPUT);
        for Problem { place, title, detail, help, .. } in &mut problems {
            place.file = STDIN.into();
            (*title, *detail) = (named(title), named(detail));
            *help = help.as_deref().map(named);
        }
        Problems(problems)
    }

    fn take(&self, mut input: impl Read) -> io::Result<PathBuf> {
        let mut beginning = Vec::new();
        input.by_ref().take(BEGINNING).read_to_end(&mut beginning)?;
        let path = self.path.join(format!("stdin.{}", ending(&String::from_utf8_lossy(&beginning))));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(&beginning)?;
        io::copy(&mut input, &mut file)?;
        Ok(path)
    }
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
pub(crate) struct PlanProblems {
    pub(crate) problems: Problems,
    /// The text of a plan from standard input, which can't be read again for its lines.
    pub(crate) typed: Option<String>,
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
        if let Some(folder) = &self.folder {
            // It is a temporary folder, and the plan has no secrets: it does no harm if it stays.
            let _ = fs::remove_dir_all(folder);
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
