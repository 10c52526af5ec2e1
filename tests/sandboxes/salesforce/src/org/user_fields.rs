//! The fields of User.

use super::field::{Field, Kind};
use super::people;

const TIME_ZONES: &[&str] = &[
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Rome",
    "GMT",
];
const LOCALES: &[&str] = &["de_DE", "en_GB", "en_US", "fr_FR", "it_IT", "ja_JP", "pt_BR"];
const LANGUAGES: &[&str] = &["de", "en_US", "fr", "it", "ja", "pt_BR"];
const ENCODINGS: &[&str] = &[
    "UTF-8",
    "ISO-8859-1",
    "Shift_JIS",
    "ISO-2022-JP",
    "EUC-JP",
    "ks_c_5601-1987",
    "Big5",
    "GB2312",
    "Big5-HKSCS",
    "x-SJIS_0213",
];
const USER_TYPES: &[&str] = &[
    "Standard",
    "PowerPartner",
    "PowerCustomerSuccess",
    "CustomerSuccess",
    "Guest",
    "CspLitePortal",
    "CsnOnly",
    "SelfService",
    "AutomatedProcess",
    "CloudIntegrationUser",
];

/// The value of a field that a new user omits.
pub(crate) const DEFAULTS: [(&str, &str); 2] = [("DigestFrequency", "D"), ("DefaultGroupNotificationFrequency", "N")];

const fn feature(name: &'static str, label: &'static str) -> Field {
    Field::flag(name, label).writable().from(people::no)
}

