use super::*;

const LINE: [&str; 8] =
    ["536365", "85123a", " LAMP ", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "Norway"];

fn read(change: &[(usize, &str)]) -> Result<Entry, Skip> {
    read_in("GBP", change)
}

fn read_in(currency: &str, change: &[(usize, &str)]) -> Result<Entry, Skip> {
    let mut fields = LINE;
    for (place, value) in change {
        fields[*place] = value;
    }
    read_fields(&fields, currency)
}

fn read_fields(fields: &[&str], currency: &str) -> Result<Entry, Skip> {
    let names: Vec<_> = NAMES.iter().map(|names| names[0]).collect();
    let columns = Columns::of(&ByteRecord::from(names)).unwrap();
    let record = ByteRecord::from(fields.to_vec());
    columns.read(&record, &Forms::default(), currency.parse().unwrap())
}

#[test]
fn a_line_of_a_sale_is_understood() {
    let entry = read(&[]).unwrap();
    assert_eq!(entry.sku.as_str(), "85123A");
    assert_eq!((entry.quantity, entry.price_minor, entry.cancels), (6, 255, false));
    assert_eq!((entry.day.as_str(), entry.customer.as_str()), ("2010-12-01", "17850"));
    assert_eq!((entry.description.as_str(), entry.country.as_str()), ("LAMP", "Norway"));
}

#[test]
fn every_form_of_a_field_is_the_same_line() {
    let line = read(&[]).unwrap();
    for (place, form) in [
        (0, "536365.0"),
        (0, "5.36365E+05"),
        (3, "6.0"),
        (3, "6,00"),
        (4, "20101201"),
        (5, "2,55"),
        (5, "2.5500000000000003"),
        (5, "2.55E+00"),
        (6, "17850"),
        (6, "1.7850E+04"),
        (2, "\"LAMP".trim_matches('"')),
        (2, "LAMP\r\n"),
    ] {
        assert_eq!(read(&[(place, form)]).as_ref(), Ok(&line), "{form}");
    }
    let broken = read(&[(2, "BLUE\r\nLAMP"), (7, "")]).unwrap();
    assert_eq!((broken.description.as_str(), broken.country.as_str()), ("BLUE LAMP", ""));
}

#[test]
fn a_line_of_a_cancellation_says_what_comes_back() {
    for invoice in ["C536365", "c536365"] {
        let entry = read(&[(0, invoice), (3, "-6")]).unwrap();
        assert_eq!((entry.quantity, entry.cancels), (6, true));
    }
}

#[test]
fn each_kind_of_dirt_has_its_reason() {
    let reason = |change: &[(usize, &str)]| read(change).unwrap_err();
    for nobody in ["", "nan", "NaN", "NULL", "NA", "N/A", "None", " ", "\\N", "<NA>", "--"] {
        assert_eq!(reason(&[(6, nobody)]), Skip::NoCustomer, "{nobody}");
    }
    for code in ["POST", "D", "C2", "BANK CHARGES", ""] {
        assert_eq!(reason(&[(1, code)]), Skip::NoProduct, "{code}");
    }
    for (place, value, skip) in [
        (5, "0.0", Skip::NoPrice),
        (5, "-2.55", Skip::NoPrice),
        (5, "0.001", Skip::FractionalPrice),
        (5, "", Skip::Price),
        (5, "1,234", Skip::TwoWays),
        (5, "1E+20", Skip::LargePrice),
        (3, "-6", Skip::WrongSign),
        (3, "0", Skip::WrongSign),
        (3, "six", Skip::Quantity),
        (3, "6.5", Skip::Quantity),
        (3, "1000001", Skip::TooMany),
        (0, "C536365", Skip::WrongSign),
        (0, "", Skip::Invoice),
        (0, "nan", Skip::Invoice),
        (4, "yesterday", Skip::Date),
        (4, "2010-02-30", Skip::Date),
        (4, "2010-12-01 25:61", Skip::Date),
        (4, "9999-12-31", Skip::FarDate),
        (0, "5.36E+05", Skip::ShortId),
        (0, "5.36E05", Skip::ShortId),
        (0, "5E+05", Skip::ShortId),
        (0, "5.36365E-05", Skip::ShortId),
        (1, "8.51E+04", Skip::ShortId),
        (1, "85123E+10", Skip::ShortId),
        (6, "1.79E+04", Skip::ShortId),
        (6, "a b", Skip::Customer),
    ] {
        assert_eq!(reason(&[(place, value)]), skip, "{value}");
    }
    assert_eq!(read(&[(4, "9999-12-30")]).unwrap().day, "9999-12-30");
    assert_eq!(read(&[(1, "15056E1")]).unwrap().sku.as_str(), "15056E1");
    assert_eq!(reason(&[(2, &"x".repeat(201))]), Skip::LongText);
    assert_eq!(read_fields(&LINE[..7], "GBP"), Err(Skip::Fields));
    assert_eq!(read_fields(&[&LINE[..], &["more"]].concat(), "GBP"), Err(Skip::Fields));
    assert_eq!(read_fields(&[""; 8], "GBP"), Err(Skip::Blank));
    assert!(read_fields(&[&LINE[..], &[""]].concat(), "GBP").is_ok());
}

#[test]
fn a_price_is_worth_what_the_currency_says() {
    let minor = |currency, price| read_in(currency, &[(5, price)]).map(|entry| entry.price_minor);
    assert_eq!([minor("JPY", "500"), minor("JPY", "500.00")], [Ok(500), Ok(500)]);
    assert_eq!(minor("KWD", "2.125"), Ok(2_125));
    assert_eq!(minor("JPY", "2.55"), Err(Skip::FractionalPrice));
}

#[test]
fn of_two_reasons_the_first_counts() {
    assert_eq!(read(&[(5, "0"), (6, "")]).unwrap_err(), Skip::NoCustomer);
}

#[test]
fn columns_are_found_by_any_known_name_and_a_missing_one_is_named() {
    let header = |names: &[&str]| Columns::of(&ByteRecord::from(names.to_vec()));
    let second_edition = [
        "",
        "Invoice",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "Price",
        "Customer ID",
        "Country",
    ];
    assert!(header(&second_edition).is_ok());
    let with_empty_columns = header(&[&second_edition[..], &["", ""]].concat()).unwrap();
    let record = ByteRecord::from([&["0"][..], &LINE[..]].concat());
    let read = with_empty_columns.read(&record, &Forms::default(), "GBP".parse().unwrap());
    assert_eq!(read, read_in("GBP", &[]));
    let error = header(&["InvoiceNo", "StockCode"]).unwrap_err();
    assert!(error.to_string().contains("Description"), "{error}");
    let twice = header(&[&second_edition[..], &["UnitPrice"]].concat()).unwrap_err();
    assert!(twice.to_string().contains("several columns for UnitPrice"), "{twice}");
}
