//! Odd answers about an app's certificate.

use crate::server::{Org, ok, refusal};
use connector_core::{Connector, Deployed, Error, ErrorKind, Happened, Result};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const SETTINGS: &str = r#"{"app": {"kind": "external_client_app", "name": "Identity"}}"#;
const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const DEPLOYS: &str = "v67.0/metadata/deployRequest";
const DEPLOY: &str = "v67.0/metadata/deployRequest/0Af000000000001AAA";

fn xml(status: u16, body: &str) -> ResponseTemplate {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:sf=\"http://soap.sforce.com/2006/04/metadata\" xmlns=\"http://soap.sforce.com/2006/04/metadata\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    );
    ResponseTemplate::new(status).set_body_raw(text, "text/xml")
}

fn list(names: &[&str]) -> ResponseTemplate {
    let results: Vec<_> = names.iter().map(|name| format!("<result><fullName>{name}</fullName></result>")).collect();
    xml(200, &format!("<listMetadataResponse>{}</listMetadataResponse>", results.concat()))
}

fn records(records: &str) -> ResponseTemplate {
    xml(200, &format!("<readMetadataResponse><result>{records}</result></readMetadataResponse>"))
}

fn record(name: &str, app: &str, certificate: &str) -> String {
    format!(
        "<records xsi:type=\"ExtlClntAppGlobalOauthSettings\"><fullName>{name}</fullName><certificate>{certificate}\
         </certificate><consumerKey>3MVG9</consumerKey><consumerSecret>marked-secret</consumerSecret>\
         <externalClientApplication>{app}</externalClientApplication><label xsi:nil=\"true\"/>\
         <shouldRotateConsumerKey>true</shouldRotateConsumerKey></records>"
    )
}

fn fault(code: &str, message: &str) -> ResponseTemplate {
    xml(
        500,
        &format!("<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{message}</faultstring></soapenv:Fault>"),
    )
}

/// An org whose SOAP answers are these, in order, and whose app has no other certificate than `old`.
async fn org(soap: Vec<ResponseTemplate>) -> (Org, Box<dyn Connector>) {
    let org = Org::start().await;
    org.answer("/services/Soap/m/67.0", soap);
    org.answer("v67.0/", vec![ok(&json!({"limits": "/services/data/v67.0/limits"}))]);
    let connector = org.open_with(SETTINGS);
    (org, connector)
}

/// Lists and reads one app as often as it is asked.
fn one_app(certificates: &[&str]) -> Vec<ResponseTemplate> {
    let pairs = certificates.iter().flat_map(|certificate| {
        [list(&["Identity_glbloauth"]), records(&record("Identity_glbloauth", "Identity", certificate))]
    });
    pairs.collect()
}

async fn deployed(connector: &dyn Connector) -> Result<Deployed> {
    let rotation = connector.capabilities().rotation().unwrap();
    rotation.deployed(&rotation.apps().unwrap()[0]).await
}

async fn deploy(connector: &dyn Connector) -> Result<()> {
    let rotation = connector.capabilities().rotation().unwrap();
    rotation.deploy(&rotation.apps().unwrap()[0], PEM).await
}

fn taken() -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(json!({"id": "0Af000000000001AAA", "deployResult": {"done": false}}))
}

fn over(more: &Value) -> ResponseTemplate {
    let mut result = json!({"id": "0Af000000000001AAA", "done": true, "success": false, "status": "Failed"});
    result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ok(&json!({"id": "0Af000000000001AAA", "deployResult": result}))
}

fn problem(text: &str) -> ResponseTemplate {
    over(&json!({"details": {"componentFailures": [{"fullName": "Identity_glbloauth", "problem": text}]}}))
}

fn told(error: &Error, kind: ErrorKind, message: &str, cure: &str) {
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.message().contains(message), "{error:?}");
    assert!(error.help().unwrap_or_default().contains(cure), "{error:?}");
}

