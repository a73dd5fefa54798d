//! What every command takes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use client::run_file::RunFile;

#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The folder that holds everything of one Murmuration.
    #[arg(long, global = true, env = "MURMUR_DATA", default_value = ".murmur", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The configuration file; without it, ./murmur.toml if there is one. An empty name means none.
    #[arg(long, global = true, env = "MURMUR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<OsString>,
    /// File with the token that lets this command in; without it, the one that `up` keeps in the data folder.
    #[arg(long, global = true, env = "MURMUR_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the authorities in PEM that sign the certificates of what speaks TLS; without it, the one that
    /// `up --tls` was given.
    #[arg(long, global = true, env = "MURMUR_TLS_CA", value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Print JSON for a script instead of text for a person; errors, too, on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Global {
    /// What runs in the data folder, with what lets this command in.
    ///
    /// # Errors
    /// When nothing runs there, or there is no token in the file that was named.
    pub(crate) fn running(&self) -> anyhow::Result<RunFile> {
        let running = RunFile::load(&self.data)?;
        let running = match &self.tls_ca {
            Some(file) => running.believing(file)?,
            None => running,
        };
        match &self.token_file {
            Some(file) => running.logged_in_by(file),
            None => Ok(running),
        }
    }
}
