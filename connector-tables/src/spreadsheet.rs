//! Cells that a spreadsheet does not run.

use std::borrow::Cow;

/// The text of a CSV cell, which no spreadsheet takes for a formula. Where another separator than the comma is usual, a cell ends
/// at it, so what follows is a cell of its own.
pub fn spreadsheet_cell(text: &str) -> Cow<'_, str> {
    let mut starts = std::iter::once(0).chain(text.match_indices([';', '\t', '\r', '\n']).map(|(at, _)| at + 1));
    if !starts.any(|start| is_formula(&text[start..])) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices() {
        let begins = at == 0 || text[..at].ends_with([';', '\t', '\r', '\n']);
        if begins && is_formula(&text[at..]) {
            safe.push('\'');
        }
        safe.push(c);
    }
    Cow::Owned(safe)
}

/// Whether a spreadsheet may take a cell for a formula. A phone number or a negative number is none.
fn is_formula(cell: &str) -> bool {
    let mut characters = cell.chars();
    match characters.next() {
        Some('=' | '@' | '\t' | '\r' | '＝' | '＠' | '＋' | '－') => true,
        Some('+' | '-') => {
            let one = cell.split([';', '\t', '\r', '\n']).next().unwrap_or_default();
            !one[1..].chars().all(|c| c.is_ascii_digit() || " ().,".contains(c))
        }
        _ => false,
    }
}
