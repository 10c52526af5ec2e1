//! What every command needs: the printer, the project, the store, a runtime.

use crate::arguments::GlobalArguments;
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::output::{Printer, Waiting};
use connector_core::{Context, Error, ErrorKind, Result, SecretRef};
use connector_engine::query;
use connector_engine::store::{self, Address, Place, Store};
use connector_files::shell_word;
use connector_project::source::Project;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long to wait for the store before saying so.
const LONGEST_SILENCE: Duration = Duration::from_secs(1);

/// One call of the command line.
pub(crate) struct Invocation {
    pub(crate) printer: Printer,
    global: GlobalArguments,
    interrupt: Arc<OnceLock<Interrupt>>,
}

impl Invocation {
    /// A call with these global options.
    pub(crate) fn new(global: GlobalArguments) -> Self {
        Self { printer: Printer::new(&global), global, interrupt: Arc::default() }
    }

    /// A call within this one, for `quickstart`: the same streams and signals, in the project of the current
    /// folder.
    pub(crate) fn within_tour(&self) -> Self {
        let global = GlobalArguments { project: None, store: None, no_pager: true, ..self.global.clone() };
        Self { printer: self.printer.without_hints(), global, interrupt: self.interrupt.clone() }
    }

    /// Shows the result page by page from now on, if a person sees it. A signal is the pager's.
    pub(crate) fn page(&self) {
        if !self.global.no_pager && self.printer.page() {
            Interrupt::leave_to_pager();
        }
    }

    /// The project folder that the user named, otherwise the nearest one.
    pub(crate) fn project(&self) -> Result<Project> {
        match &self.global.project {
            Some(folder) if folder.is_dir() => {
                // Whoever names a folder knows whose it is.
                connector_files::trust_folder(folder);
                Ok(Project::at(folder))
            }
            Some(folder) => {
                Err(Error::new(ErrorKind::Definition, format!("the folder `{}` does not exist", folder.display()))
                    .with_help(format!(
                        "create a project there with `connector init {}`",
                        shell_word(&folder.to_string_lossy())
                    )))
            }
            None => Project::find(Path::new(".")),
        }
    }

    /// The folder that `-C` names, which need not exist.
    pub(crate) fn named_folder(&self) -> Option<&Path> {
        self.global.project.as_deref()
    }

    /// The store; created at first use.
    pub(crate) fn store(&self, project: &Project) -> Result<Store> {
        let place = self.store_place(project)?;
        tracing::info!(project = %project.folder().display(), store = %place, "opening the store");
        self.watch_waits(&place);
        // A newer version can have much to convert.
        let _waiting = Waiting::begin(&self.printer, "Opening the store");
        Store::open(place)
    }

    /// The store for a query; `None` if it does not exist yet.
    pub(crate) fn existing_store(&self, project: &Project) -> Result<Option<Store>> {
        let place = self.store_place(project)?;
        self.watch_waits(&place);
        Store::open_existing(place)
    }

    /// Says that another program holds the store, if the wait for it is not over at once. Ctrl-C ends the wait.
    fn watch_waits(&self, place: &Place) {
        let (printer, interrupt, place) = (self.printer.clone(), self.interrupt.clone(), place.to_string());
        let is_said = AtomicBool::new(false);
        store::watch_waits(move |waited| {
            if waited >= LONGEST_SILENCE && !is_said.swap(true, Ordering::Relaxed) {
                // The store is opened before there is anything else to stop.
                interrupt.get_or_init(|| Interrupt::listen(&printer));
                printer.warning(&format!(
                    "another program, such as an SQL client with an open transaction, holds the store `{place}`; waiting up to a minute for it"
                ));
            }
            interrupt.get().and_then(Interrupt::exit).is_none()
        });
    }

