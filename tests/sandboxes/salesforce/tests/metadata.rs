//! The Metadata API over SOAP: what it shows of apps, and whom.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;
#[path = "support/metadata.rs"]
mod support_metadata;

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sandbox_salesforce::{App, AppKind, Options, Rights, Sandbox};
use support::{Client, Keys, signed_in};
use support_metadata::OAUTH_SETTINGS;
use zip::ZipArchive;

/// An org with an External Client App and a Connected App.
async fn two_apps() -> (Sandbox, Client, Keys) {
    let keys = Keys::generate();
    let connected = App {
        name: "Green".to_owned(),
        consumer_key: "3MVG9Green".to_owned(),
        kind: AppKind::ConnectedApp,
        ..keys.app()
    };
    let options = Options { app: keys.app(), more_apps: vec![connected], ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = Client::sign_in(&sandbox, &keys).await;
    (sandbox, client, keys)
}

fn list(kind: &str) -> String {
    format!("<m:queries><m:type>{kind}</m:type></m:queries><m:asOfVersion>67.0</m:asOfVersion>")
}

fn read(kind: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("<m:fullNames>{name}</m:fullNames>")).collect();
    format!("<m:type>{kind}</m:type>{}", names.concat())
}

#[tokio::test]
async fn components_are_listed_by_their_type() {
    let (sandbox, client, _) = two_apps().await;
    for (kind, name, file) in [
        (OAUTH_SETTINGS, "Connector_glbloauth", "extlClntAppGlobalOauthSets/Connector_glbloauth.ecaGlblOauth"),
        ("ExternalClientApplication", "Connector", "externalClientApps/Connector.eca"),
        ("ConnectedApp", "Green", "connectedApps/Green.connectedApp"),
    ] {
        let reply = client.soap("listMetadata", &list(kind)).await;
        assert_eq!(reply.elements("fullName"), [name]);
        assert_eq!(reply.elements("fileName"), [file]);
        assert_eq!(reply.elements("type"), [kind]);
    }
    assert_eq!(sandbox.requests().of("soap:listMetadata"), 3);
    assert_eq!(client.soap("listMetadata", &list("Nothing")).await.fault(), "sf:INVALID_TYPE");
    // External Client Apps came with version 59.
    assert_eq!(client.soap_at("58.0", "readMetadata", &read(OAUTH_SETTINGS, &["x"])).await.fault(), "sf:INVALID_TYPE");
    assert_eq!(client.soap_at("99.0", "listMetadata", &list("x")).await.fault(), "sf:UNSUPPORTED_API_VERSION");
    assert_eq!(client.soap("describeNothing", "").await.fault(), "soapenv:Client");
}

#[tokio::test]
async fn a_read_shows_every_setting_but_no_secret() {
    let (sandbox, client, keys) = two_apps().await;
    let app = App { client_secret: Some("hidden".into()), ..keys.app() };
    sandbox.set_app(app);
    let reply = client.soap("readMetadata", &read(OAUTH_SETTINGS, &["Connector_glbloauth", "Nobody"])).await;
    assert_eq!(reply.elements("records").len(), 2);
    assert_eq!(reply.elements("fullName"), ["Connector_glbloauth"]);
    assert_eq!(reply.elements("externalClientApplication"), ["Connector"]);
    assert_eq!(reply.elements("consumerKey"), [sandbox.consumer_key()]);
    assert_eq!(reply.elements("certificate")[0].trim(), keys.certificate_pem.trim());
    assert_eq!(reply.elements("isPkceRequired"), ["false"]);
    assert!(reply.elements("consumerSecret").is_empty() && !reply.text.contains("hidden"));

    let reply = client.soap("readMetadata", &read("ConnectedApp", &["Green"])).await;
    assert_eq!(reply.elements("scopes"), ["Api", "RefreshToken"]);
    assert_eq!(reply.elements("isAdminApproved"), ["true"]);
    assert_eq!(reply.elements("description"), ["Reads & writes accounts"]);
    let many: Vec<&str> = std::iter::repeat_n("Green", 11).collect();
    assert_eq!(client.soap("readMetadata", &read("ConnectedApp", &many)).await.fault(), "sf:EXCEEDED_ID_LIMIT");
}

