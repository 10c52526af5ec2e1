//! Operations: what plans can change.

use super::{ListSettings, PageForm, Place};
use connector_core::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What plans can change. Each operation that is left out is refused.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OperationsSettings {
    /// Sets attributes.
    pub(crate) update: Option<OperationSettings>,
    /// Allows an account to be used again.
    pub(crate) enable: Option<OperationSettings>,
    /// Blocks an account for good.
    pub(crate) disable: Option<OperationSettings>,
    /// Blocks an account for now.
    pub(crate) lock: Option<OperationSettings>,
    /// Lifts a lock.
    pub(crate) unlock: Option<OperationSettings>,
    /// Sets a password: `{password}`.
    pub(crate) set_password: Option<OperationSettings>,
    /// Makes the system choose a new password and tell the user.
    pub(crate) reset_password: Option<OperationSettings>,
    /// Deletes an account.
    pub(crate) delete: Option<OperationSettings>,
    /// Grants an entitlement, by its type.
    pub(crate) grant: BTreeMap<String, OperationSettings>,
    /// Revokes an entitlement, by its type.
    pub(crate) revoke: BTreeMap<String, OperationSettings>,
    /// Creates an account.
    pub(crate) create: Option<CreateSettings>,
}

/// The request of an operation: exactly one of `post`, `put`, `patch` and `delete`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OperationSettings {
    /// The path of a POST.
    pub(crate) post: Option<String>,
    /// The path of a PUT.
    pub(crate) put: Option<String>,
    /// The path of a PATCH.
    pub(crate) patch: Option<String>,
    /// The path of a DELETE.
    pub(crate) delete: Option<String>,
    /// Query parameters.
    pub(crate) query: BTreeMap<String, Value>,
    /// The body. A text that is one `{expression}` becomes its value. A member without a value is left out, and so is an object
    /// that has none left.
    pub(crate) body: Option<Value>,
    /// The content type of the body: a JSON type, or `application/x-www-form-urlencoded`. Default: `application/json`.
    pub(crate) content_type: Option<String>,
    /// The JSON pointer where the attributes of a create or update go in the body. An empty text is the body itself.
    pub(crate) attributes: Option<String>,
    /// Requests that are sent before, in order. If one fails, the others are not sent. They can be sent again at the next try, so
    /// they must do no harm twice; what the account shows must be changed by this request, the last one.
    pub(crate) before: Vec<OperationSettings>,
    /// A list that is read before. Its one item that fits is `found`, such as the membership to delete. If none fits, a revoke has
    /// nothing to do, and any other operation fails.
    pub(crate) find: Option<FoundSettings>,
    /// A request that is sent before. What it returns is the body that this operation changes, and its `ETag` is sent as
    /// `If-Match`, so that nothing that others changed is lost.
    pub(crate) read: Option<ReadSettings>,
    /// Of a PUT of an account: whether the API changes only what the body names, so that `read` is not needed. Default: false.
    pub(crate) partial: bool,
    /// With `read`: adds a value to a list, for a system that replaces whole lists.
    pub(crate) add: Option<AddSettings>,
    /// With `read`: removes a value from a list.
    pub(crate) remove: Option<AddSettings>,
    /// What says that it succeeded. Default: a status from 200 to 299.
    pub(crate) success: Option<SuccessSettings>,
    /// What says that nothing had to change.
    pub(crate) already: Option<AlreadySettings>,
    /// The status that says that the system makes the change later.
    pub(crate) queued: Option<Happening>,
    /// If the system makes the change in a job of its own: where to ask whether it is done.
    pub(crate) job: Option<JobSettings>,
    /// Of a grant: the request for an account that holds the entitlement already, but with another end. Default: the same request.
    pub(crate) renew: Option<Box<OperationSettings>>,
}

