//! How accounts and entitlements hold each other, for people.

use crate::arguments::BreadthArguments;
use crate::output::{Column, TableCell, day, text_cell};
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
#[derive(Default)]
pub(super) struct Columns {
    state: bool,
    until: bool,
    through: bool,
    attributes: bool,
}

impl Columns {
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = Manner<'a>>) -> Self {
        rows.into_iter().fold(Self::default(), |known, row| Self {
            state: known.state || !row.state.is_active(),
            until: known.until || row.valid_until.is_some(),
            through: known.through || row.through.is_some() || !row.path.is_empty(),
            attributes: known.attributes || *row.attributes != Attributes::empty(),
        })
    }

    pub(super) fn titles(&self) -> impl Iterator<Item = Column> {
        let all = [
            (self.state, Column::new("state").rank(4)),
            (self.until, Column::new("until").rank(5)),
            (self.through, Column::new("through").wrapping().rank(6)),
            (self.attributes, Column::new("attributes").wrapping().rank(7)),
        ];
        all.into_iter().filter_map(|(shown, column)| shown.then_some(column))
    }

    pub(super) fn cells(&self, store: &Store, source: &str, row: Manner<'_>) -> impl Iterator<Item = TableCell> {
        let state = text_cell(row.state.name());
        let path: Vec<_> =
            row.path.iter().chain(row.through).map(|entitlement| written(store, source, entitlement)).collect();
        let attributes = Some(row.attributes.as_str()).filter(|_| *row.attributes != Attributes::empty());
        let all = [
            (self.state, if row.state.is_active() { state } else { state.warn() }),
            (self.until, text_cell(row.valid_until.map(day).unwrap_or_default())),
            (self.through, text_cell(path.join(" > "))),
            (self.attributes, text_cell(attributes.unwrap_or_default())),
        ];
        all.into_iter().filter_map(|(shown, cell)| shown.then_some(cell))
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
pub(super) fn note(without_effect: WithoutEffect) -> Option<String> {
    let WithoutEffect { expired, inactive, scheduled } = without_effect;
    let counts = [(expired, "expired"), (inactive, "inactive"), (scheduled, "scheduled")];
    let told: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, state)| format!("{count} {state}")).collect();
    let (last, others) = told.split_last()?;
    let told = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    let (things, them) = if expired + inactive + scheduled == 1 {
        ("assignment is not listed", "it")
    } else {
        ("assignments are not listed", "them")
    };
    Some(format!("{told} {things}; use --all-states to list {them}"))
}
