//! Apps as entitlements: what a profile or a set opens, and what users hold by a token.

use super::kinds::{KINDS, Kind};
use super::settings::Read;
use super::uses::Uses;
use crate::api::Rest;
use crate::api::keyset;
use crate::api::record::Row;
use crate::api::soql::Select;
use crate::assignments::setup_access;
use crate::error;
use connector_core::{
    Assignment, AttributeSchema, AttributesBuilder, Entitlement, EntitlementRef, EntitlementType, Holder, Page, Result,
};
use std::collections::{BTreeMap, BTreeSet};

/// The type of apps.
pub(super) const APP: &str = "app";
const OBJECT: &str = "SobjectType";
/// The condition on what opens apps.
const OF_APPS: &str = "SetupEntityType IN ('ConnectedApplication','ExternalClientApplication')";

/// The apps that the org lists.
#[derive(Debug, Default)]
pub(super) struct Apps {
    listed: Vec<Entitlement>,
    /// The id of each name; `None` for a name that several apps have.
    by_name: BTreeMap<String, Option<String>>,
    /// Why not all of them are known.
    unseen: Option<String>,
}

impl Apps {
    /// Asks the org for its apps.
    pub(super) async fn read(rest: &Rest) -> Result<Self> {
        let mut apps = Self::default();
        for kind in KINDS.iter().filter(|kind| kind.read == Read::Apps) {
            let select = Select { object: kind.object, fields: kind.fields.to_vec(), filter: None };
            match keyset::all_shown(rest, &select, |row| app(row, kind).map(Some)).await {
                Ok(found) => found.into_iter().for_each(|(names, app)| apps.add(names, app)),
                Err(refused) if error::is_missing_object(&refused) => apps.unseen = Some(kind.unseen()),
                Err(error) => return Err(error),
            }
        }
        Ok(apps)
    }

    fn add(&mut self, names: BTreeSet<String>, app: Entitlement) {
        for name in names {
            let known = self.by_name.entry(name).or_insert_with(|| Some(app.key.id.clone()));
            *known = known.take().filter(|id| *id == app.key.id);
        }
        self.listed.push(app);
    }

    /// Why not all of them are known; `None` if they are.
    pub(super) fn unseen(&self) -> Option<&str> {
        self.unseen.as_deref()
    }

    /// What tokens call an app.
    pub(super) fn names(&self, app: &str) -> Vec<&str> {
        self.by_name.iter().filter(|(_, id)| id.as_deref() == Some(app)).map(|(name, _)| name.as_str()).collect()
    }

    /// The app that a token names. Salesforce's own apps, and apps that nobody installed, have no other id than their name.
    pub(super) fn named(&self, name: &str) -> EntitlementRef {
        let listed = self.by_name.get(name).and_then(Option::as_ref);
        EntitlementRef::new(APP, listed.map_or(name, String::as_str))
    }
}

/// A row as an entitlement, with the names that tokens may call it.
fn app(row: &Row<'_>, kind: &Kind) -> Result<(BTreeSet<String>, Entitlement)> {
    let (id, _) = row.id("Id")?;
    let (name, label) = kind.names;
    let api_name = row.some_text(name)?.into_owned();
    let label = match label.filter(|label| row.has(label)) {
        Some(label) => row.text(label)?.filter(|text| !text.is_empty()).map(std::borrow::Cow::into_owned),
        None => None,
    };
    let mut attributes = AttributesBuilder::default();
    attributes.push(OBJECT, kind.object)?;
    attributes.push(name, &api_name)?;
    let names = label.iter().cloned().chain([api_name.clone()]).collect();
    let mut app = Entitlement::new(EntitlementRef::new(APP, id), label.unwrap_or(api_name));
    app.attributes = attributes.build();
    Ok((names, app))
}

/// All apps, on one page: those that the org lists, and those that only tokens name. `uncounted` is why such names are missing.
pub(super) fn page(apps: &Apps, uses: Option<&Uses>, uncounted: Option<&str>) -> Page<Entitlement> {
    let mut all = apps.listed.clone();
    let listed: BTreeSet<_> = apps.listed.iter().map(|app| app.key.clone()).collect();
    for (name, key) in uses.into_iter().flat_map(Uses::keys).map(|name| (name, apps.named(name))) {
        if !listed.contains(&key) {
            let mut app = Entitlement::new(key, name);
            app.description = Some("Only tokens name this app; the org does not list it.".to_owned());
            all.push(app);
        }
    }
    let page = Page::last(all);
    match apps.unseen().or(uncounted) {
        Some(reason) => page.with_incomplete(reason),
        None => page,
    }
}

/// Which profiles, sets and groups open which apps, on one page.
pub(super) async fn opened(rest: &Rest) -> Result<Page<Assignment>> {
    let filter = Some(OF_APPS.into());
    let select = Select { object: setup_access::OBJECT, fields: setup_access::FIELDS.to_vec(), filter };
    let rows = keyset::all_shown(rest, &select, |row| {
        let Some(holder) = setup_access::holder(row)? else { return Ok(None) };
        let app = EntitlementRef::new(APP, row.id("SetupEntityId")?.0);
        Ok(Some(Assignment::new(Holder::Entitlement(holder), app)))
    });
    match rows.await {
        Ok(opened) => Ok(Page::last(opened)),
        Err(refused) if error::is_missing_object(&refused) => Ok(Page::last(Vec::new()).with_incomplete(
            "the service account can't see what opens apps: give it \"View Setup and Configuration\"",
        )),
        Err(error) => Err(error),
    }
}

/// The type of apps.
pub(super) fn entitlement_type() -> EntitlementType {
    EntitlementType::new(APP, "App")
        .described("The user may open this app, or the app acts as the user by an OAuth token.")
        .ranked(1)
        .not_grantable()
        .with_attributes(vec![AttributeSchema::text(OBJECT).described("The object of the app.")])
}
