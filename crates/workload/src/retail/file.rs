//! The file as it comes: of whatever program, in whatever encoding, with whatever delimiter; its
//! records, each with its line.
//!
//! Deliberately absent: what a record says. [`number`] and [`dates`] read forms, and nothing more.

pub(crate) mod number;

pub(crate) mod dates;

use std::borrow::Cow;

use anyhow::bail;
use csv::{ByteRecord, Reader, ReaderBuilder};

/// What stands between the fields; the first by which the header has all columns is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes that are read once more, in all, after quotes that nothing closes.
const READ_AGAIN_BYTES_MAX: usize = 1 << 30;
/// Bytes at the beginning that tell a text from other files.
const BEGINNING_BYTES: usize = 1_024;
/// How compressed files begin, and with them those of spreadsheets.
const PACKED: [&[u8]; 6] =
    [b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x89PNG"];
/// What Windows has in place of the control characters 0x80 to 0x9F.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// A file with a header.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    body: Cow<'a, [u8]>,
    delimiter: u8,
    /// What ends its lines, or is the last byte of what does.
    line_end: u8,
    first_line: u64,
    /// The names of the columns.
    pub header: ByteRecord,
}

/// The records after the header.
pub(crate) struct Records<'a> {
    text: &'a Text<'a>,
    reader: Reader<&'a [u8]>,
    base: usize,
    at: usize,
    line: u64,
    read_again: usize,
}

/// One record, or what stands where one should be.
pub(crate) enum Found {
    Record(ByteRecord),
    /// A line in which a quote opens that nothing closes.
    OpenQuote,
}

impl<'a> Text<'a> {
    /// Finds out how the file is written. `is_header` says whether a record names all columns.
    ///
    /// # Errors
    /// With what is wrong with the header, as it is said of the most likely delimiter.
    pub(crate) fn of(
        bytes: &'a [u8],
        is_header: impl Fn(&ByteRecord) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut body = decoded(bytes)?;
        if is_binary(&body) {
            bail!("it is no text: unpack it, or save it as CSV in UTF-8");
        }
        let line_end = if body.contains(&b'\n') { b'\n' } else { b'\r' };
        let mut first_line = 1;
        // A hint for spreadsheets, which is no header.
        if body.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sep=")) {
            let end = body.iter().position(|byte| *byte == line_end);
            body = Cow::Owned(body[end.map_or(body.len(), |at| at + 1)..].to_vec());
            first_line += 1;
        }
        let mut best: Option<(usize, anyhow::Error)> = None;
        for delimiter in DELIMITERS {
            let header = reader(&body, delimiter).byte_records().next();
            let header = header.transpose()?.unwrap_or_default();
            match is_header(&header) {
                Ok(()) => return Ok(Self { body, delimiter, line_end, first_line, header }),
                Err(_) if header.is_empty() => {}
                Err(error) if best.as_ref().is_none_or(|(most, _)| header.len() > *most) => {
                    best = Some((header.len(), error));
                }
                Err(_) => {}
            }
        }
        match best {
            Some((_, error)) => Err(error),
            None => bail!("it is empty"),
        }
    }

    /// The records after the header, from the first.
    pub(crate) fn records(&self) -> anyhow::Result<Records<'_>> {
        let reader = reader(&self.body, self.delimiter);
        let (base, at, line, read_again) = (0, 0, self.first_line, 0);
        let mut records = Records { text: self, reader, base, at, line, read_again };
        // The header, after which the first record is.
        records.next()?;
        Ok(records)
    }

    /// Whether semicolons stand between the fields, as where numbers have a decimal comma.
    pub(crate) const fn has_semicolons(&self) -> bool {
        self.delimiter == b';'
    }

    fn lines_in(&self, bytes: &[u8]) -> u64 {
        bytes.iter().filter(|byte| **byte == self.line_end).count() as u64
    }
}

impl Records<'_> {
    /// The next record, with the number of its line.
    ///
    /// # Errors
    /// When the file has so many open quotes that reading it would take for ever.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<(u64, Found)>> {
        let mut record = ByteRecord::new();
        if !self.reader.read_byte_record(&mut record)? {
            return Ok(None);
        }
        let body = &self.text.body;
        let blank = body[self.at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let start = self.at + blank.count();
        self.line += self.text.lines_in(&body[self.at..start]);
        let line = self.line;
        let end = self.base + usize::try_from(self.reader.position().byte())?;
        self.at = end;
        self.line += self.text.lines_in(&body[start..end]);
        let first = body[start..].iter().position(|byte| *byte == self.text.line_end);
        let next_line = first.map_or(body.len(), |at| start + at + 1);
        let is_whole = record.len() == self.text.header.len()
            && is_well_quoted(&body[start..end], self.text.delimiter);
        if is_whole || next_line >= end {
            return Ok(Some((line, Found::Record(record))));
        }
        // It goes on over the end of its line and is no record: a quote opens, and is not closed.
        self.read_again += end - next_line;
        if self.read_again > READ_AGAIN_BYTES_MAX {
            bail!("in line {line} a quote opens that nothing closes, as in many before: mend them");
        }
        self.reader = reader(&body[next_line..], self.text.delimiter);
        (self.base, self.at, self.line) = (next_line, next_line, line + 1);
        Ok(Some((line, Found::OpenQuote)))
    }
}

