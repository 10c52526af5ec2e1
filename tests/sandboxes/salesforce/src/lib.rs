//! A simulated Salesforce org on loopback: for tests, for a tour without a real org, for benchmarks.
//!
//! It speaks the org's HTTP as a client sees it: the token endpoint with real signature and claim checks, the REST
//! resources an identity connector reads and writes, and SOQL that is parsed and evaluated. Its people, groups and
//! assignments come from `(seed, index)`, so an org of a million users starts at once, costs little memory and is
//! always the same. Changes by clients or through [`Org`] come on top.
//!
//! ```no_run
//! # async fn example() -> connector_core::Result<()> {
//! use connector_sandbox_salesforce::{Options, Sandbox};
//! let sandbox = Sandbox::start(Options { users: 1_000, ..Options::default() }).await?;
//! sandbox.org().deactivate(&sandbox.org().user_id(7))?;
//! assert_eq!(sandbox.requests().total, 0);
//! # Ok(()) }
//! ```
//!
//! Two hosts answer: `localhost` is the login host, `127.0.0.1` on another port the instance, as a client that ignores
//! `instance_url` must fail.
//!
//! # What is simulated
//!
//! * `/services/oauth2/token` (`jwt_bearer`, `client_credentials`), `userinfo`, `revoke`, `/id/…`;
//! * tokens that are bound to a key ([`App::requires_dpop`]), with every check of a proof and with nonces
//!   ([`Options::dpop_nonces`]), over REST and SOAP;
//! * `/services/data/`, and per version: the resource list, `limits`, `limits/recordCount`, `sobjects`, `describe`, single
//!   records, `query` and `queryAll` with cursors;
//! * query jobs of the Bulk API 2.0: `jobs/query` with its states, results by locator and `resultPages`; a job moves on with every
//!   poll of its status, and is complete at the first one;
//! * users and their logins, profiles, roles, permission sets and groups of them, public groups, queues, licenses of
//!   users, permission sets and packages, the organization, login history, territories where asked for;
//! * SOQL with parent paths, subqueries, `COUNT()`, `FIELDS()`, filters, semi-joins, date literals, order, limit, offset;
//!   no `GROUP BY`, no `TYPEOF`;
//! * the Metadata API as far as changing an app's certificate needs it: `listMetadata`, `readMetadata`, `retrieve`,
//!   `deploy` and their checks over SOAP, `metadata/deployRequest` over REST, for `ExtlClntAppGlobalOauthSettings`,
//!   `ExternalClientApplication` and `ConnectedApp`. Deploys change apps and never create them. A deploy advances by one step with every
//!   request for metadata or a token, and a new certificate takes effect [`Options::propagation`] later;
//! * rights of the integration user that hide objects and fields and refuse writes ([`Rights`]), and `describe` that says
//!   so per object and field.
//!
//! # What can be written
//!
//! | object | create | update | delete |
//! | --- | --- | --- | --- |
//! | `User` | yes | yes | never, as in an org |
//! | `UserLogin` | comes with its user | freeze, unfreeze, unlock | |
//! | `PermissionSetAssignment` | of a set or a group of sets | `ExpirationDate`, `IsRevoked` | not the profile's own |
//! | `PermissionSetLicenseAssign` | while there are seats | | unless an assigned set needs it |
//! | `UserPackageLicense` | while there are seats | | yes |
//! | `GroupMember` | of public groups and queues; one that exists is answered with its row | | yes |
//! | `UserTerritory2Association` | where the org has territories | | yes |
//!
//! One by one (`POST`, `PATCH`, `DELETE`, `_HttpMethod=PATCH`), as collections of up to 200 rows, in `/composite` and in
//! `/composite/batch`; passwords by `/sobjects/User/<id>/password`, of which only hashes are kept. The rules are those of
//! an org: required fields, lengths, forms, restricted picklists, references, unique names, seats of licenses, who can't
//! be deactivated; the errors have its codes, messages and fields. A request that fails leaves nothing behind.
//! [`Org::writes`] lists what stayed, [`Org::set_free_seats`], [`Org::block_deactivation`] and
//! [`Org::take_username_elsewhere`] set the stage.
//!
//! Not simulated: ingest jobs, upserts by external id, `/composite/graph`, contacts, what validation rules and triggers of a real org
//! add (but see `refuse-row`), the licenses within a permission set group. Where the behavior of a real org is not
//! known, the sandbox is strict.
//!
//! # Faults on demand
//!
//! [`Options::faults`] and [`Sandbox::set_faults`] make the org misbehave. "Answer" means an answer of the data
//! resources unless the token endpoint is named; N counts from 1.
//!
//! | fault | what happens |
//! | --- | --- |
//! | `token-html` | the token endpoint answers with an HTML page, as in a maintenance window |
//! | `foreign-instance-url:URL` | the token answer names URL as `instance_url` |
//! | `clock-skew:S` | the org's clock is S seconds ahead (negative: behind) |
//! | `html-200` | every answer is an HTML page with status 200 |
//! | `503:N` | every Nth request answers 503 `SERVER_UNAVAILABLE` |
//! | `session-expiry:N` | every session opened from now on dies after N requests |
//! | `session-expiry-once:N` | the org's first session dies after N requests, later ones live |
//! | `request-limit` or `request-limit:N` | 403 `TotalRequests Limit exceeded.`, at once or after N requests |
//! | `concurrent-limit:N` | every Nth request answers 403 `ConcurrentRequests … Limit exceeded.` |
//! | `empty-200:N` | every Nth request answers 200 without a body |
//! | `query-timeout:ROWS` | a query with a `LIMIT` of more than ROWS answers `QUERY_TIMEOUT` |
//! | `moved:N` | after N requests the org is on another host: the old one answers 301, new tokens name the new one |
//! | `moved-session:N` | the same, but the old host answers 401 `INVALID_SESSION_ID` |
//! | `slow:MS` | every answer waits MS milliseconds |
//! | `reset` or `reset:N` | the connection is closed with no answer, at every or every Nth request |
//! | `cut:N` | every Nth query answer or page of a job's results, and every Nth answer to a write, breaks off: the connection is closed in the middle of the body |
//! | `truncate-page:N` | the Nth query answer, or page of a job's results, is cut in the middle, in a complete HTTP message |
//! | `repeat-page` | a page that should follow another brings the first one again |
//! | `wrong-type-page` | pages hold records of another object type |
//! | `missing-id` | the last record of each page has no `Id` |
//! | `drop-rows` | each page holds fewer rows than its `totalSize` and `done` promise |
//! | `cursor-expiry` | every `nextRecordsUrl` answers `INVALID_QUERY_LOCATOR` |
//! | `bulk-off` | query jobs are refused with `FEATURENOTENABLED` |
//! | `bulk-refuses:OBJECT` | query jobs of this object are refused with `INVALIDENTITY` |
//! | `job-fails` or `job-fails:N` | every query job fails, or the first N |
//! | `job-aborted:N` | somebody aborts the first N query jobs |
//! | `job-slow:N` | every query job is in progress for N polls |
//! | `results-expired:N` | the Nth request for results answers 404: the org has deleted the job |
//! | `locator-missing` | results come without the header `Sforce-Locator` |
//! | `lock-row:N` | every Nth row to be written answers `UNABLE_TO_LOCK_ROW` and is not written |
//! | `refuse-row:N` | every Nth row to be written answers `FIELD_CUSTOM_VALIDATION_EXCEPTION` and is not written |
//! | `heavy-trigger:N` | a request that writes more than N rows fails for every row: a trigger does too many queries |
//! | `lost-answer:N` | every Nth write is carried out, then the connection is closed with no answer |
//! | `lost-answer-once:N` | the same for the Nth write only |
//! | `deploy-fails` | every deploy fails with `UNKNOWN_EXCEPTION` in a component |
//! | `deploy-stuck:N` | every deploy is in progress for N polls |
//! | `deploy-lost-answer` | the org accepts the first deploy, but closes the connection without a response |
//! | `certificate-never-accepted` | deploys succeed, but a certificate that the app never accepted before never is |
//!
//! What refuses or breaks before an answer (`503`, `reset`, limits, dead sessions) also keeps a write from being done.

mod app;
mod certificate;
mod fault;
mod gate;
mod http;
mod id;
mod metadata;
mod options;
mod org;
mod requests;
mod sandbox;
mod soql;
mod write;
mod writes;

pub use app::{App, AppKind};
pub use fault::Fault;
pub use gate::Moment;
pub use metadata::{AppChange, Deploy, DeployStatus};
pub use options::{Options, Rights, WhilePropagating};
pub use org::{Blocker, Org};
pub use requests::{LoggedRequest, Requests};
pub use sandbox::Sandbox;
pub use writes::{Write, WriteAction};
