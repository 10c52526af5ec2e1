//! `connector diff NAME`.

use super::account::changes;
use super::trail;
use crate::arguments::{DiffArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{
    BAD, Column, DIM, Datum, GOOD, List, ListColumn, NameOf, Table, Tone, WARN, clean_line,
    columns_help as columns_help_of, count, only_first, paint, text_cell, wrap,
};
use connector_core::{EntitlementRef, Result, TrailEvent};
use connector_engine::query::{self, AttributeChange, Blame, Change, DiffSummary, Difference, Names, Tally, Who};
use serde::Serialize;
use serde_json::json;

/// How many differences a terminal shows; the summary counts them all.
const ON_A_SCREEN: u64 = 100;

/// A difference, and who made it, if the user asks for that.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    difference: Difference,
    /// The events of the source's trail; absent if nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<Vec<TrailEvent>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unexplained: Vec<String>,
}

impl Shown {
    fn of(difference: &Difference, who: Option<&Who>) -> Result<Self> {
        let blame = who.map(|who| who.made(difference)).transpose()?;
        let (who, unexplained) = match blame {
            Some(Blame { who, unexplained }) => (Some(who), unexplained),
            None => (None, Vec::new()),
        };
        Ok(Self { difference: difference.clone(), who, unexplained })
    }

    /// Whether somebody asked who made it, and the trail does not say.
    fn is_unmatched(&self) -> bool {
        self.who.as_ref().is_some_and(Vec::is_empty) || !self.unexplained.is_empty()
    }
}

pub(crate) fn run(invocation: &Invocation, arguments: &DiffArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let (from, to) = (arguments.from.as_deref(), arguments.to.as_deref());
    let list = List::new(columns(arguments.who), &arguments.list)?;
    let who = if arguments.who {
        let source = source_name(&arguments.name);
        let window = query::window(&store, source, arguments.from.as_deref(), arguments.to.as_deref())?;
        Some(trail::read(invocation, &project, &store, &arguments.name, window)?)
    } else {
        None
    };
    let mut unmatched = 0_u64;
    let as_rows = arguments.list.sort.is_some() || !arguments.list.columns.is_empty();
    if printer.format() != OutputFormat::Human || as_rows {
        let mut rows = list.long(printer, None)?;
        let summary = query::diff(&store, source, from, to, |difference| {
            let shown = Shown::of(difference, who.as_ref())?;
            unmatched += u64::from(shown.is_unmatched());
            Ok(rows.row(&shown).map(drop)?)
        })?;
        rows.end()?;
        if let Some(limit) = rows.cut_at() {
            printer.remark(format!("\n{}; use --output json to see all", only_first(limit, "change")));
        }
        match printer.format() {
            OutputFormat::Human => show_summary(invocation, &summary)?,
            OutputFormat::Csv => {}
            OutputFormat::Json | OutputFormat::Yaml if who.is_some() => {
                printer.json(&json!({"summary": summary, "unmatched": unmatched}))?;
            }
            OutputFormat::Json | OutputFormat::Yaml => printer.json(&json!({"summary": summary}))?,
        }
        return Ok(Exit::Success);
    }
    let limit = if printer.is_terminal() { ON_A_SCREEN } else { u64::MAX };
    let names = Names::of(&store, source)?;
    let name_of = |id: &str| names.name(id).ok().flatten().filter(|name| name != id);
    let mut shown = 0;
    let summary = query::diff(&store, source, from, to, |difference| {
        shown += 1;
        if shown > limit && who.is_none() {
            return Ok(());
        }
        let one = Shown::of(difference, who.as_ref())?;
        unmatched += u64::from(one.is_unmatched());
        if shown <= limit {
            printer.result(line(difference, printer.prose_width(), &name_of))?;
            printer.result(by_whom(&one, printer.prose_width()))?;
        }
        Ok(())
    })?;
    if shown > limit {
        printer.result(format!(
            "{}\n",
            paint(
                DIM,
                wrap(
                    &format!("… and {} more; use --output json to see all", count(shown - limit)),
                    printer.prose_width()
                )
                .join("\n")
            )
        ))?;
    }
    if shown > 0 {
        printer.result("\n")?;
    }
    show_summary(invocation, &summary)?;
    if who.is_some() {
        let text = if unmatched == 1 { "1 change is".to_owned() } else { format!("{} changes are", count(unmatched)) };
        printer.remark(format!("{text} not in the source's audit trail, or only in part"));
    }
    Ok(Exit::Success)
}

/// Below a difference: each event that tells of it, or that none does.
fn by_whom(shown: &Shown, width: usize) -> String {
    let Some(events) = &shown.who else { return String::new() };
    let mut lines: Vec<String> = events.iter().map(trail::sentence).collect();
    if events.is_empty() {
        lines.push("not in the audit trail".to_owned());
    } else if !shown.unexplained.is_empty() {
        lines.push(format!("not in the audit trail: {}", shown.unexplained.join(", ")));
    }
    lines.iter().map(|line| trail::indented(line, width)).collect()
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns(true))
}

