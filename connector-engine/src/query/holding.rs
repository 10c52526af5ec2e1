//! What accounts and entitlements hold, and with which effect.

use super::reading::{Named, Reading, key_of};
use connector_core::{AssignmentState, Attributes, EntitlementRef, Result};
use connector_sql::Row;
use connector_store::{AssignmentSnapshot, sql};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{HashMap, HashSet, VecDeque};
use strum::IntoStaticStr;

/// The condition on an assignment `h` under which it has effect now.
pub(super) const HAS_EFFECT: &str =
    "h.state IS NULL AND (h.valid_until IS NULL OR julianday(h.valid_until) > julianday('now'))";

/// The state of an assignment now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HoldingState {
    /// It has effect.
    #[default]
    Active,
    /// Its end has passed.
    Expired,
    /// It exists, but has no effect.
    Inactive,
    /// It takes effect later.
    Scheduled,
}

impl HoldingState {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it has effect.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }

    pub(super) fn of(values: &AssignmentSnapshot, now: Timestamp) -> Self {
        match values.state {
            _ if values.valid_until.is_some_and(|until| until <= now) => Self::Expired,
            AssignmentState::Active => Self::Active,
            AssignmentState::Scheduled => Self::Scheduled,
            // A state that this version does not know has no known effect.
            _ => Self::Inactive,
        }
    }
}

/// How an account or an entitlement holds something. Serializes to an entry of `entitlements` in machine output. An active
/// state and absent values are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holding {
    /// What is held.
    #[serde(flatten)]
    pub entitlement: EntitlementRef,
    /// Its state now.
    #[serde(skip_serializing_if = "HoldingState::is_active")]
    pub state: HoldingState,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// What gave it, according to the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<EntitlementRef>,
    /// The entitlements that lead to it, from the one that the account itself holds; empty for what it holds itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<EntitlementRef>,
    /// Values of the assignment itself.
    #[serde(skip_serializing_if = "is_empty")]
    pub attributes: Attributes,
}

impl Holding {
    /// Whether the account holds it directly.
    pub fn is_direct(&self) -> bool {
        self.through.is_none() && self.path.is_empty()
    }
}

pub(super) fn is_empty(attributes: &Attributes) -> bool {
    *attributes == Attributes::empty()
}

/// Which holdings to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breadth {
    /// Also entitlements held through other entitlements.
    pub effective: bool,
    /// Also expired, inactive and scheduled assignments.
    pub all_states: bool,
}

/// How many assignments a list leaves out because they have no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithoutEffect {
    /// Their end has passed.
    pub expired: u64,
    /// They have no effect.
    pub inactive: u64,
    /// They take effect later.
    pub scheduled: u64,
}

impl WithoutEffect {
    pub(super) fn count(&mut self, state: HoldingState) {
        match state {
            HoldingState::Active => {}
            HoldingState::Expired => self.expired += 1,
            HoldingState::Inactive => self.inactive += 1,
            HoldingState::Scheduled => self.scheduled += 1,
        }
    }

    /// Adds those that another list leaves out.
    pub fn add(&mut self, other: Self) {
        self.expired += other.expired;
        self.inactive += other.inactive;
        self.scheduled += other.scheduled;
    }
}

/// A row of the table of assignments.
#[derive(Clone, Debug)]
pub(super) struct HeldRow {
    pub(super) entitlement: i64,
    pub(super) through: i64,
    inline: bool,
    pub(super) values: AssignmentSnapshot,
}

impl HeldRow {
    /// Reads `entitlement, through, inline, state, valid_until, attributes` from that column on.
    pub(super) fn from_row(row: &Row<'_>, column: usize) -> connector_sql::Result<Self> {
        let values = AssignmentSnapshot::from_row(row, column + 3)?;
        Ok(Self { entitlement: row.get(column)?, through: row.get(column + 1)?, inline: row.get(column + 2)?, values })
    }

    /// Whether the account's own record names it.
    pub(super) fn is_inline(&self) -> bool {
        self.inline
    }
}

/// What is needed to read rows as holdings: the entitlements of a source, which of them hold others, and the time.
pub(super) struct Holdings {
    named: HashMap<i64, Named>,
    /// The effective holdings of entitlements.
    nested: HashMap<i64, Vec<i64>>,
    now: Timestamp,
}

