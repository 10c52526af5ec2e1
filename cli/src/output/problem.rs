//! Problems in the user's files, each with the lines it is about.

use super::style::{ACCENT, BAD, paint};
use super::text::{shorten, wrap};
use crate::plan_file;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};
use connector_core::Problem;
use connector_files::Role;
use connector_project::plan::LARGEST_SHOWN;
use connector_project::source::{hides_value, masked_text};
use connector_text::{clean, clean_line};
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use unicode_width::UnicodeWidthStr;

/// Replaces a secret.
const HIDDEN: &str = "[hidden]";

/// All problems, in the order given, with a line at the end that counts them.
///
/// The files are read again for their lines, except for `typed`, the text of a plan from standard input. The text of a problem
/// marked secret is shown nowhere.
pub(crate) fn render_problems(problems: &[Problem], typed: Option<&str>, width: usize) -> String {
    let texts = texts(problems, typed);
    let mut rendered: Vec<String> =
        problems.iter().map(|problem| render(problem, texts.get(&problem.place.file), width)).collect();
    if problems.len() > 1 {
        let files = texts_named(problems);
        let many = format!("{} problems in {files}", problems.len());
        let lines = wrap(&many, width.saturating_sub(7).max(20)).join("\n       ");
        rendered.push(format!("{} {lines}", paint(BAD.bold(), "error:")));
    }
    rendered.join("\n\n")
}

fn texts_named(problems: &[Problem]) -> String {
    let mut files: Vec<&Path> = problems.iter().map(|problem| problem.place.file.as_path()).collect();
    files.dedup();
    match files.as_slice() {
        [one] if is_typed(one) => shown(one),
        [one] => format!("`{}`", shown(one)),
        many => format!("{} files", many.len()),
    }
}

/// The name of a file for people.
fn shown(file: &Path) -> String {
    clean_line(plan_file::shown(&file.display().to_string())).into_owned()
}

fn is_typed(file: &Path) -> bool {
    file == Path::new(plan_file::STDIN)
}

fn note(detail: &str, width: usize) -> annotate_snippets::Message<'static> {
    Level::NOTE.message(wrap(detail, width.saturating_sub(12).max(20)).join("\n"))
}

/// The text of a file with its secrets blanked, and where places moved by that.
struct Masked {
    text: String,
    secrets: Vec<Secret>,
}

struct Secret {
    was: Range<usize>,
    is: Range<usize>,
}

fn texts(problems: &[Problem], typed: Option<&str>) -> HashMap<PathBuf, Masked> {
    let mut texts = HashMap::new();
    for problem in problems {
        let file = &problem.place.file;
        if texts.contains_key(file) {
            continue;
        }
        let text = match typed {
            Some(typed) if is_typed(file) => Some(typed.to_owned()),
            // A file that must not be read is not shown either.
            _ => connector_files::read(file, Role::Instructions, LARGEST_SHOWN)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok()),
        };
        let Some(text) = text else { continue };
        let here = problems.iter().filter(|one| one.place.file == *file);
        let spans = here.filter_map(|one| match one {
            one if one.secret => Some(one.place.span.clone()),
            one if hides_value(one) => value_beside(&text, one.place.span.end),
            _ => None,
        });
        let spans = spans.collect();
        texts.insert(file.clone(), Masked::new(&masked_text(&text), spans));
    }
    texts
}

/// The rest of a line after a key and its colon.
fn value_beside(text: &str, key_end: usize) -> Option<Range<usize>> {
    let rest = text.get(key_end..)?.split('\n').next()?;
    let colon = rest.find(':')?;
    let value = rest[colon + 1..].trim();
    let start = key_end + colon + 1 + (rest[colon + 1..].len() - rest[colon + 1..].trim_start().len());
    (!value.is_empty()).then(|| start..start + value.len())
}

impl Masked {
    fn new(text: &str, mut spans: Vec<Range<usize>>) -> Self {
        spans.sort_by_key(|span| (span.start, span.end));
        let mut masked = Self { text: String::with_capacity(text.len()), secrets: Vec::new() };
        let mut from = 0;
        for span in spans {
            let start = text.floor_char_boundary(span.start.max(from));
            let end = text.ceil_char_boundary(span.end.min(text.len()));
            if start >= end {
                continue;
            }
            masked.text.push_str(&text[from..start]);
            let hidden_from = masked.text.len();
            for (index, line) in text[start..end].split('\n').enumerate() {
                if index > 0 {
                    masked.text.push('\n');
                }
                if !line.trim().is_empty() {
                    masked.text.push_str(&line[..line.len() - line.trim_start().len()]);
                    masked.text.push_str(HIDDEN);
                }
            }
            masked.secrets.push(Secret { was: start..end, is: hidden_from..masked.text.len() });
            from = end;
        }
        masked.text.push_str(&text[from..]);
        masked
    }

    /// Where a place of the file is in the blanked text; `None` when the file is another one by now.
    fn place(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let span = self.moved(span.start, false)?..self.moved(span.end, true)?;
        self.text.get(span.clone()).map(|_| span)
    }

    fn moved(&self, offset: usize, is_end: bool) -> Option<usize> {
        let mut moved = offset;
        for Secret { was, is } in &self.secrets {
            if offset >= was.end {
                moved = offset - was.end + is.end;
            } else if offset > was.start || (offset == was.start && !is_end) {
                return Some(if is_end { is.end } else { is.start });
            }
        }
        (moved <= self.text.len()).then_some(moved)
    }
}

