//! A client of the Metadata API for the sandbox's own tests.

#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

use std::io::{Cursor, Write};

use connector_sandbox_salesforce::Sandbox;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Client, Keys, Reply, claims, post_assertion, reply};

pub(crate) const DEPLOYS: &str = "/services/data/v67.0/metadata/deployRequest";
pub(crate) const OAUTH_SETTINGS: &str = "ExtlClntAppGlobalOauthSettings";

/// A zip of these files.
pub(crate) fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn manifest(kind: &str, member: &str) -> String {
    format!(
        "<Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
         <types><members>{member}</members><name>{kind}</name></types><version>67.0</version></Package>"
    )
}

pub(crate) fn document(kind: &str, elements: &str) -> String {
    format!("<{kind} xmlns=\"http://soap.sforce.com/2006/04/metadata\">{elements}</{kind}>")
}

/// A package of the OAuth settings of the app `Connector`, with these elements beside the app's name.
pub(crate) fn oauth_settings(elements: &str) -> Vec<u8> {
    let elements = format!("{elements}<externalClientApplication>Connector</externalClientApplication>");
    zipped(&[
        ("package.xml", &manifest(OAUTH_SETTINGS, "Connector_glbloauth")),
        ("extlClntAppGlobalOauthSets/Connector_glbloauth.ecaGlblOauth", &document(OAUTH_SETTINGS, &elements)),
    ])
}

/// A package that gives the app `Connector` this certificate and keeps the rest of its settings.
pub(crate) fn certificate_of(keys: &Keys) -> Vec<u8> {
    let pem = &keys.certificate_pem;
    oauth_settings(&format!(
        "<callbackUrl>https://connector.acme.example/callback</callbackUrl><certificate>{pem}</certificate>\
         <isPkceRequired>false</isPkceRequired><label>Connector OAuth</label>"
    ))
}

pub(crate) fn options() -> Value {
    json!({"singlePackage": true, "rollbackOnError": true})
}

impl Client {
    /// Asks for a deploy.
    pub(crate) async fn try_deploy(&self, zip: Vec<u8>, options: Value) -> Result<Reply, reqwest::Error> {
        let json = json!({"deployOptions": options}).to_string();
        let form = Form::new()
            .part("json", Part::text(json).mime_str("application/json").unwrap())
            .part("file", Part::bytes(zip).file_name("deploy.zip").mime_str("application/zip").unwrap());
        reply(self.http.post(format!("{}{DEPLOYS}", self.base)).bearer_auth(&self.token).multipart(form)).await
    }

    /// Asks for a deploy and says its id.
    pub(crate) async fn deploy(&self, zip: Vec<u8>, options: Value) -> String {
        let reply = self.try_deploy(zip, options).await.unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    /// The result of a deploy, as it is now.
    pub(crate) async fn status(&self, id: &str) -> Value {
        self.get(&format!("{DEPLOYS}/{id}?includeDetails=true")).await.json()["deployResult"].take()
    }

    /// Polls a deploy until it is over.
    pub(crate) async fn finished(&self, id: &str) -> Value {
        for _ in 0..20 {
            let result = self.status(id).await;
            if result["done"] == true {
                return result;
            }
        }
        panic!("the deploy {id} doesn't end")
    }

    /// Deploys and waits for the end.
    pub(crate) async fn deployed(&self, zip: Vec<u8>) -> Value {
        let id = self.deploy(zip, options()).await;
        self.finished(&id).await
    }

    /// A SOAP call of the Metadata API.
    pub(crate) async fn soap(&self, operation: &str, arguments: &str) -> Reply {
        self.soap_at("67.0", operation, arguments).await
    }

    pub(crate) async fn soap_at(&self, version: &str, operation: &str, arguments: &str) -> Reply {
        let envelope = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:m=\"http://soap.sforce.com/2006/04/metadata\"><e:Header><m:SessionHeader><m:sessionId>{}</m:sessionId>\
             </m:SessionHeader></e:Header><e:Body><m:{operation}>{arguments}</m:{operation}></e:Body></e:Envelope>",
            self.token
        );
        let url = format!("{}/services/Soap/m/{version}", self.base);
        let request =
            self.http.post(url).header("content-type", "text/xml").header("SOAPAction", "\"\"").body(envelope);
        reply(request).await.unwrap()
    }
}

impl Reply {
    /// The `faultcode` of a SOAP fault.
    pub(crate) fn fault(&self) -> String {
        assert_eq!(self.status, 500, "{}", self.text);
        self.elements("faultcode").concat()
    }

    /// The texts of all elements of this name.
    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let tree = roxmltree::Document::parse(&self.text).unwrap();
        let nodes = tree.descendants().filter(|node| node.tag_name().name() == name);
        nodes.map(|node| node.text().unwrap_or("").to_owned()).collect()
    }
}

/// Whether the token endpoint takes an assertion signed with this key.
pub(crate) async fn accepts(sandbox: &Sandbox, keys: &Keys) -> bool {
    let reply = post_assertion(sandbox, &keys.assertion(&json!({"alg": "RS256"}), &claims(sandbox))).await;
    assert!(reply.status == 200 || reply.json()["error_description"] == "invalid assertion", "{}", reply.text);
    reply.status == 200
}
