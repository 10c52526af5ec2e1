//! `connector quickstart [DIR]`: a tour that shows each command as it runs it.

#[cfg(feature = "sandbox")]
mod salesforce;
mod sample;
mod tour;

use crate::arguments::QuickstartArguments;
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::terminal;
use connector_core::registry::{self, ConnectorRegistration};
use connector_core::{Error, ErrorKind, Result, Sample};
use connector_files::shell_word;
use std::env;
use std::fmt;
use std::fs;
use std::path::Path;
use tour::Tour;

pub(crate) fn run(
    invocation: &Invocation,
    arguments: &QuickstartArguments,
    command_line: fn() -> clap::Command,
) -> Result<Exit, Stop> {
    let folder = &arguments.dir;
    refuse_used_folder(folder)?;
    let chosen = choose(invocation, arguments.connector.as_deref())?;
    let shown = folder.display().to_string();
    let tour = Tour { invocation, command_line };
    tour.say(chosen.begins())?;

    tour.title("Create a project")?;
    tour.step(&["init", &shown])?;
    tour.command(&format!("cd {}", shell_word(&shown)))?;
    env::set_current_dir(folder).map_err(|cause| file_error("can't enter", folder, cause))?;
    match chosen {
        #[cfg(feature = "sandbox")]
        Choice::Simulated => salesforce::run(&tour, &shown)?,
        Choice::Sample(connector, sample) => sample::run(&tour, connector, sample, &shown)?,
    }
    Ok(Exit::Success)
}

/// What a tour can be about.
#[derive(Clone, Copy)]
enum Choice {
    /// A simulated org.
    #[cfg(feature = "sandbox")]
    Simulated,
    /// The example of a connector.
    Sample(&'static ConnectorRegistration, Sample),
}

impl Choice {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(feature = "sandbox")]
        all.push(Self::Simulated);
        let samples = registry::connectors().into_iter();
        all.extend(samples.filter_map(|one| one.sample.map(|sample| Self::Sample(one, sample))));
        all
    }

    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "sandbox")]
            Self::Simulated => "salesforce",
            Self::Sample(connector, _) => &connector.name,
        }
    }

    fn begins(self) -> &'static str {
        match self {
            #[cfg(feature = "sandbox")]
            Self::Simulated => "You need no Salesforce org for this tour: a simulated one runs on your machine.",
            Self::Sample(..) => "You need no other system for this tour: its data is an example.",
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sandbox")]
            Self::Simulated => f.write_str("Salesforce: a simulated org on your machine, with a plan that changes it"),
            Self::Sample(connector, _) => write!(f, "{}: an example on your machine", connector.title),
        }
    }
}

/// The connector that the user names or chooses. Where nobody is there to answer, the first one.
fn choose(invocation: &Invocation, named: Option<&str>) -> Result<Choice> {
    let all = Choice::all();
    let known = || all.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    if let Some(named) = named {
        return all.iter().copied().find(|one| one.name() == named).ok_or_else(|| {
            Error::new(ErrorKind::Definition, format!("there is no tour with the connector `{named}`")).with_help(
                if all.is_empty() { "leave it out".to_owned() } else { format!("there are tours with {}", known()) },
            )
        });
    }
    let Some(first) = all.first().copied() else {
        return Err(Error::unsupported("no connector of this program has an example that runs on its own")
            .with_help("create a project with `connector init`, and a source with `connector source new`"));
    };
    let asks = all.len() > 1 && terminal::can_ask() && !terminal::is_dumb() && !invocation.printer.is_json();
    if !asks {
        return Ok(first);
    }
    let question = inquire::Select::new("Which connector?", all).with_help_message("arrow keys, then Enter");
    terminal::answer(question.prompt(), "name it with `--connector`")
}

fn refuse_used_folder(folder: &Path) -> Result<()> {
    let is_used = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => false,
        Err(cause) => return Err(file_error("can't use", folder, cause)),
    };
    if !is_used {
        return Ok(());
    }
    let shown = folder.display();
    Err(Error::new(ErrorKind::Definition, format!("the folder `{shown}` is not empty"))
        .with_help("name another folder: `connector quickstart DIR`"))
}
