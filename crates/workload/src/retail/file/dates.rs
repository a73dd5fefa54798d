//! Dates in any order that can be reported. `01-12-2010` is two days: which of them it is says the whole
//! file, if one of its dates can only be read in one way, or the user.

use std::collections::BTreeMap;

use anyhow::bail;
use jiff::civil::Date;
use terminal::output::plain;

/// In which order day and month stand before the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Day(Date),
    /// Two numbers before the year, and what stands between.
    Numbers {
        first: i8,
        second: i8,
        year: i16,
        between: char,
    },
}

/// Where in the file a date can be read in one way only, and where in two.
#[derive(Clone, Debug, Default)]
struct Evidence {
    dmy: Option<String>,
    mdy: Option<String>,
    open: Option<String>,
}

/// What the dates of a file tell about their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    by: BTreeMap<char, Evidence>,
}

/// How the dates of a file are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    orders: BTreeMap<char, DateOrder>,
    otherwise: Option<DateOrder>,
}

impl Survey {
    /// Takes the date of one line into account.
    pub(crate) fn look_at(&mut self, line: u64, text: &str) {
        let Some(Said::Numbers { first, second, year, between }) = said(text) else { return };
        let [dmy, mdy] = [(first, second), (second, first)]
            .map(|(day, month)| Date::new(year, month, day).is_ok());
        let place = || format!("line {line}: {}", plain(text.trim()));
        let evidence = self.by.entry(between).or_default();
        match (dmy, mdy) {
            (true, false) => evidence.dmy = evidence.dmy.take().or_else(|| Some(place())),
            (false, true) => evidence.mdy = evidence.mdy.take().or_else(|| Some(place())),
            (true, true) if first != second => {
                evidence.open = evidence.open.take().or_else(|| Some(place()));
            }
            _ => {}
        }
    }

    /// Decides, unless it has been decided: for each sign between the numbers by itself, since what is
    /// written in another way may come from elsewhere.
    ///
    /// # Errors
    /// When a date can be read in two ways and nothing says in which.
    pub(crate) fn decide(self, given: Option<DateOrder>) -> anyhow::Result<Dates> {
        if given.is_some() {
            return Ok(Dates { orders: BTreeMap::new(), otherwise: given });
        }
        let mut orders = BTreeMap::new();
        for (between, evidence) in self.by {
            let Some(open) = evidence.open else { continue };
            match (evidence.dmy, evidence.mdy) {
                (Some(_), None) => orders.extend([(between, DateOrder::Dmy)]),
                (None, Some(_)) => orders.extend([(between, DateOrder::Mdy)]),
                (None, None) => bail!(
                    "its dates can be read in two ways ({open}): say with --dates dmy (day first) \
                     or --dates mdy (month first) how they are meant"
                ),
                (Some(dmy), Some(mdy)) => bail!(
                    "its dates are in two orders, day first ({dmy}) and month first ({mdy}): say \
                     with --dates dmy or --dates mdy how the others are meant"
                ),
            }
        }
        Ok(Dates { orders, otherwise: None })
    }
}

impl Dates {
    /// The day that a text names, if it does.
    pub(crate) fn day(&self, text: &str) -> Option<Date> {
        match said(text)? {
            Said::Day(day) => Some(day),
            Said::Numbers { first, second, year, between } => {
                let order = self.orders.get(&between).copied().or(self.otherwise);
                let dmy = Date::new(year, second, first).ok();
                let mdy = Date::new(year, first, second).ok();
                match order {
                    Some(DateOrder::Dmy) => dmy,
                    Some(DateOrder::Mdy) => mdy,
                    None if dmy.is_none() || mdy.is_none() || dmy == mdy => dmy.or(mdy),
                    None => None,
                }
            }
        }
    }
}

