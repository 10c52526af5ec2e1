//! What `connector findings` finds, for pages and programs: the worst first, page by page.

use crate::state::Reach;
use connector_core::{Error, Result, Severity};
use connector_engine::findings::{
    Acceptances, Facts, Finding, FindingsSummary, Shown, Wanted, check_rules, criteria, find,
};
use connector_engine::query;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Nobody pages further: whoever has more findings narrows the search.
pub(crate) const DEEPEST: usize = 20_000;

/// What somebody asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    /// Empty for all sources.
    pub(crate) source: Option<String>,
    /// Not those below it.
    pub(crate) least: Option<Severity>,
    pub(crate) rule: Option<String>,
    /// The id or the name of an account.
    pub(crate) account: Option<String>,
    /// Also accepted ones.
    pub(crate) accepted: bool,
    /// How many are passed over, and how many follow at most.
    pub(crate) skip: usize,
    pub(crate) most: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) findings: Vec<Finding>,
    /// How many there are of each severity that nobody accepted, whatever severity is asked for.
    pub(crate) open: BTreeMap<Severity, u64>,
    /// How many are accepted.
    pub(crate) accepted: u64,
    pub(crate) has_more: bool,
    pub(crate) summaries: Vec<FindingsSummary>,
    /// The sources that could not be looked at, each with the reason.
    pub(crate) unseen: Vec<(String, Error)>,
    /// What to tell whoever relies on acceptances that accept nothing.
    pub(crate) unused: Vec<String>,
}

impl Answer {
    /// Answers a question. A single source that can't be looked at is an error.
    pub(crate) fn to(reach: &Reach, question: &Question) -> Result<Self> {
        let only: Vec<String> = question.rule.iter().cloned().collect();
        check_rules(&only)?;
        if question.skip > DEEPEST {
            let message = format!("no more than {DEEPEST} findings are listed");
            return Err(Error::invalid(message).with_help("ask for a severity, a rule or an account"));
        }
        let settings = reach.project.findings()?;
        let names = match &question.source {
            Some(name) => vec![name.clone()],
            None => reach.project.sources()?,
        };
        let mut acceptances = Acceptances::new(&settings.accept, reach.now.to_zoned(TimeZone::UTC).date());
        let (mut answer, mut found) = (Self::default(), Worst::of(question.skip + question.most + 1));
        let wanted = Wanted {
            rules: &only,
            least: question.least.unwrap_or(Severity::Info),
            account: question.account.as_deref(),
            accepted: question.accepted,
        };
        for name in &names {
            let looked = reach.store_of(name).and_then(|store| {
                let facts = Facts::read(&reach.project, name, reach.now)?;
                let mut each = |finding: &Finding| {
                    match finding.accepted {
                        Some(_) => answer.accepted += 1,
                        None => *answer.open.entry(finding.severity).or_default() += 1,
                    }
                    if wanted.look(finding) == Shown::Listed {
                        found.take(finding);
                    }
                    Ok(())
                };
                find(store, &facts, criteria(&settings, reach.now), wanted, &mut acceptances, &mut each)
            });
            match looked {
                Ok(summary) => answer.summaries.push(summary),
                Err(error) if question.source.is_some() => return Err(error),
                Err(error) => answer.unseen.push((name.clone(), error)),
            }
        }
        // A part of the findings shows nothing about the acceptances of the others.
        if only.is_empty() && question.account.is_none() && answer.unseen.is_empty() {
            let (names, all) = (names.iter().map(String::as_str).collect::<Vec<_>>(), question.source.is_none());
            answer.unused = acceptances.unused(&names, all).map(|(one, why)| why.about(one)).collect();
        }
        let mut findings = found.in_order();
        findings.drain(..question.skip.min(findings.len()));
        answer.has_more = findings.len() > question.most;
        findings.truncate(question.most);
        answer.findings = findings;
        Ok(answer)
    }

    /// When the oldest run began that the findings are about.
    pub(crate) fn as_of(&self) -> Option<jiff::Timestamp> {
        self.summaries.iter().filter_map(|summary| summary.as_of).min()
    }
}

/// The first findings of each severity: memory does not depend on how many there are.
struct Worst {
    most: usize,
    of: BTreeMap<Severity, Vec<Finding>>,
}

impl Worst {
    fn of(most: usize) -> Self {
        Self { most, of: BTreeMap::new() }
    }

    fn take(&mut self, finding: &Finding) {
        let same = self.of.entry(finding.severity).or_default();
        if same.len() < self.most {
            same.push(finding.clone());
        }
    }

    fn in_order(self) -> Vec<Finding> {
        self.of.into_values().rev().flatten().take(self.most).collect()
    }
}

/// A rule that was used and what it is about; `None` if there is no such rule any more.
pub(crate) fn rule(name: &str) -> Option<&'static connector_core::Rule> {
    connector_core::registry::rules().into_iter().find(|rule| rule.name == name)
}

/// Whether anything was read that findings could be about.
pub(crate) fn is_read(reach: &Reach) -> Result<bool> {
    let Some(store) = &reach.store else { return Ok(false) };
    Ok(!query::runs(store, None, Some(1))?.is_empty())
}
