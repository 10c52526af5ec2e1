//! The fields of everything that a user can hold, and of the assignments.

use super::field::{Field, Kind};
use super::{holdings, people};

pub(super) const CREATED: Field = Field::datetime("CreatedDate", "Created Date").required().defaulted();
pub(super) const CREATED_BY: Field =
    Field::reference("CreatedById", "Created By ID", "CreatedBy", &["User"]).required().defaulted();
pub(super) const MODIFIED: Field = Field::datetime("LastModifiedDate", "Last Modified Date").required().defaulted();
pub(super) const MODIFIED_BY: Field =
    Field::reference("LastModifiedById", "Last Modified By ID", "LastModifiedBy", &["User"]).required().defaulted();
pub(super) const STAMP: Field = Field::datetime("SystemModstamp", "System Modstamp").required().defaulted();
pub(super) const NAMESPACE: Field = Field::text("NamespacePrefix", "Namespace Prefix", 15);
const STATUS: &[&str] = &["Active", "Disabled"];

pub(crate) const USER_ROLE: &[Field] = &[
    Field::id(),
    Field::text("Name", "Name", 80).required().writable(),
    Field::reference("ParentRoleId", "Parent Role ID", "", &["UserRole"]).writable(),
    Field::text("RollupDescription", "Description", 80).writable(),
    Field::picklist("OpportunityAccessForAccountOwner", "Opportunity Access Level", &["None", "Read", "Edit"])
        .required()
        .writable(),
    Field::picklist("CaseAccessForAccountOwner", "Case Access Level", &["None", "Read", "Edit"]).writable(),
    Field::picklist("ContactAccessForAccountOwner", "Contact Access Level", &["None", "Read", "Edit"]).writable(),
    Field::reference("ForecastUserId", "User ID", "", &["User"]),
    Field::flag("MayForecastManagerShare", "May Forecast Manager Share"),
    MODIFIED,
    MODIFIED_BY,
    STAMP,
    Field::text("DeveloperName", "Developer Name", 80).writable(),
    Field::reference("PortalAccountId", "Account ID", "", &["Account"]),
    Field::picklist("PortalType", "Portal Type", &["None", "CustomerPortal", "Partner"]),
    Field::reference("PortalAccountOwnerId", "User ID", "", &["User"]),
];

pub(crate) const USER_LICENSE: &[Field] = &[
    Field::id(),
    Field::text("LicenseDefinitionKey", "License Def. ID", 40).required(),
    Field::new("TotalLicenses", "Total Licenses", Kind::Int, 0).required(),
    Field::picklist("Status", "Status", STATUS),
    Field::new("UsedLicenses", "Used Licenses", Kind::Int, 0).required(),
    Field::datetime("UsedLicensesLastUpdated", "Used Licenses Last Updated"),
    Field::text("Name", "Name", 40).required(),
    Field::text("MasterLabel", "Master Label", 40).required(),
    Field::new("MonthlyLoginsUsed", "Monthly Logins Used", Kind::Int, 0),
    Field::new("MonthlyLoginsEntitlement", "Monthly Logins Entitlement", Kind::Int, 0),
    CREATED,
    STAMP,
];

pub(crate) const PERMISSION_SET_ASSIGNMENT: &[Field] = &[
    Field::id(),
    Field::reference("PermissionSetId", "Permission Set ID", "PermissionSet", &["PermissionSet"])
        .createable()
        .from(holdings::assigned_set),
    Field::reference("PermissionSetGroupId", "Permission Set Group ID", "PermissionSetGroup", &["PermissionSetGroup"])
        .createable()
        .from(holdings::assigned_group),
    Field::reference("AssigneeId", "Assignee ID", "Assignee", &["User"])
        .required()
        .createable()
        .from(holdings::assignee),
    STAMP.from(holdings::stamp),
    Field::datetime("ExpirationDate", "Expires On").writable(),
    Field::flag("IsActive", "Active").from(holdings::assignment_active),
    Field::flag("IsRevoked", "Revoked").updateable().from(people::no),
];

pub(crate) const PERMISSION_SET_GROUP: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "Name", 80).required().writable(),
    Field::picklist("Language", "Master Language", &["de", "en_US", "fr", "it", "ja"]).defaulted().writable(),
    Field::text("MasterLabel", "Permission Set Group Label", 80).required().writable(),
    NAMESPACE,
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
    Field::text("Description", "Description", 255).writable(),
    Field::picklist("Status", "Permission Set Group Status", &["Updated", "Outdated", "Updating", "Failed"])
        .defaulted()
        .writable(),
    Field::flag("HasActivationRequired", "Session Activation Required").writable(),
];