#[tokio::test]
async fn a_retrieve_brings_components_as_files_once() {
    let (_sandbox, client, _) = two_apps().await;
    let request = |name: &str| {
        format!(
            "<m:request><m:apiVersion>67.0</m:apiVersion><m:singlePackage>true</m:singlePackage><m:unpackaged><m:types>\
             <m:members>{name}</m:members><m:members>*</m:members><m:name>{OAUTH_SETTINGS}</m:name></m:types>\
             </m:unpackaged></m:request>"
        )
    };
    let id = client.soap("retrieve", &request("Missing")).await.elements("id").concat();
    let check = format!("<m:asyncProcessId>{id}</m:asyncProcessId>");
    assert_eq!(client.soap("checkRetrieveStatus", &check).await.elements("status"), ["InProgress"]);
    let reply = client.soap("checkRetrieveStatus", &check).await;
    assert_eq!(reply.elements("status"), ["Succeeded"]);
    assert!(reply.elements("problem")[0].contains("'Missing' cannot be found"), "{}", reply.text);
    let zip = STANDARD.decode(reply.elements("zipFile").concat()).unwrap();
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut content = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert!(content("package.xml").contains("<members>Connector_glbloauth</members>"));
    let component = content("extlClntAppGlobalOauthSets/Connector_glbloauth.ecaGlblOauth");
    assert!(component.contains("BEGIN CERTIFICATE") && component.contains("<isPkceRequired>false</isPkceRequired>"));
    assert_eq!(client.soap("checkRetrieveStatus", &check).await.fault(), "sf:INVALID_LOCATOR");
}

#[tokio::test]
async fn soap_needs_an_opaque_token_of_a_live_session() {
    let (sandbox, mut client, keys) = two_apps().await;
    let good = client.token.clone();
    client.token = "00D!nothing".to_owned();
    let refused = client.soap("listMetadata", &list("ConnectedApp")).await;
    assert_eq!(refused.fault(), "sf:INVALID_SESSION_ID");
    assert!(!refused.text.contains("00D!nothing"));
    client.token = good;
    let mut app = keys.app();
    app.settings.insert("isNamedUserJwtEnabled".to_owned(), vec!["true".to_owned()]);
    sandbox.set_app(app);
    let with_jwt = Client::sign_in(&sandbox, &keys).await;
    assert_eq!(with_jwt.token.split('.').count(), 3);
    assert_eq!(with_jwt.get("/services/data/v67.0/limits").await.status, 200);
    assert_eq!(with_jwt.soap("listMetadata", &list("ConnectedApp")).await.fault(), "sf:INVALID_SESSION_ID");
    assert_eq!(client.soap("listMetadata", &list("ConnectedApp")).await.status, 200);
    sandbox.expire_sessions();
    assert_eq!(client.soap("listMetadata", &list("ConnectedApp")).await.fault(), "sf:INVALID_SESSION_ID");
}

#[tokio::test]
async fn rights_decide_who_sees_which_app() {
    let (sandbox, client) = signed_in(Options::default()).await;
    for (rights, settings, connected) in [
        (Rights { modify_metadata: false, ..Rights::default() }, 500, 500),
        (Rights { external_client_app_developer: false, ..Rights::default() }, 500, 200),
        (Rights { customize_application: false, ..Rights::default() }, 200, 500),
    ] {
        sandbox.org().set_rights(rights);
        for (kind, status) in [(OAUTH_SETTINGS, settings), ("ConnectedApp", connected)] {
            let reply = client.soap("listMetadata", &list(kind)).await;
            assert_eq!(reply.status, status, "{kind}: {}", reply.text);
            assert!(status == 200 || reply.fault() == "sf:INSUFFICIENT_ACCESS");
        }
    }
}
