//! Workbooks of every kind with the least that there must be, written here by their specifications; damaged ones.

use std::io::{Cursor, Write};

use super::super::RULES;
use super::*;

/// A workbook with the least that there must be (ECMA-376, part 1): one sheet, cells as inline strings.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut sheet =
        String::from("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>");
    for (nth, row) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", nth + 1));
        for (at, cell) in row.iter().enumerate() {
            let column = char::from(b'A' + u8::try_from(at).unwrap());
            let place = format!("{column}{}", nth + 1);
            match cell.parse::<f64>() {
                Ok(_) => sheet.push_str(&format!("<c r=\"{place}\"><v>{cell}</v></c>")),
                Err(_) => sheet.push_str(&format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")),
            }
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    zipped(vec![
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"people\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn zipped<B: AsRef<[u8]>>(parts: Vec<(&str, B)>) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_sheet_is_a_table_below_its_title() {
    let rows: [&[&str]; 5] = [
        &["Report of March"],
        &["id", "email", "amount"],
        &["1", "ann@mailbox.org", "2.5"],
        &["2", "bob@mailbox.org", "3"],
        &["3", "", "4"],
    ];
    for dataset_rows in [10_000, usize::MAX] {
        let limits = Limits { dataset_rows, ..Limits::default() };
        let tables = super::super::archive::zip(&Random::Held(workbook(&rows).into()), &limits, &RULES);
        assert_eq!((tables.len(), tables[0].rows_read, tables[0].rows_total), (1, 3, Some(3)), "{tables:?}");
        assert_eq!((tables[0].column("email").nulls(), tables[0].column("id").total()), (1, 3));
    }
}

#[test]
fn damaged_and_protected_workbooks_are_told() {
    let whole = workbook(&[&["id", "email"], &["1", "ann@mailbox.org"]]);
    for at in (0..whole.len()).step_by(41) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        read(&Random::Held(bytes.into()), &Limits::default(), &RULES);
    }
    let mut protected = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    protected.resize(2048, 0);
    protected.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let tables = read(&Random::Held(protected.into()), &Limits::default(), &RULES);
    assert!(tables[0].gaps[0].1.contains("password"), "{tables:?}");
}

/// A day as a workbook counts it, and as it is written.
type Day = (u16, &'static str);

/// Number, e-mail address, day of birth, amount, and whether somebody is active.
type Person = (u8, &'static str, Day, f64, bool);

/// The last has no address.
const PEOPLE: [Person; 3] = [
    (1, "ann@mailbox.org", (29_254, "1980-02-03"), 2.5, true),
    (2, "bob@mailbox.org", (33_603, "1991-12-31"), 3.0, false),
    (3, "", (27_546, "1975-06-01"), 4.0, true),
];

const COLUMNS_OF_PEOPLE: [&str; 5] = ["id", "email", "born", "amount", "active"];

/// OpenDocument 1.3, part 3, 9.1: every cell says its type and its value.
fn ods() -> Vec<u8> {
    let string = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let head: String = COLUMNS_OF_PEOPLE.map(string).concat();
    let rows: String = PEOPLE
        .iter()
        .map(|(id, email, (_, born), amount, active)| {
            let email = if email.is_empty() { "<table:table-cell/>".to_owned() } else { string(email) };
            format!(
                "<table:table-row><table:table-cell office:value-type=\"float\" office:value=\"{id}\"/>{email}\
                 <table:table-cell office:value-type=\"date\" office:date-value=\"{born}\"/>\
                 <table:table-cell office:value-type=\"float\" office:value=\"{amount}\"/>\
                 <table:table-cell office:value-type=\"boolean\" office:boolean-value=\"{active}\"/></table:table-row>"
            )
        })
        .collect();
    let spaces = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
                  xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
                  xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    zipped(vec![
        ("mimetype", kind.to_owned()),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>".to_owned(),
        ),
        (
            "content.xml",
            format!(
                "<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name=\"people\">\
                 <table:table-row>{head}</table:table-row>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
            ),
        ),
    ])
}

/// A record of [MS-XLSB] 2.1.4: its number and its length in groups of seven bits, then its data.
fn record(number: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = match number {
        0..=127 => vec![number as u8],
        _ => vec![(number & 0x7f) as u8 | 0x80, (number >> 7) as u8],
    };
    let length = data.len();
    match length {
        0..=127 => bytes.push(length as u8),
        _ => bytes.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]),
    }
    bytes.extend(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&(units.len() as u32 / 2).to_le_bytes()[..], &units].concat()
}

/// [MS-XLSB] 2.1.7: a workbook, its one sheet, and a format of days (14) beside the general one.
fn xlsb() -> Vec<u8> {
    let bundle = [&[0; 4][..], &1_u32.to_le_bytes(), &wide("r1"), &wide("people")].concat();
    let workbook =
        [record(0x99, &[0; 12]), record(0x8f, &[]), record(0x9c, &bundle), record(0x90, &[]), record(0x9d, &[0; 8])]
            .concat();
    let format = |number: u16| record(0x2f, &[&[0; 2][..], &number.to_le_bytes(), &[0; 12]].concat());
    let styles = [record(0x269, &2_u32.to_le_bytes()), format(0), format(14)].concat();
    let place = |column: usize, style: u32| [(column as u32).to_le_bytes(), style.to_le_bytes()].concat();
    let text = |column: usize, text: &str| record(6, &[place(column, 0), wide(text)].concat());
    let real =
        |column: usize, style: u32, value: f64| record(5, &[&place(column, style)[..], &value.to_le_bytes()].concat());
    let row = |nth: usize| record(0, &[&(nth as u32).to_le_bytes()[..], &[0; 21]].concat());
    let mut cells = row(0);
    COLUMNS_OF_PEOPLE.iter().enumerate().for_each(|(at, name)| cells.extend(text(at, name)));
    for (nth, (id, email, (born, _), amount, active)) in PEOPLE.iter().enumerate() {
        cells.extend(row(nth + 1));
        cells.extend(real(0, 0, f64::from(*id)));
        if !email.is_empty() {
            cells.extend(text(1, email));
        }
        cells.extend(real(2, 1, f64::from(*born)));
        cells.extend(real(3, 0, *amount));
        cells.extend(record(4, &[&place(4, 0)[..], &[u8::from(*active)]].concat()));
    }
    let sheet = [record(0x94, &[0; 16]), record(0x91, &[]), cells, record(0x92, &[])].concat();
    let relation = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Target=\"worksheets/sheet1.bin\"/></Relationships>";
    zipped(vec![
        ("xl/_rels/workbook.bin.rels", relation.as_bytes().to_vec()),
        ("xl/workbook.bin", workbook),
        ("xl/styles.bin", styles),
        ("xl/worksheets/sheet1.bin", sheet),
    ])
}

/// A compound file is not written by hand. Made by xlwt 1.3.0: `Workbook().add_sheet("people")`, `write(row, column, value)` of
/// what [`PEOPLE`] holds, days with `easyxf(num_format_str="YYYY-MM-DD")`.
const XLS: &[u8] = include_bytes!("people.xls");

#[test]
fn every_kind_of_workbook_gives_its_people() {
    for (kind, bytes) in [("ods", ods()), ("xlsb", xlsb()), ("xls", XLS.to_vec())] {
        for dataset_rows in [10_000, usize::MAX] {
            let limits = Limits { dataset_rows, ..Limits::default() };
            let tables = read(&Random::Held(bytes.clone().into()), &limits, &RULES);
            let [table] = &tables[..] else { panic!("{kind}: {tables:?}") };
            assert_eq!((table.rows_read, table.rows_total, &table.gaps), (3, Some(3), &Vec::new()), "{kind}");
            let names: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, COLUMNS_OF_PEOPLE, "{kind}");
            let shapes =
                |name: &str| table.column(name).shapes(3).into_iter().map(|(shape, _)| shape).collect::<Vec<_>>();
            assert_eq!(
                (table.column("email").nulls(), shapes("email")),
                (1, vec!["aaa@aaaaaaa.aaa".to_owned()]),
                "{kind}"
            );
            assert_eq!(shapes("born"), ["9999-99-99"], "{kind}");
            assert_eq!(shapes("amount"), ["9", "9.9"], "{kind}");
            assert_eq!(shapes("active"), ["aaaa", "aaaaa"], "{kind}");
        }
    }
}

