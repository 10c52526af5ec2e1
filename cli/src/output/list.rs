//! The one printer of lists: as a table, as JSON, as YAML or as CSV, with the columns and in the order that the user wants.

use super::datum::Datum;
use super::printer::Printer;
use super::table::{Column, Table, TableCell};
use super::waiting::Waiting;
use crate::arguments::{ListArguments, OutputFormat};
use crate::exit::Stop;
use connector_core::{Error, ErrorKind, Result, nearest};
use connector_tables::{SortKey, Sorter, spreadsheet_cell};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::{self, Write};

/// How many rows of a long list a terminal shows without `--limit`.
const ON_A_SCREEN: u64 = 50;
/// A table needs all its rows to compute its widths; longer lists are streamed with tabs instead.
const LONGEST_TABLE: u64 = 1_000;

/// A column of a list of `R`.
pub(crate) struct ListColumn<R: ?Sized> {
    name: String,
    look: Column,
    by_default: bool,
    value: Box<dyn Fn(&R) -> Datum>,
}

impl<R: ?Sized> ListColumn<R> {
    /// A column that is always shown; its title is its name, with blanks instead of underscores.
    pub(crate) fn new(name: impl Into<String>, value: impl Fn(&R) -> Datum + 'static) -> Self {
        let name = name.into();
        Self { look: Column::new(name.replace('_', " ")), name, by_default: true, value: Box::new(value) }
    }

    /// Changes how a table shows it.
    pub(crate) fn looks(mut self, change: impl FnOnce(Column) -> Column) -> Self {
        self.look = change(self.look);
        self
    }

    /// Shows it only if `--columns` names it.
    pub(crate) fn on_request(mut self) -> Self {
        self.by_default = false;
        self
    }

    /// Whether the user may call it so.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        same(&self.name) || same(self.look.title()) || same(&self.look.title().replace(' ', "_"))
    }
}

/// A list: its columns, those that the user wants, and their order.
pub(crate) struct List<R: ?Sized> {
    columns: Vec<ListColumn<R>>,
    chosen: Vec<usize>,
    sort: Option<(usize, bool)>,
}

impl<R: Serialize> List<R> {
    /// Fails with kind `definition` if the user names a column that the list does not have.
    pub(crate) fn new(columns: Vec<ListColumn<R>>, arguments: &ListArguments) -> Result<Self> {
        let find = |name: &str| {
            columns.iter().position(|column| column.is_called(name)).ok_or_else(|| unknown(name, &columns))
        };
        let asked = asked(arguments).map(find).collect::<Result<Vec<_>>>()?;
        let by_default = || (0..columns.len()).filter(|index| columns[*index].by_default).collect();
        let chosen = if asked.is_empty() { by_default() } else { asked };
        let sort = match arguments.sort.as_deref() {
            None => None,
            Some(typed) => Some((find(typed.trim_start_matches('-').trim())?, typed.starts_with('-'))),
        };
        Ok(Self { columns, chosen, sort })
    }

    /// How many rows the query needs to return: one more than are shown, or all if they are sorted.
    pub(crate) fn needed(&self, limit: Option<u64>) -> Option<u64> {
        limit.filter(|_| self.sort.is_none()).map(|limit| limit.saturating_add(1))
    }

    /// Whether the user wants another order.
    pub(crate) fn is_sorted(&self) -> bool {
        self.sort.is_some()
    }

    /// Puts a few rows in the order that the user wants.
    pub(crate) fn sort(&self, rows: &mut [R]) {
        let Some((column, descending)) = self.sort else { return };
        let value = &self.columns[column].value;
        rows.sort_by(|one, other| order(&value(one).sort_key(), &value(other).sort_key(), descending));
    }

    /// Prints a short list: a table, or one JSON document.
    pub(crate) fn print(&self, printer: &Printer, mut rows: Vec<R>) -> Result<(), Stop> {
        self.sort(&mut rows);
        if printer.is_json() {
            return printer.json(&rows);
        }
        let mut shown = self.start(printer, None, Form::Table)?;
        rows.iter().try_for_each(|row| shown.emit(&self.cells(row, &shown)))?;
        shown.end()
    }