pub(crate) const PERMISSION_SET_GROUP_COMPONENT: &[Field] = &[
    Field::id(),
    Field::reference("PermissionSetGroupId", "Permission Set Group ID", "PermissionSetGroup", &["PermissionSetGroup"])
        .required()
        .createable(),
    Field::reference("PermissionSetId", "Permission Set ID", "PermissionSet", &["PermissionSet"])
        .required()
        .createable(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const PERMISSION_SET_LICENSE: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "Name", 80).required(),
    Field::picklist("Language", "Master Language", &["de", "en_US", "fr", "it", "ja"]),
    Field::text("MasterLabel", "Permission Set License Label", 80).required(),
    Field::text("PermissionSetLicenseKey", "Permission Set License Key", 100).required(),
    Field::new("TotalLicenses", "Total Licenses", Kind::Int, 0).required(),
    Field::picklist("Status", "Status", STATUS).required(),
    Field::new("ExpirationDate", "Expiration Date", Kind::Date, 0),
    Field::new("UsedLicenses", "Used Licenses", Kind::Int, 0).required(),
    Field::flag("IsAvailableForIntegrations", "Available For Integrations"),
    Field::text("LicenseExpirationPolicy", "License Expiration Policy", 40),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const PERMISSION_SET_LICENSE_ASSIGN: &[Field] = &[
    Field::id(),
    STAMP.from(holdings::stamp),
    CREATED.from(holdings::stamp),
    MODIFIED.from(holdings::stamp),
    Field::reference(
        "PermissionSetLicenseId",
        "Permission Set License ID",
        "PermissionSetLicense",
        &["PermissionSetLicense"],
    )
    .required()
    .createable()
    .from(holdings::assigned_license),
    Field::reference("AssigneeId", "Assignee ID", "Assignee", &["User"])
        .required()
        .createable()
        .from(holdings::license_assignee),
];

pub(crate) const GROUP: &[Field] = &[
    Field::id(),
    Field::text("Name", "Name", 40).required().writable(),
    Field::text("DeveloperName", "Developer Name", 80).writable(),
    Field::reference("RelatedId", "Related ID", "Related", &["User", "UserRole", "Territory2"]),
    Field::picklist(
        "Type",
        "Type",
        &["Regular", "Role", "RoleAndSubordinates", "RoleAndSubordinatesInternal", "Organization", "Queue"],
    )
    .required()
    .createable(),
    Field::new("Email", "Email", Kind::Email, 255).writable(),
    Field::reference("OwnerId", "Owner ID", "Owner", &["Organization", "User"]),
    Field::flag("DoesSendEmailToMembers", "Send Email to Members").writable(),
    Field::flag("DoesIncludeBosses", "Include Bosses").writable(),
    Field::text("Description", "Description", 1000).writable(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const GROUP_MEMBER: &[Field] = &[
    Field::id(),
    Field::reference("GroupId", "Group ID", "Group", &["Group"]).required().createable().from(holdings::member_group),
    Field::reference("UserOrGroupId", "User/Group ID", "", &["User", "Group"])
        .required()
        .createable()
        .from(holdings::member),
    STAMP.from(holdings::stamp),
];

pub(crate) const QUEUE_SOBJECT: &[Field] = &[
    Field::id(),
    Field::reference("QueueId", "Group ID", "Queue", &["Group"]).required().createable(),
    Field::picklist("SobjectType", "Sobject Type", &["Case", "Lead", "Order"]).createable(),
    Field::reference("CreatedById", "Created By ID", "CreatedBy", &["User"]).required().defaulted(),
    STAMP,
];

pub(crate) const PACKAGE_LICENSE: &[Field] = &[
    Field::id(),
    Field::picklist("Status", "Status", &["Active", "Expired", "Free", "Trial"]),
    Field::flag("IsProvisioned", "Is Provisioned"),
    Field::new("AllowedLicenses", "Allowed Licenses", Kind::Int, 0),
    Field::new("UsedLicenses", "Used Licenses", Kind::Int, 0),
    Field::datetime("ExpirationDate", "Expiration Date"),
    CREATED,
    MODIFIED,
    STAMP,
    NAMESPACE,
];

pub(crate) const USER_PACKAGE_LICENSE: &[Field] = &[
    Field::id(),
    Field::reference("PackageLicenseId", "Package License ID", "PackageLicense", &["PackageLicense"])
        .required()
        .createable()
        .from(holdings::package),
    Field::reference("UserId", "User ID", "User", &["User"]).required().createable().from(holdings::package_user),
    CREATED.from(holdings::stamp),
    CREATED_BY.from(people::by_administrator),
    MODIFIED.from(holdings::stamp),
    MODIFIED_BY.from(people::by_administrator),
    STAMP.from(holdings::stamp),
];

pub(crate) const ORGANIZATION: &[Field] = &[
    Field::id(),
    Field::text("Name", "Name", 80).required().updateable(),
    Field::text("Division", "Division", 80).updateable(),
    Field::text("City", "City", 40).updateable(),
    Field::text("Country", "Country", 80).updateable(),
    Field::text("PrimaryContact", "Primary Contact", 80).updateable(),
    Field::picklist("DefaultLocaleSidKey", "Locale", &["en_US"]).required().updateable(),
    Field::picklist("LanguageLocaleKey", "Language", &["en_US"]).required().updateable(),
    Field::picklist("TimeZoneSidKey", "Time Zone", &["America/Los_Angeles"]).required().updateable(),
    Field::picklist("OrganizationType", "Edition", &["Developer Edition", "Enterprise Edition", "Unlimited Edition"]),
    NAMESPACE,
    Field::text("InstanceName", "Instance Name", 5),
    Field::flag("IsSandbox", "Is Sandbox"),
    Field::datetime("TrialExpirationDate", "Trial Expiration Date"),
    Field::flag("IsReadOnly", "Is Read Only"),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const TERRITORY: &[Field] = &[
    Field::id(),
    Field::text("Name", "Label", 80).required().writable(),
    Field::reference("Territory2ModelId", "Territory Model ID", "Territory2Model", &["Territory2Model"])
        .required()
        .createable(),
    Field::reference("ParentTerritory2Id", "Parent Territory ID", "ParentTerritory2", &["Territory2"]).writable(),
    Field::text("Description", "Description", 1000).writable(),
    Field::text("DeveloperName", "Territory Name", 80).required().writable(),
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const TERRITORY_MODEL: &[Field] = &[
    Field::id(),
    Field::text("Name", "Label", 80).required().writable(),
    Field::text("DeveloperName", "Territory Model Name", 80).required().writable(),
    Field::picklist("State", "State", &["Planning", "Active", "Archived"]),
    Field::text("Description", "Description", 1000).writable(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const TERRITORY_USER: &[Field] = &[
    Field::id(),
    Field::reference("UserId", "User ID", "User", &["User"]).required().createable().from(holdings::territory_user),
    Field::reference("Territory2Id", "Territory ID", "Territory2", &["Territory2"])
        .required()
        .createable()
        .from(holdings::territory),
    Field::flag("IsActive", "Active").from(holdings::assignment_active),
    Field::picklist("RoleInTerritory2", "Role in Territory", &["Owner", "Administrator", "Sales Rep"])
        .createable()
        .from(holdings::territory_role),
    MODIFIED.from(holdings::stamp),
    MODIFIED_BY.from(people::by_administrator),
    STAMP.from(holdings::stamp),
];

pub(crate) const LOGIN_HISTORY: &[Field] = &[
    Field::id(),
    Field::reference("UserId", "User ID", "", &["User"]).required().from(people::user_of_row),
    Field::datetime("LoginTime", "Login Time").required().from(holdings::login_time),
    Field::picklist("LoginType", "Login Type", &["Application", "Remote Access 2.0"]).from(login_type),
    Field::text("Status", "Status", 128).unfiltered().from(status),
    Field::text("Application", "Application", 128),
    Field::text("ApiType", "API Type", 64).unfiltered(),
    Field::text("SourceIp", "Source IP", 39).from(source_ip),
];

/// A session. Its user is in a field with a name of its own.
pub(crate) const AUTH_SESSION: &[Field] = &[
    Field::id(),
    Field::reference("UsersId", "User ID", "Users", &["User"]).required(),
    CREATED,
    MODIFIED,
    Field::new("NumSecondsValid", "Valid For", Kind::Int, 0).required(),
    Field::picklist("SessionType", "Session Type", &["UI", "API", "Oauth2", "ChatterNetworks"]).required(),
    Field::text("SourceIp", "Source IP", 39),
    Field::reference("ParentId", "Parent ID", "", &["AuthSession"]),
];

/// A token of an app. Real orgs also have the token itself, which no client should read.
pub(crate) const OAUTH_TOKEN: &[Field] = &[
    Field::id(),
    Field::reference("UserId", "User ID", "User", &["User"]).required(),
    Field::text("AppName", "App Name", 256),
    Field::text("AccessToken", "Access Token", 2048),
    Field::text("RequestToken", "Request Token", 2048),
    Field::text("DeleteToken", "Delete Token", 512),
    Field::new("UseCount", "Use Count", Kind::Int, 0),
    Field::datetime("LastUsedDate", "Last Used Date"),
    CREATED,
];

/// An entry of the audit trail. Real orgs forget them after 180 days.
pub(crate) const SETUP_AUDIT_TRAIL: &[Field] = &[
    Field::id(),
    Field::text("Action", "Action", 80).required(),
    Field::text("Section", "Section", 80),
    CREATED,
    CREATED_BY,
    Field::text("Display", "Display", 1000),
    Field::text("DelegateUser", "Delegate User", 255),
    Field::text("ResponsibleNamespacePrefix", "Responsible Namespace Prefix", 15),
];

fn login_type(_: &super::world::World, _: u64) -> super::value::Value {
    "Application".into()
}

fn status(_: &super::world::World, _: u64) -> super::value::Value {
    "Success".into()
}

fn source_ip(_: &super::world::World, index: u64) -> super::value::Value {
    format!("192.0.2.{}", index % 250 + 1).into()
}
