//! Pages of assignments. Each block of the settings is a branch, and each parent of a block is one, with a position of its own.

use super::accounts;
use super::entitlements;
use super::mapping;
use super::pages::{Batch, batch};
use super::position::{Mark, Spot};
use super::subject::Subject;
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use crate::system::{Block, List, Shape, System};
use connector_core::{Assignment, Cursor, Error, ErrorKind, Page, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// A position in the assignments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Position {
    /// A list of its own.
    Flat { block: usize, spot: Spot },
    /// The parents of a block, or the items that contain its lists.
    Parents { block: usize, spot: Spot },
    /// The list of one parent.
    Members { block: usize, parent: Subject, spot: Spot },
}

/// One page of assignments.
pub(crate) async fn page(api: &Api, mark: Mark, cursor: &Cursor) -> Result<Page<Assignment>> {
    let Some(position) = cursor.position::<Position>()? else {
        let begin = beginnings(&api.system).map(|position| Cursor::of(&position));
        return Ok(Page::fork(Vec::new(), begin.collect::<Result<_>>()?));
    };
    page_at(api, mark, &position).await
}

impl Position {
    /// The block.
    pub(super) fn block(&self) -> usize {
        let (Self::Flat { block, .. } | Self::Parents { block, .. } | Self::Members { block, .. }) = self;
        *block
    }

    /// Another position in the same list.
    pub(super) fn at(&self, spot: Spot) -> Self {
        match self {
            Self::Flat { block, .. } => Self::Flat { block: *block, spot },
            Self::Parents { block, .. } => Self::Parents { block: *block, spot },
            Self::Members { block, parent, .. } => Self::Members { block: *block, parent: parent.clone(), spot },
        }
    }

    /// The beginning of the list of a parent.
    pub(super) fn members(&self, parent: Subject) -> Self {
        Self::Members { block: self.block(), parent, spot: Spot::first() }
    }
}

/// Where each block begins.
pub(super) fn beginnings(system: &System) -> impl Iterator<Item = Position> {
    let blocks = system.blocks.iter().enumerate().filter(|(_, block)| !block.is_of_record());
    blocks.map(|(at, block)| first(at, block))
}

fn first(block: usize, of: &Block) -> Position {
    match of.shape {
        Shape::Flat(_) => Position::Flat { block, spot: Spot::first() },
        _ => Position::Parents { block, spot: Spot::first() },
    }
}

pub(super) async fn page_at(api: &Api, mark: Mark, position: &Position) -> Result<Page<Assignment>> {
    let at = position.block();
    let block = api.system.blocks.get(at).ok_or_else(stale)?;
    match (position, &block.shape) {
        (Position::Flat { spot, .. }, Shape::Flat(list)) => flat(api, mark, (at, block, list), spot).await,
        (Position::Members { parent, spot, .. }, Shape::ForEachAccount(list) | Shape::ForEachType(_, list)) => {
            members(api, mark, (at, block, list), parent, spot).await
        }
        (Position::Parents { .. }, _) => parents(api, mark, position).await,
        _ => Err(stale()),
    }
}

pub(super) fn stale() -> Error {
    Error::protocol("the saved position of this run does not fit the settings any more")
        .with_help("drop the unfinished run with `--restart`")
}

fn expires(list: &List) -> bool {
    list.paging.as_ref().is_some_and(|paging| paging.expires)
}

async fn flat(
    api: &Api,
    mark: Mark,
    (at, block, list): (usize, &Block, &List),
    spot: &Spot,
) -> Result<Page<Assignment>> {
    let asked = Asked::list(list, &api.system.vars());
    let asked = asked.map_err(|fault| undone("a list of assignments", &fault))?;
    let found = batch(api, list, asked, spot, mark, Where::Assignments).await?;
    let position = |spot| Position::Flat { block: at, spot };
    let next =
        found.next.iter().map(|next| mark.cursor(position, next.clone(), expires(list))).collect::<Result<_>>()?;
    mapped(&api.system, block, found, None, next)
}

async fn members(
    api: &Api,
    mark: Mark,
    (at, block, list): (usize, &Block, &List),
    parent: &Subject,
    spot: &Spot,
) -> Result<Page<Assignment>> {
    let asked = asked_of(&api.system, list, parent)?;
    let found = match batch(api, list, asked, spot, mark, Where::Assignments).await {
        Ok(found) => found,
        // The parent was deleted meanwhile, is not readable, or the path is wrong. That is no empty list.
        Err(error) if matches!(error.kind(), ErrorKind::Permission | ErrorKind::NotFound) => {
            let why = format!("what {} has can't be read: {}", parent.id, error.message());
            return Ok(Page::last(Vec::new()).with_incomplete(why));
        }
        Err(error) => return Err(error.with_context("parent", &*parent.id)),
    };
    let position = |spot| Position::Members { block: at, parent: parent.clone(), spot };
    let next =
        found.next.iter().map(|next| mark.cursor(position, next.clone(), expires(list))).collect::<Result<_>>()?;
    mapped(&api.system, block, found, Some(parent), next)
}

