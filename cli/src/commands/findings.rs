//! `connector findings [NAME…]`.

mod rules;
mod sarif;

use crate::arguments::{FindingsArguments, ListArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{
    Column, Datum, List, ListColumn, Table, Tone, columns_help as columns_help_of, count, moment, only_first, plural,
    text_cell,
};
use connector_core::{Error, ErrorKind, Severity};
use connector_engine::findings::{self, Acceptances, Facts, Finding, FindingsSummary, Wanted};
use connector_project::source::Project;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sarif::Sarif;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, arguments: &FindingsArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    findings::check_rules(&arguments.rule)?;
    if arguments.rules {
        return rules::list(invocation, &arguments.rule, &arguments.list);
    }
    let names = if arguments.names.is_empty() { project.sources()? } else { arguments.names.clone() };
    if names.is_empty() {
        return Err(Error::new(ErrorKind::Definition, "this project has no sources yet")
            .with_help("create one with `connector source new CONNECTOR NAME`")
            .into());
    }
    let settings = project.findings()?;
    let now = Timestamp::now();
    let mut acceptances = Acceptances::new(&settings.accept, now.to_zoned(TimeZone::UTC).date());
    let to_stdout = arguments.sarif.as_deref() == Some(Path::new("-"));
    let mut sarif = arguments.sarif.as_deref().map(|file| Sarif::begin(invocation, file)).transpose()?;
    let list = List::new(columns(names.len() > 1), &worst_first(&arguments.list))?;
    let wanted = Wanted {
        rules: &arguments.rule,
        account: arguments.account.as_deref(),
        least: arguments.severity,
        accepted: arguments.accepted,
    };
    let mut shown = Shown { wanted, hidden: 0, accepted: 0, listed: 0 };
    let mut summaries = Vec::new();
    let mut rows = if to_stdout { None } else { Some(list.long(&invocation.printer, arguments.limit)?) };
    for name in &names {
        let facts = Facts::read(&project, name, now)?;
        let store = invocation.store_with(&project, name)?;
        let criteria = findings::criteria(&settings, now);
        let summary = findings::find(&store, &facts, criteria, wanted, &mut acceptances, &mut |finding| {
            let lists = shown.lists(finding);
            if let Some(sarif) = &mut sarif {
                sarif.add(finding)?;
            }
            if lists && let Some(rows) = &mut rows {
                rows.row(finding)?;
            }
            Ok(())
        })?;
        for one in &summary.not_checked {
            invocation.printer.warning(&format!("{name}: `{}` finds nothing: {}", one.rule, one.reason));
        }
        summaries.push(summary);
    }
    if let Some(sarif) = sarif {
        sarif.end()?;
    }
    let cut_at = match rows {
        Some(mut rows) => {
            rows.end()?;
            rows.cut_at()
        }
        None => None,
    };
    if !to_stdout {
        summarize(invocation, &summaries, &shown, cut_at)?;
    }
    let read: Vec<_> = names.iter().map(|name| source_name(name)).collect();
    // A part of the findings shows nothing about the acceptances of the others.
    if arguments.rule.is_empty() && arguments.account.is_none() {
        let all = project.sources()?.iter().all(|one| read.contains(&one.as_str()));
        warn_of_unused(invocation, &project, &acceptances, &read, all);
    }
    let worst = summaries.iter().filter_map(|summary| summary.worst).max();
    let fails = arguments.fail_on.is_some_and(|least| worst.is_some_and(|worst| worst >= least));
    Ok(if fails { Exit::Failure } else { Exit::Success })
}

/// Which findings the user wants, and what was left out.
struct Shown<'a> {
    wanted: Wanted<'a>,
    hidden: u64,
    accepted: u64,
    listed: u64,
}

impl Shown<'_> {
    /// Whether a finding is listed.
    fn lists(&mut self, finding: &Finding) -> bool {
        let shown = self.wanted.look(finding);
        match shown {
            findings::Shown::Listed => self.listed += 1,
            findings::Shown::Accepted => self.accepted += 1,
            findings::Shown::Below => self.hidden += 1,
        }
        shown == findings::Shown::Listed
    }
}

/// The order of a list that nobody sorts.
fn worst_first(arguments: &ListArguments) -> ListArguments {
    let sort = arguments.sort.clone().or_else(|| Some("-severity".to_owned()));
    ListArguments { sort, ..arguments.clone() }
}

