//! How accounts and entitlements hold each other, for people.

use crate::arguments::BreadthArguments;
use crate::output::{Datum, ListColumn, Printer, Tone, day};
use connector_core::{Attributes, EntitlementRef};
use connector_engine::query::{Breadth, Holding, HoldingState, Names, WithoutEffect};
use jiff::Timestamp;
use std::rc::Rc;

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
#[derive(Clone, Copy)]
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

    pub(super) fn all() -> Self {
        Self([true; 4])
    }

    /// The columns of rows that are held in a manner. The others can be asked for. `names` knows the names of entitlements;
    /// without it, they are written with their ids.
    pub(super) fn of_rows<R: 'static>(
        self,
        manner: for<'a> fn(&'a R) -> Manner<'a>,
        names: Option<Rc<Names>>,
    ) -> impl Iterator<Item = ListColumn<R>> {
        let state = move |row: &R| {
            let state = manner(row).state;
            Datum::text(state.name()).toned((!state.is_active()).then_some(Tone::Warn))
        };
        let until = move |row: &R| {
            let until = manner(row).valid_until;
            Datum::moment(until).shown_as(until.map(day).unwrap_or_default())
        };
        let through = move |row: &R| {
            let row = manner(row);
            let path = row.path.iter().chain(row.through);
            let path: Vec<_> = path.map(|entitlement| written(names.as_deref(), entitlement)).collect();
            Datum::text(path.join(" > "))
        };
        let attributes = move |row: &R| {
            let attributes = manner(row).attributes;
            Datum::text(if *attributes == Attributes::empty() { "" } else { attributes.as_str() })
        };
        let all = [
            ListColumn::new("state", state),
            ListColumn::new("valid_until", until).looks(|look| look.titled("until").rank(5)),
            ListColumn::new("through", through).looks(|look| look.wrapping().rank(6)),
            ListColumn::new("attributes", attributes).looks(|look| look.wrapping().rank(7)),
        ];
        self.0.into_iter().zip(all).map(|(shown, column)| if shown { column } else { column.on_request() })
    }
}

/// The entitlement as `TYPE/NAME`, or `TYPE/ID` where the source did not show it.
pub(super) fn written(names: Option<&Names>, entitlement: &EntitlementRef) -> String {
    match names.and_then(|names| names.entitlement(entitlement).ok().flatten()) {
        Some(name) => format!("{}/{name}", entitlement.entitlement_type),
        None => entitlement.to_string(),
    }
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
    printer.remark(format!("{told} {things}; use --all-states to list {them}"));
}
