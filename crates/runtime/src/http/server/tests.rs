//! Clients that leave things undone, at a real server.

mod tls;

use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use warp::http::StatusCode;

use super::*;
use crate::http::{self, CommandRequest};
use crate::shutdown::{StopSender, stop_signal};

/// Short, so that the tests are; a busy machine only makes it longer.
const SHORT: Duration = Duration::from_millis(200);

/// More than what any socket takes for a client that does not read.
const LARGE_BYTES: usize = 32 << 20;

/// An answer that says when nobody holds it any more.
struct Large(Vec<u8>, Option<oneshot::Sender<()>>);

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        if let Some(gone) = self.1.take() {
            gone.send(()).unwrap();
        }
    }
}

async fn start() -> (SocketAddr, oneshot::Receiver<()>, StopSender) {
    let (gone, given_up) = oneshot::channel();
    let gone = Arc::new(Mutex::new(Some(gone)));
    let make = warp::path!("mugs").and(warp::post()).and(http::command::<u32>());
    let make = make.map(|_: CommandRequest, n: u32| http::json(StatusCode::CREATED, &n));
    let large = warp::path!("large").and(warp::get());
    let large = large.map(move || {
        let large = Large(vec![b'x'; LARGE_BYTES], gone.lock().unwrap().take());
        Response::new(bytes::Bytes::from_owner(large).into())
    });
    let routes: Routes = make.or(large).unify().boxed();
    let patience = Patience { head: SHORT, body: SHORT, taken: SHORT };
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stopper, stop) = stop_signal(Duration::ZERO);
    let api = Api::from(routes).patient_for(patience);
    tokio::spawn(serve(listener, api, stop));
    (address, given_up, stopper)
}

async fn after(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is closed with something unread says so; what came before counts.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn nobody_is_waited_for_for_ever() {
    let (address, _, _stop) = start().await;
    for silent in ["", "GET /mugs", "GET /livez HTTP/1.1\r\nhost: localhost\r\nx: "] {
        assert_eq!(after(address, silent).await, "", "{silent:?}");
    }
    let kept = after(address, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(kept.starts_with("HTTP/1.1 200") && kept.ends_with("live\n"), "{kept}");
    let half = "POST /mugs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 9\r\n\r\n7";
    let slow = after(address, half).await;
    assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("slow-body"), "{slow}");
}

#[tokio::test]
async fn who_takes_nothing_of_its_answer_is_given_up() {
    let (address, given_up, _stop) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), given_up).await.unwrap().unwrap();
}
