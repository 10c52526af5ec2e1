//! The formats of plans, and which files are plans.

use crate::document::{Text, Tree, at_start};
use connector_core::{Problem, nearest};
use std::path::Path;

/// The format of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
    /// NDJSON: one operation per line.
    Lines,
    /// CSV: one operation per row.
    Table,
}

const ENDINGS: &[(&str, Format)] = &[
    ("yaml", Format::Yaml),
    ("yml", Format::Yaml),
    ("json", Format::Json),
    ("ndjson", Format::Lines),
    ("jsonl", Format::Lines),
    ("csv", Format::Table),
];

impl Format {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format)
    }
}

/// The problem of a file whose extension is not a plan format.
pub(super) fn unknown(path: &Path) -> Problem {
    let endings: Vec<_> = ENDINGS.iter().map(|(ending, _)| *ending).collect();
    let ending = path.extension().and_then(|ending| ending.to_str());
    let guess = ending.and_then(|ending| nearest(ending, endings.iter().copied()));
    let title = match ending {
        Some(ending) => format!("a plan can't be a `.{ending}` file"),
        None => "the file name of the plan has no extension".to_owned(),
    };
    let help = match (guess, ending) {
        (Some(guess), _) => format!("did you mean `.{guess}`?"),
        (None, Some("xls" | "xlsx" | "ods")) => "save the sheet as CSV".to_owned(),
        (None, _) => format!("use one of the extensions .{}", endings.join(", .")),
    };
    at_start(path.to_owned(), "unknown_format", title, Some(help))
}

/// Whether the file at `path` is a plan. Its extension, its folder `plans` or a list of operations in it shows that.
pub fn is_plan(path: &Path) -> bool {
    match Format::of(path) {
        None => false,
        Some(Format::Json | Format::Lines | Format::Table) => true,
        Some(Format::Yaml) => {
            let folder = path.parent().and_then(Path::file_name);
            folder.is_some_and(|folder| folder == "plans") || holds_operations(path)
        }
    }
}

fn holds_operations(path: &Path) -> bool {
    Text::read_up_to(path, super::yaml_json::LONGEST).is_ok_and(|text| {
        let tree = Tree::parse(text.content(), text.mark_length());
        tree.value("/operations").is_some() || tree.is_sequence()
    })
}
