//! One entitlement, and who holds it.

use super::accounts::account_badge;
use super::holding::{HoldingRow, Step};
use super::part::holding_badge;
use super::window::Window;
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, plain};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{EntitlementRef, Result};
use connector_engine::query::{self, Breadth, Holder, Names};
use connector_text::{count, day};
use serde::Deserialize;

/// How many holders stand on a page.
const ON_A_PAGE: usize = 100;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    effective: bool,
    #[serde(default)]
    all_states: bool,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "entitlement.html")]
struct Page {
    shell: Shell,
    source: String,
    source_address: String,
    types_address: String,
    address: String,
    entitlement_type: String,
    id: String,
    name: String,
    description: Option<String>,
    direct: String,
    attributes: Vec<(String, String)>,
    held_by: Vec<HoldingRow>,
    holds: Vec<HoldingRow>,
    effective: bool,
    all_states: bool,
    rows: Vec<Row>,
    without_effect: u64,
    next: Option<String>,
}

struct Row {
    address: String,
    id: String,
    name: String,
    display_name: Option<String>,
    account: Option<Badge>,
    badge: Option<Badge>,
    until: Option<String>,
    path: Vec<Step>,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path((source, entitlement_type, id)): Path<(String, String, String)>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&id).in_section("sources");
    let key = EntitlementRef::new(entitlement_type, id);
    let page = state.ask(move |reach| told(reach, source, &key, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, key: &EntitlementRef, fields: &Fields, shell: Shell) -> Result<Page> {
    let store = reach.store_of(&source)?;
    let names = Names::of(store, &source)?;
    let stored = query::entitlement(store, &source, &key.to_string())?;
    let entitlement = &stored.entitlement;
    let breadth = Breadth { effective: fields.effective, all_states: fields.all_states };
    let mut window = Window::of(ON_A_PAGE);
    let read = query::holders(store, &source, &entitlement.key, breadth, |holder| {
        if !fields.after.is_empty() && holder.id.as_str() <= fields.after.as_str() {
            return Ok(());
        }
        let path = holder.path.iter().chain(&holder.through);
        let path = path.map(|step| Step::of(&source, &names, step)).collect::<Result<_>>()?;
        // Positions are accounts: all ways of one account stay together.
        window.take_with(|last: &Row| last.id == holder.id, || row(&source, holder, path))
    });
    let left_out = window.ended(read)?.unwrap_or_default();
    let nesting = query::nesting(store, &source, &entitlement.key, breadth)?;
    let side = |rows: &[query::Holding]| {
        rows.iter().map(|held| HoldingRow::of(&source, &names, held)).collect::<Result<Vec<_>>>()
    };
    let address = address::entitlement(&source, &entitlement.key.entitlement_type, &entitlement.key.id);
    let flag = |set: bool| if set { "true" } else { "" };
    let next = window.rows.last().filter(|_| window.has_more).map(|last| {
        let fields =
            [("effective", flag(fields.effective)), ("all_states", flag(fields.all_states)), ("after", &last.id)];
        address::with(&address, &fields)
    });
    let (held_by, holds) = (side(&nesting.held_by)?, side(&nesting.holds)?);
    let source_address = address::source(&source);
    Ok(Page {
        shell: Shell { title: entitlement.name.clone(), ..shell },
        types_address: address::with(
            &format!("{source_address}/entitlements"),
            &[("type", &entitlement.key.entitlement_type)],
        ),
        source_address,
        address,
        entitlement_type: entitlement.key.entitlement_type.to_string(),
        id: entitlement.key.id.clone(),
        name: entitlement.name.clone(),
        description: entitlement.description.clone(),
        direct: count(stored.holders),
        attributes: entitlement
            .attributes
            .entries()
            .into_iter()
            .map(|(name, value)| (name.into_owned(), plain(value.get())))
            .collect(),
        held_by,
        holds,
        effective: fields.effective,
        all_states: fields.all_states,
        without_effect: left_out.expired + left_out.inactive + left_out.scheduled,
        next,
        rows: window.rows,
        source,
    })
}

fn row(source: &str, holder: &Holder, path: Vec<Step>) -> Row {
    Row {
        address: address::account(source, &holder.id),
        id: holder.id.clone(),
        name: holder.name.clone().unwrap_or_else(|| holder.id.clone()),
        display_name: holder.display_name.clone(),
        account: holder.enabled.map(|enabled| account_badge(false, enabled, false)),
        badge: holding_badge(holder.state),
        until: holder.valid_until.map(day),
        path,
    }
}