    /// Starts a list of which every row is a JSON document of its own, and which is always a table for people.
    pub(crate) fn rows<'a>(&'a self, printer: &'a Printer) -> Result<Rows<'a, R>> {
        Ok(self.start(printer, None, Form::Table)?.awaited())
    }

    /// Starts a list that may be long: a terminal shows the beginning, a pipe gets all rows with tabs between the cells.
    pub(crate) fn long<'a>(&'a self, printer: &'a Printer, limit: Option<u64>) -> Result<Rows<'a, R>> {
        let is_cut = printer.format() == OutputFormat::Human && printer.is_terminal();
        let limit = limit.or(is_cut.then_some(ON_A_SCREEN));
        let form = if limit.is_some_and(|limit| limit <= LONGEST_TABLE) { Form::Table } else { Form::Tabs };
        Ok(self.start(printer, limit, form)?.awaited())
    }

    fn start<'a>(&'a self, printer: &'a Printer, limit: Option<u64>, form: Form) -> Result<Rows<'a, R>> {
        let form = match printer.format() {
            OutputFormat::Human => form,
            OutputFormat::Csv => Form::Csv,
            OutputFormat::Json | OutputFormat::Yaml => Form::Documents,
        };
        let looks = self.chosen.iter().map(|index| self.columns[*index].look.clone());
        Ok(Rows {
            list: self,
            printer,
            form,
            limit,
            now: printer.now().filter(|_| form == Form::Table),
            sorter: if self.sort.is_some() { Some(Sorter::new()?) } else { None },
            table: Table::new(looks),
            waiting: None,
            found: 0,
            shown: 0,
        })
    }

    fn cells(&self, row: &R, rows: &Rows<'_, R>) -> Vec<TableCell> {
        let values = self.chosen.iter().map(|index| (self.columns[*index].value)(row));
        match rows.form {
            Form::Csv => values.map(|value| TableCell::verbatim(value.csv())).collect(),
            _ => values.map(|value| value.cell(rows.now)).collect(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.chosen.iter().map(|index| self.columns[*index].name.as_str())
    }
}

/// The columns that the user asks for.
pub(crate) fn asked(arguments: &ListArguments) -> impl Iterator<Item = &str> {
    arguments.columns.iter().map(|name| name.trim()).filter(|name| !name.is_empty())
}

/// The help on the columns of a list.
pub(crate) fn columns_help<R: ?Sized>(columns: &[ListColumn<R>]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    format!("Columns, to show and to sort by: {}", names.join(", "))
}

fn unknown<R: ?Sized>(name: &str, columns: &[ListColumn<R>]) -> Error {
    let known: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let meant = nearest(name, known.iter().copied());
    let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    Error::new(ErrorKind::Definition, format!("this list has no column `{name}`"))
        .with_help(format!("{meant}known columns: {}", known.join(", ")))
}

fn order(one: &SortKey, other: &SortKey, descending: bool) -> Ordering {
    let ordered = match (one, other) {
        (SortKey::Nothing, SortKey::Nothing) => Ordering::Equal,
        (SortKey::Nothing, _) => return Ordering::Greater,
        (_, SortKey::Nothing) => return Ordering::Less,
        (SortKey::Number(one), SortKey::Number(other)) => one.total_cmp(other),
        (SortKey::Text(one), SortKey::Text(other)) => one.to_lowercase().cmp(&other.to_lowercase()),
        (SortKey::Number(_), SortKey::Text(_)) => Ordering::Less,
        (SortKey::Text(_), SortKey::Number(_)) => Ordering::Greater,
    };
    if descending { ordered.reverse() } else { ordered }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Table,
    Tabs,
    Csv,
    Documents,
}

/// A list that is being printed. Only a table keeps its rows in memory.
pub(crate) struct Rows<'a, R> {
    list: &'a List<R>,
    printer: &'a Printer,
    form: Form,
    limit: Option<u64>,
    /// Moments are relative to it.
    now: Option<Timestamp>,
    sorter: Option<Sorter>,
    table: Table,
    /// Until the first row is printed.
    waiting: Option<Waiting>,
    found: u64,
    shown: u64,
}

impl<R: Serialize> Rows<'_, R> {
    /// Says that the store is being read, until there is something to show.
    fn awaited(mut self) -> Self {
        self.waiting = Some(Waiting::begin(self.printer, "Reading the store"));
        self
    }

