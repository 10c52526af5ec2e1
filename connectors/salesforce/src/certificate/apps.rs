//! The apps that a source can sign in with, by their names in Setup.

use connector_core::{App, Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// The setting `app`: the app that the source signs in with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct OnlyApp {
    /// Which kind of app it is.
    kind: AppKind,
    /// Its API name.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    name: String,
}

/// One entry of the setting `apps`: one of two apps that take turns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct OneOfTwo {
    /// Which kind of app it is.
    kind: AppKind,
    /// Its API name.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    name: String,
    /// Its consumer key. The app whose consumer key is the `issuer` in `auth:` is the app in use.
    #[schemars(length(min = 1))]
    issuer: String,
}

/// Which kind of app it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum AppKind {
    ExternalClientApp,
    ConnectedApp,
}

impl AppKind {
    /// The name that people read.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ExternalClientApp => "External Client App",
            Self::ConnectedApp => "Connected App",
        }
    }
}

impl OnlyApp {
    pub(crate) fn is_connected_app(&self) -> bool {
        self.kind == AppKind::ConnectedApp
    }
}

impl OneOfTwo {
    pub(crate) fn is_connected_app(&self) -> bool {
        self.kind == AppKind::ConnectedApp
    }
}

/// An app that the settings name.
#[derive(Clone, Debug)]
pub(crate) struct NamedApp {
    pub(crate) kind: AppKind,
    pub(crate) name: String,
    issuer: Option<String>,
}

/// The apps that the settings name, in the order in which they are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apps(Vec<NamedApp>);

impl Apps {
    /// Fails with kind `definition` if both settings are present, or if `apps` is not a list of two different apps.
    pub(crate) fn of(only: Option<OnlyApp>, two: Option<Vec<OneOfTwo>>) -> Result<Self> {
        let wrong = |what: &str| Error::new(ErrorKind::Definition, what);
        let is_list = two.is_some();
        let apps = match (only, two) {
            (Some(_), Some(_)) => {
                return Err(wrong("the settings have both `app` and `apps`")
                    .with_help("keep `app` if the source signs in with one app, or `apps` if two apps take turns"));
            }
            (None, None) => Vec::new(),
            (Some(OnlyApp { kind, name }), None) => vec![NamedApp { kind, name, issuer: None }],
            (None, Some(two)) => two
                .into_iter()
                .map(|OneOfTwo { kind, name, issuer }| NamedApp { kind, name, issuer: Some(issuer) })
                .collect(),
        };
        for app in &apps {
            check_name(&app.name)?;
        }
        match &apps[..] {
            [one, other] if one.name.eq_ignore_ascii_case(&other.name) || one.issuer == other.issuer => {
                Err(wrong("both entries of `apps` are the same app")
                    .with_help("name two apps, each with its own API name and consumer key"))
            }
            _ if !is_list || apps.len() == 2 => Ok(Self(apps)),
            _ => Err(wrong(&format!("`apps` names {} apps, not 2", apps.len()))
                .with_help("name exactly two apps, the one in use and the standby; for a single app, use `app`")),
        }
    }

    /// The apps in the order in which they are written. Fails with kind `definition` if the settings name no app.
    pub(crate) fn all(&self) -> Result<Vec<App>> {
        if self.0.is_empty() {
            return Err(Error::new(
                ErrorKind::Definition,
                "the settings do not name the app that the source signs in with",
            )
            .with_help(
                "add `app: {kind: external_client_app, name: API_NAME}` to `settings:`, or `kind: connected_app`; \
                     Setup › External Client App Manager, or App Manager, shows the API name",
            ));
        }
        let app = |named: &NamedApp| {
            let app = App::new(named.name.clone(), named.kind.title());
            match &named.issuer {
                Some(issuer) => app.with_issuer(issuer.clone()),
                None => app,
            }
        };
        Ok(self.0.iter().map(app).collect())
    }

    /// The settings of an app.
    pub(crate) fn named(&self, app: &App) -> Result<&NamedApp> {
        let found = self.0.iter().find(|named| named.name == app.name);
        found
            .ok_or_else(|| Error::new(ErrorKind::Definition, format!("the settings do not name an app `{}`", app.name)))
    }
}

/// An API name has only letters, digits and underscores. A label, which people see first, can have spaces.
fn check_name(name: &str) -> Result<()> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Definition, format!("`{name}` is not the API name of an app")).with_help(
        "write the API name, not the label: letters, digits and `_`; Setup › External Client App Manager, or App \
         Manager, shows it",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn apps(app: Value, apps: Value) -> Result<Apps> {
        Apps::of(serde_json::from_value(app).unwrap(), serde_json::from_value(apps).unwrap())
    }

    fn entry(name: &str, issuer: &str) -> Value {
        json!({"kind": "external_client_app", "name": name, "issuer": issuer})
    }

    #[test]
    fn one_app_stands_for_the_issuer_of_the_auth_block_and_two_have_their_own() {
        let one = apps(json!({"kind": "connected_app", "name": "Identity"}), Value::Null).unwrap().all().unwrap();
        assert_eq!((one.len(), one[0].kind.as_str(), one[0].issuer.as_deref()), (1, "Connected App", None));
        let two = apps(Value::Null, json!([entry("Blue", "3MVG9b"), entry("Green", "3MVG9g")])).unwrap();
        let issuers: Vec<_> = two.all().unwrap().into_iter().map(|app| app.issuer).collect();
        assert_eq!(issuers, [Some("3MVG9b".to_owned()), Some("3MVG9g".to_owned())]);
        assert_eq!(two.named(&two.all().unwrap()[1]).unwrap().name, "Green");
    }

    #[test]
    fn wrong_choices_of_apps_are_refused_with_the_cure() {
        let only = json!({"kind": "connected_app", "name": "Identity"});
        let (blue, green) = (entry("Blue", "3MVG9b"), entry("Green", "3MVG9g"));
        for (app, list, told) in [
            (only.clone(), json!([blue, green]), "both `app` and `apps`"),
            (Value::Null, json!([blue]), "names 1 apps"),
            (Value::Null, json!([]), "names 0 apps"),
            (Value::Null, json!([blue, green, entry("Red", "3MVG9r")]), "names 3 apps"),
            (Value::Null, json!([blue, entry("blue", "3MVG9g")]), "the same app"),
            (Value::Null, json!([blue, entry("Green", "3MVG9b")]), "the same app"),
            (json!({"kind": "connected_app", "name": "My App"}), Value::Null, "`My App` is not the API name"),
        ] {
            let error = apps(app, list.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Definition, "{list}");
            assert!(error.message().contains(told) && error.help().is_some(), "{list}: {error:?}");
        }
        let none = apps(Value::Null, Value::Null).unwrap().all().unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Definition);
        assert!(none.help().unwrap_or_default().contains("app: {kind: external_client_app"), "{none:?}");
    }
}
