//! What a user writes under `settings:`.

use crate::api::bulk::Transport;
use crate::certificate::apps::{Apps, OneOfTwo, OnlyApp};
use crate::connector::Salesforce;
use crate::entitlements::data_permissions::Permissions;
use crate::identities::Read;
use crate::platform::{CONNECTED_APPS, Support, support};
use crate::prepare::Leaving;
use crate::users::CustomFields;
use connector_core::jiff::civil::Date;
use connector_core::jiff::tz::TimeZone;
use connector_core::{Connector, Context, Error, ErrorKind, Result, SettingsFault};
use schemars::JsonSchema;
use serde::Deserialize;

/// The oldest supported API version: older ones have no permission set groups.
const OLDEST_VERSION: u32 = 46;

/// A source file that is valid without changes.
pub(crate) const EXAMPLE: &str = "\
connector: salesforce
# description: Production org, identity governance
auth:
  # The service account signs in with a key: no password, no browser.
  grant_type: jwt_bearer
  # The org's My Domain; a test org's is like acme--test.sandbox.my.salesforce.com.
  token_url: https://acme.my.salesforce.com/services/oauth2/token
  # The consumer key of the External Client App or Connected App.
  issuer: 3MVG9_the_consumer_key_of_the_app
  # The service account's username.
  subject: iga@acme.example
  # https://login.salesforce.com for a Connected App (a test org: https://test.salesforce.com);
  # the My Domain for an External Client App.
  audience: https://acme.my.salesforce.com
  # The private key. Its certificate is uploaded to the app.
  key_ref: file:secrets/salesforce.key
  # The certificate, so that Connector warns before it expires.
  certificate_ref: file:secrets/salesforce.crt
settings:
  # The API version. Default: the newest version that the org lists.
  # api_version: \"67.0\"
  # How large tables are read: auto, rest, or bulk (query jobs of the Bulk API 2.0).
  # transport: auto
  # The app (or kind: connected_app), by its API name in Setup. `cert rotate` needs it.
  # app: {kind: external_client_app, name: Identity_Connector}
  # What `deprovision` in a plan takes from a leaver, in this order. More: permission_sets, licenses, territories, role.
  # deprovision: [lock, disable, sessions, tokens, queues, groups]
  # What to read. More: apps, tokens, agents, named_credentials.
  # read: [users]
  # Custom fields of User to read: none, all, or a list of names.
  custom_fields: none
";

/// The settings of a Salesforce source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The version of the Salesforce API, for example `"67.0"`. Default: the newest version that the org lists.
    #[schemars(regex(pattern = r"^[1-9][0-9]{1,2}\.0$"))]
    api_version: Option<String>,
    /// How Connector reads users and what they hold. `rest`: page by page. `bulk`: with query jobs of the Bulk API 2.0. `auto`:
    /// with jobs where they are faster or save scarce API calls, and otherwise by REST.
    transport: Transport,
    /// The app that the source signs in with, by its API name in Salesforce Setup. Only certificate rotation needs it.
    app: Option<OnlyApp>,
    /// Instead of `app`: two apps that take turns. One is in use, the other is on standby. The app whose `issuer` equals
    /// the `issuer` in `auth:` is in use.
    #[schemars(length(min = 2, max = 2))]
    apps: Option<Vec<OneOfTwo>>,
    /// Which custom fields of User to read: `none`, `all`, or a list of field names such as `[Cost_Center__c]`.
    custom_fields: CustomFields,
    /// What to read: `users`, with all that they hold, always; `apps`, the connected apps and external client apps, as accounts with
    /// an owner and as entitlements that profiles and permission sets open; `tokens`, the OAuth tokens by which users hold apps, with
    /// their first and last use; `agents`, the bots and AI agents with the user they act as; `named_credentials`, the logins of the org
    /// on other systems.
    #[schemars(extend("default" = ["users"], "uniqueItems" = true), length(min = 1))]
    read: Option<Vec<Read>>,
    /// Which permissions of profiles, permission sets and groups to read: `system`, the system permissions that an auditor asks about,
    /// always; `object`, what they allow on each object; `field`, what they allow on each field.
    #[schemars(extend("default" = ["system"], "uniqueItems" = true), length(min = 1))]
    permissions: Option<Vec<Permissions>>,
    /// What `deprovision` in a plan takes from a user who leaves. Steps are taken in the order of this description: `lock` freezes
    /// the user, `disable` deactivates it, `sessions` ends its sessions, `tokens` revokes its OAuth tokens, `queues` and `groups` end its
    /// direct memberships, `permission_sets` revokes permission sets and permission set groups, `licenses` frees the seats of permission
    /// sets and packages, `territories` ends its territories, and `role` clears its role.
    #[schemars(extend("default" = ["lock", "disable", "sessions", "tokens", "queues", "groups"], "uniqueItems" = true), length(min = 1))]
    deprovision: Option<Vec<Leaving>>,
}

