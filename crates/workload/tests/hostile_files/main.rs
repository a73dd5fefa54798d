//! Whatever a retail file holds: it is read or refused with a reason, and each line of it is counted once.
#![cfg(test)]

mod checks;

use proptest::prelude::*;
use proptest::sample::Index;

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Fields as people have them, and as nobody should.
fn field() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 23] = [
        "536365",
        "C536366",
        "85123A",
        "A CUP",
        "6",
        "-6",
        "2010-12-01 08:26:00",
        "01-12-2010 08:26",
        "12/1/2010 8:26",
        "2.55",
        "\"2,50\"",
        "1.0E+01",
        "9223372036854775807",
        "1e400",
        "nan",
        "NULL",
        "",
        "17850.0",
        "United Kingdom",
        "\"a \"\"quoted\"\"\nline\"",
        "\"",
        "=1+1",
        "\0",
    ];
    prop_oneof![4 => proptest::sample::select(&KNOWN[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn line() -> impl Strategy<Value = String> {
    let right = "536365,85123A,A CUP,6,2010-12-01 08:26:00,2.55,17850,United Kingdom";
    let wild = proptest::collection::vec(field(), 0..10).prop_map(|fields| fields.join(","));
    let one = (0..8_usize, field()).prop_map(move |(at, field)| {
        let mut fields: Vec<&str> = right.split(',').collect();
        fields[at] = &field;
        fields.join(",")
    });
    prop_oneof![Just(right.to_owned()), one, wild]
}

proptest! {
    #[test]
    fn lines_of_all_kinds(lines in proptest::collection::vec(line(), 0..12)) {
        checks::file(format!("{HEADER}{}\n", lines.join("\n")).as_bytes());
    }

    #[test]
    fn bytes_of_all_kinds(bytes: Vec<u8>, at: Index, with_header: bool) {
        let mut file = if with_header { HEADER.as_bytes().to_vec() } else { Vec::new() };
        let at = at.index(file.len() + 1);
        file.splice(at..at, bytes);
        checks::file(&file);
    }
}
