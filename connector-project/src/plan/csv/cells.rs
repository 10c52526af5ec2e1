//! The positions of the cells in a CSV row.

use std::ops::Range;

/// The raw cells of a row.
#[derive(Debug)]
pub(super) struct Cells {
    /// The span of each cell in the row, quotes included.
    pub(super) spans: Vec<Range<usize>>,
    /// A misplaced quote.
    pub(super) stray: Option<Stray>,
}

/// What is wrong with a quote.
#[derive(Debug)]
pub(super) enum Stray {
    /// It is never closed.
    Open(Range<usize>),
    /// Text comes directly after the closing quote.
    Behind(Range<usize>),
    /// It is inside a cell that is not quoted.
    Inside(Range<usize>),
}

/// Finds the cells of a row. The row can begin with line ends and a byte order mark.
pub(super) fn cells(row: &[u8], delimiter: u8) -> Cells {
    let ends = |byte: u8| byte == delimiter || byte == b'\n' || byte == b'\r';
    let mut cells = Cells { spans: Vec::new(), stray: None };
    let mark = if row.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut at = mark + row[mark..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    loop {
        let start = at;
        if row.get(at) == Some(&b'"') {
            let close = closing_quote(row, at + 1);
            at = close.map_or(row.len(), |close| close + 1);
            if close.is_none() {
                cells.stray.get_or_insert(Stray::Open(start..at));
            }
        }
        let quoted_end = at;
        at += row[at..].iter().take_while(|byte| !ends(**byte)).count();
        if quoted_end > start && at > quoted_end {
            cells.stray.get_or_insert(Stray::Behind(quoted_end..at));
        } else if quoted_end == start && row[start..at].contains(&b'"') {
            cells.stray.get_or_insert(Stray::Inside(start..at));
        }
        cells.spans.push(start..at);
        if row.get(at) != Some(&delimiter) {
            return cells;
        }
        at += 1;
    }
}

/// The quote that closes a cell. Two quotes in a row stand for one in the text.
fn closing_quote(row: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += row[at..].iter().position(|byte| *byte == b'"')?;
        if row.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}
