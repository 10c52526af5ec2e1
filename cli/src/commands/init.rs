//! `connector init [DIR]`.

use crate::arguments::InitArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, GOOD, paint};
use connector_files::shell_word;
use connector_project::source::Project;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, arguments: &InitArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let folder = arguments.dir.as_deref().or(invocation.named_folder()).unwrap_or(Path::new("."));
    let (_, made) = Project::create(folder)?;
    if printer.is_json() {
        printer.json(&json!({"project": folder, "created": made}))?;
        return Ok(Exit::Success);
    }
    if made.is_empty() {
        printer.result(format!("{}\n", paint(DIM, format!("{} is already a project", folder.display()))))?;
    } else {
        printer.result(format!("{} created a project in {}\n", paint(GOOD, "✓"), folder.display()))?;
        for path in &made {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(meaning) = meaning(&name) {
                // A narrow terminal shows only the name.
                let meaning = if printer.prose_width() < 20 + meaning.len() { "" } else { meaning };
                printer.result(format!("    {name:<15} {}\n", paint(DIM, meaning)))?;
            }
        }
    }
    let enter = format!("cd {}", shell_word(&folder.display().to_string()));
    let new = ("connector source new salesforce NAME", "create a source file");
    if folder == Path::new(".") || arguments.dir.is_none() {
        printer.next(&[new]);
    } else {
        printer.next(&[(&enter, ""), new]);
    }
    Ok(Exit::Success)
}

fn meaning(name: &str) -> Option<&'static str> {
    match name {
        "connector.yaml" => Some("settings for the whole project, all optional"),
        "sources" => Some("one YAML file per source"),
        "secrets" => Some("keys and certificates; only you can read them, and git ignores them"),
        ".gitignore" => Some("keeps secrets and the store out of git"),
        _ => None,
    }
}