/// The date of a text, whatever time follows it, as long as a clock can show it.
fn said(text: &str) -> Option<Said> {
    let words = text.split_whitespace().filter(|word| !is_of_a_time(word));
    let date = words.collect::<Vec<_>>().join(" ");
    // 2010-12-01T08:26:00
    let date = match date.split_once('T') {
        Some((day, rest)) if is_clock(rest) => day,
        _ => &date,
    };
    let between = date.find(['-', '/', '.', ' ']).and_then(|at| date[at..].chars().next());
    let parts: Vec<&str> =
        date.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    match (parts.as_slice(), between) {
        ([packed], None) if packed.len() == 8 && is_number(packed) => {
            day(&packed[..4], month_number(&packed[4..6])?, &packed[6..])
        }
        ([year, month, of_month], Some(_)) if year.len() == 4 && is_number(year) => {
            day(year, month_number(month).or_else(|| month_named(month))?, of_month)
        }
        ([of_month, name, year], Some(_)) if month_named(name).is_some() => {
            day(&four_digits(year)?, month_named(name)?, of_month)
        }
        ([name, of_month, year], Some(_)) if month_named(name).is_some() => {
            day(&four_digits(year)?, month_named(name)?, of_month)
        }
        ([first, second, year], Some(between)) => {
            // Of 10-12-01 nobody knows which is the year.
            let year = if between == '/' { four_digits(year)? } else { (*year).to_owned() };
            let is_year = year.len() == 4 && is_number(&year);
            let numbers = (is_year && is_number(first) && is_number(second))
                .then(|| Some((first.parse().ok()?, second.parse().ok()?, year.parse().ok()?)))?;
            let (first, second, year) = numbers?;
            Some(Said::Numbers { first, second, year, between })
        }
        _ => None,
    }
}

fn is_of_a_time(word: &str) -> bool {
    let of_day = |(hour, _): (&str, &str)| hour.len() <= 2 && is_clock(word);
    let zones = ["AM", "PM", "UTC", "Z"];
    word.split_once(':').is_some_and(of_day) || zones.contains(&word.to_uppercase().as_str())
}

