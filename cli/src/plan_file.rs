//! The plan that an argument names, which may come from standard input.

use crate::exit::file_error;
use crate::project_files;
use connector_core::Result;
use connector_project::source::Project;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write, stdin};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

/// The argument that stands for standard input.
pub(crate) const STDIN: &str = "-";

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
        let folder = std::env::temp_dir().join(format!("connector-plan-{}", process::id()));
        project_files::make_private_folder(&folder)?;
        let mut file = Self { path: folder.clone(), folder: Some(folder) };
        file.path =
            file.take(stdin().lock()).map_err(|cause| file_error("can't read the plan into", &file.path, cause))?;
        Ok(file)
    }

    /// The path, whose ending says the format.
    pub(crate) fn path(&self) -> &Path {
        &self.path
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
