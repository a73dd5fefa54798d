//! Writes snapshots of the database, beside the process.

use std::path::{Path, PathBuf};

use engine::database::snapshots::{Snapshots, is_due};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::status::{ProcessStatus, Status};

/// Writes one whenever it is due, as long as the process lives. One that fails is due again after as many rows.
pub(crate) async fn write(snapshots: Snapshots, file: PathBuf, rows_min: u64, status: Status) {
    if rows_min == 0 {
        return;
    }
    let mut standing = status.watch();
    let mut tried = snapshots.newest();
    loop {
        metrics::gauge!("murmur_snapshot_row").set(snapshots.newest() as f64);
        let due = |now: &ProcessStatus| {
            now.compared.is_some() && is_due(tried, now.acknowledged, rows_min)
        };
        let Ok(head) = standing.wait_for(due).await.map(|now| now.acknowledged) else { return };
        match one(&snapshots, &file, &mut standing).await {
            Ok(row) => {
                tracing::info!(row, "wrote a snapshot");
                tried = row;
            }
            Err(error) => {
                tracing::warn!("no snapshot could be written: {error:#}");
                tried = head;
            }
        }
    }
}

/// Written aside first, and kept once the stream holds all of it.
async fn one(
    snapshots: &Snapshots,
    file: &Path,
    standing: &mut watch::Receiver<ProcessStatus>,
) -> anyhow::Result<u64> {
    let (here, from) = (snapshots.clone(), file.to_owned());
    let draft = spawn_blocking(move || here.draft(&from)).await??;
    let head = draft.head().sequence;
    standing.wait_for(|now| now.acknowledged >= head).await?;
    let here = snapshots.clone();
    spawn_blocking(move || here.keep(&draft)).await??;
    Ok(head)
}
