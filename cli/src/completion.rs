//! Names for the completion of the shell, from the project folder and the store. Nothing is created or sent, and a broken
//! project only means fewer names.

use crate::arguments::GlobalArguments;
use crate::invocation::Invocation;
use clap::Command;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use connector_core::Result;
use connector_engine::query::{self, Names};
use connector_engine::store::Store;
use connector_project::source::Project;
use std::env;
use std::ffi::OsStr;
use std::io;

/// The shell's script sets it when it asks for names.
const VARIABLE: &str = "CONNECTOR_COMPLETE";
/// How many names a shell gets at once.
const MOST_NAMES: usize = 200;

/// Answers the shell if it asks what the words of `command_line` can be; false if this is a usual call.
pub(crate) fn answer(command_line: fn() -> Command) -> bool {
    let asks = env::var_os(VARIABLE).is_some_and(|shell| !shell.is_empty());
    // A fault would appear in the middle of what the user types.
    if asks {
        let environment = CompleteEnv::with_factory(command_line).var(VARIABLE);
        let _ = environment.try_complete(env::args_os(), env::current_dir().ok().as_deref());
    }
    asks
}

/// The script of a shell, by its name.
pub(crate) fn script(shell: &str) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let known = shells.completer(shell).ok_or_else(|| io::Error::other(format!("{shell} is not supported")))?;
    known.write_registration(VARIABLE, "connector", "connector", "connector", &mut script)?;
    Ok(script)
}

/// The names of the project's sources.
pub(crate) fn sources() -> ArgValueCompleter {
    completer(|place, _| place.project.sources())
}

/// The newest runs.
pub(crate) fn runs() -> ArgValueCompleter {
    completer(|place, _| {
        let Some(store) = &place.store else { return Ok(Vec::new()) };
        let runs = query::runs(store, place.source.as_deref(), Some(MOST_NAMES as u64))?;
        Ok(runs.into_iter().map(|run| run.report.run).collect())
    })
}

/// The entitlements of the source that was typed before: first the types, then their entitlements.
pub(crate) fn entitlements() -> ArgValueCompleter {
    completer(|place, typed| {
        let Some(names) = place.names()? else { return Ok(Vec::new()) };
        if typed.contains('/') {
            return names.beginning_with(typed, MOST_NAMES);
        }
        Ok(names.types()?.into_iter().map(|name| format!("{name}/")).collect())
    })
}

/// The accounts of the source that was typed before.
pub(crate) fn accounts() -> ArgValueCompleter {
    completer(|place, typed| {
        place.names()?.map_or(Ok(Vec::new()), |names| names.accounts_beginning_with(typed, MOST_NAMES))
    })
}

/// The newest plans of the source that was typed before.
pub(crate) fn plans() -> ArgValueCompleter {
    completer(|place, typed| {
        place.names()?.map_or(Ok(Vec::new()), |names| names.plans_beginning_with(typed, MOST_NAMES))
    })
}

/// Where the user is.
struct Place {
    project: Project,
    store: Option<Store>,
    /// The source that the command line names.
    source: Option<String>,
}

impl Place {
    fn of(words: &[String]) -> Result<Self> {
        let option = |names: &[&str]| {
            let beside = words.windows(2).find(|pair| names.contains(&pair[0].as_str())).map(|pair| pair[1].clone());
            let joined =
                |word: &String| names.iter().find_map(|name| word.strip_prefix(&format!("{name}="))).map(str::to_owned);
            beside.or_else(|| words.iter().find_map(joined))
        };
        let project = option(&["-C", "--project"]).map(Into::into);
        let global =
            GlobalArguments { project, store: option(&["--store"]), quiet: true, ..GlobalArguments::default() };
        let invocation = Invocation::new(global);
        let project = invocation.project()?;
        let known = project.sources().unwrap_or_default();
        let source = words.iter().find(|word| known.contains(word)).cloned();
        Ok(Self { store: invocation.existing_store(&project).unwrap_or_default(), project, source })
    }

    /// What the store knows of the source.
    fn names(&self) -> Result<Option<Names>> {
        let (Some(store), Some(source)) = (&self.store, &self.source) else { return Ok(None) };
        Names::of(store, source).map(Some)
    }
}

fn completer(names: impl Fn(&Place, &str) -> Result<Vec<String>> + Send + Sync + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        // The words of the command line come after `--`.
        let words: Vec<String> = env::args().skip_while(|word| word != "--").skip(2).collect();
        let Some(typed) = typed.to_str() else { return Vec::new() };
        let names = Place::of(&words).and_then(|place| names(&place, typed)).unwrap_or_default();
        let is_begun = |name: &String| name.to_lowercase().starts_with(&typed.to_lowercase());
        names.into_iter().filter(is_begun).take(MOST_NAMES).map(CompletionCandidate::new).collect()
    })
}
