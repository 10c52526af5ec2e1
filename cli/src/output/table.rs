//! Tables that fit the terminal: on a narrow one, less important columns are hidden and texts wrap.

use super::style::{DIM, paint};
use super::text::wrap;
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table as Layout, TableStyle,
    Width,
};
use connector_text::clean;
use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

/// The space between columns.
const GAP: usize = 2;
/// The least width of a column of wrapping text.
const LEAST_TEXT: usize = 14;

/// A table to be written.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<TableCell>>,
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    title: String,
    right: bool,
    wraps: bool,
    rank: u8,
}

/// One cell: text and its color.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TableCell {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tone: Option<Tone>,
}

/// What a cell says by its color.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Tone {
    /// It went well.
    Good,
    /// It should be looked at.
    Warn,
    /// It failed.
    Bad,
}

/// A cell of plain text.
pub(crate) fn text_cell(text: impl Into<String>) -> TableCell {
    TableCell { text: clean(&text.into()).replace('\n', " "), tone: None }
}

impl TableCell {
    /// The cell in green.
    pub(crate) fn good(mut self) -> Self {
        self.tone = Some(Tone::Good);
        self
    }

    /// The cell in yellow.
    pub(crate) fn warn(mut self) -> Self {
        self.tone = Some(Tone::Warn);
        self
    }

    /// The cell in red.
    pub(crate) fn bad(mut self) -> Self {
        self.tone = Some(Tone::Bad);
        self
    }

    /// The cell in the color of a tone.
    pub(crate) fn toned(self, tone: Option<Tone>) -> Self {
        Self { tone, ..self }
    }

    /// A cell for a program: nothing in it is changed.
    pub(crate) fn verbatim(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: None }
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn width(&self) -> usize {
        self.text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0)
    }
}

impl Column {
    /// A column that is always shown, as wide as its widest cell.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), right: false, wraps: false, rank: 0 }
    }

    /// A column of numbers.
    pub(crate) fn number(title: impl Into<String>) -> Self {
        Self { right: true, ..Self::new(title) }
    }

    /// The same column with another title.
    pub(crate) fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// The same column with its texts on the right.
    pub(crate) fn on_the_right(self) -> Self {
        Self { right: true, ..self }
    }

    /// Its title.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Allows the texts of the column to wrap.
    pub(crate) fn wrapping(mut self) -> Self {
        self.wraps = true;
        self
    }

    /// Allows the column to be hidden on a narrow terminal; the highest rank is hidden first.
    pub(crate) fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, one cell per column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = TableCell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as lines; without `width`, every column has its natural width.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let natural: Vec<usize> = (0..self.columns.len()).map(|index| self.natural_width(index)).collect();
        let shown = self.choose(&natural, width);
        let mut layout = Layout::new();
        layout.load_style(TableStyle::new()).force_no_tty().enforce_styling();
        layout.set_content_arrangement(ContentArrangement::Dynamic);
        let full = shown.iter().map(|index| natural[*index] + GAP).sum::<usize>();
        let room = width.map_or(full, |width| (width + GAP).min(full));
        layout.set_width(u16::try_from(room).unwrap_or(u16::MAX));
        layout.set_header(shown.iter().map(|index| self.header_cell(*index)));
        for row in &self.rows {
            layout.add_row(Row::from(shown.iter().map(|index| self.body_cell(*index, row)).collect::<Vec<_>>()));
        }
        for (place, index) in shown.iter().enumerate() {
            if let Some(column) = layout.column_mut(place) {
                column.set_padding((0, 2));
                column.set_constraint(self.constraint(*index, &natural, &shown, room));
            }
        }
        let mut text = String::new();
        for line in layout.lines() {
            text.push_str(&without_trailing_blanks(&line));
            text.push('\n');
        }
        let left_out: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(index, column)| !shown.contains(index) && !column.title.is_empty())
            .map(|(_, column)| column.title.to_lowercase())
            .collect();
        if !left_out.is_empty() {
            let note = format!("(hidden: {}; use a wider terminal or --output json)", left_out.join(", "));
            for line in wrap(&note, width.unwrap_or(usize::MAX)) {
                text.push_str(&paint(DIM, line));
                text.push('\n');
            }
        }
        text
    }

    fn natural_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(TableCell::width).max().unwrap_or(0);
        cells.max(self.columns[index].title.width()).max(1)
    }

    /// The columns that fit: those of rank 0 always, then the others by rank.
    fn choose(&self, natural: &[usize], width: Option<usize>) -> Vec<usize> {
        let all = 0..self.columns.len();
        let Some(width) = width else { return all.collect() };
        let (mut shown, mut others): (Vec<_>, Vec<_>) = all.partition(|index| self.columns[*index].rank == 0);
        others.sort_by_key(|index| self.columns[*index].rank);
        for index in others {
            let columns = shown.iter().chain([&index]);
            let least: usize = columns.map(|index| self.least_width(*index, natural) + GAP).sum();
            if least <= width + GAP {
                shown.push(index);
            }
        }
        shown.sort_unstable();
        shown
    }

    fn least_width(&self, index: usize, natural: &[usize]) -> usize {
        if self.columns[index].wraps { natural[index].min(LEAST_TEXT) } else { natural[index] }
    }

    /// Columns that don't wrap keep their width; the others share the rest.
    fn constraint(&self, index: usize, natural: &[usize], shown: &[usize], room: usize) -> ColumnConstraint {
        let fixed = |width: usize| Width::Fixed(u16::try_from(width + GAP).unwrap_or(u16::MAX));
        let rigid: usize = shown.iter().filter(|i| !self.columns[**i].wraps).map(|i| natural[*i] + GAP).sum();
        if rigid > room {
            // Even the columns that are always shown don't fit: all of them shrink.
            let share = room / shown.len().max(1);
            return ColumnConstraint::UpperBoundary(Width::Fixed(u16::try_from(share.max(4)).unwrap_or(u16::MAX)));
        }
        if self.columns[index].wraps {
            ColumnConstraint::LowerBoundary(fixed(natural[index].min(LEAST_TEXT)))
        } else {
            ColumnConstraint::Absolute(fixed(natural[index]))
        }
    }

    fn header_cell(&self, index: usize) -> Cell {
        self.aligned(index, Cell::new(&self.columns[index].title).add_attribute(Attribute::Dim))
    }

    fn body_cell(&self, index: usize, row: &[TableCell]) -> Cell {
        let Some(TableCell { text, tone }) = row.get(index) else { return Cell::new("") };
        let cell = self.aligned(index, Cell::new(text));
        match tone {
            Some(Tone::Good) => cell.fg(Color::DarkGreen),
            Some(Tone::Warn) => cell.fg(Color::DarkYellow),
            Some(Tone::Bad) => cell.fg(Color::DarkRed),
            None => cell,
        }
    }

    fn aligned(&self, index: usize, cell: Cell) -> Cell {
        if self.columns[index].right { cell.set_alignment(CellAlignment::Right) } else { cell }
    }
}

