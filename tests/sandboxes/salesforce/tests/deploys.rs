//! Deploys over REST: their states, what is refused, what is lost by them.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;
#[path = "support/metadata.rs"]
mod support_metadata;

use connector_sandbox_salesforce::{App, AppChange, AppKind, DeployStatus, Fault, Options, Rights, Sandbox};
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::X509;
use serde_json::{Value, json};
use support::{Client, Keys, reply, signed_in};
use support_metadata::{
    DEPLOYS, OAUTH_SETTINGS, accepts, certificate_of, document, manifest, oauth_settings, options, zipped,
};

/// The first failure of a deploy.
fn problem(result: &Value) -> String {
    assert_eq!((&result["status"], &result["success"]), (&json!("Failed"), &json!(false)), "{result}");
    result["details"]["componentFailures"][0]["problem"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_deploy_goes_from_pending_over_in_progress_to_its_end() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let new = Keys::generate();
    let reply = client.try_deploy(certificate_of(&new), options()).await.unwrap();
    let taken = reply.json();
    assert_eq!(reply.status, 201);
    assert_eq!((&taken["deployResult"]["status"], &taken["deployResult"]["done"]), (&json!("Pending"), &json!(false)));
    assert_eq!(taken["deployOptions"], options());
    let id = taken["id"].as_str().unwrap_or_default();
    assert!(id.starts_with("0Af") && id.len() == 18);
    let under_way = client.status(id).await;
    assert_eq!((&under_way["status"], &under_way["done"]), (&json!("InProgress"), &json!(false)));
    let over = client.status(id).await;
    assert_eq!((&over["status"], &over["success"]), (&json!("Succeeded"), &json!(true)));
    assert_eq!(over["numberComponentsDeployed"], 1);
    let components = &over["details"]["componentSuccesses"];
    assert_eq!(components[1]["fullName"], "Connector_glbloauth");
    assert_eq!(components[1]["componentType"], OAUTH_SETTINGS);
    let app = sandbox.app("Connector").unwrap();
    assert_eq!(app.certificate_pem.as_ref(), Some(&new.certificate_pem));
    let deploys = sandbox.deploys();
    let change = AppChange {
        app: "Connector".to_owned(),
        component_type: OAUTH_SETTINGS,
        changed: vec!["certificate"],
        lost: Vec::new(),
    };
    assert_eq!((deploys[0].by.as_str(), &deploys[0].changes), (sandbox.username(), &vec![change]));
    assert_eq!((sandbox.requests().of("metadata:deploy"), sandbox.requests().of("metadata:status")), (1, 2));
    assert_eq!(client.get(&format!("{DEPLOYS}/0Af000000000000AAA")).await.status, 404);
}

#[tokio::test]
async fn what_a_deploy_leaves_out_is_lost() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let pem = Keys::generate().certificate_pem;
    client.deployed(oauth_settings(&format!("<certificate>{pem}</certificate>"))).await;
    let deploys = sandbox.deploys();
    assert_eq!(deploys[0].changes[0].changed, ["certificate"]);
    assert_eq!(deploys[0].changes[0].lost, ["callbackUrl", "isPkceRequired", "oauthLabel"]);
    let app = sandbox.app("Connector").unwrap();
    assert_eq!(app.settings.get("callbackUrl"), None);
    // What stands in other components stays.
    assert!(app.settings.contains_key("label") && app.settings.contains_key("scopes"));
    client.deployed(oauth_settings("")).await;
    assert_eq!(sandbox.deploys()[1].changes[0].lost, ["certificate"]);
    assert_eq!(sandbox.app("Connector").unwrap().certificate_pem, None);
}

#[tokio::test]
async fn a_connected_app_loses_its_approval_with_the_element() {
    let keys = Keys::generate();
    let app = App { kind: AppKind::ConnectedApp, ..keys.app() };
    let sandbox = Sandbox::start(Options { app, ..Options::default() }).await.unwrap();
    let client = Client::sign_in(&sandbox, &keys).await;
    let pem = &keys.certificate_pem;
    let elements = format!(
        "<contactEmail>a@acme.example</contactEmail><label>Connector</label><oauthConfig><callbackUrl>https://x\
         </callbackUrl><certificate>{pem}</certificate><scopes>Api</scopes></oauthConfig>"
    );
    let zip = zipped(&[
        ("package.xml", &manifest("ConnectedApp", "Connector")),
        ("connectedApps/Connector.connectedApp", &document("ConnectedApp", &elements)),
    ]);
    assert_eq!(client.deployed(zip).await["status"], "Succeeded");
    let change = sandbox.deploys().remove(0).changes.remove(0);
    assert_eq!(change.changed, ["contactEmail", "callbackUrl", "scopes"]);
    assert_eq!(change.lost, ["description", "isAdminApproved", "isPkceRequired"]);
    let assertion = keys.assertion(&json!({"alg": "RS256"}), &support::claims(&sandbox));
    let refused = support::post_assertion(&sandbox, &assertion).await;
    assert_eq!(refused.json()["error_description"], "user hasn't approved this consumer");
}

