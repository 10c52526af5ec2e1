//! Assignments, compiled.

use super::compiler::Compiler;
use super::lists::{self, List};
use super::scopes;
use crate::expression::{Expression, QueryTemplate, Template, escaped};
use crate::settings::{AssignmentSettings, LookupSettings, MissingValue, Settings};
use std::collections::{BTreeMap, BTreeSet};

/// One place where it stands who holds what.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) shape: Shape,
    pub(crate) keep: Option<Expression>,
    pub(crate) account: Option<Expression>,
    pub(crate) alias: Option<Expression>,
    pub(crate) holder: Option<(String, Expression)>,
    pub(crate) entitlement: Option<(String, Expression)>,
    pub(crate) state: Option<Expression>,
    pub(crate) expires: Option<Expression>,
    pub(crate) through: Option<(String, Expression)>,
    pub(crate) attributes: Vec<(String, Expression)>,
    pub(crate) lookup: Option<Lookup>,
    /// The members of the parent's item that requests and expressions use.
    pub(crate) parent_members: BTreeSet<String>,
}

/// How the assignments of a block are listed.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A list of its own.
    Flat(List),
    /// A list for each account.
    ForEachAccount(List),
    /// A list for each entitlement of a type.
    ForEachType(String, List),
    /// A list inside of each account.
    InAccounts(Inner),
    /// A list inside of each entitlement of a type.
    InType(String, Inner),
}

/// A list inside of an item.
#[derive(Debug)]
pub(crate) struct Inner {
    /// Its JSON pointer. An empty one stands for the item itself.
    pub(crate) items: String,
    /// Whether an item without it has none.
    pub(crate) empty_if_missing: bool,
}

/// A request that shows whether one account holds one entitlement.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) path: Template,
    pub(crate) query: QueryTemplate,
    pub(crate) absent: Vec<u16>,
    pub(crate) when: Option<Expression>,
    /// Where the response has the assignment, in the form of the list.
    pub(crate) item: Option<String>,
}

impl Block {
    /// Whether it belongs to the account's own record: a plain list of what the account holds.
    pub(crate) fn is_of_record(&self) -> bool {
        matches!(self.shape, Shape::InAccounts(_))
            && self.state.is_none()
            && self.expires.is_none()
            && self.through.is_none()
            && self.attributes.is_empty()
    }

    /// The lookup, if it says as much as the list does: when the assignment ends.
    pub(crate) fn quick_lookup(&self) -> Option<&Lookup> {
        self.lookup.as_ref().filter(|lookup| self.expires.is_none() || lookup.item.is_some())
    }

    /// Whether it can say who holds an entitlement of this type.
    pub(crate) fn is_about(&self, of: &str) -> bool {
        match (&self.entitlement, &self.shape) {
            (Some((name, _)), _) | (None, Shape::ForEachType(name, _) | Shape::InType(name, _)) => name == of,
            (None, _) => false,
        }
    }
}

pub(super) fn compile(compiler: &mut Compiler<'_>, settings: &Settings) -> Vec<Block> {
    let blocks = settings.assignments.iter().enumerate();
    let blocks = blocks.filter_map(|(at, block)| {
        compile_block(compiler, settings, block, &format!("/assignments/{at}")).map(|block| (at, block))
    });
    let blocks: Vec<_> = blocks.collect();
    if settings.accounts.since.is_some() {
        check_changes(compiler, &blocks);
    }
    blocks.into_iter().map(|(_, block)| block).collect()
}

