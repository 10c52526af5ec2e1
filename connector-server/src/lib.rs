//! The console and the REST API of `connector serve`.
//!
//! Both render what the engine answers, as the command line does: no page has logic of its own.
//!
//! * [`Server`] listens, prints a link with which one person signs in once, and serves until it is told to stop;
//! * [`Tokens`] let programs use the API;
//! * `door` decides who may enter: the host name, the session, the origin of a request, the headers of an answer;
//! * `pages` has one file per page, with its template in `templates/`; `picture` draws;
//! * `work` reads and tests sources;
//! * `api` answers the same questions in JSON;
//! * `finds` asks the rules;
//! * `scim` answers as a SCIM server;
//! * `clock` reads sources when their schedules say so;
//! * `live` tells open pages that something changed.
//!
//! [`metrics`] writes how the sources stand for Prometheus, and [`Exporter`] serves it.

mod access;
mod address;
mod api;
mod asked;
mod assets;
mod clock;
mod door;
mod etag;
mod failure;
mod finds;
mod health;
mod live;
mod metrics;
mod pages;
mod picture;
mod scim;
mod server;
mod state;
mod text;
mod work;
mod written;

pub use access::{NewToken, Role, Token, Tokens};
pub use api::openapi;
pub use metrics::{Exporter, METRICS_TYPE, metrics};
pub use server::{Listen, Server};
