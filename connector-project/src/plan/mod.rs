//! Plans: ordered lists of changes that users write.
//!
//! The file extension gives the format of a plan: YAML or JSON (one document), NDJSON (one operation per line) or CSV (one
//! operation per row). [`read`] hands over one [`PlanOperation`] after the other, or returns all problems with their
//! positions. It reads NDJSON and CSV in pieces, so their size doesn't matter.
//!
//! All formats use `words` (the rules for verbs, entitlements and attributes) and `intake` (which collects operations and
//! problems). `item` checks one operation of a document or line against the schema of its kind. `csv` checks one row.

mod csv;
mod file;
mod fit;
mod format;
mod intake;
mod item;
mod misplaced;
mod ndjson;
mod operation;
mod password;
mod pieces;
mod schema;
mod words;
mod yaml_json;

pub use file::{LARGEST_SHOWN, PlanFile, PlanProblems};
pub use fit::{check_kind, fit};
pub use format::is_plan;
pub use operation::PlanOperation;
pub use schema::plan_schema;

use crate::document::Problems;
use crate::source::ProjectSettings;
use format::Format;
use intake::Intake;
use std::path::Path;

/// Reads the plan at `path` and hands each operation to `sink`, in the order of the plan.
///
/// It checks everything that it can check without the source. If it fails, discard what `sink` received. The problems
/// show `path` as given. It refuses `command:` refs, which would let the plan run programs.
pub fn read(path: &Path, sink: &mut dyn FnMut(PlanOperation)) -> Result<(), Problems> {
    read_all(path, Intake::new(path, sink))
}

/// Like [`read`], but with `command:` refs if the project allows them.
pub fn read_in(settings: &ProjectSettings, path: &Path, sink: &mut dyn FnMut(PlanOperation)) -> Result<(), Problems> {
    read_all(path, Intake::new(path, sink).with_commands(settings.plans.allow_commands))
}

fn read_all(path: &Path, mut intake: Intake<'_>) -> Result<(), Problems> {
    match Format::of(path) {
        Some(Format::Yaml) => yaml_json::read_yaml(path, &mut intake),
        Some(Format::Json) => yaml_json::read_json(path, &mut intake),
        Some(Format::Lines) => ndjson::read(path, &mut intake),
        Some(Format::Table) => csv::read(path, &mut intake),
        None => intake.problem(format::unknown(path)),
    }
    intake.finish()
}
