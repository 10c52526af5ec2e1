//! Plans: ordered lists of wanted changes that users write.
//!
//! A plan is YAML or JSON (one document), NDJSON (one operation a line) or CSV (one operation a row), by its file's ending.
//! [`read`] hands over one [`PlanOperation`] after the other, or says everything that is wrong, each with its place.
//! NDJSON and CSV are read piece by piece, so their size doesn't matter.
//!
//! The ways meet in `words` (what verbs, entitlements and attributes may look like) and `intake` (what was read, what was
//! wrong). `item` checks one operation of a document or a line by the schema of its kind, `csv` one row.

mod csv;
mod format;
mod intake;
mod item;
mod misplaced;
mod ndjson;
mod operation;
mod pieces;
mod schema;
mod words;
mod yaml_json;

pub use format::is_plan;
pub use operation::PlanOperation;
pub use schema::plan_schema;

use crate::document::Problems;
use format::Format;
use intake::Intake;
use std::path::Path;

/// Reads the plan at `path` and hands each operation to `sink`, in the order of the plan.
///
/// Everything is checked that can be known without the source. When something is wrong, what `sink` got before is to be
/// thrown away. A path in the problems is `path` as given.
pub fn read(path: &Path, sink: &mut dyn FnMut(PlanOperation)) -> Result<(), Problems> {
    let mut intake = Intake::new(path, sink);
    match Format::of(path) {
        Some(Format::Yaml) => yaml_json::read_yaml(path, &mut intake),
        Some(Format::Json) => yaml_json::read_json(path, &mut intake),
        Some(Format::Lines) => ndjson::read(path, &mut intake),
        Some(Format::Table) => csv::read(path, &mut intake),
        None => intake.problem(format::unknown(path)),
    }
    intake.finish()
}
