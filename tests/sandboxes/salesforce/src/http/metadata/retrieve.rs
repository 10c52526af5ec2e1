//! `retrieve` and `checkRetrieveStatus`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;
use serde_json::{Value as Json, json};

use super::super::answer::Answer;
use super::super::shared::Shared;
use super::Refused;
use super::envelope::{child, results, text};
use super::read::file_properties;
use crate::metadata::Kind;

/// Polls until a retrieve is done.
const POLLS: u64 = 2;

/// Starts a retrieve.
pub(super) fn retrieve(shared: &Shared, arguments: Node<'_, '_>) -> Result<Answer, Refused> {
    let request = child(arguments, "request").ok_or(("MISSING_ARGUMENT", "request is required".to_owned()))?;
    let rights = shared.org.read().rights.clone();
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| !kind.allowed(&rights) && names(request, *kind)) {
        return Err(("INSUFFICIENT_ACCESS", format!("insufficient access rights to read {}", kind.name())));
    }
    let mut metadata = shared.metadata_moved_on(false);
    let metadata = &mut *metadata;
    let id = metadata.retrieves.start(&metadata.apps, request);
    Ok(results("retrieve", &[json!({"done": false, "id": id, "state": "Queued"})]))
}

fn names(request: Node<'_, '_>, kind: Kind) -> bool {
    request.descendants().any(|node| node.tag_name().name() == "name" && node.text() == Some(kind.name()))
}

/// The status of a retrieve; the final response contains the zip, once.
pub(super) fn check(shared: &Shared, arguments: Node<'_, '_>) -> Result<Answer, Refused> {
    let id = text(arguments, "asyncProcessId").unwrap_or("");
    let with_zip = text(arguments, "includeZip") != Some("false");
    let mut metadata = shared.metadata_moved_on(false);
    let retrieve = metadata.retrieves.poll(id);
    let retrieve =
        retrieve.ok_or_else(|| ("INVALID_CROSS_REFERENCE_KEY", format!("invalid cross reference id: {id}")))?;
    let is_done = retrieve.polls >= POLLS;
    let mut result = json!({
        "done": is_done,
        "id": id,
        "status": if is_done { "Succeeded" } else { "InProgress" },
        "success": is_done,
    });
    if is_done {
        let Some(zip) = &retrieve.zip else {
            return Err(("INVALID_LOCATOR", "retrieve result has been deleted".to_owned()));
        };
        result["messages"] = Json::from(retrieve.messages());
        if with_zip {
            result["zipFile"] = Json::from(STANDARD.encode(zip));
            retrieve.zip = None;
        }
        let components = retrieve.components.clone();
        drop(metadata);
        let state = shared.org.read();
        let properties = |(kind, app)| file_properties(&state, kind, &app, "unpackaged/");
        result["fileProperties"] = components.into_iter().map(properties).collect();
    }
    Ok(results("checkRetrieveStatus", &[result]))
}
