//! Who stays in a group that loses members.

use crate::groups::{Among, Members, Walk};
use crate::source::Source;
use connector_core::Result;
use std::collections::{HashSet, VecDeque};

/// How many of them are looked for again: if all of these are gone, the server removed everybody.
const MOST_LOOKED_FOR: usize = 1000;

/// The members that stay.
pub(super) struct Others {
    /// Who goes.
    gone: HashSet<String>,
    /// Who is new.
    new: Vec<String>,
    /// Some of those that stay.
    pub(super) some: Vec<String>,
    /// How many stay.
    pub(super) count: usize,
}

/// Those that stay, one after the other.
pub(super) struct WalkOthers<'a> {
    before: Walk<'a>,
    gone: &'a HashSet<String>,
    new: VecDeque<&'a str>,
}

impl Others {
    pub(super) fn of(source: &Source, before: &mut Members, added: &[&str], removals: &[&str]) -> Result<Self> {
        let gone = removals.iter().map(|id| (*id).to_owned()).collect();
        let new = added.iter().map(|id| (*id).to_owned()).collect();
        let mut others = Self { gone, new, some: Vec::new(), count: 0 };
        let (mut some, mut count) = (Vec::new(), 0);
        let mut walk = others.walk(source, before)?;
        while let Some(id) = walk.next()? {
            count += 1;
            if some.len() < MOST_LOOKED_FOR {
                some.push(id);
            }
        }
        (others.some, others.count) = (some, count);
        Ok(others)
    }

    /// Whether the group lost all of them, by what it shows now.
    pub(super) fn are_lost(&self, now: &Among) -> bool {
        let is_there = self.some.iter().any(|id| now.there.contains(id));
        // Somebody else may have removed those that are looked for.
        let is_sure = self.count == self.some.len() || now.count < self.count / 2;
        self.count > 0 && !is_there && is_sure
    }

    /// All of them.
    pub(super) fn all(&self, source: &Source, before: &mut Members) -> Result<Vec<String>> {
        self.walk(source, before)?.some(usize::MAX)
    }

    pub(super) fn walk<'a>(&'a self, source: &'a Source, before: &'a mut Members) -> Result<WalkOthers<'a>> {
        let new = self.new.iter().map(String::as_str).collect();
        Ok(WalkOthers { before: before.ids.walk(source)?, gone: &self.gone, new })
    }
}

impl WalkOthers<'_> {
    fn next(&mut self) -> Result<Option<String>> {
        while let Some(id) = self.before.next()? {
            if !self.gone.contains(&id) {
                return Ok(Some(id));
            }
        }
        Ok(self.new.pop_front().filter(|id| !self.gone.contains(*id)).map(str::to_owned))
    }

    /// The next ones.
    pub(super) fn some(&mut self, most: usize) -> Result<Vec<String>> {
        let mut some = Vec::new();
        while some.len() < most {
            match self.next()? {
                Some(id) => some.push(id),
                None => break,
            }
        }
        Ok(some)
    }
}
