//! What every request needs: the project and the store.

use crate::access::{Access, Token, Tokens};
use crate::work::{Diary, Jobs};
use connector_core::{Error, ErrorKind, Result};
use connector_engine::query::{self, Plan, SourceState};
use connector_engine::store::{Place, Store};
use connector_project::source::Project;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How many questions the store answers at the same time. Each one may read a page of a long table.
const QUESTIONS: usize = 8;

/// What every request needs.
#[derive(Clone, Debug)]
pub(crate) struct State {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    place: Place,
    /// The file beside which the tokens and the audit log are.
    beside: PathBuf,
    store: Mutex<Option<Store>>,
    tokens: Mutex<Option<Tokens>>,
    questions: Arc<Semaphore>,
    access: Access,
    jobs: Jobs,
    /// What the clock did.
    diary: Diary,
    stop: CancellationToken,
}

impl State {
    pub(crate) fn new(project: &Project, place: Place, beside: &Path, stop: CancellationToken) -> Self {
        let access = Access::beside(beside);
        let jobs = Jobs::new(project.folder(), &place, access.clone(), stop.clone());
        Self {
            inner: Arc::new(Inner {
                access,
                jobs,
                folder: project.folder().to_owned(),
                place,
                beside: beside.to_owned(),
                store: Mutex::new(None),
                tokens: Mutex::new(None),
                questions: Arc::new(Semaphore::new(QUESTIONS)),
                diary: Diary::default(),
                stop,
            }),
        }
    }

    /// Canceled when the server ends.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.inner.stop
    }

    /// What the server does for people and programs.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    /// The audit log.
    pub(crate) fn access(&self) -> &Access {
        &self.inner.access
    }

    /// What the clock did.
    pub(crate) fn diary(&self) -> &Diary {
        &self.inner.diary
    }

    /// The files as they are now.
    pub(crate) fn project(&self) -> Project {
        Project::at(&self.inner.folder)
    }

    /// The name of the project's folder.
    pub(crate) fn project_name(&self) -> String {
        let folder = std::path::absolute(&self.inner.folder).unwrap_or_else(|_| self.inner.folder.clone());
        folder.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// Asks the project and the store something, on a thread that may wait for the disk.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reach) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let closed = |_| Error::new(ErrorKind::Cancelled, "the server is stopping");
        let permit = self.inner.questions.clone().acquire_owned().await.map_err(closed)?;
        let state = self.clone();
        // The question goes on when nobody waits for it any more, and counts as long.
        let answered = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            question(&Reach::of(&state)?)
        })
        .await;
        answered.map_err(|cause| Error::internal("the question could not be answered").with_cause(cause))?
    }

    /// Whether somebody approves a plan by applying the preview with this digest: nobody approved the plan before, or what was
    /// approved is another preview.
    pub(crate) async fn approves_by_applying(&self, source: &str, id: &str, digest: &str) -> Result<bool> {
        let (source, id, digest) = (source.to_owned(), id.to_owned(), digest.to_owned());
        self.ask(move |reach| {
            let plan = reach.must_plan(&source, &id)?;
            Ok(plan.approver.is_none() || plan.digest.as_deref() != Some(&digest))
        })
        .await
    }

    /// The token of a program that may use the API.
    ///
    /// Fails if the file of the tokens can't be read: then nobody knows whether the token works.
    pub(crate) async fn admits(&self, secret: String) -> Result<Option<Token>> {
        self.of_tokens(move |tokens| tokens.check(&secret, Timestamp::now())).await
    }

    /// The token with which somebody signed in, if it still works. Fails like [`State::admits`].
    pub(crate) async fn still_admits(&self, id: String) -> Result<Option<Token>> {
        self.of_tokens(move |tokens| tokens.by_id(&id, Timestamp::now())).await
    }

    async fn of_tokens(
        &self,
        look: impl FnOnce(&Tokens) -> Result<Option<Token>> + Send + 'static,
    ) -> Result<Option<Token>> {
        let state = self.clone();
        self.aside(move || {
            let mut tokens = state.inner.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            // Somebody may have moved the file away, or put another one into its place.
            if !tokens.as_ref().is_some_and(Tokens::is_current) {
                *tokens = Tokens::open_existing(&state.inner.beside)?;
            }
            tokens.as_ref().map_or(Ok(None), look)
        })
        .await
    }

    /// Does something on a thread that may wait for the disk.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|cause| Error::internal("a thread ended before its work").with_cause(cause))?
    }

    /// The store; `None` until something was aggregated.
    pub(crate) fn store(&self) -> Result<Option<Store>> {
        let mut known = self.inner.store.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lost = self.inner.place.file().is_some_and(|file| !file.is_file());
        if is_lost {
            *known = None;
        } else if known.is_none() {
            *known = Store::open_existing(self.inner.place.clone())?;
        }
        Ok(known.clone())
    }
}

/// What a question can reach: the files as they are now, and the store.
pub(crate) struct Reach {
    pub(crate) project: Project,
    pub(crate) store: Option<Store>,
    pub(crate) now: Timestamp,
}

impl Reach {
    fn of(state: &State) -> Result<Self> {
        Ok(Self { project: Project::at(&state.inner.folder), store: state.store()?, now: Timestamp::now() })
    }

    /// How the source with this name stands. Only a name of the project is one: a path would reach any file of the machine.
    pub(crate) fn source(&self, name: &str) -> Result<SourceState> {
        self.must_know(name)?;
        SourceState::of(&self.project, self.store.as_ref(), name, self.now)
    }

    /// Fails with kind `not_found` if the project has no source with this name.
    pub(crate) fn must_know(&self, name: &str) -> Result<()> {
        if self.project.sources()?.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(Error::not_found(format!("this project has no source `{name}`"))
            .with_help("the page Sources lists those in the folder `sources/`"))
    }

    /// Fails with kind `not_found` if the source has no plan with this id.
    pub(crate) fn must_plan(&self, source: &str, id: &str) -> Result<Plan> {
        self.must_know(source)?;
        let missing = || Error::not_found(format!("`{source}` has no plan `{id}`"));
        query::plan(self.store.as_ref().ok_or_else(missing)?, source, id)
    }

    /// The store with what was read from the source with this name.
    pub(crate) fn store_of(&self, name: &str) -> Result<&Store> {
        self.must_know(name)?;
        if let Some(store) = &self.store
            && query::last_run(store, name)?.is_some()
        {
            return Ok(store);
        }
        Err(Error::not_found(format!("`{name}` was never aggregated"))
            .with_help(format!("run `connector aggregate {name}` first")))
    }
}
