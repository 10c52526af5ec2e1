//! The metadata types that describe apps, and their elements in the order of the schema.

use crate::app::{App, AppKind};
use crate::options::Rights;

/// A metadata type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ConnectedApp,
    ExternalClientApplication,
    GlobalOauthSettings,
}

/// An element of a component.
#[derive(Debug)]
pub(crate) struct Element {
    /// The parent element; empty for the root.
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    /// Its name among an app's settings.
    pub(crate) setting: &'static str,
    pub(crate) form: Form,
    /// The value if a component leaves it out.
    pub(crate) default: Option<&'static str>,
}

/// What an element may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One text.
    Text,
    /// One required text.
    Required,
    /// `true` or `false`.
    Flag,
    /// Any number of elements, each with a text.
    Texts,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::ConnectedApp, Self::ExternalClientApplication, Self::GlobalOauthSettings];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConnectedApp => "ConnectedApp",
            Self::ExternalClientApplication => "ExternalClientApplication",
            Self::GlobalOauthSettings => "ExtlClntAppGlobalOauthSettings",
        }
    }

    /// The type of this name in this version of the API.
    pub(crate) fn named(name: &str, version: u32) -> Option<Self> {
        let oldest = |kind| if kind == Self::ConnectedApp { 0 } else { 59 };
        Self::ALL.into_iter().find(|kind| kind.name() == name && oldest(*kind) <= version)
    }

    /// Where a package keeps the component of this name.
    pub(crate) fn file(self, full_name: &str) -> String {
        let (folder, suffix) = match self {
            Self::ConnectedApp => ("connectedApps", "connectedApp"),
            Self::ExternalClientApplication => ("externalClientApps", "eca"),
            Self::GlobalOauthSettings => ("extlClntAppGlobalOauthSets", "ecaGlblOauth"),
        };
        format!("{folder}/{full_name}.{suffix}")
    }

    /// The name of an app's component.
    pub(crate) fn full_name(self, app: &App) -> String {
        match self {
            Self::ConnectedApp | Self::ExternalClientApplication => app.name.clone(),
            Self::GlobalOauthSettings => format!("{}_glbloauth", app.name),
        }
    }

    /// Whether apps of this kind have such a component.
    pub(crate) fn describes(self, app: AppKind) -> bool {
        (self == Self::ConnectedApp) == (app == AppKind::ConnectedApp)
    }

    /// Whether a user with these rights may read and change such components.
    pub(crate) fn allowed(self, rights: &Rights) -> bool {
        match self {
            Self::ConnectedApp => rights.customize_application,
            Self::ExternalClientApplication | Self::GlobalOauthSettings => rights.external_client_app_developer,
        }
    }

    pub(crate) fn elements(self) -> &'static [Element] {
        match self {
            Self::ConnectedApp => CONNECTED_APP,
            Self::ExternalClientApplication => EXTERNAL_CLIENT_APPLICATION,
            Self::GlobalOauthSettings => GLOBAL_OAUTH_SETTINGS,
        }
    }
}

const fn element(section: &'static str, name: &'static str, form: Form, default: Option<&'static str>) -> Element {
    Element { section, name, setting: name, form, default }
}

const fn text(name: &'static str) -> Element {
    element("", name, Form::Text, None)
}

const fn required(name: &'static str) -> Element {
    element("", name, Form::Required, None)
}

const fn flag(name: &'static str, default: &'static str) -> Element {
    element("", name, Form::Flag, Some(default))
}

const fn oauth(name: &'static str, form: Form, default: Option<&'static str>) -> Element {
    element("oauthConfig", name, form, default)
}

const CONNECTED_APP: &[Element] = &[
    required("contactEmail"),
    text("contactPhone"),
    text("description"),
    text("infoUrl"),
    required("label"),
    oauth("callbackUrl", Form::Required, None),
    oauth("certificate", Form::Text, None),
    oauth("consumerKey", Form::Text, None),
    oauth("consumerSecret", Form::Text, None),
    oauth("isAdminApproved", Form::Flag, Some("false")),
    oauth("isClientCredentialEnabled", Form::Flag, Some("false")),
    oauth("isConsumerSecretOptional", Form::Flag, Some("false")),
    oauth("isIntrospectAllTokens", Form::Flag, Some("false")),
    oauth("isNamedUserJwtEnabled", Form::Flag, Some("false")),
    oauth("isPkceRequired", Form::Flag, Some("true")),
    oauth("isRefreshTokenRotationEnabled", Form::Flag, Some("false")),
    oauth("isSecretRequiredForRefreshToken", Form::Flag, Some("true")),
    oauth("oauthClientCredentialUser", Form::Text, None),
    oauth("scopes", Form::Texts, None),
    element("oauthPolicy", "ipRelaxation", Form::Text, Some("ENFORCE")),
    element("oauthPolicy", "refreshTokenPolicy", Form::Text, Some("infinite")),
    element("oauthPolicy", "singleLogoutUrl", Form::Text, None),
    element("", "permissionSetName", Form::Texts, None),
    element("", "profileName", Form::Texts, None),
    element("sessionPolicy", "policyAction", Form::Text, None),
    element("sessionPolicy", "sessionLevel", Form::Text, None),
    element("sessionPolicy", "sessionTimeout", Form::Text, None),
    text("startUrl"),
];

const EXTERNAL_CLIENT_APPLICATION: &[Element] = &[
    text("contactEmail"),
    text("description"),
    element("", "distributionState", Form::Text, Some("Local")),
    flag("isProtected", "false"),
    text("label"),
    text("orgScopedExternalApp"),
];

const GLOBAL_OAUTH_SETTINGS: &[Element] = &[
    text("callbackUrl"),
    text("certificate"),
    text("consumerKey"),
    text("consumerSecret"),
    required("externalClientApplication"),
    text("idTokenConfig"),
    flag("isClientCredentialsFlowEnabled", "false"),
    flag("isCodeCredFlowEnabled", "false"),
    flag("isCodeCredPostOnly", "false"),
    flag("isConsumerSecretOptional", "false"),
    flag("isDeviceFlowEnabled", "false"),
    flag("isEnforceRefreshTokenTTL", "false"),
    flag("isIntrospectAllTokens", "false"),
    flag("isNamedUserJwtEnabled", "false"),
    flag("isPkceRequired", "true"),
    flag("isRefreshTokenRotationEnabled", "false"),
    flag("isSecretRequiredForRefreshToken", "false"),
    flag("isSecretRequiredForTokenExchange", "false"),
    flag("isTokenExchangeEnabled", "false"),
    Element { setting: "oauthLabel", ..text("label") },
    flag("shouldRotateConsumerKey", "false"),
    flag("shouldRotateConsumerSecret", "false"),
];
