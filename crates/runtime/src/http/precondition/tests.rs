use super::*;

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn tag(opaque: &str, weak: bool) -> Tag {
    Tag { opaque: opaque.to_owned(), weak }
}

#[test]
fn lists_of_tags_are_read_over_several_lines_and_with_commas_in_quotes() {
    let asked = headers(&[("if-match", r#""1", W/"a,b" ,"#), ("if-match", r#""c""#)]);
    let expected = vec![tag("1", false), tag("a,b", true), tag("c", false)];
    assert_eq!(preconditions(&asked).unwrap().if_match, Some(Tags::Listed(expected)));
    let any = headers(&[("if-none-match", " * ")]);
    assert_eq!(preconditions(&any).unwrap().if_none_match, Some(Tags::Any));
    assert!(preconditions(&HeaderMap::new()).unwrap().is_empty());
}

#[test]
fn a_precondition_that_makes_no_sense_is_refused_and_named() {
    for (name, value) in [
        ("if-match", "7"),
        ("if-match", ""),
        ("if-match", "\"7"),
        ("if-match", "\"7\" \"8\""),
        ("if-match", "w/\"7\""),
        ("if-none-match", "\"7\", *"),
        ("if-unmodified-since", "yesterday"),
    ] {
        let problem = preconditions(&headers(&[(name, value)])).unwrap_err();
        assert_eq!((problem.status.as_u16(), &problem.extensions["header"]), (400, &name.into()));
    }
    let twice = headers(&[("if-match", "*"), ("if-match", "\"7\"")]);
    assert!(preconditions(&twice).is_err());
}

fn read(method: &Method, asked: &[(&'static str, &'static str)]) -> u16 {
    let modified = Timestamp::from_micros(784_111_777_000_000);
    let validators = Validators { tag: "7".to_owned(), modified: Some(modified) };
    let response = validated(Response::new("x".into()), &validators);
    answer_conditionally(method, &headers(asked), response).status().as_u16()
}

#[test]
fn a_read_is_not_repeated_for_who_has_it_and_a_write_is_never_answered_so() {
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    for (asked, status) in [
        (&[("if-none-match", "\"6\", W/\"7\"")][..], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"6\"")], 200),
        (&[("if-none-match", "7")], 200),
        (&[("if-none-match", "\"6\""), ("if-modified-since", DATE)], 200),
        (&[("if-modified-since", DATE)], 304),
        (&[("if-modified-since", BEFORE)], 200),
        (&[("if-match", "\"7\"")], 200),
        (&[("if-match", "W/\"7\"")], 412),
        (&[("if-unmodified-since", DATE)], 200),
        (&[("if-unmodified-since", BEFORE)], 412),
    ] {
        assert_eq!(read(&Method::GET, asked), status, "{asked:?}");
        assert_eq!(read(&Method::HEAD, asked), status, "{asked:?}");
        assert_eq!(read(&Method::POST, asked), 200, "{asked:?}");
    }
}
