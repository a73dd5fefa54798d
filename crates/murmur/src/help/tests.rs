use clap::CommandFactory as _;

use super::*;
use crate::cli::Cli;

#[test]
fn every_command_is_listed_once_and_every_example_is_a_command_line() {
    let command = with_groups(Cli::command());
    let listed = groups(&command);
    for name in command.get_subcommands().map(Command::get_name) {
        let lines = listed.lines().filter(|line| line.contains(&format!("{name:<13}")));
        assert_eq!(lines.count(), 1, "{name}: {listed}");
    }
    for (_, example) in GROUPS.iter().flat_map(|(_, commands)| *commands).chain(&SELF) {
        let words = example.split(" > ").next().unwrap().split(' ');
        let matches = command.clone().try_get_matches_from(words);
        assert!(matches.is_ok(), "{example}: {}", matches.unwrap_err());
    }
}