fn render(problem: &Problem, masked: Option<&Masked>, width: usize) -> String {
    let title = shorten(&problem.title);
    // The renderer does not wrap; it puts `error[RULE]: ` in front and indents the other lines as far.
    let room = width.saturating_sub(problem.rule.len() + 9).max(12);
    let title = wrap(&clean(&title), room).join("\n");
    let path = shown(&problem.place.file);
    let report = Group::with_title(Level::ERROR.primary_title(title.as_str()).id(problem.rule));
    let snippet = masked.and_then(|masked| Some((masked, masked.place(&problem.place.span)?)));
    let detail = shorten(&problem.detail);
    let detail = clean(&detail);
    let beside = snippet.as_ref().is_some_and(|(masked, span)| {
        let last_line = masked.text[span.clone()].lines().last().unwrap_or_default();
        problem.place.column + last_line.width() + detail.width() + 8 <= width
    });
    let report = match snippet {
        Some((masked, span)) => {
            let lines = lines_of(&masked.text, &span);
            let annotation = AnnotationKind::Primary.span(span.start - lines.start..span.end - lines.start);
            let annotation = if beside && !detail.is_empty() { annotation.label(detail.as_ref()) } else { annotation };
            let snippet = Snippet::source(&masked.text[lines]).line_start(problem.place.line).path(path);
            let report = report.element(snippet.annotation(annotation));
            if beside || detail.is_empty() { report } else { report.element(Padding).element(note(&detail, width)) }
        }
        None if detail.is_empty() => report.element(origin(path, problem)),
        None => report.element(origin(path, problem)).element(Padding).element(note(&detail, width)),
    };
    let has_note = !detail.is_empty() && !beside;
    let report = match &problem.help {
        // The renderer does not wrap; its own lines start with `   = help: `.
        Some(help) => {
            let help = wrap(&clean(help), width.saturating_sub(12).max(20)).join("\n");
            let report = if has_note { report } else { report.element(Padding) };
            report.element(Level::HELP.message(help))
        }
        None => report,
    };
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width).error(BAD.bold()).help(ACCENT);
    renderer.render(&[report])
}

/// Where a problem is in a file that can't be shown, such as one that is not UTF-8. A file as a whole has no place.
fn origin(path: String, problem: &Problem) -> Origin<'static> {
    match (problem.place.line, problem.place.column) {
        (1, 1) => Origin::path(path),
        (line, column) => Origin::path(path).line(line).char_column(column),
    }
}

/// The full lines of a span; the renderer scans all of its text for each problem.
fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |length| span.end + length);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Place;
    use std::io::Write;

    const FILE: &str = "\
connector: salesforce
auth:
  grant_type: jwt_bearer
  key_ref: hunter2-correct-horse
  isuer: 3MVG9
  client_secret: hunter2-correct-horse
";

    /// The file as the user sees it, and the problem that marks `marked`.
    fn problem(file: &Path, marked: &str, nth: usize, secret: bool) -> Problem {
        let start = FILE.match_indices(marked).nth(nth).unwrap().0;
        let before = &FILE[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        Problem {
            place: Place { file: file.to_owned(), line, column, span: start..start + marked.len() },
            rule: if secret { "literal_secret" } else { "unknown_key" },
            title: if secret {
                "a secret stands in the file".to_owned()
            } else {
                format!("unknown key `{marked}` in `auth`")
            },
            detail: if secret {
                "must say where the secret is kept".to_owned()
            } else {
                "did you mean `issuer`?".to_owned()
            },
            help: Some(
                "put the key into secrets/salesforce.key and write `file:secrets/salesforce.key` here".to_owned(),
            ),
            secret,
        }
    }

    fn rendered(width: usize) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(FILE.as_bytes()).unwrap();
        let problems = [
            problem(file.path(), "hunter2-correct-horse", 0, true),
            problem(file.path(), "isuer", 0, false),
            problem(file.path(), "client_secret", 0, false),
            problem(file.path(), "hunter2-correct-horse", 1, true),
        ];
        let text = anstream::adapter::strip_str(&render_problems(&problems, None, width)).to_string();
        text.replace(&file.path().display().to_string(), "sources/salesforce.yaml")
    }

    #[test]
    fn problems_show_their_lines_and_no_secret() {
        for width in [100, 60, 40] {
            let text = rendered(width);
            assert!(!text.contains("hunter2") && !text.contains("horse"), "{text}");
            insta::assert_snapshot!(format!("problems_at_{width}"), text);
        }
    }

    #[test]
    fn a_problem_of_a_file_that_is_not_there_still_says_which() {
        let mut problem = problem(Path::new("sources/nowhere.yaml"), "isuer", 0, false);
        problem.title = "the source `nowhere` does not exist".to_owned();
        problem.detail = "sources here: salesforce".to_owned();
        (problem.place.line, problem.place.column) = (1, 1);
        insta::assert_snapshot!(anstream::adapter::strip_str(&render_problems(&[problem], None, 60)).to_string());
    }

    /// A problem can be about a file that nobody may read whole: the problem is shown, and the lines are not.
    #[test]
    fn a_pipe_a_device_or_a_file_without_end_shows_its_problem_without_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, large) = (folder.path().join("pipe"), folder.path().join("large"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        std::fs::File::create(&large).unwrap().set_len(LARGEST_SHOWN + 1).unwrap();
        for file in [pipe.as_path(), large.as_path(), Path::new("/dev/zero")] {
            let text = render_problems(&[problem(file, "isuer", 0, false)], None, 80);
            assert!(text.contains("unknown key") && text.contains(&file.display().to_string()), "{text}");
        }
        assert!(texts(&[problem(&large, "isuer", 0, false)], None).is_empty());
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_no_fault() {
        let masked = Masked::new("a: ü", std::iter::once(3..99).collect());
        assert_eq!(masked.text, "a: [hidden]");
        assert_eq!(Masked::new("a: ü", Vec::new()).place(&(0..99)), None);
        assert_eq!(Masked::new("a: ü", Vec::new()).place(&(0..4)), None);
    }
}
