//! What a simulated org is started with.

use std::time::Duration;

use crate::{App, Fault};

/// What a simulated org is started with; [`Options::default`] is an org of 200 users over plain HTTP.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many users the org has.
    pub users: u64,
    /// The same seed gives the same org, byte for byte.
    pub seed: u64,
    /// The login host's port, the instance takes the next one; `None` lets the system choose both.
    pub port: Option<u16>,
    /// Serve HTTPS with a server certificate from a private authority, created at startup.
    pub tls: bool,
    /// The delay of each response.
    pub latency: Duration,
    /// The faults to simulate.
    pub faults: Vec<Fault>,
    /// The largest page of a query.
    pub max_page: usize,
    /// The most rows in one page of a query job's results. A real org decides that by bytes.
    pub max_result_page: usize,
    /// How many real assignments (permission sets, groups, queues, licenses) each user has.
    pub assignments_per_user: u32,
    /// The oldest API version listed, for example 31.
    pub oldest_version: u32,
    /// The newest API version listed, for example 67.
    pub newest_version: u32,
    /// API requests per day, as in `Sforce-Limit-Info`.
    pub daily_requests: u64,
    /// The app that asks for tokens.
    pub app: App,
    /// Further apps of the org. Names and consumer keys have to differ.
    pub more_apps: Vec<App>,
    /// How long after a deploy succeeded its certificate takes effect; two to ten minutes in a real org.
    pub propagation: Duration,
    /// Which certificates are accepted until then.
    pub while_propagating: WhilePropagating,
    /// The user the app works for.
    pub username: String,
    /// What that user may do.
    pub rights: Rights,
    /// Whether the org has Sales Territories.
    pub territories: bool,
    /// Refuse assertions that expire later than the documented three minutes (and one for skewed clocks) from now.
    pub strict_expiry: bool,
    /// Whether proofs (`DPoP`) must repeat a nonce, and after how many proofs there is another one.
    pub dpop_nonces: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: 200,
            seed: 1,
            port: None,
            tls: false,
            latency: Duration::ZERO,
            faults: Vec::new(),
            max_page: 2_000,
            max_result_page: 10_000,
            assignments_per_user: 3,
            oldest_version: 31,
            newest_version: 67,
            daily_requests: 100_000,
            app: App::default(),
            more_apps: Vec::new(),
            propagation: Duration::ZERO,
            while_propagating: WhilePropagating::default(),
            username: "integration@acme.example".to_owned(),
            rights: Rights::default(),
            territories: false,
            strict_expiry: false,
            dpop_nonces: None,
        }
    }
}

/// Which certificates an app accepts while a new one spreads through the org. Salesforce documents none of this; the worst
/// was seen, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhilePropagating {
    /// The old one alone.
    #[default]
    Old,
    /// The old one and the new one.
    Both,
    /// None at all.
    Neither,
}

/// What the integration user may do. Default: everything a connector needs.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one checkbox of the org's Setup")]
pub struct Rights {
    /// *API Enabled*.
    pub api_enabled: bool,
    /// *View Setup and Configuration*.
    pub view_setup: bool,
    /// *Manage Users*.
    pub manage_users: bool,
    /// *View All Users*, in an org whose users don't see each other. The counts of records are the same without it.
    pub view_all_users: bool,
    /// *View Roles and Role Hierarchy*.
    pub view_roles: bool,
    /// *Assign Permission Sets*.
    pub assign_permission_sets: bool,
    /// *Reset User Passwords and Unlock Users*.
    pub reset_passwords: bool,
    /// *Modify Metadata Through Metadata API Functions*: any call of the Metadata API.
    pub modify_metadata: bool,
    /// *Customize Application* and *Manage Connected Apps*.
    pub customize_application: bool,
    /// *External Client App Developer*.
    pub external_client_app_developer: bool,
    /// Fields hidden by field-level security, for example `User.EmployeeNumber`.
    pub hidden_fields: Vec<String>,
}

impl Default for Rights {
    fn default() -> Self {
        Self {
            api_enabled: true,
            view_setup: true,
            manage_users: true,
            view_all_users: true,
            view_roles: true,
            assign_permission_sets: true,
            reset_passwords: true,
            modify_metadata: true,
            customize_application: true,
            external_client_app_developer: true,
            hidden_fields: Vec::new(),
        }
    }
}
