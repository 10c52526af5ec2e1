//! The steps of a connection test, each one when it is done.

use super::quantity;
use super::style::{ACCENT, BAD, DIM, GOOD, WARN, paint};
use super::text::{clean, wrap};
use connector_core::{StepStatus, TestStep};
use std::fmt::Write as _;
use std::time::Duration;

/// Wide enough for the steps that sources have.
const NAME_WIDTH: usize = 13;
/// The indent of a name: two spaces, the mark, a space.
const INDENT: usize = 4;
/// A terminal narrower than this gets the details below the names.
const SIDE_BY_SIDE: usize = 56;

/// One step: mark, name, detail, and below it what to do.
pub(crate) fn render_step(step: &TestStep, width: usize) -> String {
    let (mark, style) = match step.status {
        StepStatus::Passed => ("✓", GOOD),
        StepStatus::Warning => ("!", WARN),
        StepStatus::Failed => ("✗", BAD),
        _ => ("–", DIM),
    };
    let detail = match step.status {
        StepStatus::Skipped => "skipped",
        _ => step.detail.as_deref().unwrap_or_default(),
    };
    let beside = width >= SIDE_BY_SIDE;
    let indent = if beside { INDENT + NAME_WIDTH + 1 } else { INDENT };
    let mut text = format!("  {} ", paint(style, mark));
    let lines = wrap(&clean(detail), width.saturating_sub(indent));
    let lines: Vec<_> = lines
        .iter()
        .map(|line| if step.status == StepStatus::Skipped { paint(DIM, line) } else { line.clone() })
        .collect();
    if beside {
        _ = write!(text, "{:NAME_WIDTH$} ", step.name);
        text.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
    } else {
        text.push_str(step.name);
        for line in lines {
            _ = write!(text, "\n{}{line}", " ".repeat(indent));
        }
    }
    if let Some(help) = &step.help {
        let room = width.saturating_sub(indent + 6).max(20);
        for (index, line) in wrap(&clean(help), room).iter().enumerate() {
            let label = if index == 0 { paint(ACCENT, "help:") } else { " ".repeat(5) };
            _ = write!(text, "\n{}{label} {line}", " ".repeat(indent));
        }
    }
    text
}

/// The line below the steps.
pub(crate) fn render_steps_end(steps: &[TestStep], took: Duration) -> String {
    let took = quantity::duration(took);
    let warnings = steps.iter().filter(|step| step.status == StepStatus::Warning).count();
    match steps.iter().find(|step| step.status == StepStatus::Failed) {
        Some(step) => format!("{} at {} after {took}", paint(BAD, "Failed"), step.name),
        None if warnings > 0 => {
            let warnings = quantity::plural(warnings as u64, "warning");
            format!("{} with {warnings} in {took}", paint(WARN, "Passed"))
        }
        None => format!("{} in {took}", paint(GOOD, "All checks passed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<TestStep> {
        let step = |name, status, detail: Option<&str>, help: Option<&str>| {
            let mut step = TestStep::new(name, status);
            step.detail = detail.map(str::to_owned);
            step.help = help.map(str::to_owned);
            step.duration = Some(Duration::from_millis(12));
            step
        };
        vec![
            step("definition", StepStatus::Passed, Some("sources/salesforce.yaml is valid"), None),
            step("private_key", StepStatus::Passed, Some("RSA 2048"), None),
            step(
                "certificate",
                StepStatus::Warning,
                Some("expires in 12 days (2026-12-05)"),
                Some("make a new one with `connector cert new salesforce` and upload it"),
            ),
            step(
                "access_token",
                StepStatus::Failed,
                Some("invalid_grant: user hasn't approved this consumer"),
                Some(
                    "in Salesforce Setup open the app, set Permitted Users to \"Admin approved users are pre-authorized\" and add a profile or permission set of integration@acme.example",
                ),
            ),
            step("api", StepStatus::Skipped, None, None),
        ]
    }

    #[test]
    fn steps_read_well_at_every_width() {
        for width in [100, 60, 40] {
            let mut text: Vec<_> = steps().iter().map(|step| render_step(step, width)).collect();
            text.push(render_steps_end(&steps(), Duration::from_millis(412)));
            let text = anstream::adapter::strip_str(&text.join("\n")).to_string();
            insta::assert_snapshot!(format!("steps_at_{width}"), text);
        }
    }
}
