//! What accounts hold now, and until when. A list is read once, however many accounts and entitlements are looked for in it.

use super::assignments::{Position, page_at};
use super::entitlements;
use super::mapping;
use super::one::FoundAccount;
use super::position::{Mark, Spot};
use super::subject::Subject;
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use crate::system::{Block, Lookup, Shape};
use connector_core::{Assignment, AssignmentState, Attributes, End, EntitlementRef, Error, Holder, Result};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many lists are read at once.
const AT_ONCE: usize = 8;

/// How an account holds an entitlement.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// When it ends, if the settings say where that stands.
    pub(crate) end: Option<End>,
    /// The values of the assignment, such as a role.
    pub(crate) attributes: Attributes,
}

impl Held {
    /// It holds it, and nothing more is known.
    fn unknown() -> Self {
        Self { end: None, attributes: Attributes::empty() }
    }
}

/// An account, by its place among those that were found, and an entitlement that it may hold.
pub(crate) type Pair = (usize, EntitlementRef);

/// Whether one account holds an entitlement with effect, and how.
pub(crate) async fn held_by(
    api: &Api,
    mark: Mark,
    found: &FoundAccount,
    wanted: &EntitlementRef,
) -> Result<Option<Held>> {
    let pair = (0, wanted.clone());
    Ok(held(api, mark, &[found], BTreeSet::from([pair.clone()])).await?.remove(&pair))
}

/// Those of the pairs in which the account holds the entitlement with effect, and how.
pub(crate) async fn held(
    api: &Api,
    mark: Mark,
    accounts: &[&FoundAccount],
    mut open: BTreeSet<Pair>,
) -> Result<BTreeMap<Pair, Held>> {
    let of_record = |pair: &&Pair| accounts[pair.0].account.entitlements.contains(&pair.1);
    let mut all: BTreeMap<Pair, Held> =
        open.iter().filter(of_record).map(|pair| (pair.clone(), Held::unknown())).collect();
    let search = Search { api, mark, accounts };
    let blocks = api.system.blocks.iter().enumerate();
    for (at, block) in blocks.filter(|(_, block)| !block.is_of_record()) {
        open.retain(|pair| !all.contains_key(pair));
        let wanted: BTreeSet<_> =
            open.iter().filter(|pair| block.is_about(&pair.1.entitlement_type)).cloned().collect();
        if wanted.is_empty() {
            continue;
        }
        all.extend(match (&block.shape, block.quick_lookup()) {
            (Shape::ForEachType(..), Some(lookup)) => search.look_up(block, lookup, wanted).await?,
            _ => search.lists(at, block, wanted).await?,
        });
    }
    Ok(all)
}

/// A search for what some accounts hold.
#[derive(Clone, Copy)]
struct Search<'a> {
    api: &'a Api,
    mark: Mark,
    accounts: &'a [&'a FoundAccount],
}

impl Search<'_> {
    /// A request for each pair.
    async fn look_up(self, block: &Block, lookup: &Lookup, wanted: BTreeSet<Pair>) -> Result<Vec<(Pair, Held)>> {
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut all = Vec::new();
        for pairs in wanted.chunks(AT_ONCE) {
            let asked = pairs.iter().map(|(at, one)| self.look_up_one(block, lookup, self.accounts[*at], one));
            let pairs = pairs.iter().zip(try_join_all(asked).await?);
            all.extend(pairs.filter_map(|(pair, held)| Some((pair.clone(), held?))));
        }
        Ok(all)
    }

    async fn look_up_one(
        self,
        block: &Block,
        lookup: &Lookup,
        found: &FoundAccount,
        wanted: &EntitlementRef,
    ) -> Result<Option<Held>> {
        let Some(body) = look_up(self.api, self.mark, lookup, found, wanted).await? else { return Ok(None) };
        let Some(pointer) = &lookup.item else { return Ok(Some(Held::unknown())) };
        let item = body.pointer(pointer).filter(|item| item.is_object()).ok_or_else(|| {
            Error::protocol(format!("the lookup of {wanted} has no assignment at `{pointer}`"))
                .with_help("compare `lookup.item` with what the API returns")
        })?;
        let parent = parent(self.api, self.mark, block, wanted).await?;
        let one = mapping::assignment(&self.api.system, block, item, Some(&parent))?;
        Ok(one.filter(has_effect).map(|one| how(block, &one)))
    }

    /// The lists of a block that can show the pairs, each once.
    async fn lists(self, at: usize, block: &Block, wanted: BTreeSet<Pair>) -> Result<Vec<(Pair, Held)>> {
        let mut by_list: BTreeMap<String, BTreeSet<Pair>> = BTreeMap::new();
        for pair in wanted {
            let list = match &block.shape {
                Shape::ForEachType(..) => pair.1.to_string(),
                Shape::ForEachAccount(_) => pair.0.to_string(),
                Shape::Flat(_) | Shape::InAccounts(_) | Shape::InType(..) => String::new(),
            };
            by_list.entry(list).or_default().insert(pair);
        }
        let lists: Vec<_> = by_list.into_values().collect();
        let mut all = Vec::new();
        for some in lists.chunks(AT_ONCE) {
            let read = some.iter().map(|wanted| self.list(at, block, wanted.clone()));
            all.extend(try_join_all(read).await?.into_iter().flatten());
        }
        Ok(all)
    }

    /// Reads one list until it has shown all of the pairs.
    async fn list(self, at: usize, block: &Block, mut wanted: BTreeSet<Pair>) -> Result<Vec<(Pair, Held)>> {
        let Some(begin) = self.beginning(at, block, &wanted).await? else { return Ok(Vec::new()) };
        let (mut left, mut all) = (vec![begin], Vec::new());
        while let Some(position) = left.pop() {
            let page = page_at(self.api, self.mark, &position).await?;
            if let Some(why) = page.incomplete() {
                let what = wanted.first().map(|pair| pair.1.to_string()).unwrap_or_default();
                return Err(Error::protocol(format!("whether {what} is held can't be read: {why}")));
            }
            for one in page.items().iter().filter(|one| has_effect(one)) {
                let is_it = |pair: &&Pair| pair.1 == one.entitlement && is_holder(one, self.accounts[pair.0]);
                let Some(pair) = wanted.iter().find(is_it).cloned() else { continue };
                wanted.remove(&pair);
                all.push((pair, how(block, one)));
            }
            if wanted.is_empty() {
                break;
            }
            for cursor in page.next() {
                left.extend(cursor.position::<Position>()?);
            }
        }
        Ok(all)
    }

    async fn beginning(self, at: usize, block: &Block, wanted: &BTreeSet<Pair>) -> Result<Option<Position>> {
        let Some((account, entitlement)) = wanted.first() else { return Ok(None) };
        let spot = Spot::first();
        Ok(Some(match &block.shape {
            Shape::ForEachType(..) => {
                let parent = parent(self.api, self.mark, block, entitlement).await?;
                Position::Members { block: at, parent, spot }
            }
            Shape::ForEachAccount(_) => {
                Position::Members { block: at, parent: self.accounts[*account].subject.clone(), spot }
            }
            Shape::Flat(_) => Position::Flat { block: at, spot },
            Shape::InAccounts(_) | Shape::InType(..) => Position::Parents { block: at, spot },
        }))
    }
}

