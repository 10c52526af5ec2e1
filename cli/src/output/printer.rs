//! Decides what goes to stdout and stderr, and how.

use crate::arguments::{ColorChoice, GlobalArguments, OutputFormat};
use crate::exit::Stop;
use crate::logging;
use crate::output::error::{error_as_json, render_error};
use crate::output::harmless::Harmless;
use crate::output::pager::Pager;
use crate::output::style::{ACCENT, DIM, WARN, paint};
use crate::output::text::wrap;
use anstream::AutoStream;
use connector_core::Error;
use connector_files::shell_word;
use connector_text::clean;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::Serialize;
use std::env;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use unicode_width::UnicodeWidthStr;

/// Prose is wrapped at this width where no terminal says another one.
const PROSE_WIDTH: usize = 100;

type Stream = AutoStream<Box<dyn Write + Send>>;

/// Writes results to stdout and everything else to stderr. Cheap to clone.
///
/// All text has styles; the streams drop them if color is off.
#[derive(Clone)]
pub(crate) struct Printer {
    inner: Arc<Inner>,
    hints: bool,
}

struct Inner {
    out: Mutex<Harmless<Stream>>,
    /// What `out` writes to, for bytes that must stay as they are.
    stdout: SharedStdout,
    err: Mutex<Harmless<Stream>>,
    format: OutputFormat,
    quiet: bool,
    /// The options that say which project and store are meant, as they are typed.
    place: String,
    width: Option<usize>,
    prose_width: usize,
    out_is_terminal: bool,
    progress: bool,
    /// The progress that is drawn now; messages go above it.
    bar: Mutex<Option<ProgressBar>>,
    /// The pager that shows stdout, and what stderr gets when it has ended.
    pager: Mutex<Option<(Pager, Vec<String>)>>,
    out_color: anstream::ColorChoice,
    /// Whether the reader of stdout has gone.
    out_closed: AtomicBool,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}

