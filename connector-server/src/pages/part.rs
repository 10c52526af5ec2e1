//! Small parts that many pages have.

use crate::text::{Badge, When};
use askama::Template;
use connector_engine::query::{HoldingState, Tally};
use connector_engine::store::{Counts, PerStep};
use connector_text::count;
use std::fmt;

#[derive(Template)]
#[template(
    source = r#"<span class="badge {{ badge.tone.class() }}"><i aria-hidden="true">{{ badge.tone.sign() }}</i>{{ badge.word }}</span>"#,
    ext = "html"
)]
struct BadgePart {
    badge: Badge,
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BadgePart { badge: *self }.render_into(f).map_err(|_| fmt::Error)
    }
}

#[derive(Template)]
#[template(
    source = r#"<time datetime="{{ when.machine }}" title="{{ when.exactly }}">{{ when.ago }}</time>"#,
    ext = "html"
)]
struct WhenPart<'a> {
    when: &'a When,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WhenPart { when: self }.render_into(f).map_err(|_| fmt::Error)
    }
}

/// What was added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "part/delta.html")]
pub(crate) struct Delta {
    pub(crate) added: u64,
    pub(crate) changed: u64,
    pub(crate) removed: u64,
}

impl Delta {
    pub(crate) fn of(counts: Counts) -> Self {
        Self { added: counts.added, changed: counts.changed, removed: counts.removed }
    }

    /// Of all kinds of rows.
    pub(crate) fn of_all(counts: &PerStep<Counts>) -> Self {
        counts.named().iter().fold(Self::default(), |sum, (_, counts)| Self {
            added: sum.added + counts.added,
            changed: sum.changed + counts.changed,
            removed: sum.removed + counts.removed,
        })
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The parts that are not nothing: the class, the sign, the number and its word.
    fn parts(self) -> impl Iterator<Item = (&'static str, &'static str, String, &'static str)> {
        let all = [
            ("add", "+", self.added, "added"),
            ("chg", "~", self.changed, "changed"),
            ("del", "−", self.removed, "removed"),
        ];
        all.into_iter()
            .filter(|(_, _, number, _)| *number > 0)
            .map(|(class, sign, number, word)| (class, sign, count(number), word))
    }
}

impl From<Tally> for Delta {
    fn from(Tally { added, changed, removed }: Tally) -> Self {
        Self { added, changed, removed }
    }
}

/// The pages of a source, of which one is open.
#[derive(Template)]
#[template(path = "part/tabs.html")]
pub(crate) struct Tabs {
    source: String,
    address: String,
    current: &'static str,
}

impl Tabs {
    pub(crate) fn of(source: &str, current: &'static str) -> Self {
        Self { source: source.to_owned(), address: crate::address::source(source), current }
    }
}

/// The word for a state that an assignment seldom has.
pub(crate) fn holding_badge(state: HoldingState) -> Option<Badge> {
    use crate::text::Tone;
    let tone = match state {
        HoldingState::Active => return None,
        HoldingState::Scheduled => Tone::Busy,
        HoldingState::Expired | HoldingState::Inactive => Tone::Quiet,
    };
    Some(Badge { word: state.name(), tone })
}
