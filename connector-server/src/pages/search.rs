//! Search over everything: sources, accounts and entitlements.

use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query::{self, Found};
use serde::Deserialize;

/// How many accounts, and how many entitlements, each source shows.
const OF_EACH: usize = 8;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page {
    shell: Shell,
    typed: String,
    sources: Vec<Row>,
    groups: Vec<Group>,
}

/// What one source has.
struct Group {
    source: String,
    address: String,
    rows: Vec<Row>,
    /// Where names that contain the text are searched.
    more: String,
}

struct Row {
    kind: String,
    name: String,
    detail: Option<String>,
    address: String,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = Shell { typed: fields.q.clone(), ..frame.shell("Search") };
    let page = state.ask(move |reach| told(reach, fields.q, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, typed: String, shell: Shell) -> Result<Page> {
    let text = typed.trim().to_lowercase();
    let (mut sources, mut groups) = (Vec::new(), Vec::new());
    for source in reach.project.sources()?.into_iter().filter(|_| !text.is_empty()) {
        let address = address::source(&source);
        if source.to_lowercase().contains(&text) {
            sources.push(Row {
                kind: "source".to_owned(),
                name: source.clone(),
                detail: None,
                address: address.clone(),
            });
        }
        let Some(store) = &reach.store else { continue };
        if query::last_run(store, &source)?.is_none() {
            continue;
        }
        let found = query::find(store, &source, &typed, OF_EACH)?;
        let rows = found.into_iter().map(|found| row(&source, found)).collect();
        let more = address::with(&format!("{address}/accounts"), &[("where", typed.trim())]);
        groups.push(Group { source, address, rows, more });
    }
    groups.sort_by_key(|group: &Group| group.rows.is_empty());
    Ok(Page { shell, typed, sources, groups })
}

fn row(source: &str, found: Found) -> Row {
    match found {
        Found::Account { id, name, display_name } => {
            Row { kind: "account".to_owned(), address: address::account(source, &id), name, detail: display_name }
        }
        Found::Entitlement { key, name } => Row {
            address: address::entitlement(source, &key.entitlement_type, &key.id),
            kind: key.entitlement_type.to_string(),
            name,
            detail: None,
        },
    }
}
