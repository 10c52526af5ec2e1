//! How accounts and entitlements hold each other, for people.

use crate::arguments::BreadthArguments;
use crate::output::{Column, Printer, TableCell, day, text_cell};
use connector_core::{Attributes, EntitlementRef};
use connector_engine::query::{self, Breadth, Holding, HoldingState, WithoutEffect};
use connector_engine::store::Store;
use jiff::Timestamp;

pub(super) fn breadth(arguments: &BreadthArguments) -> Breadth {
    Breadth { effective: arguments.effective, all_states: arguments.all_states }
}

/// What is special about an assignment: nothing about one that an account itself holds, with effect and without an end.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    pub(super) state: HoldingState,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) through: Option<&'a EntitlementRef>,
    pub(super) path: &'a [EntitlementRef],
    pub(super) attributes: &'a Attributes,
}

impl<'a> Manner<'a> {
    pub(super) fn of(holding: &'a Holding) -> Self {
        let Holding { state, valid_until, through, path, attributes, .. } = holding;
        Self { state: *state, valid_until: *valid_until, through: through.as_ref(), path, attributes }
    }
}

/// The columns that say how something is held: those that say something in at least one row.
pub(super) struct Columns([bool; 4]);

impl Columns {
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = Manner<'a>>) -> Self {
        let mut shown = [false; 4];
        for row in rows {
            shown[0] |= !row.state.is_active();
            shown[1] |= row.valid_until.is_some();
            shown[2] |= row.through.is_some() || !row.path.is_empty();
            shown[3] |= *row.attributes != Attributes::empty();
        }
        Self(shown)
    }

    pub(super) fn titles(&self) -> impl Iterator<Item = Column> {
        let all = [
            Column::new("state"),
            Column::new("until").rank(5),
            Column::new("through").wrapping().rank(6),
            Column::new("attributes").wrapping().rank(7),
        ];
        self.0.into_iter().zip(all).filter_map(|(shown, column)| shown.then_some(column))
    }

    pub(super) fn cells(&self, store: &Store, source: &str, row: Manner<'_>) -> impl Iterator<Item = TableCell> {
        let state = text_cell(row.state.name());
        let path: Vec<_> =
            row.path.iter().chain(row.through).map(|entitlement| written(store, source, entitlement)).collect();
        let attributes = Some(row.attributes.as_str()).filter(|_| *row.attributes != Attributes::empty());
        let all = [
            if row.state.is_active() { state } else { state.warn() },
            text_cell(row.valid_until.map(day).unwrap_or_default()),
            text_cell(path.join(" > ")),
            text_cell(attributes.unwrap_or_default()),
        ];
        self.0.into_iter().zip(all).filter_map(|(shown, cell)| shown.then_some(cell))
    }
}

/// The entitlement as `TYPE/NAME`, or `TYPE/ID` where the source did not show it.
fn written(store: &Store, source: &str, entitlement: &EntitlementRef) -> String {
    match name(store, source, entitlement) {
        Some(name) => format!("{}/{name}", entitlement.entitlement_type),
        None => entitlement.to_string(),
    }
}

/// The entitlement's name; `None` where the source did not show it.
pub(super) fn name(store: &Store, source: &str, entitlement: &EntitlementRef) -> Option<String> {
    let known = query::entitlement(store, source, &entitlement.to_string()).ok()?;
    Some(known.entitlement.name).filter(|name| !name.is_empty())
}

/// `2 expired and 1 inactive assignments are not listed; use --all-states to list them`.
pub(super) fn note_left_out(printer: &Printer, without_effect: WithoutEffect) {
    let WithoutEffect { expired, inactive, scheduled } = without_effect;
    let counts = [(expired, "expired"), (inactive, "inactive"), (scheduled, "scheduled")];
    let told: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, state)| format!("{count} {state}")).collect();
    let Some((last, others)) = told.split_last() else { return };
    let told = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let (things, them) = if expired + inactive + scheduled == 1 {
        ("assignment is not listed", "it")
    } else {
        ("assignments are not listed", "them")
    };
    printer.note(format!("{told} {things}; use --all-states to list {them}"));
}