/// The columns of a difference. An account is its own holder, so that one column has all accounts.
fn columns(with_who: bool) -> Vec<ListColumn<Shown>> {
    let who = ListColumn::new("who", |one: &Shown| {
        let names = one.who.iter().flatten().filter_map(|event| event.by.as_deref());
        let mut names: Vec<_> = names.collect();
        names.dedup();
        Datum::text(names.join(", "))
    })
    .looks(|look| look.wrapping().rank(2));
    vec![
        ListColumn::new("change", |one: &Shown| {
            let (name, tone) = match one.difference.change() {
                Change::Added => ("added", Tone::Good),
                Change::Changed => ("changed", Tone::Warn),
                Change::Removed => ("removed", Tone::Bad),
            };
            Datum::text(name).toned(tone)
        }),
        ListColumn::new("what", |one: &Shown| {
            Datum::text(match &one.difference {
                Difference::Account { .. } => "account",
                Difference::Entitlement { .. } => "entitlement",
                Difference::Assignment { .. } => "assignment",
                Difference::Nesting { .. } => "nesting",
            })
        })
        .looks(|look| look.rank(2)),
        ListColumn::new("account", |one: &Shown| match &one.difference {
            Difference::Account { id, .. } | Difference::Assignment { account: id, .. } => Datum::text(id),
            Difference::Nesting { holder, .. } => Datum::text(holder.to_string()),
            Difference::Entitlement { .. } => Datum::text(""),
        })
        .looks(|look| look.rank(5)),
        ListColumn::new("account_name", |one: &Shown| match &one.difference {
            Difference::Account { name, .. } => Datum::text(name),
            Difference::Assignment { account_name, .. } => Datum::optional(account_name.as_deref()),
            Difference::Nesting { .. } | Difference::Entitlement { .. } => Datum::text(""),
        })
        .looks(|look| look.wrapping().rank(1)),
        ListColumn::new("entitlement", |one: &Shown| {
            Datum::optional(one.difference.entitlement().map(ToString::to_string))
        })
        .looks(|look| look.wrapping().rank(6)),
        ListColumn::new("entitlement_name", |one: &Shown| match &one.difference {
            Difference::Account { .. } => Datum::text(""),
            Difference::Entitlement { name, .. } => Datum::text(name),
            Difference::Assignment { entitlement_name, .. } | Difference::Nesting { entitlement_name, .. } => {
                Datum::optional(entitlement_name.as_deref())
            }
        })
        .looks(|look| look.wrapping().rank(3)),
        ListColumn::new("changes", |one: &Shown| Datum::text(changes(one.difference.changes(), &|_| None)))
            .looks(|look| look.wrapping().rank(4)),
        if with_who { who } else { who.on_request() },
    ]
}

fn line(difference: &Difference, width: usize, name_of: NameOf<'_>) -> String {
    let changes = |values: &[AttributeChange]| changes(values, name_of);
    let (change, what) = match difference {
        Difference::Account { change, id, name, changes: values } => {
            (*change, with_changes(format!("account {name} ({id})"), *change, &changes(values)))
        }
        Difference::Entitlement { change, entitlement, name, changes: values } => (
            *change,
            with_changes(
                format!("{} {name} ({})", entitlement.entitlement_type, entitlement.id),
                *change,
                &changes(values),
            ),
        ),
        Difference::Assignment {
            change,
            account,
            account_name,
            entitlement,
            entitlement_name,
            through,
            changes: values,
        } => {
            let account = account_name.as_ref().unwrap_or(account);
            let through = through.as_ref().map(|through| format!(" through {through}")).unwrap_or_default();
            (*change, held(*change, account, entitlement, entitlement_name.as_deref(), &changes(values)) + &through)
        }
        Difference::Nesting { change, holder, entitlement, entitlement_name, changes: values } => {
            (*change, held(*change, &holder.to_string(), entitlement, entitlement_name.as_deref(), &changes(values)))
        }
    };
    let mark = match change {
        Change::Added => paint(GOOD, "+"),
        Change::Changed => paint(WARN, "~"),
        Change::Removed => paint(BAD, "-"),
    };
    format!("{mark} {}\n", wrap(&clean_line(&what), width.saturating_sub(2)).join("\n  "))
}

/// `jane@acme.example holds group Sales (state: active → inactive)`.
fn held(change: Change, holder: &str, entitlement: &EntitlementRef, name: Option<&str>, values: &str) -> String {
    let verb = if change == Change::Removed { "no longer holds" } else { "holds" };
    let what = format!("{holder} {verb} {} {}", entitlement.entitlement_type, name.unwrap_or(&entitlement.id));
    if values.is_empty() { what } else { format!("{what} ({values})") }
}

/// Only a changed row lists values; for an added or removed row it would be all of them.
fn with_changes(what: String, change: Change, values: &str) -> String {
    if change == Change::Changed && !values.is_empty() { format!("{what}: {values}") } else { what }
}

fn show_summary(invocation: &Invocation, summary: &DiffSummary) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let mut table =
        Table::new([Column::new(""), Column::number("added"), Column::number("changed"), Column::number("removed")]);
    let nestings = Some(("nested entitlements", &summary.nestings)).filter(|(_, tally)| **tally != Tally::default());
    for (kind, &Tally { added, changed, removed }) in summary.counts.named().into_iter().chain(nestings) {
        let shown = |number: u64| text_cell(if number == 0 { "–".to_owned() } else { count(number) });
        table.row([
            text_cell(kind),
            if added > 0 { shown(added).good() } else { shown(0) },
            if changed > 0 { shown(changed).warn() } else { shown(0) },
            if removed > 0 { shown(removed).bad() } else { shown(0) },
        ]);
    }
    printer.result(table.render(printer.table_width()))?;
    let runs = match &summary.from {
        Some(from) => format!("from run {from} to run {}", summary.to),
        None => format!("up to run {}, the first run", summary.to),
    };
    for line in wrap(&runs, printer.prose_width()) {
        printer.result(format!("{}\n", paint(DIM, line)))?;
    }
    Ok(())
}
