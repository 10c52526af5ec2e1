//! The text of a file, and positions in it.

use connector_core::{Place, Problem};
use connector_files::{Reason, Refusal, Role};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Larger than any handwritten source file, and small enough to parse twice.
const LONGEST: u64 = 1024 * 1024;

/// The text of a file or of a part of it, with the start of each line.
#[derive(Debug)]
pub(crate) struct Text {
    file: PathBuf,
    whole: String,
    lines: Vec<usize>,
    start: Start,
}

/// Where a text begins in its file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Start {
    /// The number of lines before it.
    pub(crate) lines: usize,
    /// The number of bytes before it.
    pub(crate) bytes: usize,
}

/// Why a file can't be read as text.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) rule: &'static str,
    pub(crate) title: String,
    pub(crate) help: Option<String>,
    /// The line and column of a byte that is not UTF-8.
    pub(crate) position: (usize, usize),
    pub(crate) missing: bool,
}

impl Text {
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        Self::read_up_to(path, LONGEST)
    }

    /// Reads a file of at most `longest` bytes.
    pub(crate) fn read_up_to(path: &Path, longest: u64) -> Result<Self, Unreadable> {
        let bytes = connector_files::read(path, Role::Instructions, longest)
            .map_err(|why| Unreadable::because(path, &std::io::Error::other(why)))?;
        Self::part(path, bytes, Start::default())
    }

    /// A part of a file that is read piece by piece.
    pub(crate) fn part(path: &Path, bytes: Vec<u8>, start: Start) -> Result<Self, Unreadable> {
        if start.bytes == 0
            && let Some((title, help)) = no_text(&bytes)
        {
            let (title, help) = (title.to_owned(), Some(help.to_owned()));
            return Err(Unreadable { rule: "not_text", title, help, position: (start.lines + 1, 1), missing: false });
        }
        if start.bytes == 0
            && let Some(title) = utf16(&bytes)
        {
            return Err(Unreadable::not_utf8(path, title, (start.lines + 1, 1)));
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to(), start))?;
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Ok(Self { file: path.to_owned(), whole: text, lines, start })
    }

    /// The whole text, without a byte order mark.
    pub(crate) fn content(&self) -> &str {
        &self.whole[self.mark_length()..]
    }

    /// The length of the byte order mark, which comes before [`content`](Self::content).
    pub(crate) fn mark_length(&self) -> usize {
        if self.start.bytes == 0 && self.whole.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.whole
    }

    /// The position of a span of bytes. A span outside of the text moves to the nearest one inside.
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let start = self.floor(span.start.max(self.mark_length()));
        let end = self.floor(span.end).max(start);
        let line = self.lines.partition_point(|line_start| *line_start <= start).max(1);
        let line_start = self.lines[line - 1].max(self.mark_length()).min(start);
        let column = self.whole[line_start..start].chars().count() + 1;
        let span = self.start.bytes + start..self.start.bytes + end;
        Place { file: self.file.clone(), line: self.start.lines + line, column, span }
    }

    /// The byte offset of a line and column in characters, both counted from 1.
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let Some(start) = self.lines.get(line.saturating_sub(1)).copied() else { return self.whole.len() };
        let start = start.max(if line <= 1 { self.mark_length() } else { 0 });
        let rest = self.whole[start..].split('\n').next().unwrap_or_default();
        let column = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        start + column
    }

    /// The span of a line, without leading spaces and the line end.
    pub(crate) fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.offset(line, 1);
        let text = self.whole[start..].split('\n').next().unwrap_or_default().trim_end();
        start + (text.len() - text.trim_start().len())..start + text.len()
    }

    fn floor(&self, offset: usize) -> usize {
        self.whole.floor_char_boundary(offset.min(self.whole.len()))
    }
}

/// What a file is that holds no text, and what to do with it.
fn no_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const KNOWN: [(&[u8], &str, &str); 4] = [
        (b"PK\x03\x04", "the file is an Excel workbook or a ZIP archive", "in Excel, save it as `CSV UTF-8`"),
        (b"\xd0\xcf\x11\xe0", "the file is an old Excel workbook", "in Excel, save it as `CSV UTF-8`"),
        (b"%PDF-", "the file is a PDF", "write its content as CSV or YAML"),
        (b"\x1f\x8b", "the file is compressed (gzip)", "unpack it with `gunzip`"),
    ];
    KNOWN.iter().find(|(beginning, ..)| bytes.starts_with(beginning)).map(|(_, title, help)| (*title, *help))
}

fn not_utf8(path: &Path, bytes: &[u8], valid_up_to: usize, start: Start) -> Unreadable {
    let before = &bytes[..valid_up_to];
    let line = before.split(|byte| *byte == b'\n').count();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    Unreadable::not_utf8(path, guess(bytes, valid_up_to), (start.lines + line, column))
}

