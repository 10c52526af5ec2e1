//! Who holds what: lists below each entitlement or account, and lists inside of accounts.

use super::document::{Document, Kind, Shape};
use super::fields::{fields, scalar};
use super::lists::List;
use super::words::{bare, entitlements_rank, holders_rank, member, singular, word_of};

/// A type of entitlement and its list.
pub(super) struct Type<'d, 'a> {
    pub(super) name: String,
    pub(super) list: &'d List<'a>,
}

/// Where it stands who holds a type of entitlement.
pub(super) enum Holders<'d, 'a> {
    /// A list for each entitlement, with the expression of the account, if that is clear.
    ForEach { list: &'d List<'a>, account: Option<String> },
    /// A list for each account, with the expression of the entitlement.
    OfAccounts { list: &'d List<'a>, entitlement: String },
    /// A list inside of each account.
    Inside { items: String, entitlement: String },
}

/// Finds where it stands who holds a type: below each entitlement, inside of accounts, or below each account.
pub(super) fn holders<'d, 'a>(
    document: &Document<'a>,
    all: &'d [List<'a>],
    accounts: &List<'a>,
    of: &Type<'_, 'a>,
) -> Option<Holders<'d, 'a>> {
    let below = |list: &List<'_>, parent: &str| {
        list.path.strip_prefix(parent).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 2)
    };
    let members = all.iter().filter(|list| below(list, of.list.path));
    let ranked = members.map(|list| (holders_rank(&bare(word_of(list.path))), list)).filter(|(rank, _)| *rank > 0);
    if let Some((_, list)) = ranked.max_by_key(|(rank, _)| *rank) {
        return Some(Holders::ForEach { list, account: account(document, list) });
    }
    let inside =
        accounts.item.properties.iter().find(|(name, schema)| {
            singular(&bare(name)) == bare(&of.name) && document.shape(schema).kind == Kind::List
        });
    if let Some((name, schema)) = inside
        && let Some(items) = document.shape(schema).items
        && let Some(entitlement) = entitlement(document, &document.shape(items), &of.name)
    {
        return Some(Holders::Inside { items: format!("/{}", crate::expression::escaped(name)), entitlement });
    }
    let held = all.iter().filter(|list| below(list, accounts.path));
    let mut held = held.filter(|list| {
        let word = bare(word_of(list.path));
        entitlements_rank(&word) > 0 && singular(&word) == bare(&of.name)
    });
    held.find_map(|list| Some(Holders::OfAccounts { list, entitlement: entitlement(document, &list.item, &of.name)? }))
}

/// The expression of the account in an item of a list of holders.
fn account<'a>(document: &Document<'a>, list: &List<'a>) -> Option<String> {
    let item = &list.item;
    if item.kind == Kind::Text || item.kind == Kind::Integer {
        return Some("item".to_owned());
    }
    let named = ["userid", "accountid", "memberid", "principalid", "personid", "employeeid", "useruuid"];
    if let Some(path) = named.iter().find_map(|name| scalar(document, item, name)) {
        return Some(path);
    }
    for holder in ["user", "account", "member", "person"] {
        let Some(inner) = item.property(holder) else { continue };
        let shape = document.shape(inner);
        if shape.kind == Kind::Object
            && let Some(id) = fields(document, &shape, holder).id
        {
            return member("item", holder).map(|of| format!("{of}{}", id.trim_start_matches("item")));
        }
    }
    // The id of a membership is not that of its account.
    let is_of_accounts = !bare(word_of(list.path)).ends_with("ships");
    fields(document, item, "user").id.filter(|_| is_of_accounts)
}

/// The expression of the entitlement in an item of a list of what somebody holds.
fn entitlement<'a>(document: &Document<'a>, item: &Shape<'a>, of: &str) -> Option<String> {
    if item.kind == Kind::Text || item.kind == Kind::Integer {
        return Some("item".to_owned());
    }
    scalar(document, item, &format!("{}id", bare(of))).or_else(|| fields(document, item, of).id)
}
