//! A page that waits for its commit.

use super::not_shown::NotShown;
use super::step::Step;
use connector_core::{Account, Assignment, Cursor, Entitlement, Page, Skipped, SourceChange};

/// A page of assignments this short may repeat rows by chance.
const MIN_ROWS_TO_REPEAT: usize = 16;

/// The items of a page.
#[derive(Debug)]
pub enum Items {
    /// Accounts.
    Accounts(Vec<Account>),
    /// Entitlements.
    Entitlements(Vec<Entitlement>),
    /// Assignments.
    Assignments(Vec<Assignment>),
    /// Changes since a watermark.
    Changes(Vec<SourceChange>),
}

/// A page that was read and waits for its commit.
#[derive(Debug)]
pub struct ReadPage {
    /// Where it was read.
    pub cursor: Cursor,
    /// Its rows.
    pub items: Items,
    /// Where the read continues.
    pub next: Vec<Cursor>,
    /// Types of entitlements that can't be read.
    pub skipped: Vec<Skipped>,
    /// Why the page doesn't show everything.
    pub incomplete: Option<String>,
    /// What the source hides of its accounts.
    pub not_shown: NotShown,
    /// What the user must know.
    pub warnings: Vec<String>,
    /// About how many rows there are in all pages.
    pub estimate: Option<u64>,
    /// Where the next read of changes starts.
    pub watermark: Option<Cursor>,
}

impl ReadPage {
    /// The page that a connector gave at `cursor`.
    pub fn new<T>(cursor: Cursor, page: Page<T>, items: impl FnOnce(Vec<T>) -> Items) -> Self {
        let (skipped, warnings, estimate) = (page.skipped().to_vec(), page.warnings().to_vec(), page.estimate());
        let incomplete = page.incomplete().map(str::to_owned);
        let not_shown = NotShown::of(&page);
        let watermark = page.watermark().cloned();
        let (rows, next) = page.into_parts();
        Self { cursor, items: items(rows), next, skipped, incomplete, not_shown, warnings, estimate, watermark }
    }

    /// What the page is part of.
    pub fn step(&self) -> Step {
        match &self.items {
            // A read of changes is one list, which begins in place of the accounts.
            Items::Accounts(_) | Items::Changes(_) => Step::Accounts,
            Items::Entitlements(_) => Step::Entitlements,
            Items::Assignments(_) => Step::Assignments,
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.items {
            Items::Accounts(items) => items.len(),
            Items::Entitlements(items) => items.len(),
            Items::Assignments(items) => items.len(),
            Items::Changes(items) => items.len(),
        }
    }

    /// Whether accounts are among changes.
    pub(super) fn has_changed_accounts(&self) -> bool {
        let is_account = |change: &SourceChange| matches!(change, SourceChange::Account(_));
        matches!(&self.items, Items::Changes(changes) if changes.iter().any(is_account))
    }

    /// Whether the page makes no progress although the read goes on after it, if it has no new rows: a server that repeats itself
    /// under new cursors.
    pub(super) fn repeats(&self) -> bool {
        let long_enough = match self.step() {
            Step::Assignments => self.len() >= MIN_ROWS_TO_REPEAT,
            Step::Accounts | Step::Entitlements => self.len() > 0,
        };
        long_enough && !self.cursor.is_start() && !self.next.is_empty()
    }
}
