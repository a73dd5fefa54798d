use super::super::steps::Place;
use super::*;
use crate::step_file;

const SCENARIO: &str = "
scenario: An order goes through
because: it must
given:
  customers:
    ada: { credit_limit: 100.00 GBP }
  products:
    mug: { price: 4.50 GBP, stock: 10 }
when:
  - place:
      order: gift
      customer: ada
      lines:
        - { product: mug, quantity: 2 }
      hand_over: 2s
  - stop: payment
then:
  - order: { order: gift, state: [completed, prepared], total: 9.00 GBP, within: 500ms }
  - events:
      order: gift
      are:
        - order.placed
        - [inventory.released, payment.refunded]
";

fn error_of(text: &str) -> String {
    format!("{:#}", parse(text).unwrap_err())
}

#[test]
fn a_scenario_reads_as_it_is_written() {
    let scenario = parse(SCENARIO).unwrap();
    assert_eq!(scenario.scenario, "An order goes through");
    assert_eq!(scenario.given.customers["ada"].country, "United Kingdom");
    assert_eq!(scenario.given.products["mug"].stock, 10);
    let Step::Place(Place { orders, sent, hand_over, lines, .. }) = &scenario.when[0] else {
        panic!("{:?}", scenario.when[0]);
    };
    assert_eq!((*orders, *sent, hand_over.unwrap().millis(), lines.len()), (1, 1, 2_000, 1));
    assert_eq!(scenario.when[1].to_string(), "stop payment");
    assert_eq!(scenario.then[0].to_string(), "order gift is completed or prepared");
    let Step::Events(events) = &scenario.then[1] else { panic!("{:?}", scenario.then[1]) };
    let events: Vec<_> = events.are.iter().map(ToString::to_string).collect();
    assert_eq!(events, ["order.placed", "[inventory.released, payment.refunded]"]);
}

#[test]
fn what_a_scenario_does_not_know_is_refused() {
    let unknown = SCENARIO.replace("hand_over: 2s", "handover: 2s");
    assert!(error_of(&unknown).contains("handover"), "{}", error_of(&unknown));
    let step = SCENARIO.replace("stop: payment", "explode: payment");
    assert!(error_of(&step).contains("explode"), "{}", error_of(&step));
    let process = SCENARIO.replace("stop: payment", "stop: paymentt");
    assert!(error_of(&process).contains("paymentt"), "{}", error_of(&process));
    let kind = SCENARIO.replace("- order.placed", "- order.eaten");
    assert!(error_of(&kind).contains("order.eaten"), "{}", error_of(&kind));
    let amount = SCENARIO.replace("4.50 GBP", "4.505 GBP");
    assert!(error_of(&amount).contains("4.505"), "{}", error_of(&amount));
    let currency = SCENARIO.replace("4.50 GBP", "4.50 ZZZ");
    assert!(error_of(&currency).contains("ZZZ is no active currency"), "{}", error_of(&currency));
}

#[test]
fn an_amount_is_worth_what_its_currency_says() {
    for (text, minor) in [("500 JPY", 500), ("500 GBP", 50_000), ("0.500 KWD", 500)] {
        let scenario = parse(&SCENARIO.replace("100.00 GBP", text)).unwrap();
        assert_eq!(scenario.given.customers["ada"].credit_limit.0.minor, minor, "{text}");
    }
}

#[test]
fn a_scenario_that_expects_nothing_is_refused() {
    let without = SCENARIO.split("then:").next().unwrap().to_owned() + "then: []";
    assert!(error_of(&without).contains("at least one step"));
}

#[test]
fn every_scenario_of_the_project_is_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/scenarios");
    let files = step_file::find(&[folder]).unwrap();
    assert!(files.len() >= 12, "{files:?}");
    for file in files {
        load(&file).unwrap();
    }
}