#[tokio::test]
async fn settings_are_found_under_any_name_and_hold_no_secret() {
    let other = record("Other_glbloauth", "Other", "theirs");
    let found = records(&format!("{other}{}", record("Renamed", "Identity", "ours")));
    let (_org, connector) = org(vec![list(&["Other_glbloauth", "Renamed"]), found]).await;
    let deployed = deployed(connector.as_ref()).await.unwrap();
    assert_eq!(deployed.certificate.as_deref(), Some("ours"));
    assert_eq!(deployed.kept, [("externalClientApplication".to_owned(), "Identity".to_owned())]);
}

#[tokio::test]
async fn settings_with_the_usual_name_that_belong_to_another_app_are_not_taken() {
    let (_org, connector) = org(vec![
        list(&["Identity_glbloauth", "Renamed"]),
        records(&record("Identity_glbloauth", "Other", "theirs")),
        records(&record("Renamed", "Identity", "ours")),
    ])
    .await;
    assert_eq!(deployed(connector.as_ref()).await.unwrap().certificate.as_deref(), Some("ours"));
}

#[tokio::test]
async fn what_is_not_clear_is_an_error() {
    let two = format!("{}{}", record("One", "Identity", "a"), record("Two", "Identity", "b"));
    for (soap, kind, message, cure) in [
        (vec![list(&["One", "Two"]), records(&two)], ErrorKind::Conflict, "`One` and `Two`", "delete"),
        (
            vec![list(&[])],
            ErrorKind::NotFound,
            "no visible External Client App named `Identity`",
            "External Client App Developer",
        ),
        (
            vec![list(&["One"]), records("<records xsi:nil=\"true\"/>")],
            ErrorKind::NotFound,
            "`Identity`",
            "compare `kind` and `name`",
        ),
        (vec![fault("sf:INSUFFICIENT_ACCESS", "no")], ErrorKind::Permission, "listing", "Modify Metadata"),
        (vec![fault("soapenv:Client", "No operation")], ErrorKind::Internal, "No operation", "report it"),
        (
            vec![ResponseTemplate::new(200).set_body_string("<html><br></html>")],
            ErrorKind::Protocol,
            "listing",
            "proxy",
        ),
        (vec![ResponseTemplate::new(200).set_body_string("{}")], ErrorKind::Protocol, "listing", "proxy"),
        (vec![xml(200, "<otherResponse/>")], ErrorKind::Protocol, "listing", "proxy"),
        (vec![list(&["One"]), xml(200, "<readMetadataResponse>cut")], ErrorKind::Protocol, "reading", "proxy"),
    ] {
        let (_org, connector) = org(soap).await;
        let error = deployed(connector.as_ref()).await.unwrap_err();
        told(&error, kind, message, cure);
        assert_eq!(error.happened(), Happened::No, "{error:?}");
    }
}

