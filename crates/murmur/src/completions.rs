//! `murmur completions`: what a shell needs to complete commands and options.

use clap_complete::Shell;
use serde_json::json;
use terminal::line;
use terminal::verdict::Verdict;

use crate::global::Global;

/// What `murmur completions` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(global: &Global, args: &Args, mut command: clap::Command) -> Verdict {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "murmur", &mut script);
    let script = String::from_utf8_lossy(&script);
    if global.json {
        line!("{}", json!({ "shell": args.shell.to_string(), "script": script }));
    } else {
        line!("{}", script.trim_end());
    }
    Verdict::Clean
}
