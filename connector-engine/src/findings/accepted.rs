//! What `findings.yaml` accepts.

use super::finding::{Accepted, Finding};
use connector_project::source::Acceptance;
use jiff::civil::Date;
use std::collections::HashMap;

/// The acceptances of a project on a day, and which of them were needed.
#[derive(Debug)]
pub struct Acceptances<'a> {
    all: &'a [Acceptance],
    today: Date,
    of_rule: HashMap<&'a str, Vec<usize>>,
    used: Vec<bool>,
}

/// Why an acceptance accepts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// Its last day has passed, and what it accepted is still there.
    Ended,
    /// Nothing like it was found.
    MatchesNothing,
}

impl Unused {
    /// What to tell whoever relies on an acceptance, in a sentence without a period.
    pub fn about(self, one: &Acceptance) -> String {
        let parts: Vec<_> =
            [&one.account, &one.entitlement, &one.source].into_iter().flatten().map(String::as_str).collect();
        let whom = if parts.is_empty() { String::new() } else { format!(" for {}", parts.join(", ")) };
        match self {
            Self::Ended => {
                format!("the acceptance of `{}`{whom} ended on {}; the finding counts again", one.rule, one.until)
            }
            Self::MatchesNothing => format!("the acceptance of `{}`{whom} matches nothing: remove it", one.rule),
        }
    }
}

impl<'a> Acceptances<'a> {
    /// These acceptances, on this day.
    pub fn new(all: &'a [Acceptance], today: Date) -> Self {
        let mut of_rule: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, one) in all.iter().enumerate() {
            of_rule.entry(&one.rule).or_default().push(place);
        }
        Self { all, today, of_rule, used: vec![false; all.len()] }
    }

    /// Marks the finding if one of them accepts it. The one that lasts longest counts.
    pub(super) fn mark(&mut self, finding: &mut Finding) {
        for place in self.of_rule.get(finding.rule).into_iter().flatten().copied() {
            let one = &self.all[place];
            if !fits(one, finding) {
                continue;
            }
            self.used[place] = true;
            if one.until >= self.today && finding.accepted.as_ref().is_none_or(|known| known.until < one.until) {
                finding.accepted = Some(Accepted { reason: one.reason.clone(), until: one.until });
            }
        }
    }

    /// The acceptances for one of these sources that accept nothing, each with the reason. One that names no source may be needed
    /// in any, so only a look at `all` sources says something about it.
    pub fn unused<'s>(&'s self, sources: &'s [&str], all: bool) -> impl Iterator<Item = (&'a Acceptance, Unused)> + 's {
        let about = move |one: &Acceptance| one.source.as_deref().map_or(all, |source| sources.contains(&source));
        self.all.iter().zip(&self.used).filter(move |(one, _)| about(one)).filter_map(|(one, used)| match used {
            true if one.until < self.today => Some((one, Unused::Ended)),
            true => None,
            false => Some((one, Unused::MatchesNothing)),
        })
    }
}

fn fits(acceptance: &Acceptance, finding: &Finding) -> bool {
    let source = acceptance.source.as_ref().is_none_or(|source| *source == finding.source);
    let account = acceptance.account.as_ref().is_none_or(|wanted| finding.is_about(wanted));
    let entitlement = acceptance.entitlement.as_ref().is_none_or(|wanted| {
        finding.entitlement.as_ref().is_some_and(|one| {
            let (of, name) = wanted.split_once('/').unwrap_or((wanted, ""));
            let same_name = one.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name));
            one.key.entitlement_type == of && (one.key.id == name || same_name)
        })
    });
    source && account && entitlement
}
