//! One connection through the proxy.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::{Flow, HalfOpenSide, NetworkCondition, Shared};

/// How much is read at once: small enough that large answers come in several pieces.
const PIECE_BYTES: usize = 4 << 10;

/// Which way bytes go.
#[derive(Clone, Copy, Debug)]
enum Way {
    ToStore,
    FromStore,
}

/// How a connection ended.
enum Ended {
    /// Both sides have said all.
    Closed,
    /// It is to be reset.
    Cut,
    /// One half is to be reset, and the other left open.
    Halved(HalfOpenSide),
}

/// Carries one connection to its end.
pub(crate) async fn carry(process: TcpStream, shared: Arc<Shared>) {
    let mut halved = shared.halved.subscribe();
    // A store that is away is to the process as it is without the proxy: refused.
    let port = shared.store.load(Ordering::Relaxed);
    let Ok(store) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return reset(&process);
    };
    if process.set_nodelay(true).and_then(|()| store.set_nodelay(true)).is_err() {
        return;
    }
    let ((from_process, to_process), (from_store, to_store)) =
        (process.into_split(), store.into_split());
    let (mut up, mut down) = (Pump::new(from_process, to_store), Pump::new(from_store, to_process));
    let both = async {
        let there = up.run(Way::ToStore, &shared);
        let back = down.run(Way::FromStore, &shared);
        match tokio::try_join!(there, back) {
            Ok(_) => Ended::Closed,
            Err(_) => Ended::Cut,
        }
    };
    let ended = tokio::select! {
        ended = both => ended,
        Ok(()) = halved.changed() => {
            let side = *halved.borrow();
            side.map_or(Ended::Cut, Ended::Halved)
        }
    };
    let process = up.from.reunite(down.to);
    let store = down.from.reunite(up.to);
    if let (Ok(process), Ok(store)) = (process, store) {
        end(ended, process, store, &shared);
    }
}

fn end(ended: Ended, process: TcpStream, store: TcpStream, shared: &Shared) {
    match ended {
        Ended::Closed => {}
        Ended::Cut => {
            reset(&process);
            reset(&store);
        }
        Ended::Halved(side) => {
            let (stays, goes) = match side {
                HalfOpenSide::Process => (process, store),
                HalfOpenSide::Store => (store, process),
            };
            reset(&goes);
            shared.note_disturbed();
            shared.left_open().push(stays);
        }
    }
}

/// Makes the end of a connection a reset, as when the other side has forgotten it.
fn reset(stream: &TcpStream) {
    // A socket that takes no options is as good as cut.
    drop(stream.set_zero_linger());
}

/// One direction of a connection.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
}

impl Pump {
    const fn new(from: OwnedReadHalf, to: OwnedWriteHalf) -> Self {
        Self { from, to }
    }

    async fn run(&mut self, way: Way, shared: &Shared) -> io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = self.from.read(&mut piece).await?;
            if read == 0 {
                return self.to.shutdown().await;
            }
            let carried = pass(way, read, shared).await;
            self.to.write_all(&piece[..carried]).await?;
            if carried < read {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
    }
}

/// How much of a piece is carried, as soon as it may be.
async fn pass(way: Way, bytes: usize, shared: &Shared) -> usize {
    let flow = |condition: &NetworkCondition| match way {
        Way::ToStore => condition.to_store,
        Way::FromStore => condition.from_store,
    };
    let mut condition = shared.condition.subscribe();
    let now = flow(&condition.borrow());
    match now {
        Flow::Free => bytes,
        Flow::Held => {
            shared.note_disturbed();
            // The sender lives in what is shared.
            drop(condition.wait_for(|condition| flow(condition) != Flow::Held).await);
            bytes
        }
        Flow::Late(delay) => {
            shared.note_disturbed();
            tokio::time::sleep(delay).await;
            bytes
        }
        Flow::Lossy(many) if shared.one_in(many) => {
            shared.note_disturbed();
            bytes / 2
        }
        Flow::Lossy(_) => bytes,
    }
}
