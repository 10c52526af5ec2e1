//! The entitlements of a source, by type.

use super::part::Tabs;
use super::window::Window;
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query::{self, Names};
use connector_text::count;
use serde::Deserialize;

/// How many entitlements stand on a page.
const ON_A_PAGE: usize = 200;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default, rename = "type")]
    entitlement_type: String,
    /// The last entitlement of the page before, by its type and id.
    #[serde(default)]
    after_type: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "entitlements.html")]
struct Page {
    shell: Shell,
    tabs: Tabs,
    source: String,
    types: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A type that can be chosen; the first one stands for all.
struct Choice {
    name: String,
    address: String,
    is_current: bool,
}

struct Row {
    entitlement_type: String,
    id: String,
    name: String,
    description: Option<String>,
    address: String,
    holders: String,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&format!("Entitlements of {source}")).in_section("sources");
    let page = state.ask(move |reach| told(reach, source, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, fields: &Fields, shell: Shell) -> Result<Page> {
    let store = reach.store_of(&source)?;
    let wanted = Some(fields.entitlement_type.as_str()).filter(|wanted| !wanted.is_empty());
    let mut window = Window::of(ON_A_PAGE);
    let after = (fields.after_type.as_str(), fields.after.as_str());
    let read = query::entitlements(store, &source, wanted, |stored| {
        let key = &stored.entitlement.key;
        if (&*key.entitlement_type, &*key.id) <= after {
            return Ok(());
        }
        window.take(|| Row {
            entitlement_type: key.entitlement_type.to_string(),
            id: key.id.clone(),
            name: stored.entitlement.name.clone(),
            description: stored.entitlement.description.clone(),
            address: address::entitlement(&source, &key.entitlement_type, &key.id),
            holders: count(stored.holders),
        })
    });
    window.ended(read)?;
    let path = format!("{}/entitlements", address::source(&source));
    let all = Choice { name: "all".to_owned(), address: path.clone(), is_current: wanted.is_none() };
    let types = Names::of(store, &source)?.types()?.into_iter().map(|name| Choice {
        address: address::with(&path, &[("type", &name)]),
        is_current: wanted == Some(&name),
        name,
    });
    let next = window.rows.last().filter(|_| window.has_more).map(|last| {
        let fields =
            [("type", fields.entitlement_type.as_str()), ("after_type", &last.entitlement_type), ("after", &last.id)];
        address::with(&path, &fields)
    });
    Ok(Page {
        shell,
        tabs: Tabs::of(&source, "entitlements"),
        types: std::iter::once(all).chain(types).collect(),
        rows: window.rows,
        next,
        source,
    })
}