fn summarize(
    invocation: &Invocation,
    summaries: &[FindingsSummary],
    shown: &Shown<'_>,
    cut_at: Option<u64>,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    match printer.format() {
        OutputFormat::Csv => return Ok(()),
        OutputFormat::Json | OutputFormat::Yaml => {
            for summary in summaries {
                printer.json(&json!({"summary": summary}))?;
            }
            return Ok(());
        }
        OutputFormat::Human => {}
    }
    if let Some(limit) = cut_at {
        printer.remark(format!(
            "\n{}; use --limit N, --rule or --output json to see others",
            only_first(limit, "finding")
        ));
    }
    if shown.listed > 0 && printer.is_terminal() {
        printer.result("\n")?;
        printer.result(tallies(summaries).render(printer.table_width()))?;
    }
    let mut notes = vec![if shown.listed == 0 { "no findings".to_owned() } else { plural(shown.listed, "finding") }];
    if shown.accepted > 0 {
        notes.push(format!("{} accepted (--accepted shows them)", count(shown.accepted)));
    }
    if shown.hidden > 0 {
        let least = shown.wanted.least.name();
        notes.push(format!("{} below {least} (--severity info shows them)", count(shown.hidden)));
    }
    printer.remark(format!("\n{}", notes.join("; ")));
    for summary in summaries {
        if let (Some(run), Some(as_of)) = (&summary.run, summary.as_of) {
            printer.remark(format!("{}: as of {}, run {run}", summary.source, moment(as_of)));
        }
    }
    Ok(())
}

fn tallies(summaries: &[FindingsSummary]) -> Table {
    let mut table = Table::new([
        Column::new("rule"),
        Column::new("worst").rank(2),
        Column::number("found"),
        Column::number("accepted").rank(3),
        Column::new("what it finds").wrapping().rank(1),
    ]);
    for tally in summaries.iter().flat_map(|summary| &summary.rules) {
        table.row([
            text_cell(tally.rule),
            text_cell(tally.severity.name()).toned(Some(tone(tally.severity))),
            text_cell(count(tally.found)),
            text_cell(if tally.accepted == 0 { "–".to_owned() } else { count(tally.accepted) }),
            text_cell(tally.title),
        ]);
    }
    table
}

/// Says which acceptances accept nothing, so that nobody relies on them.
fn warn_of_unused(
    invocation: &Invocation,
    project: &Project,
    acceptances: &Acceptances<'_>,
    sources: &[&str],
    all: bool,
) {
    let file = project.findings_file();
    for (one, why) in acceptances.unused(sources, all) {
        invocation.printer.warning(&format!("{}: {}", file.display(), why.about(one)));
    }
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns(true))
}

fn columns(several: bool) -> Vec<ListColumn<Finding>> {
    let source = ListColumn::new("source", |one: &Finding| Datum::text(&one.source)).looks(|look| look.rank(5));
    let accepted = |one: &Finding| one.accepted.as_ref().map(|accepted| accepted.until.to_string());
    vec![
        ListColumn::new("severity", |one: &Finding| {
            Datum::ranked(one.severity as u8, one.severity.name()).toned(tone(one.severity))
        }),
        ListColumn::new("rule", |one: &Finding| Datum::text(one.rule)).looks(|look| look.rank(2)),
        if several { source } else { source.on_request() },
        ListColumn::new("subject", |one: &Finding| Datum::text(one.subject()))
            .looks(|look| look.titled("about").wrapping()),
        ListColumn::new("detail", |one: &Finding| Datum::text(&one.detail))
            .looks(|look| look.titled("finding").wrapping().rank(1)),
        ListColumn::new("account", |one: &Finding| Datum::optional(one.account.as_ref().map(|account| &account.id)))
            .looks(|look| look.rank(6))
            .on_request(),
        ListColumn::new("entitlement", |one: &Finding| {
            Datum::optional(one.entitlement.as_ref().map(|one| one.key.to_string()))
        })
        .looks(|look| look.wrapping().rank(7))
        .on_request(),
        ListColumn::new("path", |one: &Finding| Datum::text(paths(one)))
            .looks(|look| look.wrapping().rank(3))
            .on_request(),
        ListColumn::new("accepted", move |one: &Finding| Datum::optional(accepted(one)))
            .looks(|look| look.titled("accepted until").rank(4))
            .on_request(),
    ]
}

/// Each power with the path to it.
fn paths(finding: &Finding) -> String {
    let paths = finding.evidence.iter().map(|power| format!("{}: {}", power.title, power.way));
    paths.collect::<Vec<_>>().join("; ")
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warn,
        Severity::Low | Severity::Info => Tone::Good,
    }
}
