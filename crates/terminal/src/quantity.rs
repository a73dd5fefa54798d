//! Quantities as people read them: bytes, counts and times, to two or three digits.

use std::time::Duration;

/// Bytes, in the decimal units of disks: `3.2 MB`.
pub fn bytes(bytes: u64) -> String {
    let mut unit = "B";
    let mut tenths = u128::from(bytes) * 10;
    for larger in ["kB", "MB", "GB", "TB"] {
        if tenths < 9_995 {
            break;
        }
        (tenths, unit) = ((tenths + 500) / 1_000, larger);
    }
    // From a hundred on, and of single bytes, a tenth says nothing.
    if unit == "B" || tenths >= 1_000 {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// A count, with its thousands apart: `8,114`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How long something took: `80 ms`, `1.3 s`, `2 min 5 s`.
pub fn took(took: Duration) -> String {
    let millis = took.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// How old something is, in its largest two units at most: `12s`, `3m05s`, `2h10m`, `4d03h`.
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_two_or_three_digits() {
        let all = [0, 999, 1_000, 3_240_000, 99_949, 123_456, 12_345_678_901];
        let texts = all.map(bytes);
        assert_eq!(texts, ["0 B", "999 B", "1.0 kB", "3.2 MB", "99.9 kB", "123 kB", "12.3 GB"]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 812, 8_114, 1_234_567].map(count), ["0", "812", "8,114", "1,234,567"]);
    }

    #[test]
    fn times_and_ages_are_as_exact_as_they_are_short() {
        assert_eq!(
            [80, 1_390, 125_000].map(|ms| took(Duration::from_millis(ms))),
            ["80 ms", "1.3 s", "2 min 5 s"]
        );
        let ages = [12, 185, 7_800, 356_400].map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(ages, ["12s", "3m05s", "2h10m", "4d03h"]);
    }
}