    /// The store for a query about a source. If the source was never read into it, fails with kind `definition`
    /// if the project has no such source, otherwise with kind `not_found`.
    pub(crate) fn store_with(&self, project: &Project, name_or_path: &str) -> Result<Store, Stop> {
        let name = source_name(name_or_path);
        if let Some(store) = self.existing_store(project)?
            && query::last_run(&store, name)?.is_some()
        {
            return Ok(store);
        }
        let file = project.source_file(name_or_path)?;
        let store = self.store_place(project)?.to_string();
        let message = format!("`{name}` was never aggregated into `{}`", store.strip_prefix("./").unwrap_or(&store));
        Err(Error::new(ErrorKind::NotFound, message)
            .with_help(if file.is_file() {
                format!("run `connector aggregate {}` first", shell_word(name_or_path))
            } else {
                format!("the file `{}` does not exist either: check the path", file.display())
            })
            .into())
    }

    /// Where the store is. A typed path is relative to the current folder, a path in a file to the project.
    pub(crate) fn store_place(&self, project: &Project) -> Result<Place> {
        match &self.global.store {
            Some(typed) => place_of(project, typed),
            None => with_password(project, project.store_place()?),
        }
    }

    /// Beside which file this machine keeps who may use the console: the store, or what would be its file.
    pub(crate) fn access_beside(&self, project: &Project) -> Result<PathBuf> {
        // Without the password of a server, which nothing here needs.
        let place = match &self.global.store {
            Some(typed) => typed_place(project, typed)?,
            None => project.store_place()?,
        };
        Ok(match place {
            Place::File(path) => path,
            Place::Server(_) => project.folder().join(".connector/store.db"),
        })
    }

    /// Listens to signals from the first call on.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        self.interrupt.get_or_init(|| Interrupt::listen(&self.printer))
    }

    /// The exit for the signal that came, if any.
    pub(crate) fn interrupted(&self) -> Option<Exit> {
        self.interrupt.get().and_then(Interrupt::exit)
    }

    /// The exit for an error of this kind. The exit for a cancellation depends on the signal.
    pub(crate) fn exit_of(&self, kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::Cancelled => self.interrupted().unwrap_or(Exit::Interrupted),
            kind => Exit::of(kind),
        }
    }

    /// Runs asynchronous work to its end.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> Result<F::Output, Stop> {
        self.interrupt();
        Ok(runtime()?.block_on(work))
    }
}

/// Where a store is that the user typed, with its password.
pub(crate) fn place_of(project: &Project, typed: &str) -> Result<Place> {
    with_password(project, typed_place(project, typed)?)
}

fn with_password(project: &Project, place: Place) -> Result<Place> {
    match place {
        Place::Server(address) => signed_in(project, address).map(Place::Server),
        file @ Place::File(_) => Ok(file),
    }
}

/// The address with the password that the project names for it, or that of the environment. The password of the project is for
/// the database of the project alone.
fn signed_in(project: &Project, address: Address) -> Result<Address> {
    let settings = project.settings()?;
    let own = project.store_place()?;
    let is_own = matches!(&own, Place::Server(own) if own.is_same(&address));
    let reference = settings.store_password_ref.filter(|_| is_own);
    let address =
        if is_own { address.with_ca(settings.store_ca_file.map(|ca| project.folder().join(ca))) } else { address };
    let password = match reference {
        Some(reference) => {
            let reference: SecretRef = reference.parse().map_err(|why: String| Error::definition(why))?;
            let context = Context::new("store", project.folder());
            Some(runtime()?.block_on(context.secret(&reference))?)
        }
        None => std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()).map(Into::into),
    };
    Ok(address.with_password(password))
}

/// Where a store is that the user typed.
fn typed_place(project: &Project, typed: &str) -> Result<Place> {
    let place = project.store_at(typed)?;
    let typed_path = typed.strip_prefix("sqlite:").unwrap_or(typed);
    let is_relative = Path::new(typed_path).is_relative() && place.file() == Some(&project.folder().join(typed_path));
    Ok(if is_relative { Place::File(typed_path.into()) } else { place })
}

/// A runtime for asynchronous work.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::new(ErrorKind::Internal, format!("can't start a thread: {cause}")).with_cause(cause))
}

/// The name of a source, given its name or the path of its file.
pub(crate) fn source_name(name_or_path: &str) -> &str {
    let path = Path::new(name_or_path);
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if is_yaml { path.file_stem().and_then(|stem| stem.to_str()).unwrap_or(name_or_path) } else { name_or_path }
}
