//! What `--help` shows: the commands in groups, an example of each, and what an exit code means.
//!
//! Deliberately absent: what a command is for. That stands where the command does.

use clap::Command;

/// The groups, each command with an example. A command that stands in none is listed at the end.
const GROUPS: [(&str, &[(&str, &str)]); 6] = [
    (
        "Run a system",
        &[
            ("up", "murmur up --detach --open"),
            ("status", "murmur status --watch"),
            ("page", "murmur page --open"),
            ("logs", "murmur logs --follow order nats"),
            ("down", "murmur down"),
            ("serve", "murmur serve order --data .murmur/order"),
        ],
    ),
    (
        "See what it does",
        &[
            ("orders", "murmur orders --state cancelled --since 1h"),
            ("trace", "murmur trace --latest cancelled"),
            ("stuck", "murmur stuck --older-than 30s"),
            ("events", "murmur events --service order,payment"),
            ("contract", "murmur contract show"),
        ],
    ),
    (
        "Break it, and mend it",
        &[
            ("kill", "murmur kill payment"),
            ("stop", "murmur stop shipping"),
            ("pause", "murmur pause query"),
            ("start", "murmur start shipping"),
            ("wipe", "murmur wipe order"),
            ("heal", "murmur heal order"),
            ("rebuild", "murmur rebuild order"),
            ("views", "murmur views rebuild"),
            ("parked", "murmur parked list"),
            ("drill", "murmur drill"),
        ],
    ),
    (
        "Drive it, and measure",
        &[
            ("scenario", "murmur scenario run scripts/scenarios/*.yaml"),
            ("replay", "murmur replay retail online-retail.csv"),
            ("import", "murmur import shared-db shop.sqlite report --queries shop.queries.sql"),
            ("load", "murmur load --rate 60 --seconds 60"),
            ("bench", "murmur bench saga --rate 200 --seconds 10"),
            ("compare-joins", "murmur compare-joins"),
        ],
    ),
    ("Build on it", &[("new", "murmur new service stamps")]),
    (
        "Prove it",
        &[
            ("audit", "murmur audit"),
            ("verify", "murmur verify order"),
            ("chaos", "murmur chaos run scripts/chaos/*.yaml"),
            ("simulate", "murmur simulate --minutes 1"),
        ],
    ),
];

/// Commands about the command itself.
const SELF: [(&str, &str); 2] = [
    ("config", "murmur config"),
    ("completions", "murmur completions bash > ~/.local/share/bash-completion/completions/murmur"),
];

const AFTER: &str = "Exit codes:
  0     all is well
  1     something was found, or has failed
  2     the command line, the configuration, or a file that it names is wrong
  3     nothing wrong was found, and not everything could be compared
  128+  a signal has ended it (130: Ctrl-C)

What is said on each command line can stand in murmur.toml: `murmur config` shows what holds.
docs/reference.md describes every command.";

/// The command line with that help.
pub(crate) fn with_groups(command: Command) -> Command {
    let (groups, header) = (groups(&command), *command.get_styles().get_header());
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}\
         {header}Options:{header:#}\n{{options}}{{after-help}}"
    );
    let examples = GROUPS.iter().flat_map(|(_, commands)| *commands).chain(&SELF);
    let command = examples.fold(command, |command, (name, example)| {
        if command.find_subcommand(name).is_none() {
            return command;
        }
        command.mut_subcommand(name, |command| command.after_help(format!("Example:\n  {example}")))
    });
    command.help_template(template).after_help(AFTER)
}

/// All commands under the names of their groups.
fn groups(command: &Command) -> String {
    let names =
        |commands: &[(&'static str, &str)]| commands.iter().map(|(name, _)| *name).collect();
    let mut groups: Vec<(&str, Vec<&str>)> =
        GROUPS.iter().map(|(title, commands)| (*title, names(commands))).collect();
    let grouped: Vec<_> = groups.iter().flat_map(|(_, names)| names.clone()).collect();
    let others = command.get_subcommands().map(Command::get_name);
    groups.push(("More", others.filter(|name| !grouped.contains(name)).collect()));
    let header = command.get_styles().get_header();
    let mut text = String::new();
    for (title, names) in groups {
        text += &format!("{header}{title}:{header:#}\n");
        for about in names.into_iter().filter_map(|name| line(command, name)) {
            text += &about;
        }
        text.push('\n');
    }
    text
}

fn line(command: &Command, name: &str) -> Option<String> {
    let about = command.find_subcommand(name)?.get_about()?;
    let literal = command.get_styles().get_literal();
    Some(format!("  {literal}{name:<13}{literal:#}  {about}\n"))
}

#[cfg(test)]
mod tests;