/// A field as text. What is not UTF-8 comes from Windows.
pub(crate) fn text(field: &[u8]) -> Cow<'_, str> {
    let windows = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS.chars().nth(usize::from(byte - 0x80)).unwrap_or_default(),
        byte => char::from(*byte),
    };
    std::str::from_utf8(field).map_or_else(|_| field.iter().map(windows).collect(), Cow::Borrowed)
}

/// Whether each quote that opens a field is closed at the end of one: a stray quote swallows lines up to
/// the next, which opens another field.
fn is_well_quoted(record: &[u8], delimiter: u8) -> bool {
    let ends =
        |byte: Option<&u8>| byte.is_none_or(|b| matches!(*b, b'\r' | b'\n') || *b == delimiter);
    let (mut bytes, mut before, mut quoted) = (record.iter().peekable(), None, false);
    while let Some(byte) = bytes.next() {
        match (byte, quoted) {
            (b'"', false) if ends(before) => quoted = true,
            (b'"', true) if bytes.peek() == Some(&&b'"') => drop(bytes.next()),
            (b'"', true) if ends(bytes.peek().copied()) => quoted = false,
            (b'"', true) => return false,
            _ => {}
        }
        before = Some(byte);
    }
    !quoted
}

fn reader(bytes: &[u8], delimiter: u8) -> Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.flexible(true).has_headers(false).delimiter(delimiter).from_reader(bytes)
}

fn is_binary(body: &[u8]) -> bool {
    let beginning = body.get(..BEGINNING_BYTES).unwrap_or(body);
    beginning.contains(&0) || PACKED.iter().any(|packed| body.starts_with(packed))
}

/// Without a byte order mark, and as one byte or UTF-8 a character.
fn decoded(bytes: &[u8]) -> anyhow::Result<Cow<'_, [u8]>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Ok(Cow::Borrowed(rest)),
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    match char::decode_utf16(units).collect::<Result<String, _>>() {
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(error) => bail!("it begins as UTF-16 and is none: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(header: &ByteRecord) -> anyhow::Result<()> {
        if header.len() == 3 { Ok(()) } else { bail!("{} columns", header.len()) }
    }

    /// Each record as its line and its fields.
    fn read(bytes: &[u8]) -> Vec<String> {
        let file = Text::of(bytes, three).unwrap();
        let mut records = file.records().unwrap();
        let mut all = Vec::new();
        while let Some((line, found)) = records.next().unwrap() {
            all.push(match found {
                Found::Record(record) => {
                    let fields: Vec<_> = record.iter().map(text).collect();
                    format!("{line}: {}", fields.join("|"))
                }
                Found::OpenQuote => format!("{line}: open"),
            });
        }
        all
    }

    #[test]
    fn every_delimiter_and_encoding_is_found_out() {
        for bytes in [
            &b"a,b,c\n1,2,3\n"[..],
            b"\xef\xbb\xbfa;b;c\r\n1;2;3\r\n",
            b"a\tb\tc\n1\t2\t3",
            b"sep=;\r\na;b;c\r\n1;2;3",
            b"a|b|c\n1|2|3\n\n\n",
        ] {
            assert_eq!(read(bytes).len(), 1, "{bytes:?}");
        }
        let utf16: Vec<u8> =
            "\u{feff}a\tb\tc\n1\t2\t3".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16), ["2: 1|2|3"]);
        assert_eq!(read(b"a,b,c\nCAF\xc9,\xa31,\x80\n"), ["2: CAFÉ|£1|€"]);
    }

    #[test]
    fn lines_are_counted_over_blank_ones_and_over_breaks_in_a_field() {
        let file = b"a,b,c\n1,\"x\ny\",3\n\n\r\n4,5,6\n";
        assert_eq!(read(file), ["2: 1|x\ny|3", "6: 4|5|6"]);
        assert_eq!(read(b"sep=;\r\na;b;c\r\n1;2;3\r\n"), ["3: 1|2|3"]);
        assert_eq!(read(b"a,b,c\r1,2,3\r4,\"5,6\r7,8,9\r"), ["2: 1|2|3", "3: open", "4: 7|8|9"]);
        assert_eq!(read(b"sep=;\ra;b;c\r1;2;3"), ["3: 1|2|3"]);
    }

    #[test]
    fn a_quote_that_nothing_closes_costs_its_line_only() {
        let file = b"a,b,c\n1,\"x,3\n4,5,6\n7,\"8,9\n1,2,3\n";
        assert_eq!(read(file), ["2: open", "3: 4|5|6", "4: open", "5: 1|2|3"]);
    }

    #[test]
    fn a_header_by_no_delimiter_is_told_by_the_likeliest() {
        let error = Text::of(b"a;b\n1;2\n", three).unwrap_err();
        assert_eq!(error.to_string(), "2 columns");
    }

    #[test]
    fn what_is_empty_or_no_text_is_told_so() {
        let error = |bytes: &[u8]| Text::of(bytes, three).unwrap_err().to_string();
        for empty in [&b""[..], b"\n\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"sep=;\n"] {
            assert_eq!(error(empty), "it is empty", "{empty:?}");
        }
        let utf16_without_mark = b"a\0,\0b\0,\0c\0";
        for binary in [b"\x1f\x8b\x08\x01", &b"PK\x03\x04"[..], b"\x89PNG", utf16_without_mark] {
            assert!(error(binary).contains("it is no text"), "{binary:?}");
        }
    }
}
