//! `listMetadata` and `readMetadata`.

use roxmltree::Node;
use serde_json::{Value as Json, json};

use super::super::answer::Answer;
use super::super::shared::Shared;
use super::Refused;
use super::deploy_result::moment;
use super::envelope::{answered, results, text};
use crate::app::App;
use crate::id::Id;
use crate::metadata::{Kind, described, xml};
use crate::org::SETTLED;
use crate::org::object::Object;
use crate::org::state::State;

/// The maximum number of queries of a list and of components of a read.
const MOST_QUERIES: usize = 3;
const MOST_NAMES: usize = 10;

/// The components of up to three types.
pub(super) fn list(shared: &Shared, arguments: Node<'_, '_>, version: u32) -> Result<Answer, Refused> {
    let queries: Vec<_> = arguments.children().filter(|node| node.tag_name().name() == "queries").collect();
    if queries.len() > MOST_QUERIES {
        return Err(("EXCEEDED_MAX_TYPES_LIMIT", format!("at most {MOST_QUERIES} queries are possible")));
    }
    let as_of = text(arguments, "asOfVersion").and_then(|text| text.strip_suffix(".0").unwrap_or(text).parse().ok());
    let mut found = Vec::new();
    for query in queries {
        let kind = kind(shared, text(query, "type").unwrap_or(""), as_of.unwrap_or(version))?;
        let metadata = shared.metadata_moved_on(false);
        found.extend(metadata.apps.all().filter(|app| kind.describes(app.kind)).cloned().map(|app| (kind, app)));
    }
    let state = shared.org.read();
    let properties: Vec<Json> = found.iter().map(|(kind, app)| file_properties(&state, *kind, app, "")).collect();
    Ok(results("listMetadata", &properties))
}

/// Up to ten components of a type, in the requested order; nil for one that does not exist.
pub(super) fn read(shared: &Shared, arguments: Node<'_, '_>, version: u32) -> Result<Answer, Refused> {
    let kind = kind(shared, text(arguments, "type").unwrap_or(""), version)?;
    let names = arguments.children().filter(|node| node.tag_name().name() == "fullNames");
    let names: Vec<&str> = names.map(|node| node.text().unwrap_or("").trim()).collect();
    if names.len() > MOST_NAMES {
        let message = format!("record limit reached. cannot submit more than {MOST_NAMES} records in this operation");
        return Err(("EXCEEDED_ID_LIMIT", message));
    }
    let metadata = shared.metadata_moved_on(false);
    let mut records = String::new();
    for name in names {
        let Some(app) = metadata.apps.of_component(kind, name) else {
            records.push_str("<records xsi:nil=\"true\"/>");
            continue;
        };
        records.extend(["<records xsi:type=\"", kind.name(), "\">"]);
        xml::write(&mut records, "fullName", &Json::from(name), None);
        for (element, value) in described(kind, app) {
            xml::write(&mut records, &element, &value, None);
        }
        records.push_str("</records>");
    }
    Ok(answered("readMetadata", &format!("<result>{records}</result>")))
}

/// The type with this name, if the caller may read it.
fn kind(shared: &Shared, name: &str, version: u32) -> Result<Kind, Refused> {
    let kind = Kind::named(name, version).ok_or_else(|| ("INVALID_TYPE", format!("Unknown type: {name}")))?;
    if kind.allowed(&shared.org.read().rights) {
        Ok(kind)
    } else {
        Err(("INSUFFICIENT_ACCESS", format!("insufficient access rights to read {name}")))
    }
}

/// The description of a component in a list and a retrieve.
pub(super) fn file_properties(state: &State, kind: Kind, app: &App, folder: &str) -> Json {
    let full_name = kind.full_name(app);
    let prefix = match kind {
        Kind::ConnectedApp => "0H4",
        Kind::ExternalClientApplication => "0xI",
        Kind::GlobalOauthSettings => "0xG",
    };
    // A number that depends only on the name.
    let number = full_name.bytes().fold(7_u64, |number, byte| (number * 31 + u64::from(byte)) % 900_000_000);
    let administrator = state.world.id(Object::User, 1);
    let name = state.named(Object::User, 1, "Name");
    json!({
        "createdById": administrator.to_string(),
        "createdByName": name.text(),
        "createdDate": moment(SETTLED),
        "fileName": format!("{folder}{}", kind.file(&full_name)),
        "fullName": full_name,
        "id": Id::new(prefix, number).to_string(),
        "lastModifiedById": administrator.to_string(),
        "lastModifiedByName": name.text(),
        "lastModifiedDate": moment(SETTLED),
        "manageableState": "unmanaged",
        "type": kind.name(),
    })
}
