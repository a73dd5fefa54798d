//! How an import is found again: the old database and the progress have to be of the same one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use terminal::note;
use uuid::Uuid;

use super::Options;
use crate::item::Entity;
use crate::progress::{Progress, Refused, file_beside};
use crate::source::Source;

/// What is not moved and could be mended, since the old database still takes writes.
///
/// # Errors
/// When nothing was moved yet, or the progress cannot be read.
pub fn left_behind(file: &Path, options: &Options) -> anyhow::Result<Vec<Refused>> {
    let source = Source::open(file)?;
    require_moved(&source)?;
    if source.refuses_writes()? {
        return Ok(Vec::new());
    }
    Ok(Progress::look(&progress_file(file, options))?.refused()?)
}

/// Refuses further writes of the old system, once everything was moved.
///
/// # Errors
/// When it was not, or the database cannot be written.
pub fn refuse_writes(file: &Path) -> anyhow::Result<()> {
    let mut source = Source::open(file)?;
    require_moved(&source)?;
    Ok(source.refuse_writes()?)
}

pub(super) fn require_moved(source: &Source) -> anyhow::Result<()> {
    if source.mark()?.is_some_and(|mark| mark.is_moved) {
        return Ok(());
    }
    let file = source.file().display();
    bail!(
        "{file} was not moved yet: `murmur import shared-db {file} move` does, and says how far it is"
    )
}

/// The name of the import that database and progress are of.
pub(super) fn joined(source: &mut Source, progress: &Progress) -> anyhow::Result<String> {
    let (database, file) =
        (source.file().display().to_string(), progress.file().display().to_string());
    match (source.mark()?, progress.import()?) {
        (Some(mark), Some(import)) if mark.import == import => Ok(import),
        (Some(_), _) => bail!(
            "an import of {database} has begun, and {file} is not its progress: name the file with --progress"
        ),
        (None, Some(_)) if !progress.keys(Entity::Customer)?.is_empty() => {
            bail!("{file} is the progress of another database: name another file with --progress")
        }
        (None, known) => {
            let import = known.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
            if known.is_none() {
                progress.begin(&import)?;
            }
            note!(
                "leaves the tables murmur_import and murmur_changes in {database}, and triggers that note there which rows change"
            );
            source.prepare(&import)?;
            Ok(import)
        }
    }
}

pub(super) fn open_progress(
    file: &Path,
    options: &Options,
    patience: Duration,
) -> anyhow::Result<Progress> {
    Progress::open(&progress_file(file, options), patience)
}

fn progress_file(file: &Path, options: &Options) -> PathBuf {
    options.progress.clone().unwrap_or_else(|| file_beside(file))
}
