//! A simulated org, and a connector opened on it.

use async_trait::async_trait;
use connector_core::{
    AuthStrategy, Connector, Context, Credential, Exchange, HttpOptions, Result, Settings as _, TestReport, Token,
};
use connector_sandbox_salesforce::{App, Options, Sandbox};
use std::sync::Arc;
use url::Url;

/// The secret that the source signs in with.
pub(crate) const CLIENT_SECRET: &str = "made up for this test";

pub(crate) async fn start(options: Options) -> Sandbox {
    let app = App { client_secret: Some(CLIENT_SECRET.into()), ..options.app };
    Sandbox::start(Options { app, ..options }).await.unwrap()
}

pub(crate) fn open(sandbox: &Sandbox, settings: &str) -> (Box<dyn Connector>, Context) {
    let strategy = ClientSecret { token_url: sandbox.token_url().parse().unwrap(), id: sandbox.consumer_key() };
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    let context = Context::new("salesforce", "/").with_http(http).with_auth(Arc::new(strategy));
    let settings: connector_salesforce::Settings = serde_json::from_str(settings).unwrap();
    (settings.open(&context).unwrap(), context)
}

/// Signs in with the client's secret, as the real strategy does.
#[derive(Debug)]
struct ClientSecret {
    token_url: Url,
    id: String,
}

#[async_trait]
impl AuthStrategy for ClientSecret {
    async fn credential(&self, via: &dyn Exchange) -> Result<Credential> {
        let form =
            [("grant_type", "client_credentials"), ("client_id", self.id.as_str()), ("client_secret", CLIENT_SECRET)];
        let reply = via.post_form(&self.token_url, &form).await?;
        let mut members: serde_json::Map<_, _> = serde_json::from_slice(&reply.body).unwrap();
        let token = members.remove("access_token").unwrap();
        Ok(Credential::Bearer(Token::new(token.as_str().unwrap().into()).with_members(members)))
    }
    async fn check(&self, _: &mut TestReport) {}
    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }
}