#[tokio::test]
async fn each_fault_of_a_package_is_a_failure_of_its_own() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let before = sandbox.app("Connector").unwrap();
    let file = "extlClntAppGlobalOauthSets/Connector_glbloauth.ecaGlblOauth";
    let settings = manifest(OAUTH_SETTINGS, "Connector_glbloauth");
    let of =
        |app: &str| document(OAUTH_SETTINGS, &format!("<externalClientApplication>{app}</externalClientApplication>"));
    let certificate = |pem: &str| oauth_settings(&format!("<certificate>{pem}</certificate>"));
    let other_key = "<consumerKey>3MVG9Other</consumerKey>";
    let chain = Keys::generate().certificate_pem.repeat(2);
    for (zip, expected) in [
        (b"no zip".to_vec(), "not a zip file"),
        (zipped(&[(file, &of("Connector"))]), "No package.xml found"),
        (zipped(&[("package.xml", &settings)]), "was not found in zipped directory"),
        (zipped(&[("package.xml", &settings), (file, &of("Connector")), ("x.txt", "")]), "Not in package.xml"),
        (zipped(&[("package.xml", &manifest("Nothing", "x"))]), "Unknown type name 'Nothing'"),
        (zipped(&[("package.xml", &settings), (file, &of("Nobody"))]), "INVALID_CROSS_REFERENCE_KEY"),
        (zipped(&[("package.xml", &settings), (file, "<a/>")]), "Invalid root element"),
        (zipped(&[("package.xml", &settings), (file, "<a>")]), "Error parsing file"),
        (zipped(&[("package.xml", &settings), (file, &document(OAUTH_SETTINGS, ""))]), "Required field is missing"),
        (oauth_settings("<unknown/>"), "unknown invalid at this location"),
        (oauth_settings(other_key), "consumerKey can't be changed"),
        (certificate("nothing"), "not a PEM-encoded X.509 certificate"),
        (certificate(&format!("{}{}", before.certificate_pem.clone().unwrap(), "\n".repeat(4_096))), "too large"),
        (certificate(&chain), "one certificate is expected"),
        (certificate(&elliptic()), "an RSA key"),
    ] {
        let result = client.deployed(zip).await;
        assert!(problem(&result).contains(expected), "{expected}: {result}");
        assert!(result["numberComponentErrors"].as_u64() > Some(0), "{result}");
    }
    // Nothing of a deploy that fails stays.
    let after = sandbox.app("Connector").unwrap();
    assert_eq!((after.certificate_pem, after.settings), (before.certificate_pem, before.settings));
    assert!(sandbox.deploys().iter().all(|deploy| deploy.changes.is_empty() && !deploy.problems.is_empty()));
}

/// A certificate whose key is not an RSA key.
fn elliptic() -> String {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    String::from_utf8(builder.build().to_pem().unwrap()).unwrap()
}

#[tokio::test]
async fn rights_stop_a_deploy_before_or_within() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.org().set_rights(Rights { modify_metadata: false, ..Rights::default() });
    let refused = client.try_deploy(certificate_of(&Keys::generate()), options()).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (403, "INSUFFICIENT_ACCESS"));
    sandbox.org().set_rights(Rights { external_client_app_developer: false, ..Rights::default() });
    let result = client.deployed(certificate_of(&Keys::generate())).await;
    assert!(problem(&result).starts_with("INSUFFICIENT_ACCESS_OR_READONLY"), "{result}");
    assert_eq!(sandbox.deploys().len(), 1);
}

