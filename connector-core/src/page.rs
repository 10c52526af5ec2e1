//! Portions of a read.

use crate::cursor::Cursor;
use crate::error::Result;
use serde::Serialize;

/// One portion of a read: the items, and where the read continues.
///
/// Made only by [`Page::last`], [`Page::then`], [`Page::fork`] and [`Page::continuing`], so no list ends by accident.
#[derive(Clone, Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Vec<Cursor>,
    estimate: Option<u64>,
    skipped: Vec<Skipped>,
    incomplete: Option<String>,
    not_shown: Vec<String>,
    only_shown: Option<Vec<String>>,
    locks_not_shown: bool,
    warnings: Vec<String>,
    watermark: Option<Cursor>,
}

/// A part of the source that this org does not have or does not show, and so was not read.
///
/// The engine warns about it, and removes nothing of that type at the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The entitlement type whose entitlements and assignments were not read.
    pub entitlement_type: String,
    /// Why, for the user.
    pub reason: String,
}

impl<T> Page<T> {
    /// The last page of its branch.
    pub fn last(items: Vec<T>) -> Self {
        Self::fork(items, Vec::new())
    }

    /// A page that another one follows.
    pub fn then(items: Vec<T>, next: Cursor) -> Self {
        Self::fork(items, vec![next])
    }

    /// A page after which the read continues in several places at once: ranges of ids, parts of a result, the types of
    /// entitlements. The branches must not overlap. No cursor at all means the branch ends here.
    pub fn fork(items: Vec<T>, next: Vec<Cursor>) -> Self {
        Self {
            items,
            next,
            estimate: None,
            skipped: Vec::new(),
            incomplete: None,
            not_shown: Vec::new(),
            only_shown: None,
            locks_not_shown: false,
            warnings: Vec::new(),
            watermark: None,
        }
    }

    /// A page that goes on at these positions: none for the last page of its branch, one for the next page, several for branches. An
    /// `Option` is such a list of positions.
    ///
    /// ```
    /// # use connector_core::{Account, Page};
    /// let token: Option<String> = Some("a1".to_owned());
    /// let page = Page::continuing(vec![Account::new("1", "jane")], token)?;
    /// assert_eq!(page.next()[0].position::<String>()?.as_deref(), Some("a1"));
    /// # Ok::<(), connector_core::Error>(())
    /// ```
    pub fn continuing<P: Serialize>(items: Vec<T>, positions: impl IntoIterator<Item = P>) -> Result<Self> {
        let next = positions.into_iter().map(|position| Cursor::of(&position));
        Ok(Self::fork(items, next.collect::<Result<_>>()?))
    }

    /// Says how many items the whole read has about; for progress only.
    #[must_use]
    pub fn with_estimate(mut self, total: u64) -> Self {
        self.estimate = Some(total);
        self
    }

    /// Says that the entitlements and assignments of a type could not be read in this org.
    #[must_use]
    pub fn with_skipped(mut self, entitlement_type: impl Into<String>, reason: impl Into<String>) -> Self {
        self.skipped.push(Skipped { entitlement_type: entitlement_type.into(), reason: reason.into() });
        self
    }

    /// Says that this page doesn't show everything that exists here: a parent that answered 403, a list that the
    /// source caps. The run continues with a warning, removes nothing in this step (accounts, entitlements or assignments), and
    /// the next run reads everything. The first reason of a page stays.
    ///
    /// ```
    /// # use connector_core::{Account, Page};
    /// let page = Page::last(vec![Account::new("1", "jane")]).with_incomplete("team 7 can't be read: 403");
    /// assert_eq!(page.incomplete(), Some("team 7 can't be read: 403"));
    /// ```
    #[must_use]
    pub fn with_incomplete(mut self, reason: impl Into<String>) -> Self {
        self.incomplete.get_or_insert_with(|| reason.into());
        self
    }

