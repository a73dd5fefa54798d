//! What every command takes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The folder that holds everything of one Murmuration.
    #[arg(long, global = true, env = "MURMUR_DATA", default_value = ".murmur", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The configuration file; without it, ./murmur.toml if there is one. An empty name means none.
    #[arg(long, global = true, env = "MURMUR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<OsString>,
    /// Print JSON for a script instead of text for a person; errors, too, on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}
