//! The entries of the setup audit trail.

use super::{actions, literal, moment};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use crate::error;
use connector_core::jiff::Timestamp;
use connector_core::{Error, ErrorKind, Result, TrailEvent};

const OBJECT: &str = "SetupAuditTrail";

/// An entry, and the user who made it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) event: TrailEvent,
    pub(super) user: Option<RecordId>,
}

/// The entries of a window.
pub(super) async fn read(rest: &Rest, since: Timestamp, until: Timestamp) -> Result<Vec<Entry>> {
    let filter = format!("CreatedDate >= {} AND CreatedDate <= {}", literal(since), literal(until));
    let fields = vec!["Id", "CreatedDate", "CreatedById", "CreatedBy.Username", "Action", "Display", "DelegateUser"];
    let select = Select { object: OBJECT, fields, filter: Some(filter.into()) };
    let entries = keyset::all_shown(rest, &select, |row| {
        let text = |name: &str| row.text(name).map(|text| text.filter(|text| !text.is_empty()));
        let at = moment(&row.some_text("CreatedDate")?, || row.odd("has a `CreatedDate` that is not a time"))?;
        let action = row.some_text("Action")?.into_owned();
        let detail = text("Display")?.unwrap_or_default().into_owned();
        let mut event = TrailEvent::new(row.id("Id")?.0, at, action, detail);
        let (subject, explains) = actions::meaning(&event.action);
        event.subject = subject;
        event.explains = explains.iter().map(|name| (*name).to_owned()).collect();
        // Texts have the 15 characters of an id without its check sum.
        let words = event.detail.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| word.len() == 15);
        event.ids = words.filter_map(RecordId::read).map(|id| id.as_str().to_owned()).collect();
        event.by = row.parent_text("CreatedBy", "Username")?;
        // Somebody who was signed in as that user.
        if let Some(delegate) = if row.has("DelegateUser") { text("DelegateUser")? } else { None } {
            let by = event.by.as_deref().unwrap_or("the org");
            event.by = Some(format!("{delegate}, signed in as {by}"));
        }
        let user = row.some_id("CreatedById")?.map(|(_, user)| user);
        Ok(Some(Entry { event, user }))
    });
    entries.await.map_err(|refused| {
        if !error::is_missing_object(&refused) {
            return refused;
        }
        Error::new(ErrorKind::Permission, "the service account can't see the setup audit trail")
            .with_help("give the service account \"View Setup and Configuration\", in its profile or a permission set")
            .with_context("object", OBJECT)
            .with_cause(refused)
    })
}
