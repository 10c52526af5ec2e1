//! The fields of what runs without a person: apps, bots, credentials for other systems.

use super::field::Field;
use super::setup_fields::{CREATED, CREATED_BY, MODIFIED, MODIFIED_BY, NAMESPACE, STAMP};

pub(crate) const CONNECTED_APPLICATION: &[Field] = &[
    Field::id(),
    Field::text("Name", "Name", 80).required(),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
    Field::flag("OptionsAllowAdminApprovedUsersOnly", "Admin Approved Users Only"),
    Field::text("StartUrl", "Start Url", 255),
    Field::picklist("RefreshTokenValidityPeriod", "Refresh Token Validity", &[]),
];

/// The secret of the app is one of its fields, for whoever may see it.
pub(crate) const EXTERNAL_CLIENT_APPLICATION: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "Name", 80).required(),
    Field::text("MasterLabel", "Label", 80).required(),
    Field::text("Description", "Description", 255),
    Field::text("ContactEmail", "Contact Email", 80),
    Field::picklist("DistributionState", "Distribution State", &["Local", "Packaged"]),
    Field::text("ConsumerSecret", "Consumer Secret", 255),
    NAMESPACE,
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const BOT_DEFINITION: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "Bot Definition Name", 80).required(),
    Field::text("MasterLabel", "Master Label", 80).required(),
    Field::text("Description", "Description", 1000),
    Field::reference("BotUserId", "User ID", "BotUser", &["User"]),
    Field::picklist("Type", "Type", &["Bot", "ExternalCopilot", "InternalCopilot"]),
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];

pub(crate) const NAMED_CREDENTIAL: &[Field] = &[
    Field::id(),
    Field::text("DeveloperName", "Named Credential Name", 80).required(),
    Field::text("MasterLabel", "Master Label", 80).required(),
    Field::text("Endpoint", "Endpoint", 255),
    Field::picklist("PrincipalType", "Identity Type", &["Anonymous", "PerUser", "NamedUser"]),
    NAMESPACE,
    CREATED,
    CREATED_BY,
    MODIFIED,
    MODIFIED_BY,
    STAMP,
];