impl connector_core::Settings for Settings {
    fn check(&self, context: &Context) -> Vec<SettingsFault> {
        self.api_version.as_deref().and_then(|version| version_fault(version, today(context))).into_iter().collect()
    }

    fn advise(&self, context: &Context) -> Vec<SettingsFault> {
        let of_version = self.api_version.as_deref().and_then(|version| version_advice(version, today(context)));
        let connected = self.app.as_ref().is_some_and(OnlyApp::is_connected_app)
            || self.apps.iter().flatten().any(OneOfTwo::is_connected_app);
        let pointer = if self.app.is_some() { "/app" } else { "/apps" };
        let of_app = connected.then(|| {
            SettingsFault::new(
                pointer,
                format!(
                    "since {CONNECTED_APPS}, no new connected apps can be made: one that is deleted can't come back"
                ),
            )
            .with_help("make an External Client App, and name it here with `kind: external_client_app`")
        });
        of_version.into_iter().chain(of_app).collect()
    }

    fn open(self, context: &Context) -> Result<Box<dyn Connector>> {
        if let Some(version) = &self.api_version {
            check_version(version)?;
            check_transport(self.transport, version)?;
        }
        let apps = Apps::of(self.app, self.apps)?;
        let reads = with(self.read, Read::Users);
        let permissions = with(self.permissions, Permissions::System);
        let leaving = self.deprovision.unwrap_or_else(|| Leaving::USUAL.to_vec());
        let salesforce = Salesforce::open(context, self.api_version, self.transport, self.custom_fields, apps)?;
        Ok(Box::new(salesforce.with_leaving(leaving).with_reads(reads, permissions)))
    }
}

/// A list with what is always read, whether somebody names it or not.
fn with<T: PartialEq>(named: Option<Vec<T>>, always: T) -> Vec<T> {
    let mut list = named.unwrap_or_default();
    if !list.contains(&always) {
        list.insert(0, always);
    }
    list
}

const NEWER: &str = "write a newer version, or omit `api_version` for the newest that the org has";

fn today(context: &Context) -> Date {
    context.clock().now().to_zoned(TimeZone::UTC).date()
}

/// Why a version can't be used any more.
fn version_fault(version: &str, today: Date) -> Option<SettingsFault> {
    match support(version, today)? {
        Support::Retired(release) => {
            let message = format!("Salesforce retired API version `{version}` with {release}: all calls fail");
            Some(SettingsFault::new("/api_version", message).with_help(NEWER))
        }
        _ => None,
    }
}

/// What to change before a version ends.
fn version_advice(version: &str, today: Date) -> Option<SettingsFault> {
    let message = match support(version, today)? {
        Support::Ending { retired, unsupported } => {
            let until = unsupported.map(|release| format!(", and helps nobody with it from {release} on"));
            format!("Salesforce retires API version `{version}` with {retired}{}", until.unwrap_or_default())
        }
        Support::Unprotected(since) => {
            format!("since {since}, Salesforce can end API version `{version}`; it announces that a year ahead")
        }
        Support::Retired(_) | Support::Kept(_) => return None,
    };
    Some(SettingsFault::new("/api_version", message).with_help(NEWER))
}

