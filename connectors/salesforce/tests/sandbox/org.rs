//! A simulated org, and a connector opened on it.

use async_trait::async_trait;
use connector_core::{
    AuthStrategy, Connector, Context, Credential, Error, ErrorKind, Exchange, HttpOptions, Result, Retry,
    Settings as _, TestReport, Token,
};
use connector_sandbox_salesforce::{App, Options, Sandbox};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The secret that the source signs in with.
pub(crate) const CLIENT_SECRET: &str = "made up for this test";

pub(crate) async fn start(options: Options) -> Sandbox {
    let app = App { client_secret: Some(CLIENT_SECRET.into()), ..options.app };
    Sandbox::start(Options { app, ..options }).await.unwrap()
}

pub(crate) fn open(sandbox: &Sandbox, settings: &str) -> (Box<dyn Connector>, Context) {
    open_at(sandbox.token_url().parse().unwrap(), sandbox.consumer_key(), settings)
}

/// A connector that signs in at this URL, which may be that of a proxy.
pub(crate) fn open_at(token_url: Url, id: String, settings: &str) -> (Box<dyn Connector>, Context) {
    let strategy = ClientSecret { token_url, id };
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
        let status = |kind| Error::new(kind, format!("sign-in: status {}", reply.status)).with_help("sign in again");
        match reply.status {
            200 => {}
            429 | 503 => {
                let kind = if reply.status == 429 { ErrorKind::RateLimited } else { ErrorKind::Unavailable };
                return Err(status(kind).with_retry(Retry::After(Duration::ZERO)));
            }
            500 => return Err(status(ErrorKind::Unavailable)),
            403 => return Err(status(ErrorKind::Permission)),
            _ => return Err(status(ErrorKind::Auth)),
        }
        let odd = || Error::new(ErrorKind::Protocol, "sign-in: not the expected JSON").with_help("sign in again");
        let mut members: serde_json::Map<_, _> = serde_json::from_slice(&reply.body).map_err(|_| odd())?;
        let token = members.remove("access_token").ok_or_else(odd)?;
        Ok(Credential::Bearer(Token::new(token.as_str().ok_or_else(odd)?.into()).with_members(members)))
    }
    async fn check(&self, _: &mut TestReport) {}
    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }
}
