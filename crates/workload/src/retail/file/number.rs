//! Numbers as spreadsheets and programs write them, read exactly: `2.55`, `2,50`, `1,234.50`,
//! `1.0E+01`. A float is asked one thing only: whether the last digits of a price are a float's noise.

use contracts::Currency;

/// Digits that a number may have; more are no price and no quantity.
const DIGITS_MAX: usize = 30;
/// How far a result of a few float operations is from the float next to the true value, in floats.
const NOISE_FLOATS_MAX: u64 = 4;

/// An exact decimal number: `digits` with the point before the last `scale` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    digits: i128,
    scale: u32,
}

/// What the point of `1.000` does, of which the text alone does not tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Points {
    /// It stands before the decimals.
    #[default]
    Decimal,
    /// It groups thousands.
    Group,
    /// Nobody knows.
    Unknown,
}

/// What the numbers of a file have before their decimals, as far as they tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    point: bool,
    comma: bool,
}

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoNumber {
    /// It is none at all.
    Malformed,
    /// It could be two: `1,234`.
    TwoWays,
}

impl Marks {
    /// Takes a number of the file into account, if it is one, and only one.
    pub(crate) fn look_at(&mut self, text: &str) {
        if Number::parse(text, Points::Unknown).is_err() {
            return;
        }
        let count = |of: char| text.matches(of).count();
        let is_point = match (count('.'), count(',')) {
            (0, 0) => return,
            // One stands before decimals, several group.
            (points, 0) => points == 1,
            (0, commas) => commas > 1,
            _ => text.rfind('.') > text.rfind(','),
        };
        self.point |= is_point;
        self.comma |= !is_point;
    }

    /// Decides, for a file with or without semicolons between its fields: where numbers have a
    /// decimal comma, these stand there.
    pub(crate) const fn decide(self, semicolons: bool) -> Points {
        match self {
            Self { point: false, comma: true } => Points::Group,
            Self { point: true, comma: true } => Points::Unknown,
            Self { point: false, comma: false } if semicolons => Points::Unknown,
            Self { comma: false, .. } => Points::Decimal,
        }
    }
}

impl Number {
    /// Reads a number.
    pub(crate) fn parse(text: &str, points: Points) -> Result<Self, NoNumber> {
        let text = text.trim();
        let (mantissa, exponent, points) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let exponent = exponent.parse::<i32>().map_err(|_| NoNumber::Malformed)?;
                // Nobody groups thousands before an exponent.
                (mantissa, exponent, Points::Decimal)
            }
            None => (text, 0, points),
        };
        let (sign, unsigned) = match mantissa.strip_prefix('-') {
            Some(unsigned) => (-1, unsigned),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = parts(unsigned, points)?;
        let fraction = fraction.trim_end_matches('0');
        let shift = i32::try_from(fraction.len()).map_err(|_| NoNumber::Malformed)? - exponent;
        let zeros = usize::try_from(-shift).unwrap_or_default();
        let digits = format!("{whole}{fraction}");
        if digits.len() + zeros > DIGITS_MAX || shift > 2 * i32::from(u8::MAX) {
            return Err(NoNumber::Malformed);
        }
        let digits = format!("{digits}{:0<zeros$}", "").parse::<i128>();
        let digits = digits.map_err(|_| NoNumber::Malformed)?;
        Ok(Self { digits: sign * digits, scale: u32::try_from(shift).unwrap_or_default() }
            .reduced())
    }

    /// The whole number that it is, if it is one.
    pub(crate) fn integer(self) -> Option<i128> {
        (self.scale == 0).then_some(self.digits)
    }

    /// Minor units of the currency; none if it has more decimals, and not as a float's noise.
    pub(crate) fn minor(self, currency: Currency) -> Option<i128> {
        let decimals = currency.decimals();
        if self.scale <= decimals {
            return self.digits.checked_mul(10_i128.pow(decimals - self.scale));
        }
        let unit = 10_i128.checked_pow(self.scale - decimals)?;
        let near = Self {
            digits: (self.digits + self.digits.signum() * unit / 2) / unit,
            scale: decimals,
        };
        self.is_float_noise_of(near).then_some(near.digits)
    }

    fn is_float_noise_of(self, near: Self) -> bool {
        let close = |a: f64, b: f64| a.to_bits().abs_diff(b.to_bits()) <= NOISE_FLOATS_MAX;
        let single = near.text().parse::<f32>().map(f64::from);
        match (self.text().parse::<f64>(), near.text().parse::<f64>(), single) {
            (Ok(this), Ok(double), Ok(single)) => close(this, double) || close(this, single),
            _ => false,
        }
    }

    fn text(self) -> String {
        format!("{}e-{}", self.digits, self.scale)
    }

    fn reduced(mut self) -> Self {
        while self.scale > 0 && self.digits % 10 == 0 {
            self = Self { digits: self.digits / 10, scale: self.scale - 1 };
        }
        self
    }
}

