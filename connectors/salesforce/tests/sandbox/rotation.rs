//! The certificate of an app: read, replaced, and nothing else of the app changed.

use crate::org::{open, start};
use connector_core::{App as Named, Connector, Deployed, Error, ErrorKind, Happened, Result};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use connector_sandbox_salesforce::{App, AppKind, Fault, Options, Rights, Sandbox};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const EXTERNAL: &str = r#"{"app": {"kind": "external_client_app", "name": "Connector"}}"#;
const CONNECTED: &str = r#"{"app": {"kind": "connected_app", "name": "Connector"}}"#;

/// Two certificates, made once: the one that an app has, and another.
fn certificates() -> &'static [String; 2] {
    static MADE: OnceLock<[String; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        ["old", "new"].map(|name| {
            let key = PrivateKey::generate(2048).unwrap();
            let request = CertificateRequest { subject_cn: name.to_owned(), organization: None, days: 30 };
            Certificate::self_signed(&key, &request, "2026-11-23T00:00:00Z".parse().unwrap()).unwrap().to_pem()
        })
    })
}

/// An app with the old certificate, and settings that a careless deploy would lose.
fn app(kind: AppKind) -> App {
    let mut app = App { kind, certificate_pem: Some(certificates()[0].clone()), ..App::default() };
    for (name, values) in [
        ("isIntrospectAllTokens", vec!["true"]),
        ("isTokenExchangeEnabled", vec!["true"]),
        ("ipRelaxation", vec!["BYPASS"]),
        ("permissionSetName", vec!["Service_Ops", "Sales_Ops"]),
        ("idTokenConfig", vec!["audience <x> & \"y\""]),
    ] {
        app.settings.insert(name.to_owned(), values.into_iter().map(str::to_owned).collect());
    }
    app
}

async fn org(app: App, options: Options, settings: &str) -> (Sandbox, Box<dyn Connector>) {
    let sandbox = start(Options { users: 5, app, ..options }).await;
    let (connector, _) = open(&sandbox, settings);
    (sandbox, connector)
}

async fn external(options: Options) -> (Sandbox, Box<dyn Connector>) {
    org(app(AppKind::ExternalClientApp), options, EXTERNAL).await
}

fn only(connector: &dyn Connector) -> Named {
    let apps = connector.capabilities().rotation().unwrap().apps().unwrap();
    assert_eq!((apps.len(), &apps[0].issuer), (1, &None));
    apps[0].clone()
}

async fn deployed(connector: &dyn Connector) -> Result<Deployed> {
    connector.capabilities().rotation().unwrap().deployed(&only(connector)).await
}