fn check_version(version: &str) -> Result<()> {
    let number = version.strip_suffix(".0").and_then(|number| number.parse::<u32>().ok());
    match number {
        Some(OLDEST_VERSION..) => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Definition, format!("API version `{version}` is too old"))
            .with_help(format!("write `{OLDEST_VERSION}.0` or newer, or omit `api_version`"))),
        None => Err(Error::new(ErrorKind::Definition, format!("`{version}` is not an API version"))
            .with_help("write it like `\"67.0\"`, or omit `api_version`")),
    }
}

/// Query jobs are one version younger than the oldest supported version.
fn check_transport(transport: Transport, version: &str) -> Result<()> {
    if transport == Transport::Bulk && version == "46.0" {
        return Err(Error::new(ErrorKind::Definition, "API version `46.0` has no query jobs")
            .with_help("write `47.0` or newer, or set `transport: auto`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(settings: serde_json::Value) -> Result<Settings, String> {
        serde_json::from_value(settings).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_transport_that_is_not_there_is_refused_with_those_that_are() {
        let fault = read(json!({"transport": "soap"})).unwrap_err();
        assert!(fault.contains("`auto`") && fault.contains("`rest`") && fault.contains("`bulk`"), "{fault}");
        assert_eq!(read(json!({"transport": "bulk"})).unwrap().transport, Transport::Bulk);
    }

    #[test]
    fn jobs_are_refused_for_a_version_without_them() {
        assert_eq!(check_transport(Transport::Bulk, "46.0").unwrap_err().kind(), ErrorKind::Definition);
        assert!(check_transport(Transport::Auto, "46.0").is_ok() && check_transport(Transport::Bulk, "47.0").is_ok());
    }

    #[test]
    fn custom_fields_are_a_word_or_a_list_of_names() {
        assert_eq!(read(json!({})).unwrap().custom_fields, CustomFields::None);
        assert_eq!(read(json!({"custom_fields": "all"})).unwrap().custom_fields, CustomFields::All);
        let named = read(json!({"custom_fields": ["Cost_Center__c"]})).unwrap().custom_fields;
        assert_eq!(named, CustomFields::Named(vec!["Cost_Center__c".to_owned()]));
        for wrong in [json!("some"), json!(7), json!(["Id FROM User"]), json!([""])] {
            assert!(read(json!({"custom_fields": wrong})).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_always_read_need_not_be_named() {
        let users = |settings: serde_json::Value| with(read(settings).unwrap().read, Read::Users);
        assert_eq!(users(json!({})), [Read::Users]);
        assert_eq!(users(json!({"read": ["apps"]})), [Read::Users, Read::Apps]);
        assert_eq!(users(json!({"read": ["apps", "users"]})), [Read::Apps, Read::Users]);
    }

    #[test]
    fn a_retired_version_is_a_fault_and_one_that_ends_is_advice() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let fault = version_fault("29.0", day("2026-12-01")).unwrap();
        assert!(fault.pointer == "/api_version" && fault.message.contains("Summer '25 (2025-06-01)"), "{fault:?}");
        assert_eq!(version_fault("35.0", day("2028-05-31")), None);
        assert!(version_fault("35.0", day("2028-06-01")).is_some());
        let ending = version_advice("35.0", day("2026-12-01")).unwrap();
        let both = ending.message.contains("Summer '28 (2028-06-01)") && ending.message.contains("Summer '27");
        assert!(both && ending.help.unwrap().contains("newer version"), "{}", ending.message);
        assert!(version_advice("55.0", day("2026-12-01")).unwrap().message.contains("since 2025-06-01"));
        assert_eq!(version_advice("67.0", day("2026-12-01")), None);
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(read(json!({"api_versoin": "67.0"})).is_err());
        assert!(read(json!({"app": {"kind": "package", "name": "X"}})).is_err());
    }

    #[test]
    fn versions_without_permission_set_groups_are_refused() {
        assert!(check_version("67.0").is_ok() && check_version("46.0").is_ok());
        for version in ["45.0", "67", "v67.0", "67.1"] {
            assert_eq!(check_version(version).unwrap_err().kind(), ErrorKind::Definition, "{version}");
        }
    }
}
