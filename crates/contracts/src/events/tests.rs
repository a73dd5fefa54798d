use protocol::choreography::examples;
use protocol::seal::SEAL_KEY_BYTES;
use protocol::{Cause, Chain, Event as _, Headers, HistoryId, SealKeys, Vector};

use super::*;
use crate::OrderId;
use crate::choreography::MURMURATION;
use crate::events::shipping::{Created, CreatedV1, Recipient};

#[test]
fn every_kind_is_of_the_service_that_its_name_says() {
    for kind in kind::ALL {
        assert_eq!(kind.name().parse(), Ok(*kind));
    }
}

#[test]
fn unknown_types_and_versions_are_told_apart() {
    let eaten = Event::parse("order.eaten".parse().unwrap(), 1, b"{}");
    assert!(matches!(eaten, Err(EventError::UnknownType(_))));
    let newer = Event::parse(kind::ORDER_PLACED, 99, b"{}");
    assert!(matches!(newer, Err(EventError::UnknownVersion { version: 99, .. })));
}

#[test]
fn unknown_fields_are_accepted_and_wrong_shapes_are_not() {
    let payload = br#"{"order_id":"o-1","until":"2026-01-01T00:00:00Z","new":1}"#;
    assert!(Event::parse(kind::ORDER_PREPARED, 1, payload).is_ok());
    assert!(Event::parse(kind::ORDER_PREPARED, 1, b"{}").is_err());
}

#[test]
fn each_version_of_each_event_is_read_and_written_as_it_was_stored() {
    assert_eq!(examples::findings::<Event>(&MURMURATION.publications), Vec::<String>::new());
}

/// The whole row: chain and seal cover subject, headers and payload, so that one of them that is written
/// otherwise shows here.
#[test]
fn each_row_is_written_byte_for_byte_as_it_was_when_its_version_was_new() {
    let stored = include_str!("../../stored/chains.txt");
    let shapes = MURMURATION.publications.iter().flat_map(|publication| {
        publication.shapes().map(|shape| (publication.kind, shape.version, shape.payload()))
    });
    let written: String =
        shapes.map(|(kind, version, payload)| row_of(kind, version, payload)).collect();
    assert_eq!(written, stored, "a line may be added for a new version, and none may change");
}

/// `TYPE SEAL CHAIN`, of the first row of a stream.
fn row_of(kind: Kind, version: u16, payload: &str) -> String {
    let event = Event::parse(kind, version, payload.as_bytes()).unwrap();
    let headers = Headers {
        sequence: 1,
        kind,
        version,
        id: event.id().clone(),
        time: Timestamp::from_micros(1_700_000_000_000_000),
        cause: Cause::Event { service: service::PAYMENT, sequence: 7 },
        vector: Vector::default(),
        history: HistoryId::from_bytes([3; 16]),
        traceparent: None,
        idempotency: None,
        seal: None,
    };
    let subject = kind.subject(&headers.id);
    let keys = SealKeys::of_bytes([5; SEAL_KEY_BYTES]);
    let seal = keys.seal(Chain::START, &subject, &headers.to_canonical(), payload.as_bytes());
    let text = Headers { seal: Some(seal), ..headers }.to_canonical();
    let chain = Chain::START.next(&subject, &text, payload.as_bytes());
    format!("{} {seal} {chain}\n", kind.event_type(version))
}

#[test]
fn a_shipment_of_version_1_is_read_as_one_of_version_2_and_written_as_it_was() {
    let read = |payload: &str| Event::parse(kind::SHIPPING_CREATED, 1, payload.as_bytes()).unwrap();
    let customer =
        r#""customer_id":"c-1","name":"Ada","address":{"street":"","city":"","country":"GB"}"#;
    let payload = format!(r#"{{"order_id":"o-1",{customer},"units":3,"customer_version":7}}"#);
    let recipient = Recipient {
        customer_id: "c-1".parse().unwrap(),
        name: "Ada".into(),
        address: Address { street: String::new(), city: String::new(), country: "GB".into() },
        customer_version: Some(7),
    };
    let order_id: OrderId = "o-1".parse().unwrap();
    let wanted = Created { order_id, recipient, units: 3 };
    assert_eq!(read(&payload), Event::ShippingCreated(wanted.clone()));
    assert_eq!(read(&payload).payload_in(1).unwrap(), payload.as_bytes());
    assert_eq!(CreatedV1::downcast(&wanted).unwrap().upcast(), wanted);
    // Before the customer's version was told, rows had none.
    let silent = format!(r#"{{"order_id":"o-1",{customer},"units":3}}"#);
    let Event::ShippingCreated(created) = read(&silent) else { panic!() };
    assert_eq!(created.recipient.customer_version, None);
    assert_eq!(read(&silent).payload_in(1).unwrap(), silent.as_bytes());
}

#[test]
fn a_version_that_nobody_writes_is_not_written() {
    let payload = br#"{"order_id":"o-1","until":"2026-01-01T00:00:00Z"}"#;
    let prepared = Event::parse(kind::ORDER_PREPARED, 1, payload).unwrap();
    let refused = prepared.payload_in(2);
    assert!(matches!(refused, Err(EventError::NotWritten { version: 2, .. })), "{refused:?}");
}