/// The line without the spaces at its end; style codes after them stay.
fn without_trailing_blanks(line: &str) -> String {
    let mut kept = line.to_owned();
    let mut endings = Vec::new();
    loop {
        kept.truncate(kept.trim_end().len());
        let Some(at) = kept.rfind('\u{1b}').filter(|at| is_style(&kept[*at..])) else { break };
        endings.push(kept.split_off(at));
    }
    kept.extend(endings.into_iter().rev());
    kept
}

fn is_style(text: &str) -> bool {
    text.strip_prefix("\u{1b}[")
        .and_then(|rest| rest.strip_suffix('m'))
        .is_some_and(|codes| codes.bytes().all(|code| code.is_ascii_digit() || code == b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> Table {
        let mut table = Table::new([
            Column::new("RUN"),
            Column::new("SOURCE").rank(1),
            Column::new("STATUS"),
            Column::new("STARTED").rank(3),
            Column::number("API CALLS").rank(2),
            Column::new("NOTE").wrapping(),
        ]);
        table.row([
            text_cell("01JDQ7Z1"),
            text_cell("salesforce"),
            text_cell("succeeded").good(),
            text_cell("2026-11-23 09:00:12"),
            text_cell("208"),
            text_cell("territories were not read: the org has none"),
        ]);
        table.row([
            text_cell("01JDQ8AA"),
            text_cell("hr"),
            text_cell("failed").bad(),
            text_cell("2026-11-23 10:00:00"),
            text_cell("1"),
            text_cell("größe 日本語"),
        ]);
        table
    }

    #[test]
    fn tables_fit_every_width() {
        for width in [100, 60, 40] {
            let text = anstream::adapter::strip_str(&runs().render(Some(width))).to_string();
            for line in text.lines() {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
            insta::assert_snapshot!(format!("table_at_{width}"), text);
        }
    }

    #[test]
    fn a_table_with_no_width_leaves_nothing_out_and_wraps_nothing() {
        let text = anstream::adapter::strip_str(&runs().render(None)).to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("territories were not read: the org has none"), "{text}");
    }
}
