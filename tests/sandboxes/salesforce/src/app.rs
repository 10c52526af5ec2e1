//! The OAuth apps of the org.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// The kind of app in the org's Setup; it decides which audiences and error texts the token endpoint knows, and which
/// metadata types describe the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppKind {
    /// An External Client App: refuses the generic login hosts as audience.
    #[default]
    ExternalClientApp,
    /// A Connected App.
    ConnectedApp,
}

/// An OAuth app of the simulated org.
#[derive(Clone, Debug)]
pub struct App {
    /// The developer name. The component that holds an External Client App's certificate is `<name>_glbloauth`, that of
    /// a Connected App has this name itself.
    pub name: String,
    /// The OAuth client id.
    pub consumer_key: String,
    /// The client secret; `None` turns the client credentials flow off.
    pub client_secret: Option<SecretString>,
    /// The uploaded certificate in PEM; `None` turns the JWT bearer flow off.
    pub certificate_pem: Option<String>,
    /// External Client App or Connected App.
    pub kind: AppKind,
    /// Whether the user is pre-authorized by a profile or permission set; `isAdminApproved` of a Connected App.
    pub approved: bool,
    /// *Require `DPoP`*: tokens only with a proof, bound to its key. Without it, a proof binds the token, too.
    pub requires_dpop: bool,
    /// What else its metadata says, by the name of the element: `callbackUrl`, `isPkceRequired`, `scopes`, …; more than
    /// one value where an element may be repeated. `label` is the app's, `oauthLabel` the label of an External Client
    /// App's OAuth settings. Elements that the app's kind doesn't have are left alone.
    pub settings: BTreeMap<String, Vec<String>>,
}

impl Default for App {
    /// An External Client App. Some of its settings differ from what a deploy that leaves them out falls back to.
    fn default() -> Self {
        let settings: [(&str, &[&str]); 7] = [
            ("callbackUrl", &["https://connector.acme.example/callback"]),
            ("contactEmail", &["identity@acme.example"]),
            ("description", &["Reads & writes accounts"]),
            ("isPkceRequired", &["false"]),
            ("label", &["Connector"]),
            ("oauthLabel", &["Connector OAuth"]),
            ("scopes", &["Api", "RefreshToken"]),
        ];
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Self {
            name: "Connector".to_owned(),
            consumer_key: "3MVG9SandboxConsumerKey0000000000000000000".to_owned(),
            client_secret: None,
            certificate_pem: None,
            kind: AppKind::default(),
            approved: true,
            requires_dpop: false,
            settings: settings.into_iter().map(|(name, values)| (name.to_owned(), owned(values))).collect(),
        }
    }
}
