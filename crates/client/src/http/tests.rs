use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A server that answers one connection; returns its URL and what it was sent.
async fn answering(head: &str, body: &str) -> (String, tokio::task::JoinHandle<String>) {
    let answer = format!("HTTP/1.1 {head}content-length: {}\r\n\r\n{body}", body.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (url, served)
}

#[tokio::test]
async fn a_refusal_comes_with_its_problem_in_words() {
    let (url, _) = answering(
        "422 Unprocessable\r\ncontent-type: application/problem+json\r\n",
        "{\"type\":\"/problems/unknown-customer\",\"title\":\"Unknown customer\",\"detail\":\"no c-9\"}",
    )
    .await;
    let client = Client::default();
    let answer = client.send(Call::post(url)).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problem().unwrap().kind, "unknown-customer");
    assert_eq!(answer.reason(), "Unknown customer: no c-9");
}

#[tokio::test]
async fn a_command_carries_its_key_its_token_and_its_body() {
    let (url, served) =
        answering("201 Created\r\nmurmur-token: ORDER=7\r\nidempotency-replayed: true\r\n", "{}")
            .await;
    let call = Call::post(url).body(&serde_json::json!({ "a": 1 })).unwrap();
    let call = call.once_in("k").after("CUSTOMER=3");
    let key = call.key().unwrap();
    let answer = Client::default().send(call).await.unwrap();
    assert_eq!((answer.token(), answer.is_replayed()), (Some("ORDER=7"), true));
    let request = served.await.unwrap();
    assert!(
        request.contains(&format!("idempotency-key: {key}"))
            && request.contains("murmur-token: CUSTOMER=3")
    );
    assert!(request.ends_with("{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn nobody_there_and_no_answer_in_time_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let client = Client::answering_within(Duration::from_millis(50));
    let silent = client.send(Call::get(url.clone())).await.unwrap_err();
    assert!(matches!(silent, CallError::Late(..)), "{silent}");
    drop(listener);
    let nobody = Client::default().send(Call::get(url)).await.unwrap_err();
    assert!(nobody.to_string().contains("murmur status"), "{nobody}");
}
