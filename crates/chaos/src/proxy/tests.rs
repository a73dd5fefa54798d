use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use super::*;

/// Far above what anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// What must not happen is not waited for any longer.
const SHORT: Duration = Duration::from_millis(150);

/// A process's end and a store's end, with the proxy between them.
async fn connected() -> (Proxy, TcpStream, TcpStream) {
    let store = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = Proxy::open(1).await.unwrap();
    proxy.aim(store.local_addr().unwrap().port());
    let process = TcpStream::connect(proxy.address()).await.unwrap();
    let (store, _) = store.accept().await.unwrap();
    (proxy, process, store)
}

async fn read(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut read = vec![0; bytes];
    timeout(PATIENCE, stream.read_exact(&mut read)).await.unwrap().unwrap();
    read
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    timeout(SHORT, stream.read(&mut [0; 8])).await.is_err()
}

async fn is_reset(stream: &mut TcpStream) -> bool {
    let ended = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await.unwrap();
    ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn in_clear_weather_bytes_go_both_ways_and_an_end_is_an_end() {
    let (proxy, mut process, mut store) = connected().await;
    process.write_all(b"PING").await.unwrap();
    assert_eq!(read(&mut store, 4).await, b"PING");
    store.write_all(b"PONG").await.unwrap();
    assert_eq!(read(&mut process, 4).await, b"PONG");
    drop(process);
    assert_eq!(timeout(PATIENCE, store.read(&mut [0; 8])).await.unwrap().unwrap(), 0);
    assert_eq!(proxy.disturbed(), 0);
}

#[tokio::test]
async fn a_partition_holds_everything_and_lets_it_through_when_it_is_over() {
    let (proxy, mut process, mut store) = connected().await;
    proxy.set(NetworkCondition::both(Flow::Held));
    process.write_all(b"there").await.unwrap();
    store.write_all(b"back").await.unwrap();
    assert!(is_silent(&mut store).await && is_silent(&mut process).await);
    assert_eq!(proxy.disturbed(), 2);
    proxy.clear();
    assert_eq!(read(&mut store, 5).await, b"there");
    assert_eq!(read(&mut process, 4).await, b"back");
}

#[tokio::test]
async fn one_way_lets_the_other_direction_through() {
    let (proxy, mut process, mut store) = connected().await;
    proxy.set(NetworkCondition { to_store: Flow::Free, from_store: Flow::Held });
    process.write_all(b"there").await.unwrap();
    assert_eq!(read(&mut store, 5).await, b"there");
    store.write_all(b"back").await.unwrap();
    assert!(is_silent(&mut process).await);
}

#[tokio::test]
async fn slow_bytes_come_late_and_whole() {
    let (proxy, mut process, mut store) = connected().await;
    proxy.set(NetworkCondition::both(Flow::Late(SHORT)));
    let sent = Instant::now();
    process.write_all(b"there").await.unwrap();
    assert_eq!(read(&mut store, 5).await, b"there");
    assert!(sent.elapsed() >= SHORT);
}

#[tokio::test]
async fn loss_resets_both_ends_in_the_middle_of_a_piece() {
    let (proxy, mut process, mut store) = connected().await;
    proxy.set(NetworkCondition { to_store: Flow::Lossy(1), from_store: Flow::Free });
    process.write_all(b"there and back").await.unwrap();
    assert_eq!(read(&mut store, 7).await, b"there a");
    assert!(is_reset(&mut store).await && is_reset(&mut process).await);
    assert_eq!(proxy.disturbed(), 1);
}

#[tokio::test]
async fn of_a_half_open_connection_one_end_believes_that_it_is_there() {
    let (proxy, mut process, mut store) = connected().await;
    proxy.halve(HalfOpenSide::Process);
    assert!(is_reset(&mut store).await);
    assert!(is_silent(&mut process).await);
    process.write_all(b"is anybody there?").await.unwrap();
    proxy.clear();
    let ended = timeout(PATIENCE, process.read(&mut [0; 8])).await.unwrap();
    assert!(ended.map_or(true, |read| read == 0));
}

#[tokio::test]
async fn a_store_that_is_away_refuses_through_the_proxy_too() {
    let proxy = Proxy::open(1).await.unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    proxy.aim(free.local_addr().unwrap().port());
    drop(free);
    let mut process = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(is_reset(&mut process).await);
}