/// A read of changes gives whole lists of assignments, so that it shows what is gone: one list for each parent.
fn check_changes(compiler: &mut Compiler<'_>, blocks: &[(usize, Block)]) {
    let mut parents = BTreeSet::new();
    for (at, block) in blocks.iter().filter(|(_, block)| !block.is_of_record()) {
        let parent = match &block.shape {
            Shape::Flat(_) => {
                let help = "remove `accounts.since`, or read the list for each account or entitlement";
                let what = "a read of changes can't show which assignments of this list are gone";
                compiler.add(format!("/assignments/{at}"), what, help);
                continue;
            }
            Shape::ForEachAccount(_) | Shape::InAccounts(_) => "accounts",
            Shape::ForEachType(of, _) | Shape::InType(of, _) => of,
        };
        if !parents.insert(parent) {
            let help = "remove `accounts.since`, or join the two lists";
            let what = format!("with `accounts.since`, `{parent}` can have one list of assignments");
            compiler.add(format!("/assignments/{at}"), what, help);
        }
    }
}

fn compile_block(
    compiler: &mut Compiler<'_>,
    settings: &Settings,
    block: &AssignmentSettings,
    place: &str,
) -> Option<Block> {
    let shape = shape(compiler, settings, block, place)?;
    let has_parent = !matches!(shape, Shape::Flat(_));
    let names = if has_parent { scopes::ITEM_OF_PARENT } else { scopes::ITEM };
    let of_accounts = matches!(shape, Shape::ForEachAccount(_) | Shape::InAccounts(_));
    let of_type = matches!(shape, Shape::ForEachType(..) | Shape::InType(..));
    let map = &block.map;
    let place_of = |name: &str| format!("{place}/map/{name}");
    let given = [map.account.is_some(), map.alias.is_some(), map.holder.is_some()];
    let holders = given.iter().filter(|given| **given).count();
    if holders > 1 || (holders == 0 && !of_accounts) {
        let help = "write `account: item.user_id`, or `alias` or `holder`";
        compiler.add(place_of(""), "exactly one of `account`, `alias` and `holder` is needed", help);
    }
    if map.entitlement.is_none() && !of_type {
        let help = "write what is held, by its type: `entitlement: {group: item.group_id}`";
        compiler.add(place_of(""), "`entitlement` is missing", help);
    }
    if map.alias.is_some()
        && settings.accounts.map.alias.is_none()
        && !settings.entitlements.values().any(|of| of.map.as_ref().is_some_and(|map| map.alias.is_some()))
    {
        compiler.add(place_of("alias"), "accounts have no alias", "add `alias` to `accounts.map`");
    }
    let mut typed = |given: &Option<BTreeMap<String, String>>, name: &str| {
        let given = given.as_ref()?;
        let pointer = format!("{place}/map/{name}");
        let Some((of, text)) = given.iter().next().filter(|_| given.len() == 1) else {
            compiler.add(pointer, "exactly one type is needed", "write it like `{group: item.group_id}`");
            return None;
        };
        if !settings.entitlements.contains_key(of) {
            let known: Vec<_> = settings.entitlements.keys().map(String::as_str).collect();
            let help = format!("`entitlements` has {}", known.join(", "));
            compiler.add(format!("{pointer}/{}", escaped(of)), format!("unknown type `{of}`"), help);
        }
        Some((of.clone(), compiler.expression(text, names, &format!("{pointer}/{}", escaped(of)))))
    };
    let entitlement = typed(&map.entitlement, "entitlement");
    let holder = typed(&map.holder, "holder");
    let through = typed(&map.through, "through");
    let mut one =
        |text: &Option<String>, name: &str| compiler.optional(text.as_deref(), names, &format!("{place}/map/{name}"));
    let (account, alias) = (one(&map.account, "account"), one(&map.alias, "alias"));
    let (state, expires) = (one(&map.state, "state"), one(&map.expires, "expires"));
    let attributes = map.attributes.iter().map(|(name, text)| {
        (name.clone(), compiler.expression(text, names, &format!("{place}/map/attributes/{}", escaped(name))))
    });
    let attributes: Vec<_> = attributes.collect();
    let mut made = Block {
        keep: compiler.optional(block.keep.as_deref(), names, &format!("{place}/keep")),
        lookup: block.lookup.as_ref().map(|lookup| self::lookup(compiler, lookup, &shape, place)),
        shape,
        account,
        alias,
        holder,
        entitlement,
        state,
        expires,
        through,
        attributes,
        parent_members: BTreeSet::new(),
    };
    made.parent_members = parent_members(&made);
    Some(made)
}

