//! `connector man DIR`.

use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::output::plural;
use clap::Command;
use clap_mangen::Man;
use connector_core::ErrorKind;
use std::fs;
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, folder: &Path, command_line: Command) -> Result<Exit, Stop> {
    fs::create_dir_all(folder).map_err(|cause| file_error("can't create", folder, cause))?;
    let mut command = command_line.disable_help_subcommand(true);
    command.build();
    let pages = write(&command, "connector", folder)?;
    invocation.printer.remark(format!("{} written to {}", plural(pages, "page"), folder.display()));
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its commands: `connector-source-list.1`.
fn write(command: &Command, name: &str, folder: &Path) -> Result<u64, Stop> {
    let mut page = Vec::new();
    Man::new(command.clone().name(name.to_owned())).title(name.to_uppercase()).render(&mut page)?;
    let file = folder.join(format!("{name}.1"));
    connector_files::write_generated(&file, &String::from_utf8_lossy(&page))
        .map_err(|why| why.into_error(ErrorKind::Invalid))?;
    let mut pages = 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        pages += write(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(pages)
}