async fn deploy(connector: &dyn Connector, certificate: &str) -> Result<()> {
    connector.capabilities().rotation().unwrap().deploy(&only(connector), certificate).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_certificate_changes_and_no_setting_is_lost() {
    let [old, new] = certificates();
    for (kind, settings) in [(AppKind::ExternalClientApp, EXTERNAL), (AppKind::ConnectedApp, CONNECTED)] {
        let (sandbox, connector) = org(app(kind), Options::default(), settings).await;
        let before = deployed(connector.as_ref()).await.unwrap();
        assert_eq!(before.certificate.as_ref(), Some(old));
        deploy(connector.as_ref(), new).await.unwrap();
        let after = deployed(connector.as_ref()).await.unwrap();
        assert_eq!((after.certificate.as_ref(), &after.kept), (Some(new), &before.kept));
        let deploys = sandbox.deploys();
        assert_eq!(deploys.len(), 1);
        assert_eq!(deploys[0].changes.len(), 1);
        let change = &deploys[0].changes[0];
        assert_eq!(change.changed, ["certificate"]);
        assert!(change.lost.is_empty(), "{kind:?} lost {:?}", change.lost);
        let app = sandbox.app("Connector").unwrap();
        assert_eq!(app.consumer_key, App::default().consumer_key);
        assert!(app.client_secret.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_a_certificate_gets_its_first() {
    for (kind, settings) in [(AppKind::ExternalClientApp, EXTERNAL), (AppKind::ConnectedApp, CONNECTED)] {
        let (sandbox, connector) = org(App { certificate_pem: None, ..app(kind) }, Options::default(), settings).await;
        assert_eq!(deployed(connector.as_ref()).await.unwrap().certificate, None);
        deploy(connector.as_ref(), &certificates()[1]).await.unwrap();
        assert_eq!(sandbox.app("Connector").unwrap().certificate_pem.as_ref(), Some(&certificates()[1]));
        assert!(sandbox.deploys()[0].changes[0].lost.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_names_what_is_handed_over_and_no_secret() {
    let (_sandbox, connector) = external(Options::default()).await;
    let kept: BTreeMap<_, _> = deployed(connector.as_ref()).await.unwrap().kept.into_iter().collect();
    assert_eq!(kept["callbackUrl"], "https://connector.acme.example/callback");
    assert_eq!((kept["isPkceRequired"].as_str(), kept["idTokenConfig"].as_str()), ("false", "audience <x> & \"y\""));
    let left_out = [
        "certificate",
        "consumerKey",
        "consumerSecret",
        "fullName",
        "shouldRotateConsumerKey",
        "shouldRotateConsumerSecret",
    ];
    assert!(left_out.iter().all(|name| !kept.contains_key(*name)), "{kept:?}");

    let (_sandbox, connector) = org(app(AppKind::ConnectedApp), Options::default(), CONNECTED).await;
    let kept = deployed(connector.as_ref()).await.unwrap().kept;
    let values =
        |wanted: &str| kept.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect();
    let (scopes, sets): (Vec<_>, Vec<_>) = (values("oauthConfig.scopes"), values("permissionSetName"));
    assert_eq!((scopes, sets), (vec!["Api", "RefreshToken"], vec!["Service_Ops", "Sales_Ops"]));
    assert!(values("oauthConfig.certificate").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_apps_only_the_one_asked_for_is_changed() {
    let green = App { name: "Green".to_owned(), consumer_key: "3MVG9Green".to_owned(), ..app(AppKind::ConnectedApp) };
    let settings = r#"{"apps": [{"kind": "external_client_app", "name": "Connector", "issuer": "3MVG9Blue"},
        {"kind": "connected_app", "name": "Green", "issuer": "3MVG9Green"}]}"#;
    let options = Options { more_apps: vec![green], ..Options::default() };
    let (sandbox, connector) = org(app(AppKind::ExternalClientApp), options, settings).await;
    let rotation = connector.capabilities().rotation().unwrap();
    let apps = rotation.apps().unwrap();
    assert_eq!(apps.iter().filter_map(|app| app.issuer.as_deref()).collect::<Vec<_>>(), ["3MVG9Blue", "3MVG9Green"]);
    rotation.deploy(&apps[1], &certificates()[1]).await.unwrap();
    let pem = |name: &str| sandbox.app(name).unwrap().certificate_pem.unwrap();
    assert_eq!((&pem("Connector"), &pem("Green")), (&certificates()[0], &certificates()[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_are_named() {
    let without = |change: fn(&mut Rights)| {
        let mut rights = Rights::default();
        change(&mut rights);
        Options { rights, ..Options::default() }
    };
    for (options, kind, settings, right) in [
        (without(|rights| rights.modify_metadata = false), AppKind::ExternalClientApp, EXTERNAL, "Modify Metadata"),
        (
            without(|rights| rights.external_client_app_developer = false),
            AppKind::ExternalClientApp,
            EXTERNAL,
            "External Client App Developer",
        ),
        (
            without(|rights| rights.customize_application = false),
            AppKind::ConnectedApp,
            CONNECTED,
            "Manage Connected Apps",
        ),
    ] {
        let (sandbox, connector) = org(app(kind), options, settings).await;
        for error in [
            deployed(connector.as_ref()).await.unwrap_err(),
            deploy(connector.as_ref(), &certificates()[1]).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.happened()), (ErrorKind::Permission, Happened::No), "{error:?}");
            assert!(error.help().unwrap_or_default().contains(right), "{error:?}");
        }
        assert!(sandbox.deploys().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_in_jwt_form_are_explained() {
    let mut app = app(AppKind::ExternalClientApp);
    app.settings.insert("isNamedUserJwtEnabled".to_owned(), vec!["true".to_owned()]);
    let (_sandbox, connector) = org(app, Options::default(), EXTERNAL).await;
    connector.capabilities().rotation().unwrap().reach().await.unwrap();
    let error = deployed(connector.as_ref()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.message().contains("for REST but not for SOAP"), "{error:?}");
    assert!(error.help().unwrap_or_default().contains("opaque access tokens"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_meanwhile_is_renewed_for_soap_too() {
    let (sandbox, connector) = external(Options::default()).await;
    let rotation = connector.capabilities().rotation().unwrap();
    rotation.reach().await.unwrap();
    sandbox.expire_sessions();
    assert_eq!(deployed(connector.as_ref()).await.unwrap().certificate.as_ref(), Some(&certificates()[0]));
    sandbox.expire_sessions();
    deploy(connector.as_ref(), &certificates()[1]).await.unwrap();
    assert_eq!(sandbox.deploys().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_takes_long_is_waited_for() {
    let (sandbox, connector) = external(Options { faults: vec![Fault::DeployStuck(3)], ..Options::default() }).await;
    deploy(connector.as_ref(), &certificates()[1]).await.unwrap();
    assert!(sandbox.requests().of("metadata:status") > 3);
    assert!(sandbox.deploys()[0].status.is_done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_made_good_by_looking_and_deploying_again_where_needed() {
    let (sandbox, connector) = external(Options { faults: vec![Fault::DeployLostAnswer], ..Options::default() }).await;
    deploy(connector.as_ref(), &certificates()[1]).await.unwrap();
    assert_eq!(deployed(connector.as_ref()).await.unwrap().certificate.as_ref(), Some(&certificates()[1]));
    assert!(sandbox.deploys().iter().flat_map(|deploy| &deploy.changes).all(|change| change.lost.is_empty()));
}

fn failure(error: &Error, kind: ErrorKind, told: &str, cure: &str) {
    assert_eq!((error.kind(), error.happened()), (kind, Happened::No), "{error:?}");
    assert!(error.message().contains(told) && error.help().unwrap_or_default().contains(cure), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_fails_says_why_and_changes_nothing() {
    let [old, new] = certificates();
    let (sandbox, connector) = external(Options { faults: vec![Fault::DeployFails], ..Options::default() }).await;
    let error = deploy(connector.as_ref(), new).await.unwrap_err();
    failure(&error, ErrorKind::Unavailable, "`Connector_glbloauth`: UNKNOWN_EXCEPTION", "in a few minutes");
    sandbox.set_faults(Vec::new());
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = deploy(connector.as_ref(), broken).await.unwrap_err();
    failure(&error, ErrorKind::Invalid, "not a PEM-encoded X.509 certificate", "2048 or 4096 bits");
    assert_eq!(sandbox.app("Connector").unwrap().certificate_pem.as_ref(), Some(old));
    // What holds more than a certificate does not leave this machine.
    let sent = sandbox.deploys().len();
    let error = deploy(connector.as_ref(), &new.replace("CERTIFICATE", "PRIVATE KEY")).await.unwrap_err();
    failure(&error, ErrorKind::Invalid, "not a single PEM certificate", "without a key");
    assert_eq!(sandbox.deploys().len(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_the_org_does_not_have_is_told() {
    for settings in [r#"{"app": {"kind": "external_client_app", "name": "Conector"}}"#, CONNECTED] {
        let (_sandbox, connector) = org(app(AppKind::ExternalClientApp), Options::default(), settings).await;
        let error = deployed(connector.as_ref()).await.unwrap_err();
        failure(&error, ErrorKind::NotFound, "named `Con", "compare `kind` and `name`");
    }
    let (_sandbox, connector) = org(app(AppKind::ExternalClientApp), Options::default(), "{}").await;
    let error = connector.capabilities().rotation().unwrap().apps().unwrap_err();
    failure(&error, ErrorKind::Definition, "do not name the app", "app: {kind: external_client_app");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_without_certificates_of_external_client_apps_are_refused() {
    let settings = r#"{"api_version": "59.0", "app": {"kind": "external_client_app", "name": "Connector"}}"#;
    let (_sandbox, connector) = org(app(AppKind::ExternalClientApp), Options::default(), settings).await;
    let error = deployed(connector.as_ref()).await.unwrap_err();
    failure(&error, ErrorKind::Definition, "`59.0`", "`60.0` or newer");
}