fn shape(compiler: &mut Compiler<'_>, settings: &Settings, block: &AssignmentSettings, place: &str) -> Option<Shape> {
    for (name, given) in [("for_each", &block.for_each), ("embedded", &block.embedded)] {
        if let Some(of) = given
            && of != "accounts"
            && !settings.entitlements.contains_key(of)
        {
            let known: Vec<_> = settings.entitlements.keys().map(String::as_str).collect();
            let help = format!("write `accounts` or a type: {}", known.join(", "));
            compiler.add(format!("{place}/{name}"), format!("unknown type `{of}`"), help);
            return None;
        }
    }
    let list = block.list().map(|list| {
        let names = if block.for_each.is_some() { scopes::PARENT } else { scopes::NOTHING };
        lists::compile(compiler, &list, place, names, names)
    });
    match (&block.for_each, &block.embedded, list) {
        (Some(of), None, Some(list)) => {
            let is_named = list.expressions().any(|one| one.uses("parent"));
            if !is_named && compiler.faults.is_empty() {
                compiler.add(format!("{place}/get"), "every parent has the same list", "add `{parent.id}` to the path");
            }
            Some(if of == "accounts" { Shape::ForEachAccount(list) } else { Shape::ForEachType(of.clone(), list) })
        }
        (None, None, Some(list)) => Some(Shape::Flat(list)),
        (None, Some(of), None) => {
            let items = block.items.as_deref().map(|items| compiler.pointer(items, &format!("{place}/items")));
            let empty_if_missing = block.missing == Some(MissingValue::Empty);
            let inner = Inner { items: items.unwrap_or_default(), empty_if_missing };
            if block.page.is_some() {
                compiler.add(format!("{place}/page"), "a list inside of an item has no pages", "remove `page`");
            }
            Some(if of == "accounts" { Shape::InAccounts(inner) } else { Shape::InType(of.clone(), inner) })
        }
        _ => {
            let help = "write `get` for a list of its own, `for_each` and `get`, or `embedded`";
            compiler.add(place, "nothing says where the list is", help);
            None
        }
    }
}

fn lookup(compiler: &mut Compiler<'_>, lookup: &LookupSettings, shape: &Shape, place: &str) -> Lookup {
    let place = format!("{place}/lookup");
    if !matches!(shape, Shape::ForEachType(..)) {
        compiler.add(&place, "only a list for each entitlement has a lookup", "remove it");
    }
    Lookup {
        path: compiler.path(&lookup.get, scopes::PAIR, &format!("{place}/get")),
        query: compiler.query(&lookup.query, scopes::PAIR, &format!("{place}/query")),
        absent: lookup.absent.clone().unwrap_or_else(|| vec![404]),
        when: compiler.optional(lookup.when.as_deref(), scopes::BODY, &format!("{place}/when")),
        item: lookup.item.as_deref().map(|item| compiler.pointer(item, &format!("{place}/item"))),
    }
}

fn parent_members(block: &Block) -> BTreeSet<String> {
    let mut all: Vec<&Expression> = Vec::new();
    if let Shape::Flat(list) | Shape::ForEachAccount(list) | Shape::ForEachType(_, list) = &block.shape {
        all.extend(list.expressions());
    }
    let single = [&block.keep, &block.account, &block.alias, &block.state, &block.expires];
    all.extend(single.into_iter().flatten());
    all.extend([&block.holder, &block.entitlement, &block.through].into_iter().flatten().map(|(_, one)| one));
    all.extend(block.attributes.iter().map(|(_, one)| one));
    all.into_iter().flat_map(|one| one.item_members("parent")).collect()
}
