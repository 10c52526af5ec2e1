//! `connector validate [NAME…]`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, GOOD, paint, render_problems};
use crate::plan_file::{PlanFile, STDIN};
use connector_core::Problem;
use connector_project::plan;
use connector_project::source::{Project, ProjectSettings};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, names: &[String]) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let mut checked = if names.is_empty() { project.sources()? } else { names.to_vec() };
    // Lives until the problems are shown, because they show its lines.
    for name in checked.iter_mut().filter(|name| Path::new(name).extension().is_some()) {
        *name = project.typed(Path::new(name)).to_string_lossy().into_owned();
    }
    let stdin = checked.iter().any(|name| name == STDIN).then(|| PlanFile::named(&project, Path::new(STDIN)));
    let from_stdin = stdin.transpose()?;
    if let Some(plan) = &from_stdin {
        let path = plan.path().to_string_lossy();
        checked.iter_mut().filter(|name| *name == STDIN).for_each(|name| *name = path.clone().into_owned());
    }
    let mut problems = problems(&project, &checked);
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
            let file = if is_plan(name) { name.into() } else { project.source_file(name)? };
            printer.result(format!("{} {} is valid\n", paint(GOOD, "✓"), file.display()))?;
        }
        if checked.is_empty() {
            printer.result(format!("{}\n", paint(DIM, "this project has no sources yet")))?;
            printer.next(&[("connector source new CONNECTOR NAME", "create a source file")]);
        }
    }
    if problems.is_empty() {
        for name in checked.iter().filter(|name| !is_plan(name)) {
            warn_of_placeholders(invocation, &project, name);
        }
        return Ok(Exit::Success);
    }
    if !printer.is_json() {
        printer.message(render_problems(&problems, printer.prose_width()));
    }
    Ok(Exit::Invalid)
}

/// The problems of all these sources and plans, and those of connector.yaml once.
fn problems(project: &Project, names: &[String]) -> Vec<Problem> {
    let (settings, of_settings) = match project.settings() {
        Ok(settings) => (settings, Vec::new()),
        Err(problems) => (ProjectSettings::default(), problems.0),
    };
    let mut problems = of_settings.clone();
    let mut seen = BTreeSet::new();
    for name in names.iter().filter(|name| seen.insert(name.as_str())) {
        let found = if is_plan(name) {
            plan::read_in(&settings, Path::new(name), &mut |_| {}).err().map(|problems| problems.0).unwrap_or_default()
        } else {
            project.check(name)
        };
        problems.extend(found.into_iter().filter(|problem| !of_settings.contains(problem)));
    }
    problems
}

/// Warns about values that nobody replaced after `source new`. A file of a connector or of the project is no source.
fn warn_of_placeholders(invocation: &Invocation, project: &Project, name: &str) {
    let Ok(source) = project.load(name) else { return };
    for (key, value) in source.placeholders() {
        invocation.printer.warning(&format!("{}: `{key}` is still the example `{value}`: replace it", source.name));
    }
}

/// Whether an argument is the path of a plan; the name of a source can look like one.
fn is_plan(name: &str) -> bool {
    let path = Path::new(name);
    path.exists() && plan::is_plan(path)
}