/// The fields of User.
pub(crate) const USER: &[Field] = &[
    Field::id(),
    Field::text("Username", "Username", 80).required().writable().key().from(people::username),
    Field::text("LastName", "Last Name", 80).required().writable().from(people::last_name),
    Field::text("FirstName", "First Name", 40).writable().from(people::first_name),
    Field::text("Name", "Full Name", 121).required().from(people::name),
    Field::text("CompanyName", "Company Name", 80).writable().from(people::company),
    Field::text("Division", "Division", 80).writable().from(people::division),
    Field::text("Department", "Department", 80).writable().from(people::department),
    Field::text("Title", "Title", 80).writable().from(people::title),
    Field::new("Street", "Street", Kind::TextArea, 255).writable().from(people::street),
    Field::text("City", "City", 40).writable().from(people::city),
    Field::text("State", "State/Province", 80).writable().from(people::state),
    Field::text("PostalCode", "Zip/Postal Code", 20).writable().from(people::postal_code),
    Field::text("Country", "Country", 80).writable().from(people::country),
    Field::new("Latitude", "Latitude", Kind::Double, 0).writable(),
    Field::new("Longitude", "Longitude", Kind::Double, 0).writable(),
    Field::picklist("GeocodeAccuracy", "Geocode Accuracy", &["Address", "Street", "City", "Unknown"]).writable(),
    Field::new("Address", "Address", Kind::Address, 0).unfiltered().from(people::address),
    Field::new("Email", "Email", Kind::Email, 128).required().writable().from(people::email),
    Field::new("SenderEmail", "Email Sender Address", Kind::Email, 80).writable(),
    Field::text("SenderName", "Email Sender Name", 80).writable(),
    Field::text("Signature", "Email Signature", 1333).writable(),
    Field::new("Phone", "Phone", Kind::Phone, 40).writable().from(people::phone),
    Field::new("Fax", "Fax", Kind::Phone, 40).writable(),
    Field::new("MobilePhone", "Mobile", Kind::Phone, 40).writable(),
    Field::new("Extension", "Extension", Kind::Phone, 40).writable(),
    Field::text("Alias", "Alias", 8).required().writable().from(people::alias),
    Field::text("CommunityNickname", "Nickname", 40).required().defaulted().writable().key().from(people::nickname),
    Field::flag("IsActive", "Active").writable().from(people::is_active),
    Field::picklist("TimeZoneSidKey", "Time Zone", TIME_ZONES).required().writable().from(people::time_zone),
    Field::reference("UserRoleId", "Role ID", "UserRole", &["UserRole"]).writable().from(people::role_id),
    Field::picklist("LocaleSidKey", "Locale", LOCALES).required().writable().from(people::locale),
    Field::flag("ReceivesInfoEmails", "Info Emails").writable().from(people::no),
    Field::flag("ReceivesAdminInfoEmails", "Admin Info Emails").writable().from(people::no),
    Field::picklist("EmailEncodingKey", "Email Encoding", ENCODINGS).required().writable().from(people::encoding),
    Field::reference("ProfileId", "Profile ID", "Profile", &["Profile"]).required().writable().from(people::profile_id),
    Field::picklist("UserType", "User Type", USER_TYPES).from(people::user_type),
    Field::picklist("LanguageLocaleKey", "Language", LANGUAGES).required().writable().from(people::language),
    Field::text("EmployeeNumber", "Employee Number", 20).writable().from(people::employee_number),
    Field::reference("DelegatedApproverId", "Delegated Approver ID", "DelegatedApprover", &["Group", "User"])
        .writable(),
    Field::reference("ManagerId", "Manager ID", "Manager", &["User"]).writable().from(people::manager_id),
    Field::datetime("LastLoginDate", "Last Login").from(people::last_login),
    Field::datetime("LastPasswordChangeDate", "Last Password Change or Reset").from(people::password_changed),
    Field::datetime("CreatedDate", "Created Date").required().defaulted().from(people::created_date),
    Field::reference("CreatedById", "Created By ID", "CreatedBy", &["User"])
        .required()
        .defaulted()
        .from(people::by_administrator),
    Field::datetime("LastModifiedDate", "Last Modified Date").required().defaulted().from(people::modified_date),
    Field::reference("LastModifiedById", "Last Modified By ID", "LastModifiedBy", &["User"])
        .required()
        .defaulted()
        .from(people::by_administrator),
    Field::datetime("SystemModstamp", "System Modstamp").required().defaulted().from(people::stamp),
    Field::datetime("PasswordExpirationDate", "Password Expiration Date"),
    Field::new("NumberOfFailedLogins", "Failed Login Attempts", Kind::Int, 0).from(people::failed_logins),
    Field::datetime("SuAccessExpirationDate", "SU Access Expiration Date"),
    Field::datetime("OfflineTrialExpirationDate", "Offline Edition Trial Expiration Date"),
    feature("UserPermissionsMarketingUser", "Marketing User"),
    feature("UserPermissionsOfflineUser", "Offline User"),
    feature("UserPermissionsCallCenterAutoLogin", "Auto-login To Call Center"),
    feature("UserPermissionsSFContentUser", "Salesforce CRM Content User"),
    Field::flag("UserPermissionsKnowledgeUser", "Knowledge User").writable().from(people::is_manager),
    Field::flag("UserPermissionsInteractionUser", "Flow User").writable().from(people::no),
    Field::flag("UserPermissionsSupportUser", "Service Cloud User").writable().from(people::is_standard),
    Field::flag("ForecastEnabled", "Allow Forecasting").writable().from(people::is_manager),
    feature("UserPreferencesActivityRemindersPopup", "ActivityRemindersPopup"),
    feature("UserPreferencesDisableAllFeedsEmail", "DisableAllFeedsEmail"),
    feature("UserPreferencesLightningExperiencePreferred", "LightningExperiencePreferred"),
    feature("UserPreferencesShowTitleToExternalUsers", "ShowTitleToExternalUsers"),
    Field::reference("ContactId", "Contact ID", "Contact", &["Contact"]).createable().from(people::contact_id),
    Field::reference("AccountId", "Account ID", "Account", &["Account"]).from(people::account_id),
    Field::reference("CallCenterId", "Call Center ID", "", &["CallCenter"]).writable(),
    Field::flag("IsPortalEnabled", "User Portal Enabled").writable().from(people::is_portal),
    Field::picklist("PortalRole", "Portal Role Level", &["Executive", "Manager", "Worker", "PersonAccount"])
        .from(people::portal_role),
    Field::text("FederationIdentifier", "SAML Federation ID", 512).writable().key().from(people::federation_id),
    Field::new("AboutMe", "About Me", Kind::TextArea, 1000).writable().unfiltered(),
    Field::new("FullPhotoUrl", "Url for full-sized Photo", Kind::Url, 1024).from(people::photo),
    Field::new("SmallPhotoUrl", "Photo", Kind::Url, 1024).from(people::photo),
    Field::picklist("DigestFrequency", "Chatter Email Highlights Frequency", &["D", "W", "N"])
        .required()
        .defaulted()
        .writable()
        .from(people::digest_frequency),
    Field::picklist("DefaultGroupNotificationFrequency", "Default Notification Frequency", &["P", "D", "W", "N"])
        .required()
        .defaulted()
        .writable()
        .from(people::notification_frequency),
    Field::datetime("LastViewedDate", "Last Viewed Date"),
    Field::datetime("LastReferencedDate", "Last Referenced Date"),
    Field::reference("IndividualId", "Individual ID", "Individual", &["Individual"]).writable(),
    Field::text("Cost_Center__c", "Cost Center", 20).writable().from(people::cost_center),
    Field::new("Badge_Number__c", "Badge Number", Kind::Double, 0).writable().from(people::badge),
    Field::flag("Contractor__c", "Contractor").writable().from(people::contractor),
    Field::new("Start_Date__c", "Start Date", Kind::Date, 0).writable().from(people::start_date),
];

/// The fields of `UserLogin`, which has no `SystemModstamp`.
pub(crate) const USER_LOGIN: &[Field] = &[
    Field::id(),
    Field::reference("UserId", "User ID", "", &["User"]).required().from(people::user_of_row),
    Field::flag("IsFrozen", "Frozen").updateable().from(people::is_frozen),
    Field::flag("IsPasswordLocked", "Password Locked").updateable().from(people::is_password_locked),
    Field::datetime("LastModifiedDate", "Last Modified Date").required().defaulted().from(people::modified_date),
    Field::reference("LastModifiedById", "Last Modified By ID", "LastModifiedBy", &["User"])
        .required()
        .defaulted()
        .from(people::by_administrator),
];