    /// The maximum number of rows.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// How many rows there were.
    pub(crate) fn found(&self) -> u64 {
        self.found
    }

    /// The limit, if there were more rows.
    pub(crate) fn cut_at(&self) -> Option<u64> {
        self.limit.filter(|limit| self.found > *limit)
    }

    /// Takes the next row; false if it is one too many.
    pub(crate) fn row(&mut self, row: &R) -> Result<bool, Stop> {
        self.found += 1;
        if let (Some(sorter), Some((column, _))) = (&self.sorter, self.list.sort) {
            let key = (self.list.columns[column].value)(row).sort_key();
            let text = match self.form {
                Form::Documents => self.printer.document(row)?,
                _ => serde_json::to_string(&self.list.cells(row, self)).map_err(io::Error::from)?,
            };
            sorter.push(&key, &text)?;
            return Ok(true);
        }
        if self.limit.is_some_and(|limit| self.found > limit) {
            return Ok(false);
        }
        match self.form {
            Form::Documents => {
                self.waiting = None;
                self.printer.json(row)?;
            }
            _ => self.emit(&self.list.cells(row, self))?,
        }
        Ok(true)
    }

    /// Prints what is still to be printed.
    pub(crate) fn end(&mut self) -> Result<(), Stop> {
        if let (Some(sorter), Some((_, descending))) = (self.sorter.take(), self.list.sort) {
            sorter.finish(descending, self.limit, |text| {
                if self.form == Form::Documents {
                    self.waiting = None;
                    return Ok(self.printer.write_document(text)?);
                }
                let cells: Vec<TableCell> =
                    serde_json::from_str(text).map_err(|cause| Stop::from(io::Error::from(cause)))?;
                Ok(self.emit(&cells)?)
            })?;
        }
        self.waiting = None;
        match self.form {
            Form::Table if self.shown > 0 => self.printer.result(self.table.render(self.printer.table_width())),
            Form::Tabs | Form::Csv if self.shown == 0 => self.heading(),
            _ => Ok(()),
        }
    }

    fn emit(&mut self, cells: &[TableCell]) -> Result<(), Stop> {
        // A question that fails prints nothing, so the heading waits for the first row.
        if self.shown == 0 && self.form != Form::Table {
            self.waiting = None;
            self.heading()?;
        }
        self.shown += 1;
        match self.form {
            Form::Table => self.table.row(cells.iter().cloned()),
            Form::Tabs => self.printer.result(format!("{}\n", line(cells).join("\t")))?,
            Form::Csv => self.csv(&line(cells))?,
            Form::Documents => {}
        }
        Ok(())
    }

    fn heading(&self) -> Result<(), Stop> {
        let names: Vec<_> = self.list.names().collect();
        match self.form {
            Form::Csv => self.csv(&names),
            _ => self.printer.result(format!("{}\n", names.join("\t"))),
        }
    }

    fn csv(&self, cells: &[&str]) -> Result<(), Stop> {
        let mut line = csv::Writer::from_writer(Vec::new());
        let record = cells.iter().map(|cell| spreadsheet_cell(cell));
        line.write_record(record.map(Cow::into_owned)).map_err(io::Error::from)?;
        let line = line.into_inner().map_err(|cause| io::Error::other(cause.to_string()))?;
        Ok(self.printer.raw_stdout().write_all(&line)?)
    }
}

fn line(cells: &[TableCell]) -> Vec<&str> {
    cells.iter().map(TableCell::text).collect()
}