    /// Says that the source hides these attributes of the accounts of this page from this login, so that they are not
    /// recorded as empty. The engine keeps the last values that it knows and warns with the names. Without this, an
    /// attribute that an account does not have is null.
    ///
    /// ```
    /// # use connector_core::{Account, Page};
    /// let page = Page::last(vec![Account::new("1", "jane")]).with_not_shown(["Phone"]);
    /// assert_eq!(page.not_shown(), ["Phone"]);
    /// ```
    #[must_use]
    pub fn with_not_shown(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.not_shown.extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Says that the source shows these attributes of the items of this page and no others; `description` of
    /// entitlements, and `state` and `valid_until` of assignments, count as attributes. For a list of attributes that
    /// the source itself gives: one that is missing in it may be hidden, so an attribute that is known from earlier runs and
    /// is not in the list keeps its last value, with a warning.
    ///
    /// ```
    /// # use connector_core::{Account, Page};
    /// let page = Page::last(vec![Account::new("1", "jane")]).with_only_shown(["Title"]);
    /// assert_eq!(page.only_shown(), Some(&["Title".to_owned()][..]));
    /// ```
    #[must_use]
    pub fn with_only_shown(mut self, attributes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only_shown.get_or_insert_default().extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Says that the source hides from this login which accounts are locked. They keep the state that is known from earlier
    /// runs. Add a warning that names the missing permission.
    #[must_use]
    pub fn with_locks_not_shown(mut self) -> Self {
        self.locks_not_shown = true;
        self
    }

    /// Says where the next read of changes starts; only for pages of [`ReadChanges`](crate::ReadChanges). Any page may say it, and
    /// the last one that did counts. A live cursor is no watermark.
    #[must_use]
    pub fn with_watermark(mut self, watermark: Cursor) -> Self {
        self.watermark = Some(watermark);
        self
    }

    /// Adds something the user should know that does not make the read incomplete in accounts, entitlements or
    /// assignments, such as a part of the source that is switched off. The same text is reported once a run.
    #[must_use]
    pub fn with_warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Where the read continues; empty at the end of the branch.
    pub fn next(&self) -> &[Cursor] {
        &self.next
    }

    /// About how many items the whole read has.
    pub fn estimate(&self) -> Option<u64> {
        self.estimate
    }

    /// What could not be read.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Why this page doesn't show everything that exists here, where it doesn't.
    pub fn incomplete(&self) -> Option<&str> {
        self.incomplete.as_deref()
    }

    /// The attributes of accounts that the source hides from this login.
    pub fn not_shown(&self) -> &[String] {
        &self.not_shown
    }

    /// The only attributes of accounts that the source shows, where the page says so.
    pub fn only_shown(&self) -> Option<&[String]> {
        self.only_shown.as_deref()
    }

    /// Whether the source hides which accounts are locked.
    pub fn hides_locks(&self) -> bool {
        self.locks_not_shown
    }

    /// Where the next read of changes starts, where the page says it.
    pub fn watermark(&self) -> Option<&Cursor> {
        self.watermark.as_ref()
    }

    /// What the user should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The same page with other items; it says the same beside them.
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(item).collect(),
            next: self.next,
            estimate: self.estimate,
            skipped: self.skipped,
            incomplete: self.incomplete,
            not_shown: self.not_shown,
            only_shown: self.only_shown,
            locks_not_shown: self.locks_not_shown,
            warnings: self.warnings,
            watermark: self.watermark,
        }
    }

    /// Adds items at the end of the page.
    #[must_use]
    pub fn with_more(mut self, items: impl IntoIterator<Item = T>) -> Self {
        self.items.extend(items);
        self
    }

    /// Adds places where the read continues, as [`fork`](Self::fork) does.
    #[must_use]
    pub fn with_branches(mut self, next: impl IntoIterator<Item = Cursor>) -> Self {
        self.next.extend(next);
        self
    }

    /// The same page with other cursors for the same positions.
    pub fn map_next(mut self, next: impl FnMut(&Cursor) -> Result<Cursor>) -> Result<Self> {
        self.next = self.next.iter().map(next).collect::<Result<_>>()?;
        Ok(self)
    }

    /// The items and the cursors, taken out.
    pub fn into_parts(self) -> (Vec<T>, Vec<Cursor>) {
        (self.items, self.next)
    }
}