#[tokio::test]
async fn options_decide_what_a_deploy_does() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let new = Keys::generate();
    let reply = client.try_deploy(certificate_of(&new), json!({"singlePackage": true})).await.unwrap();
    assert_eq!((reply.status, reply.code().as_str()), (400, "INVALID_OPERATION"));
    let check_only = json!({"singlePackage": true, "rollbackOnError": true, "checkOnly": true});
    let id = client.deploy(certificate_of(&new), check_only).await;
    assert_eq!(client.finished(&id).await["status"], "Succeeded");
    assert!(sandbox.deploys()[0].changes.is_empty() && !accepts(&sandbox, &new).await);
    // Without `singlePackage` each folder is a package.
    let id = client.deploy(certificate_of(&new), json!({"rollbackOnError": true})).await;
    assert_eq!(problem(&client.finished(&id).await), "No package.xml found");
    let folder = zipped(&[("one/package.xml", &manifest("Nothing", "x"))]);
    let id = client.deploy(folder, json!({"rollbackOnError": true})).await;
    assert_eq!(problem(&client.finished(&id).await), "Unknown type name 'Nothing' specified in package.xml");
    // A client that calls the options by their other name is understood; one that sends none is not.
    let http = |form| reply_to(&client, form);
    let form = || reqwest::multipart::Form::new();
    let file = || reqwest::multipart::Part::bytes(certificate_of(&new)).file_name("x.zip");
    let json = json!({"deployOptions": options()}).to_string();
    assert_eq!(http(form().part("file", file()).text("entity_content", json)).await.status, 201);
    assert_eq!(http(form().part("file", file())).await.status, 400);
    assert_eq!(client.try_get(DEPLOYS).await.unwrap().status, 405);
}

async fn reply_to(client: &Client, form: reqwest::multipart::Form) -> support::Reply {
    let request = client.http.post(format!("{}{DEPLOYS}", client.base)).bearer_auth(&client.token);
    reply(request.multipart(form)).await.unwrap()
}

#[tokio::test]
async fn ordering_a_new_consumer_key_changes_it_under_the_clients_feet() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let key = sandbox.consumer_key();
    let pem = sandbox.app("Connector").unwrap().certificate_pem.unwrap();
    let elements = format!("<certificate>{pem}</certificate><shouldRotateConsumerKey>true</shouldRotateConsumerKey>");
    let warned = client.deployed(oauth_settings(&elements)).await;
    assert_eq!(warned["details"]["componentFailures"][0]["problemType"], "Warning");
    assert_eq!(sandbox.consumer_key(), key);
    let ignoring = json!({"singlePackage": true, "rollbackOnError": true, "ignoreWarnings": true});
    let id = client.deploy(oauth_settings(&elements), ignoring).await;
    assert_eq!(client.finished(&id).await["status"], "Succeeded");
    assert_ne!(sandbox.consumer_key(), key);
    assert_eq!(sandbox.deploys()[1].changes[0].changed, ["consumerKey"]);
}

#[tokio::test]
async fn a_deploy_can_be_canceled_until_it_is_over() {
    let (sandbox, client) = signed_in(Options { faults: vec![Fault::DeployStuck(9)], ..Options::default() }).await;
    let new = Keys::generate();
    let id = client.deploy(certificate_of(&new), options()).await;
    assert_eq!(client.status(&id).await["status"], "InProgress");
    let cancel = || async {
        let url = format!("{}{DEPLOYS}/{id}", client.base);
        let request = client.http.patch(url).bearer_auth(&client.token);
        reply(request.json(&json!({"deployResult": {"status": "Canceling"}}))).await.unwrap()
    };
    let canceling = cancel().await;
    assert_eq!((canceling.status, &canceling.json()["deployResult"]["status"]), (202, &json!("Canceling")));
    let canceled = client.finished(&id).await;
    assert_eq!((&canceled["status"], &canceled["success"]), (&json!("Canceled"), &json!(false)));
    assert_eq!(cancel().await.status, 400);
    assert_eq!(sandbox.deploys()[0].status, DeployStatus::Canceled);
    assert!(!accepts(&sandbox, &new).await);
}

#[tokio::test]
async fn deploys_fail_get_stuck_and_lose_their_answers_on_demand() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let new = Keys::generate();
    sandbox.set_faults(vec![Fault::DeployFails]);
    assert!(problem(&client.deployed(certificate_of(&new)).await).starts_with("UNKNOWN_EXCEPTION"));
    sandbox.set_faults(vec![Fault::DeployStuck(3)]);
    let id = client.deploy(certificate_of(&new), options()).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.status(&id).await["status"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(statuses, ["InProgress", "InProgress", "InProgress", "Succeeded"]);
    sandbox.set_faults(vec![Fault::DeployLostAnswer]);
    let newest = Keys::generate();
    assert!(client.try_deploy(certificate_of(&newest), options()).await.is_err());
    // The org has it nevertheless, and carries it out while it is asked other things.
    assert_eq!(sandbox.deploys().len(), 3);
    assert!(!accepts(&sandbox, &newest).await && accepts(&sandbox, &newest).await);
    assert_eq!(sandbox.deploys()[2].status, DeployStatus::Succeeded);
    assert_eq!(client.try_deploy(certificate_of(&new), options()).await.unwrap().status, 201);
}
