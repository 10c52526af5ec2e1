//! Errors for people and for programs.

use super::problem::render_problems;
use super::style::{ACCENT, BAD, DIM, STRONG, paint};
use super::text::{shorten, wrap};
use connector_core::Error;
use connector_project::plan::PlanProblems;
use connector_project::source::Problems;
use connector_text::clean;
use serde_json::{Map, Value, json};
use std::error::Error as StdError;

/// The error with its causes, where it happened, and last what to do.
///
/// An error that stands for problems in files is shown as those problems.
pub(crate) fn render_error(error: &Error, width: usize) -> String {
    if let Some((problems, typed)) = problems_of(error) {
        return render_problems(&problems.0, typed, width);
    }
    let mut text = labeled(&paint(BAD.bold(), "error:"), 7, error.message(), width);
    for cause in causes(error) {
        text.push_str(&labeled(&format!("  {}", paint(DIM, "cause:")), 9, &cause, width));
    }
    let place: Vec<_> = error.context().map(|(key, value)| format!("{key} {value}")).collect();
    if !place.is_empty() {
        text.push_str(&labeled(&format!("  {}", paint(DIM, "at:")), 6, &place.join(", "), width));
    }
    if let Some(help) = error.help() {
        text.push_str(&labeled(&format!("  {}", paint(ACCENT, "help:")), 8, help, width));
    }
    text.truncate(text.trim_end().len());
    text
}

/// `{"error":{"kind","message","help"}}`, with `context` and `problems` where there are some.
pub(crate) fn error_as_json(error: &Error) -> String {
    json!({"error": error_as_value(error)}).to_string()
}

/// `{"kind","message","help"}`, with `context` and `problems` where there are some.
pub(crate) fn error_as_value(error: &Error) -> Value {
    let mut inner = Map::new();
    inner.insert("kind".into(), error.kind().name().into());
    inner.insert("message".into(), error.message().into());
    inner.insert("help".into(), error.help().into());
    let context: Map<_, _> = error.context().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    if !context.is_empty() {
        inner.insert("context".into(), context.into());
    }
    if let Some((problems, _)) = problems_of(error) {
        inner.insert("problems".into(), json!(problems.0));
    }
    inner.into()
}

/// The problems of an error, and the text that they are about if it was read from standard input.
fn problems_of(error: &Error) -> Option<(&Problems, Option<&str>)> {
    let cause = error.source()?;
    let of_plan = cause.downcast_ref::<PlanProblems>().map(|plan| (&plan.problems, plan.typed.as_deref()));
    of_plan.or_else(|| cause.downcast_ref().map(|problems| (problems, None)))
}

/// The chain of causes, without those that only repeat what was said before.
fn causes(error: &Error) -> Vec<String> {
    let mut said = error.message().to_owned();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !text.is_empty() && !said.contains(&text) {
            causes.push(text.clone());
            said.push_str(&text);
        }
        next = cause.source();
    }
    causes
}

/// A label, and text in lines that are indented by `indent`.
fn labeled(label: &str, indent: usize, text: &str, width: usize) -> String {
    let lines = wrap(&clean(&shorten(text)), width.saturating_sub(indent).max(20));
    let strong = indent == 7;
    let lines: Vec<_> = lines.iter().map(|line| if strong { paint(STRONG, line) } else { line.clone() }).collect();
    format!("{label} {}\n", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::ErrorKind;
    use std::io;

    fn error() -> Error {
        let cause = io::Error::other("connection reset by peer");
        Error::new(ErrorKind::Unavailable, "`acme.my.salesforce.com` can't be reached: the name is not known")
            .with_cause(cause)
            .with_help("check `auth.token_url` in sources/salesforce.yaml, and that this machine reaches the internet or a proxy named in `http.proxy`")
            .with_context("source", "salesforce")
            .with_context("step", "accounts")
    }

    #[test]
    fn an_error_ends_with_what_to_do_at_every_width() {
        for width in [100, 60, 40] {
            let text = anstream::adapter::strip_str(&render_error(&error(), width)).to_string();
            insta::assert_snapshot!(format!("error_at_{width}"), text);
        }
    }

    #[test]
    fn a_cause_that_repeats_the_message_is_left_out() {
        let cause = io::Error::other("no such file");
        let error = Error::new(ErrorKind::Secret, "the key can't be read: no such file").with_cause(cause);
        assert!(!render_error(&error, 80).contains("cause:"));
    }

    #[test]
    fn an_error_for_programs_is_one_line() {
        insta::assert_snapshot!(error_as_json(&error()));
    }

    #[test]
    fn control_characters_of_a_server_do_not_reach_the_terminal() {
        let error = Error::new(ErrorKind::Protocol, "odd answer: \u{1b}[2J\u{7}");
        let text = anstream::adapter::strip_str(&render_error(&error, 80)).to_string();
        assert_eq!(text, "error: odd answer: �[2J�");
    }
}
