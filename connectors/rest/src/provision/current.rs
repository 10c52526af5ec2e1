//! The account of an operation as it is now.

use crate::api::Api;
use crate::read::{self, FoundAccount};
use connector_core::{Error, Result};

/// The account as it is now.
pub(super) async fn current(api: &Api, id: &str) -> Result<Option<FoundAccount>> {
    read::one(api, id).await
}

pub(super) fn gone(id: &str) -> Error {
    Error::not_found(format!("the account {id} does not exist"))
}
