//! The plan that an argument names, which may come from standard input.

use connector_core::Result;
use connector_project::plan::PlanFile;
use connector_project::source::Project;
use std::io::stdin;
use std::path::Path;

/// The argument that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// What people read in place of [`STDIN`].
const STANDARD_INPUT: &str = "standard input";

/// The name of a plan for people: its path as the user typed it, or where else it came from.
pub(crate) fn shown(argument: &str) -> &str {
    if argument == STDIN { STANDARD_INPUT } else { argument }
}

/// The file itself; for `-`, what standard input holds.
pub(crate) fn named(project: &Project, argument: &Path) -> Result<PlanFile> {
    if argument != Path::new(STDIN) {
        return Ok(PlanFile::at(project.typed(argument)));
    }
    PlanFile::received(stdin().lock(), STDIN, STANDARD_INPUT)
}
