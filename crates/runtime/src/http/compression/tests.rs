use std::io::Read as _;

use super::*;
use crate::http::json;
use crate::http::precondition;

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

/// As the server treats a GET.
async fn answer(mut sent: HeaderMap, mut response: Response) -> Response {
    let asked = Asked::of(&Method::GET, &mut sent);
    let conditions = precondition::asked(&sent);
    let decided = asked.decide(&mut response);
    let response = match conditions {
        Some(conditions) => precondition::answer_conditionally(&Method::GET, &conditions, response),
        None => response,
    };
    complete(response, decided).await
}

fn large() -> Response {
    json(StatusCode::OK, &vec!["mug"; 1_000])
}

fn tag(response: &Response) -> String {
    response.headers()[ETAG].to_str().unwrap().to_owned()
}

#[test]
fn only_who_names_gzip_gets_it() {
    for (accepted, wanted) in [
        ("gzip", true),
        ("gzip, deflate, br, zstd", true),
        ("br;q=1.0, GZIP;q=0.2", true),
        ("*", true),
        ("*;q=0, gzip", true),
        ("", false),
        ("br", false),
        ("identity", false),
        ("gzip;q=0", false),
        ("gzip;q=0.0, *", false),
        ("gzip;q=many", false),
    ] {
        assert_eq!(takes_gzip(&headers(&[("accept-encoding", accepted)])), wanted, "{accepted}");
    }
    assert!(!takes_gzip(&HeaderMap::new()));
}

#[tokio::test]
async fn a_large_answer_is_compressed_and_says_so() {
    let plain = large().into_body().collect().await.unwrap().to_bytes();
    let response = answer(headers(&[("accept-encoding", "gzip")]), large()).await;
    assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
    assert_eq!(response.headers()[VARY], "accept-encoding");
    let plain_tag = tag(&large());
    assert_eq!(tag(&response), format!("{}-gzip\"", plain_tag.trim_end_matches('"')));
    let compressed = response.into_body().collect().await.unwrap().to_bytes();
    assert!(compressed.len() < plain.len() / 10, "{} bytes", compressed.len());
    let mut again = Vec::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut again).unwrap();
    assert_eq!(again, plain);
}

#[tokio::test]
async fn what_is_small_or_a_stream_or_not_asked_for_stays_as_it_is() {
    let gzip = || headers(&[("accept-encoding", "gzip")]);
    let small = answer(gzip(), json(StatusCode::OK, &1)).await;
    assert!(!small.headers().contains_key(CONTENT_ENCODING) && !small.headers().contains_key(VARY));
    let mut stream = large();
    stream.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    assert!(!answer(gzip(), stream).await.headers().contains_key(CONTENT_ENCODING));
    let plain = answer(HeaderMap::new(), large()).await;
    assert_eq!(
        (tag(&plain), plain.headers()[VARY].to_str().unwrap()),
        (tag(&large()), "accept-encoding")
    );
    assert!(!plain.headers().contains_key(CONTENT_ENCODING));
}

#[tokio::test]
async fn either_tag_names_the_state_and_each_answer_its_own_representation() {
    let compressed = tag(&answer(headers(&[("accept-encoding", "gzip")]), large()).await);
    let plain = tag(&large());
    for (known, encodings, named) in [
        (&plain, "identity", &plain),
        (&compressed, "identity", &plain),
        (&plain, "gzip", &compressed),
        (&compressed, "gzip", &compressed),
    ] {
        let mut sent = headers(&[("accept-encoding", encodings)]);
        sent.insert(IF_NONE_MATCH, HeaderValue::try_from(known).unwrap());
        let unchanged = answer(sent.clone(), large()).await;
        assert_eq!((unchanged.status().as_u16(), &tag(&unchanged)), (304, named));
        assert!(!unchanged.headers().contains_key(CONTENT_ENCODING));
        sent.remove(IF_NONE_MATCH);
        sent.insert(IF_MATCH, HeaderValue::try_from(known).unwrap());
        assert_eq!(answer(sent, large()).await.status(), 200);
    }
    let other = headers(&[("if-match", "\"1-gzip\"")]);
    assert_eq!(answer(other, large()).await.status(), 412);
}