impl Holdings {
    pub(super) fn of(reading: &Reading, breadth: Breadth) -> Result<Self> {
        let mut nested: HashMap<i64, Vec<i64>> = HashMap::new();
        if breadth.effective {
            let query = format!(
                "SELECT DISTINCT h.holder, h.entitlement FROM assignments h
                 WHERE h.source = ?1 AND h.account = '' AND h.holder > 0 AND h.removed_run IS NULL AND {HAS_EFFECT}"
            );
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            sql::each(&reading.connection, &query, [reading.source], read, |(holder, held)| {
                nested.entry(holder).or_default().push(held);
                Ok(())
            })?;
        }
        let named = reading.named()?;
        // Of several paths of the same length, the same one is shown whatever page came first.
        for held in nested.values_mut() {
            held.sort_by_cached_key(|row| key_of(named.get(row)));
        }
        Ok(Self { named, nested, now: Timestamp::now() })
    }

    pub(super) fn key(&self, row: i64) -> EntitlementRef {
        key_of(self.named.get(&row))
    }

    /// The name for people, where the source shows the entitlement.
    pub(super) fn name(&self, row: i64) -> Option<&str> {
        self.named.get(&row)?.name.as_deref()
    }

    /// What an entitlement itself holds with effect.
    pub(super) fn held_by(&self, row: i64) -> &[i64] {
        self.nested.get(&row).map_or(&[], Vec::as_slice)
    }

    /// Everything that an entitlement holds in any number of steps.
    pub(super) fn below(&self, row: i64) -> Vec<i64> {
        let (mut below, mut seen, mut at) = (Vec::new(), HashSet::from([row]), 0);
        below.extend(self.held_by(row).iter().copied().filter(|held| seen.insert(*held)));
        while let Some(held) = below.get(at).copied() {
            below.extend(self.held_by(held).iter().copied().filter(|held| seen.insert(*held)));
            at += 1;
        }
        below
    }

    /// The rows of one holder as holdings. What its own record names is listed once.
    pub(super) fn all(&self, mut rows: Vec<HeldRow>) -> Vec<Holding> {
        rows.sort_by_key(|row| (row.entitlement, row.through, !row.inline));
        rows.dedup_by_key(|row| (row.entitlement, row.through));
        let mut holdings: Vec<_> = rows.into_iter().map(|row| self.holding(row)).collect();
        holdings.sort_by(|one, other| (&one.entitlement, &one.through).cmp(&(&other.entitlement, &other.through)));
        holdings
    }

    fn holding(&self, row: HeldRow) -> Holding {
        Holding {
            entitlement: self.key(row.entitlement),
            state: HoldingState::of(&row.values, self.now),
            valid_until: row.values.valid_until,
            through: (row.through > 0).then(|| self.key(row.through)),
            path: Vec::new(),
            attributes: row.values.attributes,
        }
    }

    /// What is held through the effective entitlements of these rows, each with the shortest path, in the order of
    /// type and id. What a row itself holds is left out.
    pub(super) fn through(&self, rows: &[HeldRow]) -> Vec<Holding> {
        let active = rows.iter().filter(|row| HoldingState::of(&row.values, self.now).is_active());
        let mut first: Vec<i64> = active.map(|row| row.entitlement).collect();
        first.sort_by_cached_key(|row| self.key(*row));
        let mut next = VecDeque::from(first);
        let mut seen: HashSet<i64> = next.iter().copied().collect();
        let mut from: HashMap<i64, i64> = HashMap::new();
        let mut found = Vec::new();
        while let Some(holder) = next.pop_front() {
            for held in self.nested.get(&holder).into_iter().flatten().copied() {
                if seen.insert(held) {
                    from.insert(held, holder);
                    found.push(held);
                    next.push_back(held);
                }
            }
        }
        let mut holdings: Vec<_> = found.into_iter().map(|held| self.nested_holding(held, &from)).collect();
        holdings.sort_by(|one, other| one.entitlement.cmp(&other.entitlement));
        holdings
    }

    /// The entitlement and those that lead to it, nearest first.
    pub(super) fn leading_to(&self, target: i64) -> Vec<i64> {
        let mut holders: HashMap<i64, Vec<i64>> = HashMap::new();
        for (holder, held) in &self.nested {
            for held in held {
                holders.entry(*held).or_default().push(*holder);
            }
        }
        let (mut leading, mut seen, mut at) = (vec![target], HashSet::from([target]), 0);
        while let Some(held) = leading.get(at).copied() {
            for holder in holders.get(&held).into_iter().flatten() {
                if seen.insert(*holder) {
                    leading.push(*holder);
                }
            }
            at += 1;
        }
        leading
    }

    fn nested_holding(&self, held: i64, from: &HashMap<i64, i64>) -> Holding {
        let steps = std::iter::successors(from.get(&held), |holder| from.get(*holder));
        let mut path: Vec<_> = steps.map(|holder| self.key(*holder)).collect();
        path.reverse();
        let (state, attributes) = (HoldingState::Active, Attributes::empty());
        Holding { entitlement: self.key(held), state, valid_until: None, through: None, path, attributes }
    }
}