#[tokio::test]
async fn a_session_that_soap_alone_refuses_is_explained_after_one_new_login() {
    let refused = fault("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader");
    let (org, connector) = org(vec![refused]).await;
    let error = deployed(connector.as_ref()).await.unwrap_err();
    told(&error, ErrorKind::Auth, "for REST but not for SOAP", "opaque");
    assert_eq!((org.logins(), org.requests("/services/Soap/m/67.0").await), (2, 2));
    assert!(!format!("{error:?}").contains("00D!token"));
    org.answer("v67.0/", vec![refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")]);
    told(&deployed(connector.as_ref()).await.unwrap_err(), ErrorKind::Auth, "listing the API resources", "session");
}

#[tokio::test]
async fn a_passing_fault_of_soap_is_asked_again() {
    let mut soap = vec![fault("sf:SERVER_UNAVAILABLE", "Server too busy")];
    soap.extend(one_app(&["ours"]));
    let (org, connector) = org(soap).await;
    assert_eq!(deployed(connector.as_ref()).await.unwrap().certificate.as_deref(), Some("ours"));
    assert_eq!((org.logins(), org.requests("/services/Soap/m/67.0").await), (1, 3));
}

#[tokio::test]
async fn each_end_of_a_deploy_that_is_no_success_is_an_error_with_a_cure() {
    let whole = json!({"errorStatusCode": "UNKNOWN_EXCEPTION", "errorMessage": "An unexpected error occurred"});
    for (answer, kind, message, cure) in [
        (
            problem("INSUFFICIENT_ACCESS_OR_READONLY: no"),
            ErrorKind::Permission,
            "`Identity_glbloauth`",
            "External Client",
        ),
        (problem("INVALID_CROSS_REFERENCE_KEY: no"), ErrorKind::NotFound, "INVALID_CROSS", "API name"),
        (problem("DUPLICATE_VALUE: no"), ErrorKind::Conflict, "DUPLICATE", "read it again"),
        (problem("Certificate: data value too large"), ErrorKind::Invalid, "too large", "4 KB"),
        (problem("Something new"), ErrorKind::Invalid, "Something new", "Deployment Status"),
        (over(&whole), ErrorKind::Unavailable, "unexpected", "status.salesforce.com"),
        (over(&json!({})), ErrorKind::Invalid, "does not say why", "Deployment Status"),
        (over(&json!({"status": "SucceededPartial"})), ErrorKind::Invalid, "failed", "Deployment Status"),
        (
            over(&json!({"status": "Canceled", "canceledByName": "Jane Roe"})),
            ErrorKind::Conflict,
            "canceled by Jane Roe",
            "Deployment Status",
        ),
    ] {
        let (org, connector) = org(one_app(&["old"])).await;
        org.answer(DEPLOYS, vec![taken()]);
        org.answer(DEPLOY, vec![answer]);
        let error = deploy(connector.as_ref()).await.unwrap_err();
        told(&error, kind, message, cure);
        assert_eq!(error.happened(), Happened::No, "{error:?}");
        assert_eq!(org.requests(DEPLOYS).await, 1);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_tell_the_deploy_is_looked_after() {
    for lost in [
        ResponseTemplate::new(201).set_body_string("{\"id\":\"0Af0000000"),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(502),
        ResponseTemplate::new(201).set_body_json(json!({"id": "../limits"})),
    ] {
        // Where the certificate is there afterwards, nothing more is sent.
        let (org, connector) = org(one_app(&["old", PEM])).await;
        org.answer(DEPLOYS, vec![lost.clone()]);
        deploy(connector.as_ref()).await.unwrap();
        assert_eq!(org.requests(DEPLOYS).await, 1);
        // Where it is not, it is deployed again.
        let (org, connector) = self::org(one_app(&["old", "old"])).await;
        org.answer(DEPLOYS, vec![lost, taken()]);
        org.answer(DEPLOY, vec![over(&json!({"success": true, "status": "Succeeded"}))]);
        deploy(connector.as_ref()).await.unwrap();
        assert_eq!((org.requests(DEPLOYS).await, org.requests(DEPLOY).await), (2, 1));
    }
}

#[tokio::test]
async fn what_may_have_happened_stays_in_doubt() {
    let (org, connector) = org(one_app(&["old", "old", "old"])).await;
    org.answer(DEPLOYS, vec![ResponseTemplate::new(502)]);
    let error = deploy(connector.as_ref()).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Unavailable, Happened::Unknown), "{error:?}");
    assert_eq!(org.requests(DEPLOYS).await, 3);

    let (org, connector) = self::org(one_app(&["old"])).await;
    org.answer(DEPLOYS, vec![taken()]);
    org.answer(DEPLOY, vec![refusal(404, "NOT_FOUND", "The requested resource does not exist")]);
    let error = deploy(connector.as_ref()).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::NotFound, Happened::Unknown), "{error:?}");
}

#[tokio::test]
async fn a_deploy_that_is_refused_is_not_sent_again() {
    let (org, connector) = org(one_app(&["old"])).await;
    org.answer(DEPLOYS, vec![refusal(403, "INSUFFICIENT_ACCESS", "no")]);
    let error = deploy(connector.as_ref()).await.unwrap_err();
    told(&error, ErrorKind::Permission, "deploying", "Modify Metadata");
    assert_eq!((error.happened(), org.requests(DEPLOYS).await), (Happened::No, 1));
}