/// The entitlement as the requests of a block need it.
async fn parent(api: &Api, mark: Mark, block: &Block, wanted: &EntitlementRef) -> Result<Subject> {
    let (Shape::ForEachType(_, list) | Shape::ForEachAccount(list) | Shape::Flat(list)) = &block.shape else {
        return Ok(Subject::of_id(&wanted.id));
    };
    let used = list.expressions().flat_map(|one| one.members("parent"));
    let needs_more = used.into_iter().any(|member| member != "id") || !block.parent_members.is_empty();
    if needs_more { entitlements::look_up(api, mark, wanted).await } else { Ok(Subject::of_id(&wanted.id)) }
}

/// What the lookup answers if the account holds the entitlement.
async fn look_up(
    api: &Api,
    mark: Mark,
    lookup: &Lookup,
    found: &FoundAccount,
    wanted: &EntitlementRef,
) -> Result<Option<Value>> {
    let used = lookup.path.expressions().chain(lookup.query.expressions()).flat_map(|one| one.members("entitlement"));
    let needs_more = used.into_iter().any(|member| member != "id");
    let entitlement =
        if needs_more { entitlements::look_up(api, mark, wanted).await? } else { Subject::of_id(&wanted.id) };
    let asked = {
        let vars = api.system.vars();
        let vars = vars.with_own("entitlement", entitlement.json()).with_own("account", found.subject.json());
        Asked::new(&lookup.path, &lookup.query, &vars).map_err(|fault| undone("`lookup`", &fault))?
    };
    // Some APIs answer a lookup with 204 and no body.
    let response = api.send(&connector_http::Method::GET, &asked, Where::Assignments, |request| request).await?;
    if lookup.absent.contains(&response.status) {
        return Ok(None);
    }
    if response.status == 204 && lookup.when.is_none() {
        return Ok(Some(Value::Null));
    }
    let answer = api.judged(response, &connector_http::Method::GET, &asked, Where::Assignments)?;
    let holds = match &lookup.when {
        None => true,
        Some(when) => {
            let vars = api.system.vars().with("body", &answer.body);
            when.truth(&vars).map_err(|fault| undone("`lookup.when`", &fault))?
        }
    };
    Ok(holds.then_some(answer.body))
}

fn how(block: &Block, one: &Assignment) -> Held {
    let end = block.expires.is_some().then(|| End::from(one.valid_until));
    Held { end, attributes: one.attributes.clone() }
}

fn is_holder(one: &Assignment, found: &FoundAccount) -> bool {
    match &one.holder {
        Holder::Account(id) => *id == found.account.id,
        Holder::Alias(alias) => Some(alias) == found.account.alias.as_ref(),
        _ => false,
    }
}

fn has_effect(one: &Assignment) -> bool {
    one.state == AssignmentState::Active && one.valid_until.is_none_or(|until| until > Timestamp::now())
}