/// The digits before and after the decimal point or comma, without what groups them.
fn parts(text: &str, points: Points) -> Result<(String, &str), NoNumber> {
    let count = |of: char| text.matches(of).count();
    let (whole, fraction, group) = match (count('.'), count(',')) {
        (0, 0) => (text, "", None),
        (1, 0) => match (split(text, '.', None)?, points) {
            ((whole, fraction, _), Points::Group | Points::Unknown)
                if may_group(whole, fraction) && whole.len() <= 3 =>
            {
                if points == Points::Unknown {
                    return Err(NoNumber::TwoWays);
                }
                (text, "", Some('.'))
            }
            (parted, _) => parted,
        },
        (0, 1) => {
            let parted = split(text, ',', None)?;
            if may_group(parted.0, parted.1) {
                return Err(NoNumber::TwoWays);
            }
            parted
        }
        (_, 0) => (text, "", Some('.')),
        (0, _) => (text, "", Some(',')),
        (1, _) if text.rfind('.') > text.rfind(',') => split(text, '.', Some(','))?,
        (_, 1) if text.rfind(',') > text.rfind('.') => split(text, ',', Some('.'))?,
        _ => return Err(NoNumber::Malformed),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let groups: Vec<&str> = group.map_or_else(|| vec![whole], |by| whole.split(by).collect());
    let grouped = groups.len() == 1
        || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|part| part.len() == 3);
    let digits = groups.concat();
    if !grouped
        || !is_digits(&digits)
        || !is_digits(fraction)
        || (digits.is_empty() && fraction.is_empty())
    {
        return Err(NoNumber::Malformed);
    }
    Ok((digits, fraction))
}

/// Whether it may be a thousand, or one with three decimals: after a leading 0, only the latter.
fn may_group(whole: &str, fraction: &str) -> bool {
    fraction.len() == 3 && !whole.starts_with('0') && !whole.is_empty()
}

fn split(
    text: &str,
    at: char,
    group: Option<char>,
) -> Result<(&str, &str, Option<char>), NoNumber> {
    let (whole, fraction) = text.split_once(at).ok_or(NoNumber::Malformed)?;
    Ok((whole, fraction, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(text: &str) -> Result<Option<i128>, NoNumber> {
        Number::parse(text, Points::Decimal).map(|number| number.minor("GBP".parse().unwrap()))
    }

    /// What `text` is in a file of these numbers.
    fn in_file(numbers: &[&str], semicolons: bool, text: &str) -> Result<Option<i128>, NoNumber> {
        let mut marks = Marks::default();
        numbers.iter().for_each(|number| marks.look_at(number));
        let number = Number::parse(text, marks.decide(semicolons));
        number.map(|number| number.minor("KWD".parse().unwrap()))
    }

    #[test]
    fn every_form_of_a_price_is_read_exactly() {
        for (text, worth) in [
            ("2.55", 255),
            ("2,50", 250),
            ("2,5", 250),
            (" 7 ", 700),
            (".5", 50),
            ("0,290", 29),
            ("1.0E+01", 1_000),
            ("1,5e1", 1_500),
            ("255E-2", 255),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("1,234,567", 123_456_700),
            ("-3.00", -300),
            ("+3", 300),
        ] {
            assert_eq!(minor(text), Ok(Some(worth)), "{text}");
        }
    }

    #[test]
    fn the_noise_of_a_float_is_no_fraction_and_any_other_digits_are() {
        for (text, worth) in [
            ("2.5500000000000003", 255),
            ("2.549999952316284", 255),
            ("0.30000000000000004", 30),
            ("4.949999999999999", 495),
        ] {
            assert_eq!(minor(text), Ok(Some(worth)), "{text}");
        }
        for text in ["0.001", "2.555", "2.5499", "2.55000001", "2.5500000000001"] {
            assert_eq!(minor(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        assert_eq!(minor("1,234"), Err(NoNumber::TwoWays));
        let bad = ["", ".", ",", "abc", "1,23,4", "1.2.3", "--1", "1e", "1e99", "nan", "inf", "£2"];
        for text in bad {
            assert_eq!(minor(text), Err(NoNumber::Malformed), "{text}");
        }
    }

    #[test]
    fn whether_a_point_groups_says_the_whole_file() {
        let (thousand, one, unknown) =
            (Ok(Some(1_000_000)), Ok(Some(1_000)), Err(NoNumber::TwoWays));
        for (numbers, semicolons, read) in [
            (&["2,50"][..], true, thousand),
            (&["2,50", "6", "-1.250,00", "1.000"], false, thousand),
            (&["1.234.567"], false, thousand),
            (&["2.55"], true, one),
            (&["1,234.50"], true, one),
            (&["0.290"], true, one),
            (&["1234.500"], true, one),
            (&["6", "1.000", "free", "1,234"], false, one),
            (&["6", "1.000", "free", "1,234"], true, unknown),
            (&["2,50", "2.55"], false, unknown),
        ] {
            assert_eq!(in_file(numbers, semicolons, "1.000"), read, "{numbers:?}");
            assert_eq!(in_file(numbers, semicolons, "0.290"), Ok(Some(290)));
            assert_eq!(in_file(numbers, semicolons, "1.000E+00"), Ok(Some(1_000)));
        }
    }

    #[test]
    fn quantities_are_whole() {
        let integer = |text| Number::parse(text, Points::Decimal).map(Number::integer);
        assert_eq!(integer("6.0"), Ok(Some(6)));
        assert_eq!(integer("1.2E+03"), Ok(Some(1_200)));
        assert_eq!(integer("-6,00"), Ok(Some(-6)));
        assert_eq!(integer("0.5"), Ok(None));
    }
}