/// The request that creates an account: exactly one of `post` and `put`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CreateSettings {
    /// The path of a POST.
    pub(crate) post: Option<String>,
    /// The path of a PUT.
    pub(crate) put: Option<String>,
    /// Query parameters.
    pub(crate) query: BTreeMap<String, Value>,
    /// The body, with `{name}`, `{password}` and `{attributes.NAME}`.
    pub(crate) body: Option<Value>,
    /// The content type of the body: a JSON type, or `application/x-www-form-urlencoded`. Default: `application/json`.
    pub(crate) content_type: Option<String>,
    /// The JSON pointer where the attributes go in the body. An empty text is the body itself.
    pub(crate) attributes: Option<String>,
    /// Where the response has the new id. In a header, it is what follows the last slash. Default: the account is found by its
    /// name.
    pub(crate) id: Option<Place>,
    /// What says that it succeeded. Default: a status from 200 to 299.
    pub(crate) success: Option<SuccessSettings>,
    /// What says that the name is taken. Default: 409.
    pub(crate) already: Option<AlreadySettings>,
    /// If the system creates the account in a job of its own: where to ask whether it is done. `id` is in its last response.
    pub(crate) job: Option<JobSettings>,
    /// Requests that are sent afterwards, in order, with the new id as `{id}`: for an API that takes the password or some attributes only
    /// of an account that is there. If one fails, the account stays as it is then, and the error says so.
    pub(crate) after: Vec<OperationSettings>,
}

/// A job of the system that makes a change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobSettings {
    /// The status that says that a job began. With any other, the change is made.
    #[serde(default = "accepted")]
    pub(crate) status: u16,
    /// Where the response has the URL of the job, or with `get`, its id.
    pub(crate) from: Place,
    /// The path of the job, with `{job}`. Default: what is at `from` is a URL or a path.
    pub(crate) get: Option<String>,
    /// An expression over `status` and `body` of the job that is true when it is done.
    pub(crate) done: String,
    /// An expression over `status` and `body` of the job that is true when it failed.
    pub(crate) failed: Option<String>,
    /// How long to wait before it is asked again.
    #[serde(default = "often")]
    pub(crate) every: TimeSpan,
    /// How long to ask. After that, the operation is pending, and the account shows later whether it was carried out.
    #[serde(default = "patience")]
    pub(crate) at_most: TimeSpan,
}

fn accepted() -> u16 {
    202
}

fn often() -> TimeSpan {
    TimeSpan::from_secs(2)
}

fn patience() -> TimeSpan {
    TimeSpan::from_secs(60)
}

/// What is read before it is changed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadSettings {
    /// The path. Default: the path of the operation.
    pub(crate) get: Option<String>,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of what is sent back. Default: the whole body.
    pub(crate) at: Option<String>,
    /// Whether the response must have an `ETag`. Default: true.
    #[serde(default = "yes")]
    pub(crate) etag: bool,
    /// Whether it is sent back. Default: true. Otherwise only `body` is sent, which can use what was read, and changed by `add` or
    /// `remove`, as `read`.
    #[serde(default = "yes")]
    pub(crate) send_back: bool,
}

/// A list that has one item that an operation needs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoundSettings {
    /// The path of the list.
    pub(crate) get: Option<String>,
    /// The path of the list, if the API wants a POST.
    pub(crate) post: Option<String>,
    /// The body of the POST.
    pub(crate) body: Option<Value>,
    /// Query parameters.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, Value>,
    /// The JSON pointer of the list in the body. Default: the body is the list.
    pub(crate) items: Option<String>,
    /// How the list continues, and what proves its end.
    pub(crate) page: PageForm,
    /// An expression over `item`, and the names of the operation, that is true for the one item.
    pub(crate) keep: String,
}

impl FoundSettings {
    pub(crate) fn list(&self) -> ListSettings<'_> {
        ListSettings {
            get: self.get.as_deref(),
            post: self.post.as_deref(),
            body: self.body.as_ref(),
            query: &self.query,
            items: self.items.as_deref(),
            page: Some(&self.page),
            keep: None,
            max_items: None,
        }
    }
}

fn yes() -> bool {
    true
}

/// A value of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddSettings {
    /// The JSON pointer of the list. It must be there.
    pub(crate) list: String,
    /// The value. For `remove`, an object names the members that must be equal.
    pub(crate) value: Value,
}

/// What says that an operation succeeded.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuccessSettings {
    /// The statuses. Default: 200 to 299.
    pub(crate) status: Option<Vec<u16>>,
    /// An expression over `status` and `body` that must be true, too.
    pub(crate) when: Option<String>,
}

/// What says that nothing had to change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlreadySettings {
    /// The status.
    pub(crate) status: u16,
    /// An expression over `status` and `body` that must be true, too.
    pub(crate) when: Option<String>,
}

/// The system makes the change later.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happening {
    /// The status.
    pub(crate) status: u16,
    /// What it waits for, for people.
    pub(crate) detail: String,
}