impl Printer {
    /// A printer for this process's streams.
    pub(crate) fn new(global: &GlobalArguments) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let out_is_terminal = stdout.is_terminal();
        let stderr_is_terminal = stderr.is_terminal();
        let width = columns().or_else(|| terminal_size::terminal_size_of(&stdout).map(width_of));
        let err_width = terminal_size::terminal_size_of(&stderr).map(width_of);
        let out_color = stream_color(global.color, &stdout);
        let err_color = stream_color(global.color, &stderr);
        let format = global.output;
        let json = format == OutputFormat::Json;
        let shared = SharedStdout(Arc::new(Mutex::new(BufWriter::new(stdout))));
        Self {
            hints: !global.quiet && global.output == OutputFormat::Human,
            inner: Arc::new(Inner {
                out: Mutex::new(Harmless::new(AutoStream::new(shared.clone().into_boxed(), out_color), json)),
                stdout: shared,
                err: Mutex::new(Harmless::new(AutoStream::new(Box::new(stderr).into_boxed(), err_color), json)),
                format,
                quiet: global.quiet,
                place: place(global),
                width,
                prose_width: width.or(err_width).unwrap_or(PROSE_WIDTH).clamp(20, PROSE_WIDTH),
                out_is_terminal,
                progress: stderr_is_terminal && !global.quiet && !logging::is_wanted(global),
                bar: Mutex::new(None),
                pager: Mutex::new(None),
                out_color,
                out_closed: AtomicBool::new(false),
            }),
        }
    }

    /// The same printer, but it does not say what can be done next.
    pub(crate) fn without_hints(&self) -> Self {
        Self { hints: false, ..self.clone() }
    }

    /// Whether it says what can be done next.
    pub(crate) fn gives_hints(&self) -> bool {
        self.hints
    }

    /// The format of results.
    pub(crate) fn format(&self) -> OutputFormat {
        self.inner.format
    }

    /// Whether results are JSON documents, or the same documents as YAML.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.inner.format, OutputFormat::Json | OutputFormat::Yaml)
    }

    /// Whether a person sees stdout.
    pub(crate) fn is_terminal(&self) -> bool {
        self.inner.out_is_terminal
    }

    /// Whether progress is drawn.
    pub(crate) fn shows_progress(&self) -> bool {
        self.inner.progress
    }

    /// Whether the reader of stdout has seen enough, as in `connector accounts … | head`.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.out_closed.load(Ordering::Relaxed)
    }

    /// The width that tables must fit into; `None` where nothing limits it.
    pub(crate) fn table_width(&self) -> Option<usize> {
        self.inner.width
    }

    /// What the times of a table are relative to: a person looks at the table. Programs get the times themselves.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.inner.width.map(|_| Timestamp::now())
    }

    /// The width that prose is wrapped at.
    pub(crate) fn prose_width(&self) -> usize {
        self.inner.prose_width
    }

    /// Writes result text to stdout as it is.
    pub(crate) fn result(&self, text: impl AsRef<str>) -> Result<(), Stop> {
        Ok(Stdout(&self.inner).write_all(text.as_ref().as_bytes())?)
    }

    /// Writes a line of result text to stdout and shows it at once.
    pub(crate) fn result_line(&self, line: impl AsRef<str>) -> Result<(), Stop> {
        self.result(line.as_ref())?;
        self.result("\n")?;
        self.flush()
    }

    /// Writes a document to stdout: JSON on one line, or YAML.
    pub(crate) fn json(&self, document: &(impl Serialize + ?Sized)) -> Result<(), Stop> {
        self.write_document(&self.document(document)?)
    }

    /// A document as JSON on one line, or as YAML.
    pub(crate) fn document(&self, document: &(impl Serialize + ?Sized)) -> Result<String, Stop> {
        if self.inner.format == OutputFormat::Yaml {
            // Values that are kept as JSON text are JSON only for serde_json.
            let value = serde_json::to_value(document).map_err(io::Error::from)?;
            let text = serde_yaml::to_string(&value).map_err(io::Error::other)?;
            return Ok(format!("---\n{text}"));
        }
        let mut line = serde_json::to_string(document).map_err(io::Error::from)?;
        line.push('\n');
        Ok(line)
    }

    /// Writes a document to stdout.
    pub(crate) fn write_document(&self, text: &str) -> Result<(), Stop> {
        // Only JSON can say with an escape what a terminal would obey, wherever it stands.
        match self.inner.format {
            OutputFormat::Yaml => Ok(self.raw_stdout().write_all(text.as_bytes())?),
            _ => Ok(Stdout(&self.inner).write_all(text.as_bytes())?),
        }
    }

    /// A writer to stdout for data of a source. A file or program gets every byte; a terminal gets nothing that it would obey.
    pub(crate) fn raw_stdout(&self) -> impl Write + '_ {
        Raw { inner: &self.inner }
    }

    /// Shows the result page by page from now on, if a person sees it and has a pager.
    pub(crate) fn page(&self) -> bool {
        if !self.inner.out_is_terminal || self.inner.format != OutputFormat::Human {
            return false;
        }
        let Some((pager, input)) = Pager::start() else { return false };
        let writer = AutoStream::new(BufWriter::new(input).into_boxed(), self.inner.out_color);
        *self.inner.out.lock().unwrap_or_else(PoisonError::into_inner) = Harmless::new(writer, false);
        *self.inner.pager.lock().unwrap_or_else(PoisonError::into_inner) = Some((pager, Vec::new()));
        true
    }

    /// Waits until the user has seen enough, and writes the messages that would have been in the middle of the pages.
    pub(crate) fn end_pages(&self) {
        let Some((pager, messages)) = self.inner.pager.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        // The pager ends when its input does.
        let nothing = AutoStream::new(io::sink().into_boxed(), self.inner.out_color);
        *self.inner.out.lock().unwrap_or_else(PoisonError::into_inner) = Harmless::new(nothing, false);
        let _ = pager.wait();
        for message in messages {
            self.message(message);
        }
    }

    /// Writes out what is buffered.
    pub(crate) fn flush(&self) -> Result<(), Stop> {
        Ok(Stdout(&self.inner).flush()?)
    }

    /// Writes text to stderr, also with --quiet. Nobody can be told about a closed stderr, so errors are ignored.
    pub(crate) fn message(&self, text: impl AsRef<str>) {
        if let Some((_, messages)) = &mut *self.inner.pager.lock().unwrap_or_else(PoisonError::into_inner) {
            messages.push(text.as_ref().to_owned());
            return;
        }
        let _ = self.flush();
        let write = || {
            let mut err = self.inner.err.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = err.write_all(text.as_ref().as_bytes());
            let _ = err.write_all(b"\n");
            let _ = err.flush();
        };
        let bar = self.inner.bar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Sets the current progress bar, so that messages don't mix with it.
    pub(crate) fn attach(&self, bar: Option<ProgressBar>) {
        *self.inner.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    /// Shows an error: for people, or with JSON as one line.
    pub(crate) fn error(&self, error: &Error) {
        if self.is_json() {
            self.message(error_as_json(error));
        } else {
            self.message(render_error(error, self.prose_width()));
        }
    }

    /// An empty line between the result and what follows it on stderr; not with JSON.
    pub(crate) fn note_blank(&self) {
        if self.inner.format == OutputFormat::Human {
            self.message("");
        }
    }

    /// Prints a short note; not with --quiet.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.inner.quiet {
            self.message(text);
        }
    }

    /// Prints a note of whole sentences, in lines that fit the terminal; not with --quiet.
    pub(crate) fn remark(&self, text: impl AsRef<str>) {
        self.note(wrap(text.as_ref(), self.prose_width()).join("\n"));
    }

    /// Warns of something, also with --quiet: whoever runs this at night must see it.
    pub(crate) fn warning(&self, text: &str) {
        let lines = wrap(&clean(text), self.prose_width().saturating_sub(9));
        self.message(format!("{} {}", paint(WARN, "warning:"), lines.join("\n         ")));
    }

    /// Says what can be done next; not with --quiet and not with JSON. A project and a store that were named with `-C`
    /// and `--store` are named in the commands too, unless the first of them enters a folder.
    pub(crate) fn next(&self, steps: &[(&str, &str)]) {
        if !self.hints || steps.is_empty() {
            return;
        }
        self.message(next_lines(steps, &self.inner.place, self.prose_width()));
    }
}

