//! `connector validate [NAME…]`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, GOOD, Waiting, paint, render_problems};
use crate::plan_file::{STDIN, named, shown};
use connector_core::Problem;
use connector_project::plan::{self, PlanFile, PlanProblems};
use connector_project::source::{Project, ProjectSettings};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, names: &[String]) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let mut checked = if names.is_empty() { project.sources()? } else { names.to_vec() };
    if names.is_empty() && project.findings_file().is_file() {
        checked.push(project.findings_file().to_string_lossy().into_owned());
    }
    for name in checked.iter_mut().filter(|name| Path::new(name).extension().is_some()) {
        *name = project.typed(Path::new(name)).to_string_lossy().into_owned();
    }
    let stdin = checked.iter().any(|name| name == STDIN).then(|| named(&project, Path::new(STDIN)));
    let stdin = stdin.transpose()?;
    let waiting = Waiting::begin(printer, "Checking files");
    let (mut problems, typed) = problems(&project, &checked, stdin.as_ref());
    drop(waiting);
    if names.is_empty() {
        let found = project.catalog().problems();
        problems.extend(found.into_iter().filter(|one| !problems.contains(one)).collect::<Vec<_>>());
    }
    if printer.is_json() {
        printer.json(&problems)?;
    } else if problems.is_empty() {
        let own = project.catalog().connectors().iter().filter_map(|one| one.file.as_ref());
        for file in own.filter(|_| names.is_empty()) {
            printer.result(format!("{} {} is valid\n", paint(GOOD, "✓"), file.display()))?;
        }
        for name in &checked {
            let file = if is_plan(name) { shown(name).into() } else { project.source_file(name)? };
            printer.result(format!("{} {} is valid\n", paint(GOOD, "✓"), file.display()))?;
        }
        if checked.is_empty() {
            printer.result(format!("{}\n", paint(DIM, "this project has no sources yet")))?;
            printer.next(&[("connector source new CONNECTOR NAME", "create a source file")]);
        }
    }
    if problems.is_empty() {
        for name in checked.iter().filter(|name| !is_plan(name)) {
            warn(invocation, &project, name);
        }
        return Ok(Exit::Success);
    }
    if !printer.is_json() {
        printer.message(render_problems(&problems, typed.as_deref(), printer.prose_width()));
    }
    Ok(Exit::Invalid)
}

/// The problems of all these sources and plans, and those of connector.yaml once; and the text of a plan from standard input.
fn problems(project: &Project, names: &[String], stdin: Option<&PlanFile>) -> (Vec<Problem>, Option<String>) {
    let (settings, of_settings) = match project.settings() {
        Ok(settings) => (settings, Vec::new()),
        Err(problems) => (ProjectSettings::default(), problems.0),
    };
    let mut problems = of_settings.clone();
    let (mut seen, mut typed) = (BTreeSet::new(), None);
    for name in names.iter().filter(|name| seen.insert(name.as_str())) {
        let found = if let Some(stdin) = stdin.filter(|_| name == STDIN) {
            match stdin.read(&settings, &mut |_| {}) {
                Ok(()) => Vec::new(),
                Err(PlanProblems { problems, typed: text }) => {
                    typed = text;
                    problems.0
                }
            }
        } else if is_plan(name) {
            plan::read_in(&settings, Path::new(name), &mut |_| {}).err().map(|problems| problems.0).unwrap_or_default()
        } else {
            project.check(name)
        };
        problems.extend(found.into_iter().filter(|problem| !of_settings.contains(problem)));
    }
    (problems, typed)
}

/// Warns about values that nobody replaced after `source new`, and about what ends soon. A file of a connector or of the project
/// is no source.
fn warn(invocation: &Invocation, project: &Project, name: &str) {
    let Ok(source) = project.load(name) else { return };
    for (key, value) in source.placeholders() {
        invocation.printer.warning(&format!("{}: `{key}` is still the example `{value}`: replace it", source.name));
    }
    for advice in source.advice(project) {
        let help = advice.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
        invocation.printer.warning(&format!("{}: {advice}{help}", source.name));
    }
}

/// Whether an argument is the path of a plan; the name of a source can look like one.
fn is_plan(name: &str) -> bool {
    let path = Path::new(name);
    name == STDIN || (path.exists() && plan::is_plan(path))
}