/// An OpenDocument workbook of those rows.
fn ods_of(rows: &str) -> Vec<u8> {
    let spaces = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
                  xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
                  xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    zipped(vec![
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>".to_owned(),
        ),
        (
            "content.xml",
            format!(
                "<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name=\"people\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
            ),
        ),
    ])
}

#[test]
fn repeats_that_write_out_too_many_cells_are_told() {
    let cell = |attributes: &str, text: &str| {
        format!(
            "<table:table-cell {attributes} office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let row = |attributes: &str, cells: &str| format!("<table:table-row {attributes}>{cells}</table:table-row>");
    let columns = |count: &str| format!("table:number-columns-repeated={count}");
    let rows = |count: &str| format!("table:number-rows-repeated={count}");
    let empty = |count: &str| format!("<table:table-cell {}/>", columns(count));
    let people = row("", &cell("", "email")) + &row(&rows("\"300\""), &cell("", "ann@mailbox.org"));
    let long = "x".repeat(64 << 10);
    let hostile = [
        row(&rows("\"1048576\""), &cell(&columns("\"16384\""), "x")),
        row("", &cell(&columns("'16384'"), "x")).repeat(400),
        row(&rows("\"&#49;00000000\""), &cell(&columns(" \"99\""), "x")),
        row("", &(empty("\"16384\"") + &cell("", "x"))).repeat(400),
        row("", &cell("", "x")) + &row(&rows("\"1000000\""), "") + &row("", &(empty("\"9000\"") + &cell("", "x"))),
        row(&rows("\"9000\""), &cell("", &long)),
        row(
            &rows("\"1048576\""),
            &cell(&format!("office:string-value=\"table:number-columns-repeated='1'>\" {}", columns("\"16384\"")), "x"),
        ),
    ];
    let limits = Limits { dataset_rows: usize::MAX, ..Limits::default() };
    for rows in hostile {
        let tables = read(&Random::Held(ods_of(&(people.clone() + &rows)).into()), &limits, &RULES);
        let [table] = &tables[..] else { panic!("{tables:?}") };
        assert!(
            matches!(&table.gaps[..], [(GapKind::Limit, why)] if why.contains("4194304 cells")),
            "{:?}",
            table.gaps
        );
    }
    // What LibreOffice writes behind the last cell and the last row.
    let usual = people
        + &row("", &(cell("", "bob@mailbox.org") + &empty("\"16383\"")))
        + &row(&rows("\"1048000\""), &empty("\"16384\""));
    let tables = read(&Random::Held(ods_of(&usual).into()), &limits, &RULES);
    assert_eq!((tables[0].rows_read, &tables[0].gaps), (301, &Vec::new()));
}

/// The places in [`XLS`] of the records of that number.
fn records_of(number: u16) -> Vec<usize> {
    let [low, high] = number.to_le_bytes();
    (512..XLS.len() - 4).filter(|&at| XLS[at..at + 2] == [low, high]).collect()
}

#[test]
fn old_sheets_that_claim_too_many_cells_are_told() {
    // [MS-XLS] 2.4.90: first row, last row plus one, first column, last column plus one.
    let dimensions = records_of(0x0200).into_iter().find(|&at| XLS[at + 2..at + 4] == [14, 0]).unwrap();
    let mut wide = XLS.to_vec();
    wide[dimensions + 8..dimensions + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    // [MS-XLS] 2.4.180: a number by its row and column.
    let number = records_of(0x0203)
        .into_iter()
        .chain(records_of(0x027e))
        .find(|&at| XLS[at + 3] == 0 && XLS[at + 2] >= 10)
        .unwrap();
    let mut far = XLS.to_vec();
    far[number + 4..number + 8].copy_from_slice(&[0xff; 4]);
    for bytes in [wide, far] {
        let tables = read(&Random::Held(bytes.into()), &Limits::default(), &RULES);
        let [table] = &tables[..] else { panic!("{tables:?}") };
        assert!(
            matches!(&table.gaps[..], [(GapKind::Limit, why)] if why.contains("4194304 cells")),
            "{:?}",
            table.gaps
        );
    }
    // A chain of sectors that leads back to itself has no end.
    let mut endless = XLS.to_vec();
    let table = 512 * (1 + u32::from_le_bytes(XLS[76..80].try_into().unwrap()) as usize);
    let directory = u32::from_le_bytes(XLS[48..52].try_into().unwrap());
    endless[table + 4 * directory as usize..][..4].copy_from_slice(&directory.to_le_bytes());
    let tables = read(&Random::Held(endless.into()), &Limits::default(), &RULES);
    assert!(matches!(&tables[0].gaps[..], [(GapKind::Unparsed, _)]), "{tables:?}");
}

/// A compound file ([MS-CFB]) with one stream of 4 KiB or more.
fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let sectors = |bytes: usize| bytes.div_ceil(512);
    let tables = sectors((sectors(stream.len()) + 130) * 4);
    let mut file = vec![0; 512];
    file[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    file[24..34].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    let long = |number: usize| (number as u32).to_le_bytes();
    file[44..48].copy_from_slice(&long(tables));
    file[48..52].copy_from_slice(&long(tables));
    file[56..60].copy_from_slice(&long(4096));
    file[60..64].copy_from_slice(&[0xfe, 0xff, 0xff, 0xff]);
    file[68..72].copy_from_slice(&[0xfe, 0xff, 0xff, 0xff]);
    file[76..].fill(0xff);
    (0..tables).for_each(|at| file[76 + 4 * at..80 + 4 * at].copy_from_slice(&long(at)));
    // Which sector follows which: the tables, the directory, the stream.
    let mut next: Vec<u8> = (0..tables).flat_map(|_| [0xfd, 0xff, 0xff, 0xff]).collect();
    next.extend([0xfe, 0xff, 0xff, 0xff]);
    (1..sectors(stream.len())).for_each(|at| next.extend(long(tables + 1 + at)));
    next.extend([0xfe, 0xff, 0xff, 0xff]);
    next.resize(tables * 512, 0xff);
    file.extend(next);
    for (name, kind, child, start, size) in
        [("Root Entry", 5, 1, usize::MAX - 1, 0), (name, 2, usize::MAX, tables + 1, stream.len())]
    {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(64, 0);
        entry.extend((name.len() as u16 * 2 + 2).to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([0xff; 8]);
        entry.extend(long(child));
        entry.resize(116, 0);
        entry.extend(long(start));
        entry.extend((size as u64).to_le_bytes());
        file.extend(entry);
    }
    file.resize(512 * (tables + 2), 0);
    file.extend(stream);
    file.resize(512 * (tables + 2 + sectors(stream.len())), 0);
    file
}

/// An old workbook ([MS-XLS] 2.1.7) whose one sheet has two columns of shared strings, by their numbers.
fn xls_of(strings: &[&str], rows: &[(u32, u32)], continuations: usize) -> Vec<u8> {
    let record = |kind: u16, data: &[u8]| [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat();
    let begin = |kind: u16| record(0x0809, &[&[0, 6][..], &kind.to_le_bytes(), &[0; 12]].concat());
    let mut table = vec![0; 8];
    let mut shared = Vec::new();
    for text in strings {
        // Each string fits a record, and those that do not fit the first stand in the next.
        if table.len() + text.len() + 3 > 8224 && table.len() > 8 {
            shared.extend(record(if shared.is_empty() { 0x00fc } else { 0x003c }, &table));
            table = Vec::new();
        }
        table.extend((text.len() as u16).to_le_bytes());
        table.push(0);
        table.extend(text.as_bytes());
    }
    shared.extend(record(if shared.is_empty() { 0x00fc } else { 0x003c }, &table));
    (0..continuations).for_each(|_| shared.extend(record(0x003c, &[0, 0, 0])));
    let sheet_name = [&[0; 6][..], &[6, 0], b"people"].concat();
    let start = (begin(5).len() + record(0x0085, &sheet_name).len() + shared.len() + 4) as u32;
    let bound = [&start.to_le_bytes()[..], &[0, 0, 6, 0], b"people"].concat();
    let mut stream = [begin(5), record(0x0085, &bound), shared, record(0x000a, &[])].concat();
    stream.extend(begin(0x10));
    for (nth, (first, second)) in rows.iter().enumerate() {
        for (column, string) in [(0_u16, first), (1, second)] {
            let place = [(nth as u16).to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
            stream.extend(record(0x00fd, &[&place[..], &string.to_le_bytes()].concat()));
        }
    }
    stream.extend(record(0x000a, &[]));
    stream.resize(stream.len().max(4096), 0);
    compound("Workbook", &stream)
}

#[test]
fn a_long_string_that_many_cells_of_an_old_sheet_share_is_bounded() {
    let long = "x".repeat(60_000);
    let strings = ["email", "note", "ann@mailbox.org", "bob@mailbox.org", &long];
    let read_of = |rows: usize, continuations: usize| {
        let rows: Vec<(u32, u32)> =
            std::iter::once((0, 1)).chain((0..rows).map(|nth| (2 + nth as u32 % 2, 4))).collect();
        let file = xls_of(&strings, &rows, continuations);
        assert!(file.len() < 1 << 20, "{} bytes", file.len());
        read(&Random::Held(file.into()), &Limits::default(), &RULES)
    };
    let tables = read_of(50, 3);
    assert_eq!((tables[0].rows_read, tables[0].rows_total, &tables[0].gaps), (50, Some(50), &Vec::new()));
    assert_eq!(tables[0].column("email").nulls(), 0);
    // 5 000 cells of 60 000 bytes in a file of 200 KiB.
    let tables = read_of(5_000, 0);
    let gaps = &tables[0].gaps;
    assert!(matches!(&gaps[..], [(GapKind::Limit, why)] if why.contains("longer than 256 MiB")), "{gaps:?}");
    let tables = read_of(2, 20_000);
    assert!(matches!(&tables[0].gaps[..], [(GapKind::Unparsed, _)]), "{:?}", tables[0].gaps);
}

#[test]
fn damaged_workbooks_of_every_kind_are_no_panic() {
    for whole in [ods(), xlsb(), XLS.to_vec()] {
        for at in (0..whole.len()).step_by(37) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            read(&Random::Held(bytes.into()), &Limits::default(), &RULES);
        }
    }
}
