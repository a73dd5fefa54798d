//! ISO 4217: which currencies there are, and how many decimals each has.
//!
//! From list one of its maintenance agency (SIX Financial Information AG, on behalf of ISO), as
//! published on 2026-01-01: all active currencies and funds. New lists come a few times a year, at
//! <https://www.six-group.com/en/products-services/financial-information/data-standards.html>.
//!
//! Deliberately absent: the codes that the list gives no minor units (metals, test codes, "no
//! currency"), in which nothing can be priced here; and withdrawn codes (list three).

use super::Currency;

/// The active codes by their decimals, each list in alphabetical order.
const ACTIVE: [(u32, &[&str]); 4] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ],
    ),
    (
        2,
        &[
            "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
            "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
            "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP",
            "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD",
            "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
            "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL",
            "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR",
            "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR",
            "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
            "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
            "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST",
            "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// How many decimals the currency has; none for a code that is not active.
pub(super) fn decimals(currency: Currency) -> Option<u32> {
    let of = |(_, codes): &&(u32, &[&str])| codes.binary_search(&currency.as_str()).is_ok();
    ACTIVE.iter().find(of).map(|(decimals, _)| *decimals)
}

/// All active codes with their decimals, in alphabetical order.
pub fn active() -> Vec<(&'static str, u32)> {
    let of = |(decimals, codes): &(u32, &'static [&'static str])| {
        let decimals = *decimals;
        codes.iter().map(move |code| (*code, decimals))
    };
    let mut all: Vec<_> = ACTIVE.iter().flat_map(of).collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Option<u32> {
        decimals(code.parse().unwrap())
    }

    #[test]
    fn currencies_have_the_decimals_of_the_official_list() {
        for code in ["GBP", "EUR", "USD", "HUF", "IDR", "LBP", "VED", "ZWG"] {
            assert_eq!(of(code), Some(2), "{code}");
        }
        for code in ["JPY", "KRW", "VND", "ISK", "CLP", "XAF", "UYI"] {
            assert_eq!(of(code), Some(0), "{code}");
        }
        for code in ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"] {
            assert_eq!(of(code), Some(3), "{code}");
        }
        assert_eq!([of("CLF"), of("UYW")], [Some(4), Some(4)]);
    }

    #[test]
    fn what_is_no_active_currency_has_none() {
        for code in ["ZZZ", "ABC", "XXX", "XTS", "XAU", "DEM", "HRK"] {
            assert_eq!(of(code), None, "{code}");
        }
    }

    #[test]
    fn every_code_stands_in_the_list_once_and_is_found() {
        let all = active();
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "{all:?}");
        assert!(all.iter().all(|(code, decimals)| of(code) == Some(*decimals)));
        assert_eq!(all.len(), 165);
    }
}