/// Whether a file is UTF-16, with or without a byte order mark. Without one, every other byte of common letters is zero.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    const MARKED: &str = "the file is UTF-16, not UTF-8";
    const LITTLE: &str = "the file looks like UTF-16 (little-endian, without a byte order mark), not UTF-8";
    const BIG: &str = "the file looks like UTF-16 (big-endian, without a byte order mark), not UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some(MARKED);
    }
    let pairs = bytes[..bytes.len().min(1024)].as_chunks::<2>().0;
    let are_most = |place: usize| pairs.iter().filter(|pair| pair[place] == 0 && pair[1 - place] != 0).count();
    match (are_most(0) * 2 > pairs.len(), are_most(1) * 2 > pairs.len()) {
        (_, true) => Some(LITTLE),
        (true, _) => Some(BIG),
        _ => None,
    }
}

/// What the byte at `at`, which is not UTF-8, says about the encoding of the file.
fn guess(bytes: &[u8], at: usize) -> &'static str {
    const PLAIN: &str = "the file is not valid UTF-8 here";
    const WINDOWS: &str = "the file is not UTF-8 here; it is probably Windows-1252";
    const OLD: &str = "the file is not UTF-8 here; it is probably in the encoding of DOS or of an old Mac";
    let letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    let in_word = letter(at.checked_sub(1)) || letter(Some(at + 1));
    match bytes.get(at) {
        // The quotes and dashes of Windows, and its letters and sign for the euro.
        Some(0x80 | 0x82..=0x85 | 0x8a | 0x8c | 0x8e | 0x91..=0x97 | 0x9a | 0x9c | 0x9e | 0x9f) if !in_word => WINDOWS,
        Some(0x92 | 0x96) => WINDOWS,
        Some(0x80..=0x9f) if in_word => OLD,
        // A byte that only continues a character, or begins a longer one that is cut.
        Some(0xa0..=0xff) if in_word => WINDOWS,
        _ => PLAIN,
    }
}

impl Unreadable {
    fn not_utf8(path: &Path, title: &str, position: (usize, usize)) -> Self {
        let is_table = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let help =
            if is_table { "save the file as UTF-8; in Excel, choose `CSV UTF-8`" } else { "save the file as UTF-8" };
        Self { rule: "not_utf8", title: title.to_owned(), help: Some(help.into()), position, missing: false }
    }

    /// A file that can't be opened or read.
    pub(crate) fn because(path: &Path, cause: &std::io::Error) -> Self {
        let refused = cause.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
        let kind = match refused.map(|why| why.reason) {
            None => cause.kind(),
            Some(Reason::Missing) => ErrorKind::NotFound,
            Some(Reason::IsFolder) => ErrorKind::IsADirectory,
            Some(Reason::Io(kind)) => kind,
            Some(_) => return Self::of_refusal(refused),
        };
        Self {
            rule: "unreadable_file",
            title: match kind {
                ErrorKind::NotFound => format!("the file `{}` does not exist", path.display()),
                ErrorKind::IsADirectory => format!("`{}` is a folder, not a file", path.display()),
                _ => format!("the file can't be read: {cause}"),
            },
            help: Some(match kind {
                ErrorKind::PermissionDenied => "check the owner and the permissions of the file and its folders".into(),
                _ => "check the path; name a source by its file in `sources/` (without `.yaml`) or by a path".into(),
            }),
            position: (1, 1),
            missing: kind == ErrorKind::NotFound,
        }
    }

    /// A file that must not be read.
    fn of_refusal(refused: Option<&Refusal>) -> Self {
        let rule = match refused.map(|why| why.reason) {
            Some(Reason::TooLarge) => "file_too_large",
            Some(Reason::NotRegular) => "unreadable_file",
            _ => "untrusted_file",
        };
        let title = refused.map(|why| why.message.clone()).unwrap_or_default();
        let help = refused.and_then(|why| why.help.clone());
        Self { rule, title, help, position: (1, 1), missing: false }
    }

    /// The problem of a file that can't be read.
    pub(crate) fn at(self, file: &Path) -> Problem {
        let mut problem = at_start(file.to_owned(), self.rule, self.title, self.help);
        (problem.place.line, problem.place.column) = self.position;
        problem
    }
}

/// A problem with the file as a whole.
pub(crate) fn at_start(file: PathBuf, rule: &'static str, title: String, help: Option<String>) -> Problem {
    let place = Place { file, line: 1, column: 1, span: 0..0 };
    Problem { place, rule, title, detail: String::new(), help, secret: false }
}