/// The request for the list of one parent.
fn asked_of(system: &System, list: &List, parent: &Subject) -> Result<Asked> {
    let vars = system.vars().with_own("parent", parent.json());
    Asked::list(list, &vars).map_err(|fault| undone(&format!("the list of {}", parent.id), &fault))
}

fn mapped(
    system: &System,
    block: &Block,
    found: Batch,
    parent: Option<&Subject>,
    next: Vec<Cursor>,
) -> Result<Page<Assignment>> {
    let mut assignments = Vec::new();
    for item in &found.items {
        assignments.extend(mapping::assignment(system, block, item, parent)?);
    }
    let page = Page::fork(assignments, next);
    Ok(match found.incomplete {
        Some(why) => page.with_incomplete(why),
        None => page,
    })
}

/// A page of parents: a branch for each of them, or what the lists inside of them say.
async fn parents(api: &Api, mark: Mark, position: &Position) -> Result<Page<Assignment>> {
    let found = parents_at(api, mark, position).await?;
    let (mut cursors, mut assignments) = (Vec::new(), Vec::new());
    for next in found.next {
        cursors.push(mark.cursor(|spot| position.at(spot), next, found.expires)?);
    }
    for (parent, inside) in found.subjects {
        match inside {
            Some(inside) => assignments.extend(inside),
            None => cursors.push(Cursor::of(&position.members(parent))?),
        }
    }
    let page = Page::fork(assignments, cursors);
    Ok(match found.incomplete {
        Some(why) => page.with_incomplete(why),
        None => page,
    })
}

/// A page of parents, and what the list inside of each says, where it has one.
pub(super) struct Parents {
    pub(super) subjects: Vec<(Subject, Option<Vec<Assignment>>)>,
    pub(super) next: Vec<Spot>,
    pub(super) expires: bool,
    pub(super) incomplete: Option<String>,
}

pub(super) async fn parents_at(api: &Api, mark: Mark, position: &Position) -> Result<Parents> {
    let system = &*api.system;
    let block = system.blocks.get(position.block()).ok_or_else(stale)?;
    let Position::Parents { spot, .. } = position else { return Err(stale()) };
    let (list, fixed) = match &block.shape {
        Shape::ForEachAccount(_) | Shape::InAccounts(_) => (Some(&system.accounts.list), Vec::new()),
        Shape::ForEachType(of, _) | Shape::InType(of, _) => {
            let of = system.type_named(of).ok_or_else(stale)?;
            let fixed: Vec<_> = entitlements::fixed(of).collect();
            (of.listed.as_ref().map(|listed| &listed.list), fixed)
        }
        Shape::Flat(_) => return Err(stale()),
    };
    let is_inside = matches!(block.shape, Shape::InAccounts(_) | Shape::InType(..));
    let mut parents = Parents { subjects: Vec::new(), next: Vec::new(), expires: false, incomplete: None };
    for one in fixed.iter().filter(|_| !is_inside) {
        parents.subjects.push((entitlements::subject(one, &Value::Null, &BTreeSet::new()), None));
    }
    let Some(list) = list else { return Ok(parents) };
    let asked =
        if block_of_accounts(block) { accounts::asked(system, spot)? } else { entitlements::asked(system, list)? };
    let found = batch(api, list, asked, spot, mark, Where::Assignments).await?;
    for item in &found.items {
        let Some(subject) = parent_of(system, block, item)? else { continue };
        let inside = if is_inside { Some(mapping::embedded(system, block, item, &subject)?) } else { None };
        parents.subjects.push((subject, inside));
    }
    (parents.next, parents.expires, parents.incomplete) = (found.next, expires(list), found.incomplete);
    Ok(parents)
}

fn block_of_accounts(block: &Block) -> bool {
    matches!(block.shape, Shape::ForEachAccount(_) | Shape::InAccounts(_))
}

/// The parent in an item; `None` if its list leaves it out.
fn parent_of(system: &System, block: &Block, item: &Value) -> Result<Option<Subject>> {
    if let Shape::ForEachType(of, _) | Shape::InType(of, _) = &block.shape {
        let listed = system.type_named(of).and_then(|of| of.listed.as_ref()).ok_or_else(stale)?;
        let found = mapping::entitlement(system, of, listed, item)?;
        return Ok(found.map(|found| entitlements::subject(&found, item, &block.parent_members)));
    }
    let found = mapping::account_subject(system, item)?;
    Ok(found.map(|found| found.with_members(item, &block.parent_members)))
}