/// Whether a text is such as `8:26`, `08:26:00.000+01:00`, `082600Z` or `8:26AM`.
fn is_clock(text: &str) -> bool {
    let time = text.split(['Z', '+', '-', 'A', 'a', 'P', 'p']).next().unwrap_or_default();
    let (clock, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let parts: Vec<&[u8]> = if clock.contains(':') {
        clock.split(':').map(str::as_bytes).collect()
    } else {
        clock.as_bytes().chunks(2).collect()
    };
    // A leap second has the number 60.
    let are_within = parts.iter().zip([23_u8, 59, 60]).all(|(part, most)| {
        let part = std::str::from_utf8(part).unwrap_or_default();
        is_number(part) && part.len() <= 2 && part.parse::<u8>().is_ok_and(|part| part <= most)
    });
    (1..=3).contains(&parts.len()) && are_within && is_number(fraction)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn month_number(text: &str) -> Option<i8> {
    if is_number(text) { text.parse().ok() } else { None }
}

fn month_named(text: &str) -> Option<i8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_lowercase();
    let found = NAMES.iter().position(|name| text.len() >= 3 && name.starts_with(&text));
    found.and_then(|nth| i8::try_from(nth + 1).ok())
}

/// `10` and `2010`: the files are of this century.
fn four_digits(year: &str) -> Option<String> {
    match year.len() {
        _ if !is_number(year) => None,
        2 => Some(format!("20{year}")),
        4 => Some(year.to_owned()),
        _ => None,
    }
}

fn day(year: &str, month: i8, day: &str) -> Option<Said> {
    let day = if is_number(day) { day.parse().ok()? } else { return None };
    Date::new(year.parse().ok()?, month, day).ok().map(Said::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(texts: &[&str], given: Option<DateOrder>) -> anyhow::Result<Dates> {
        let mut survey = Survey::default();
        for (line, text) in (2..).zip(texts) {
            survey.look_at(line, text);
        }
        survey.decide(given)
    }

    fn day_in(file: &[&str], text: &str) -> Option<String> {
        decided(file, None).unwrap().day(text).map(|day| day.to_string())
    }

    #[test]
    fn dates_that_are_one_day_need_no_order() {
        for text in [
            "2010-12-01",
            "2010-12-01 08:26:00",
            "2010-12-01T08:26:00Z",
            "2010-12-01T08:26:00.123+01:00",
            "2010-12-01T082600",
            "2010-12-01 23:59:60.5 UTC",
            "2010/12/1 8:26",
            "2010/12/1 8:26PM",
            "20101201",
            "1-Dec-2010",
            "01-Dec-10 08:26",
            "Dec 1, 2010 8:26:00 AM",
            "1 December 2010",
        ] {
            assert_eq!(day_in(&[], text).as_deref(), Some("2010-12-01"), "{text}");
        }
        assert_eq!(day_in(&[], "11/11/2010 8:26").as_deref(), Some("2010-11-11"));
    }

    #[test]
    fn one_date_with_a_number_over_12_tells_the_order_of_all() {
        let month_first = ["12/1/2010 8:26", "12/13/2010 8:26"];
        assert_eq!(day_in(&month_first, "12/1/2010 8:26").as_deref(), Some("2010-12-01"));
        let day_first = ["01-12-2010 08:26", "13-12-2010 08:26"];
        assert_eq!(day_in(&day_first, "01-12-2010 08:26").as_deref(), Some("2010-12-01"));
        let short = ["12/1/10 8:26", "12/13/10 8:26"];
        assert_eq!(day_in(&short, "12/1/10 8:26").as_deref(), Some("2010-12-01"));
        // A file that was mended by hand: each form of its own has its own order.
        let both = ["01-12-2010", "13-12-2010", "12/14/2010", "12/1/2010"];
        assert_eq!(day_in(&both, "12/1/2010").as_deref(), Some("2010-12-01"));
        assert_eq!(day_in(&both, "01-12-2010").as_deref(), Some("2010-12-01"));
        let without_need = ["13-12-2010", "12-14-2010", "12/1/2010", "12/13/2010"];
        assert_eq!(day_in(&without_need, "12/1/2010").as_deref(), Some("2010-12-01"));
        assert_eq!(day_in(&without_need, "13-12-2010").as_deref(), Some("2010-12-13"));
    }

    #[test]
    fn dates_that_nothing_decides_are_refused_unless_the_user_says_it() {
        let error = decided(&["01-12-2010 08:26"], None).unwrap_err().to_string();
        assert!(error.contains("line 2: 01-12-2010") && error.contains("--dates dmy"), "{error}");
        // What tells the order of another form tells nothing of this one.
        let error = decided(&["12/14/2010", "01-12-2010"], None).unwrap_err().to_string();
        assert!(error.contains("line 3: 01-12-2010") && error.contains("--dates dmy"), "{error}");
        let error = decided(&["13/12/2010", "12/13/2010", "1/2/2010"], None).unwrap_err();
        assert!(error.to_string().contains("two orders"), "{error}");
        let day = |order| decided(&["01-12-2010"], Some(order)).unwrap().day("01-12-2010");
        assert_eq!(day(DateOrder::Dmy).unwrap().to_string(), "2010-12-01");
        assert_eq!(day(DateOrder::Mdy).unwrap().to_string(), "2010-01-12");
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in ["", "yesterday", "2010-02-30", "40513.35", "10-12-01", "13/13/2010", "1/2"] {
            assert_eq!(day_in(&[], text), None, "{text}");
        }
        for time in [" 25:61", " 24:00", "T25:61", "T08:60:00Z", " 8:26:61", " 8:", " 8:26:00:00"] {
            assert_eq!(day_in(&[], &format!("2010-12-01{time}")), None, "{time}");
        }
    }
}
