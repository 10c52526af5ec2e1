//! Lists of resources (RFC 7644, section 3.4.2).

use super::object::Object;
use super::spool::Spooled;
use crate::error::not_scim;
use bytes::Bytes;
use connector_core::Result;
use connector_http::Response;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A response with a part of a list. The rows are read from it when they are needed.
pub(crate) struct Listed {
    body: Bytes,
    doing: String,
    /// The members of the resources, if the response was too large to hold them. The resources then have empty lists.
    pub(crate) members: Option<Spooled>,
}

/// The rows of a part of a list.
pub(crate) struct Rows<'a> {
    /// How many resources the whole list has.
    pub(crate) total: u64,
    /// The resources, each with its id.
    pub(crate) resources: Vec<(String, Object<'a>)>,
    /// Where the list continues, for paging by cursor.
    pub(crate) next: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "totalResults")]
    total: Option<u64>,
    #[serde(borrow, default, rename = "Resources", alias = "resources")]
    resources: Option<Vec<&'a RawValue>>,
    #[serde(default, rename = "nextCursor")]
    next: Option<String>,
}

impl Listed {
    pub(crate) fn new(response: Response, doing: String) -> Self {
        Self { body: response.body, doing, members: None }
    }

    /// The members were taken out of the response.
    pub(super) fn split(response: Response, doing: String, members: Option<Spooled>) -> Self {
        Self { body: response.body, doing, members }
    }

    /// Reads the rows. A list without a total, or a row without an id, is an error.
    pub(crate) fn rows(&self) -> Result<Rows<'_>> {
        let envelope: Envelope<'_> = serde_json::from_slice(&self.body).map_err(|cause| {
            let what = if cause.is_eof() {
                format!("the JSON in the response is cut off after {} bytes", self.body.len())
            } else {
                format!("the response is not a list of resources (line {}, column {})", cause.line(), cause.column())
            };
            not_scim(&self.doing, &what)
        })?;
        let total = envelope.total.ok_or_else(|| not_scim(&self.doing, "the response has no `totalResults`"))?;
        let resources = envelope.resources.unwrap_or_default();
        let mut rows = Vec::with_capacity(resources.len());
        for (place, resource) in resources.into_iter().enumerate() {
            let object = Object::read(resource);
            let object = object.ok_or_else(|| not_scim(&self.doing, &format!("row {} is not an object", place + 1)))?;
            let id = object.text("id").map(std::borrow::Cow::into_owned).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| not_scim(&self.doing, &format!("row {} has no `id`", place + 1)))?;
            rows.push((id, object));
        }
        Ok(Rows { total, resources: rows, next: envelope.next.filter(|next| !next.is_empty()) })
    }
}
