//! The Metadata API: `metadata/deployRequest` over REST, everything else over SOAP.

mod deploy_request;
mod deploy_result;
mod envelope;
mod multipart;
mod read;
mod retrieve;
mod soap;

pub(crate) use deploy_request::deploy_request;
pub(crate) use soap::soap;

use serde_json::Value as Json;

use super::shared::Shared;
use crate::metadata::{Asked, Parcel};
use crate::org::object::Object;

const NO_RIGHTS: &str = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions";

/// An error of the Metadata API: its code and its message.
type Refused = (&'static str, String);

/// What a user asks to deploy, or why it can't be deployed.
fn asked(shared: &Shared, user: u64, options: Json, zip: &[u8]) -> Result<Asked, Refused> {
    let is = |option: &str| options.get(option).and_then(Json::as_bool) == Some(true);
    let state = shared.org.read();
    if !state.rights.modify_metadata {
        return Err(("INSUFFICIENT_ACCESS", NO_RIGHTS.to_owned()));
    }
    if !is("rollbackOnError") {
        return Err(("INVALID_OPERATION", "rollbackOnError must be true in a production organization".to_owned()));
    }
    let text = |field: &str| state.named(Object::User, user, field).text().unwrap_or("").to_owned();
    let newest = shared.options.newest_version;
    Ok(Asked {
        parcel: Parcel::open(zip, is("singlePackage"), &state.rights, newest),
        by: (state.world.id(Object::User, user).to_string(), text("Username"), text("Name")),
        check_only: is("checkOnly"),
        ignore_warnings: is("ignoreWarnings"),
        options,
    })
}