/// The next steps. A command stays whole, so that it can be copied; what it does is left out where the lines are too short.
fn next_lines(steps: &[(&str, &str)], place: &str, width: usize) -> String {
    let mut text = String::from("\n");
    text.push_str(&paint(DIM, "Next:"));
    let enters = steps.iter().any(|(command, _)| command.starts_with("cd "));
    let place = if enters { "" } else { place };
    let steps: Vec<_> = steps
        .iter()
        .map(|(command, why)| match command.strip_prefix("connector ") {
            Some(rest) => (format!("connector {place}{rest}"), why),
            None => ((*command).to_owned(), why),
        })
        .collect();
    let widest = steps.iter().map(|(command, _)| command.width()).max().unwrap_or(0);
    let beside = steps.iter().all(|(_, why)| widest + why.width() + 5 <= width);
    for (command, why) in &steps {
        text.push_str("\n  ");
        text.push_str(&paint(ACCENT, command));
        if beside && !why.is_empty() {
            text.push_str(&" ".repeat(widest - command.width() + 3));
            text.push_str(&paint(DIM, why));
        }
    }
    text
}

struct Stdout<'a>(&'a Inner);

impl Stdout<'_> {
    /// Remembers that the reader has gone: on its way up the fault may lose what it was.
    fn noted<T>(&self, written: io::Result<T>) -> io::Result<T> {
        if written.as_ref().is_err_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
            self.0.out_closed.store(true, Ordering::Relaxed);
        }
        written
    }
}

impl Write for Stdout<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.out.lock().unwrap_or_else(PoisonError::into_inner).write(bytes);
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.0.out.lock().unwrap_or_else(PoisonError::into_inner).flush();
        self.noted(flushed)
    }
}

struct Raw<'a> {
    inner: &'a Inner,
}

/// Stdout behind one buffer. A stream without color drops what looks like a style, so data goes past it.
#[derive(Clone)]
struct SharedStdout(Arc<Mutex<BufWriter<io::Stdout>>>);

impl Write for SharedStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if self.inner.out_is_terminal {
            self.inner.out.lock().unwrap_or_else(PoisonError::into_inner).write_data(bytes)
        } else {
            self.inner.stdout.clone().write(bytes)
        };
        Stdout(self.inner).noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Stdout(self.inner).flush()
    }
}

trait IntoBoxed {
    fn into_boxed(self) -> Box<dyn Write + Send>;
}

impl<W: Write + Send + 'static> IntoBoxed for W {
    fn into_boxed(self) -> Box<dyn Write + Send> {
        Box::new(self)
    }
}

/// The options `-C` and `--store`, each with a blank behind it.
fn place(global: &GlobalArguments) -> String {
    use std::fmt::Write as _;
    let mut place = String::new();
    if let Some(folder) = &global.project {
        _ = write!(place, "-C {} ", shell_word(&folder.to_string_lossy()));
    }
    if let Some(store) = &global.store {
        _ = write!(place, "--store {} ", shell_word(store));
    }
    place
}

fn stream_color(choice: ColorChoice, stream: &impl anstream::stream::RawStream) -> anstream::ColorChoice {
    match choice {
        ColorChoice::Auto => AutoStream::choice(stream),
        ColorChoice::Always => anstream::ColorChoice::AlwaysAnsi,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// What `COLUMNS` says.
fn columns() -> Option<usize> {
    env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

fn width_of((width, _): (terminal_size::Width, terminal_size::Height)) -> usize {
    usize::from(width.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_is_ever_wider_than_the_terminal() {
        let steps = [
            ("connector provision salesforce --resume", "continue the plan"),
            ("connector operations salesforce", "show every operation and its outcome"),
        ];
        for width in [40, 80, 100] {
            for place in ["", "-C 'the project' --store /var/lib/iga/store.db "] {
                let text = anstream::adapter::strip_str(&next_lines(&steps, place, width)).to_string();
                let is_command = |line: &str| {
                    steps.iter().any(|(command, _)| line.trim() == command.replacen(' ', &format!(" {place}"), 1))
                };
                for line in text.lines() {
                    assert!(line.width() <= width || is_command(line), "{width}: {line}");
                }
                assert_eq!(text.lines().count(), 4, "{text}");
            }
        }
    }
}
