//! The apps of the org, and the certificates that each accepts.

use std::time::{Duration, Instant};

use super::certificates::Certificates;
use super::component::Kind;
use crate::app::App;
use crate::options::{Options, WhilePropagating};

/// The apps of the org, the one that was named first in front.
#[derive(Debug)]
pub(crate) struct Apps {
    known: Vec<OrgApp>,
    propagation: Duration,
    meanwhile: WhilePropagating,
}

/// An app, as Setup shows it, and what it accepts.
#[derive(Debug)]
pub(crate) struct OrgApp {
    pub(crate) app: App,
    certificates: Certificates,
}

impl OrgApp {
    fn new(app: App) -> Self {
        Self { certificates: Certificates::new(app.certificate_pem.as_ref()), app }
    }
}

impl Apps {
    pub(crate) fn new(options: &Options) -> Self {
        let known = std::iter::once(&options.app).chain(&options.more_apps).cloned().map(OrgApp::new).collect();
        Self { known, propagation: options.propagation, meanwhile: options.while_propagating }
    }

    /// The app that was named first.
    pub(crate) fn first(&self) -> &App {
        &self.known[0].app
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &App> {
        self.known.iter().map(|known| &known.app)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&App> {
        self.all().find(|app| app.name == name)
    }

    /// The app that a component of this name belongs to.
    pub(crate) fn of_component(&self, kind: Kind, full_name: &str) -> Option<&App> {
        self.all().find(|app| kind.describes(app.kind) && kind.full_name(app) == full_name)
    }

    /// Replaces the app of this name, certificate and all, at once; or adds it.
    pub(crate) fn set(&mut self, app: App) {
        match self.known.iter_mut().find(|known| known.app.name == app.name) {
            Some(known) => *known = OrgApp::new(app),
            None => self.known.push(OrgApp::new(app)),
        }
    }

    /// Replaces what Setup shows of the app of this name. A new certificate takes effect when it has propagated.
    pub(crate) fn redefine(&mut self, app: App, broken: bool) {
        let from = Instant::now() + self.propagation;
        let Some(known) = self.known.iter_mut().find(|known| known.app.name == app.name) else { return };
        if known.app.certificate_pem != app.certificate_pem {
            known.certificates.replace(app.certificate_pem.as_ref(), from, broken);
        }
        known.app = app;
    }

    /// The app with this consumer key, and the certificates that it accepts now.
    pub(crate) fn with_key(&mut self, consumer_key: &str) -> Option<(App, Vec<String>)> {
        let known = self.known.iter_mut().find(|known| known.app.consumer_key == consumer_key)?;
        Some((known.app.clone(), known.certificates.accepted(Instant::now(), self.meanwhile)))
    }

    /// Puts every certificate that propagates into effect.
    pub(crate) fn finish_propagation(&mut self) {
        let now = Instant::now();
        for known in &mut self.known {
            known.certificates.arrive(now);
        }
    }
}
