//! What the rules find, in one source or in all.

use super::part::Tabs;
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::finds::{self, Answer, Question};
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone, When};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{Result, Severity, registry};
use connector_engine::findings::Finding;
use connector_text::count;
use serde::Deserialize;

/// How many findings stand on a page.
const ON_A_PAGE: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    accepted: bool,
    #[serde(default)]
    skip: usize,
}

#[derive(Template)]
#[template(path = "findings.html")]
struct Page {
    shell: Shell,
    /// Absent for all sources.
    source: Option<String>,
    tabs: Option<Tabs>,
    address: String,
    is_read: bool,
    as_of: Option<When>,
    severities: Vec<Chip>,
    severity: String,
    rules: Vec<Choice>,
    rule: String,
    account: String,
    accepted: bool,
    number_accepted: u64,
    rows: Vec<Row>,
    tallies: Vec<TallyRow>,
    warnings: Vec<Prose>,
    previous: Option<String>,
    next: Option<String>,
}

/// How many findings there are of a severity.
struct Chip {
    badge: Badge,
    number: String,
    address: String,
    is_current: bool,
}

struct Choice {
    name: &'static str,
    title: &'static str,
}

struct Row {
    badge: Badge,
    /// The source, and what in it the finding is about.
    source: String,
    source_address: String,
    about: String,
    about_address: String,
    entitlement: Option<(String, String)>,
    detail: Prose,
    ways: Vec<String>,
    rule: &'static str,
    title: &'static str,
    accepted: Option<(String, String)>,
}

struct TallyRow {
    source: String,
    badge: Badge,
    title: &'static str,
    reason: Prose,
    cure: Prose,
    address: String,
    found: String,
    accepted: String,
}

/// Of all sources.
pub(crate) async fn all(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell("Findings").in_section("findings");
    let page = state.ask(move |reach| told(reach, None, fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

/// Of one source.
pub(crate) async fn of_source(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&format!("Findings in {source}")).in_section("sources");
    let page = state.ask(move |reach| told(reach, Some(source), fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: Option<String>, fields: Fields, shell: Shell) -> Result<Page> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let question = Question {
        source: source.clone(),
        // As on the command line.
        least: Some(fields.severity.parse().unwrap_or(Severity::Low)),
        rule: given(&fields.rule),
        account: given(&fields.account),
        accepted: fields.accepted,
        skip: fields.skip,
        most: ON_A_PAGE,
    };
    let answer = Answer::to(reach, &question)?;
    let path = source.as_deref().map_or_else(|| "/findings".to_owned(), address::findings);
    let accepted = if fields.accepted { "true" } else { "" };
    let linked = |severity: &str, rule: &str, skip: usize| {
        let skip = if skip == 0 { String::new() } else { skip.to_string() };
        let account = fields.account.as_str();
        let fields =
            [("severity", severity), ("rule", rule), ("account", account), ("accepted", accepted), ("skip", &skip)];
        address::with(&path, &fields)
    };
    let least = question.least.unwrap_or(Severity::Low);
    let severities = Severity::all().iter().rev().map(|one| Chip {
        badge: badge(*one),
        number: count(answer.open.get(one).copied().unwrap_or(0)),
        address: linked(one.name(), &fields.rule, 0),
        is_current: *one >= least,
    });
    let tallies = answer.summaries.iter().flat_map(|summary| {
        summary.rules.iter().map(|tally| {
            let rule = finds::rule(tally.rule);
            TallyRow {
                source: summary.source.clone(),
                badge: badge(tally.severity),
                title: tally.title,
                reason: Prose(rule.map_or("", |rule| rule.reason).to_owned()),
                cure: Prose(rule.map_or("", |rule| rule.cure).to_owned()),
                address: address::with(
                    &address::findings(&summary.source),
                    &[("rule", tally.rule), ("severity", "info")],
                ),
                found: count(tally.found),
                accepted: if tally.accepted == 0 { String::new() } else { count(tally.accepted) },
            }
        })
    });
    let mut tallies: Vec<TallyRow> = tallies.collect();
    tallies.sort_by_key(|tally| match tally.badge.tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        _ => 2,
    });
    Ok(Page {
        is_read: finds::is_read(reach)?,
        as_of: answer.as_of().map(|at| When::of(at, reach.now)),
        severities: severities.collect(),
        severity: least.name().to_owned(),
        rules: registry::rules().into_iter().map(|rule| Choice { name: rule.name, title: rule.title }).collect(),
        number_accepted: answer.accepted,
        warnings: warnings(&answer),
        tallies,
        previous: (fields.skip > 0)
            .then(|| linked(&fields.severity, &fields.rule, fields.skip.saturating_sub(ON_A_PAGE))),
        next: answer.has_more.then(|| linked(&fields.severity, &fields.rule, fields.skip + ON_A_PAGE)),
        rows: answer.findings.into_iter().map(row).collect(),
        tabs: source.as_deref().map(|source| Tabs::of(source, "findings")),
        rule: fields.rule,
        account: fields.account,
        accepted: fields.accepted,
        address: path,
        source,
        shell,
    })
}

/// What nobody may take for the absence of findings.
fn warnings(answer: &Answer) -> Vec<Prose> {
    let unseen =
        answer.unseen.iter().map(|(source, error)| format!("`{source}` was not looked at: {}", error.message()));
    let blind = answer.summaries.iter().flat_map(|summary| {
        summary
            .not_checked
            .iter()
            .map(|one| format!("`{}`: `{}` finds nothing: {}", summary.source, one.rule, one.reason))
    });
    let unused = answer.unused.iter().map(|text| format!("`findings.yaml`: {text}"));
    unseen.chain(blind).chain(unused).map(Prose).collect()
}

fn row(finding: Finding) -> Row {
    let source_address = address::source(&finding.source);
    let entitlement = finding.entitlement.as_ref().map(|one| {
        let key = &one.key;
        let name = one.name.clone().unwrap_or_else(|| key.id.clone());
        (
            format!("{} {name}", key.entitlement_type),
            address::entitlement(&finding.source, &key.entitlement_type, &key.id),
        )
    });
    let (about_address, entitlement) = match (&finding.account, entitlement) {
        (Some(account), entitlement) => (address::account(&finding.source, &account.id), entitlement),
        (None, Some((_, address))) => (address, None),
        (None, None) => (source_address.clone(), None),
    };
    Row {
        badge: badge(finding.severity),
        about: finding.subject(),
        about_address,
        entitlement,
        ways: finding.evidence.iter().map(|power| format!("{}: {}", power.title, power.way)).collect(),
        detail: Prose(finding.detail),
        rule: finding.rule,
        title: finds::rule(finding.rule).map_or(finding.rule, |rule| rule.title),
        accepted: finding.accepted.map(|one| (one.reason, one.until.to_string())),
        source: finding.source,
        source_address,
    }
}

/// The word and the tone of a severity.
fn badge(severity: Severity) -> Badge {
    let tone = match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warn,
        Severity::Low | Severity::Info => Tone::Quiet,
    };
    Badge { word: severity.name(), tone }
}
