//! What the user sees.

mod datum;
mod error;
mod harmless;
mod list;
mod operation;
mod pager;
mod plan_progress;
mod printer;
mod problem;
mod progress;
mod steps;
mod style;
mod summary;
mod table;
mod test_progress;
mod text;
mod waiting;

pub(crate) use connector_text::{
    bytes, clean, clean_line, count, day, days_until, duration, exactly, moment, only_first, plural, time,
};
pub(crate) use datum::Datum;
pub(crate) use error::error_as_value;
pub(crate) use list::{List, ListColumn, asked, columns_help};
pub(crate) use operation::{NameOf, render_change, render_operation, render_tally};
pub(crate) use plan_progress::PlanProgress;
pub(crate) use printer::Printer;
pub(crate) use problem::render_problems;
pub(crate) use progress::ProgressDisplay;
pub(crate) use steps::{render_step, render_step_line, render_steps_end};
pub(crate) use style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN, paint};
pub(crate) use summary::render_summary;
pub(crate) use table::{Column, Table, Tone, text_cell};
pub(crate) use test_progress::TestProgress;
pub(crate) use text::{fields, wrap};
pub(crate) use waiting::Waiting;
