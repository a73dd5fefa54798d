//! From what was typed, the environment and the configuration file to a command.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches as _};
use runtime::address::redacted;
use terminal::{hint, output, table};

use crate::cli::{Cli, Command, command};
use crate::config::Settings;
use crate::config_file::{self, ConfigFile};

/// What has no data folder: nothing is kept, or each run makes folders of its own.
const WITHOUT_DATA: [&str; 6] = ["contract", "chaos", "simulate", "serve", "completions", "new"];

/// Reads the command line.
///
/// # Errors
/// The exit code, when it is wrong or asks for help only: all is said then.
pub(crate) fn parse() -> Result<Cli, u8> {
    let cli = read(&command()).map_err(|wrong| say(&wrong))?;
    if cli.global.json {
        output::speak_json();
    }
    Ok(cli)
}

fn read(plain: &clap::Command) -> Result<Cli, clap::Error> {
    let file = ConfigFile::read(named_file(plain)?, plain);
    let file = file.map_err(|error| misuse(plain, &format!("{error:#}")))?;
    let command = file.applied(plain.clone());
    let matches = command.clone().try_get_matches()?;
    refuse_what_has_no_use(&command, &matches)?;
    repeat_what_chose_the_system(&matches);
    let mut cli = Cli::from_arg_matches(&matches)?;
    if matches!(cli.command, Command::Config) {
        cli.settings = Some(Settings::of(&file, plain, &command, &matches));
    }
    Ok(cli)
}

/// The configuration file that was named. Whether all else is right is seen once that has been read.
fn named_file(command: &clap::Command) -> Result<Option<OsString>, clap::Error> {
    let matches = command.clone().ignore_errors(true).try_get_matches()?;
    Ok(matches.get_one::<OsString>(config_file::FLAG).cloned())
}

/// An option that is taken and does nothing would be believed to do something.
fn refuse_what_has_no_use(
    command: &clap::Command,
    matches: &ArgMatches,
) -> Result<(), clap::Error> {
    let Some((name, of_command)) = matches.subcommand() else { return Ok(()) };
    let is_said = of_command.value_source("data") == Some(ValueSource::CommandLine);
    if is_said && WITHOUT_DATA.contains(&name) {
        let text = format!("--data has no use here: `murmur {name}` acts on no data folder");
        return Err(misuse(command, &text));
    }
    Ok(())
}

fn misuse(command: &clap::Command, text: &str) -> clap::Error {
    command.clone().error(ErrorKind::ArgumentConflict, text)
}

/// What names the system is repeated in each command that is named to the operator.
fn repeat_what_chose_the_system(matches: &ArgMatches) {
    let is_said = |id: &str| {
        let source = matches.value_source(id);
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let data = matches.get_one::<PathBuf>("data").map(|data| ("--data", data.as_os_str()));
    let config = matches.get_one::<OsString>(config_file::FLAG);
    let config = config.filter(|named| !named.is_empty());
    let config = config.map(|named| ("--config", OsStr::new(named)));
    let all = [data.filter(|_| is_said("data")), config.filter(|_| is_said(config_file::FLAG))];
    hint::repeat(all.into_iter().flatten());
}

/// Says what is wrong, or shows the help that was asked for; the exit code.
fn say(wrong: &clap::Error) -> u8 {
    let text = wrong.render();
    if !wrong.use_stderr() {
        let text = if table::colour() { text.ansi().to_string() } else { text.to_string() };
        output::print_line(format_args!("{}", text.trim_end()));
        return 0;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        output::speak_json();
        output::print_error(&redacted(text.to_string().trim_end()), 2);
    } else {
        // Who closed standard error reads nothing there.
        drop(runtime::exit::print(wrong));
    }
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_data_folder_is_refused_where_none_is_used() {
        let parse = |line: &str| {
            let matches = command().try_get_matches_from(line.split(' ')).unwrap();
            refuse_what_has_no_use(&command(), &matches).map_err(|error| error.to_string())
        };
        assert!(parse("murmur simulate --data x").unwrap_err().contains("--data has no use here"));
        assert!(parse("murmur --data x contract check").is_err());
        for fine in ["murmur simulate", "murmur status --data x", "murmur --data x audit"] {
            assert_eq!(parse(fine), Ok(()));
        }
    }
}
