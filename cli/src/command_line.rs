//! The command line as clap knows it: the arguments, the columns of each list in its help, and what the shell completes.

use crate::arguments::{Arguments, Completes};
use crate::commands;
use crate::completion;
use clap::{Command, CommandFactory};

/// The whole command line.
pub(crate) fn command_line() -> Command {
    let lists: [(&[&str], String); 14] = [
        (&["accounts"], commands::account_columns()),
        (&["cert", "check"], commands::certificate_columns()),
        (&["connectors"], commands::connector_columns()),
        (&["diff"], commands::difference_columns()),
        (&["entitlement"], commands::holder_columns()),
        (&["entitlements"], commands::entitlement_columns()),
        (&["findings"], commands::finding_columns()),
        (&["identities"], commands::identity_columns()),
        (&["operations"], commands::operation_columns()),
        (&["queue"], commands::job_columns()),
        (&["runs"], commands::run_columns()),
        (&["source", "list"], commands::source_columns()),
        (&["token", "list"], commands::token_columns()),
        (&["workers"], commands::worker_columns()),
    ];
    let described = lists.into_iter().fold(Arguments::command(), |whole, (path, help)| with_help(whole, path, &help));
    completed(described)
}

/// Adds text below the help of one command.
fn with_help(command: Command, path: &[&str], help: &str) -> Command {
    match path {
        [] => command.after_help(help.to_owned()),
        // Unlike a change of one subcommand, a look at all of them keeps their order.
        [name, rest @ ..] => command
            .mut_subcommands(|inner| if inner.get_name() == *name { with_help(inner, rest, help) } else { inner }),
    }
}

/// Lets the shell complete the marked arguments of a command and of its commands.
fn completed(command: Command) -> Command {
    let completed_arguments = command.mut_args(|argument| match argument.get::<Completes>() {
        Some(Completes::Sources) => argument.add(completion::sources()),
        Some(Completes::Runs) => argument.add(completion::runs()),
        Some(Completes::Entitlements) => argument.add(completion::entitlements()),
        Some(Completes::Accounts) => argument.add(completion::accounts()),
        Some(Completes::Plans) => argument.add(completion::plans()),
        None => argument,
    });
    completed_arguments.mut_subcommands(completed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn helps(command: &mut Command, path: &str, text: &mut String) {
        let help = command.render_help().to_string();
        // They are the same for every command.
        let own = if path == "connector" { help.as_str() } else { help.split("\nGlobal options:").next().unwrap() };
        writeln!(text, "$ {path} --help\n\n{own}").unwrap();
        let names: Vec<_> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
        for name in names.iter().filter(|name| *name != "help") {
            let inner = command.find_subcommand_mut(name).unwrap();
            helps(inner, &format!("{path} {name}"), text);
        }
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn every_command_explains_itself() {
        let mut command = command_line().term_width(100);
        command.build();
        let mut text = String::new();
        helps(&mut command, "connector", &mut text);
        insta::assert_snapshot!(text);
    }
}
