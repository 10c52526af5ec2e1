//! The steps of a connection test, each one when it is done.

use super::style::{ACCENT, BAD, DIM, GOOD, WARN, paint};
use super::text::wrap;
use connector_core::{StepStatus, TestStep};
use connector_text::clean;
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
    let mut text = match step.status {
        StepStatus::Skipped => lines(&paint(style, mark), step.name, "skipped", width, |line| paint(DIM, line)),
        _ => render_step_line(&paint(style, mark), step.name, step.detail.as_deref().unwrap_or_default(), width),
    };
    let indent = indent(width);
    if let Some(help) = &step.help {
        let room = width.saturating_sub(indent + 6).max(20);
        for (index, line) in wrap(&clean(help), room).iter().enumerate() {
            let label = if index == 0 { paint(ACCENT, "help:") } else { " ".repeat(5) };
            _ = write!(text, "\n{}{label} {line}", " ".repeat(indent));
        }
    }
    text
}

/// A painted mark, the name and the detail of a step.
pub(crate) fn render_step_line(mark: &str, name: &str, detail: &str, width: usize) -> String {
    lines(mark, name, detail, width, str::to_owned)
}

fn lines(mark: &str, name: &str, detail: &str, width: usize, look: impl Fn(&str) -> String) -> String {
    let indent = indent(width);
    let lines: Vec<_> = wrap(&clean(detail), width.saturating_sub(indent)).iter().map(|line| look(line)).collect();
    let between = format!("\n{}", " ".repeat(indent));
    if width >= SIDE_BY_SIDE {
        return format!("  {mark} {name:NAME_WIDTH$} {}", lines.join(&between));
    }
    format!("  {mark} {name}{between}{}", lines.join(&between))
}

fn indent(width: usize) -> usize {
    if width >= SIDE_BY_SIDE { INDENT + NAME_WIDTH + 1 } else { INDENT }
}

/// The line below the steps.
pub(crate) fn render_steps_end(steps: &[TestStep], took: Duration) -> String {
    let took = connector_text::duration(took);
    let warnings = steps.iter().filter(|step| step.status == StepStatus::Warning).count();
    match steps.iter().find(|step| step.status == StepStatus::Failed) {
        Some(step) => format!("{} at {} after {took}", paint(BAD, "Failed"), step.name),
        None if warnings > 0 => {
            let warnings = connector_text::plural(warnings as u64, "warning");
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

    #[test]
    fn the_lines_of_a_rotation_fit_the_terminal() {
        let detail = "waiting for the org to accept the new key; it can take up to 10 minutes, and nothing is lost if this is \
                      stopped in between";
        for width in [40, 60, 80, 100] {
            for name in ["make", "deploy", "prove", "switch"] {
                let text = render_step_line("…", name, detail, width);
                assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
                assert_eq!(text.split_whitespace().skip(2).collect::<Vec<_>>().join(" "), detail);
            }
        }
    }
}
