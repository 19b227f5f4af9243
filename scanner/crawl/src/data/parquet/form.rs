//! The structures of a Parquet file, by the numbers of their fields.
//!
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>

use super::thrift::Field;
use super::thrift::Type::{Binary, Bool, Byte, Double, List, Number, Struct};

/// `FileMetaData`.
pub(super) const FOOTER: &[Field] = &[
    (1, Number),
    (SCHEMA, List(&Struct(SCHEMA_ELEMENT))),
    (3, Number),
    (4, List(&Struct(ROW_GROUP))),
    (5, List(&Struct(KEY_VALUE))),
    (6, Binary),
    (7, List(&Struct(COLUMN_ORDER))),
    (8, Struct(ENCRYPTION_ALGORITHM)),
    (9, Binary),
];

/// The field of the footer that holds the schema.
pub(super) const SCHEMA: i16 = 2;

/// The field of an element of the schema that says how many members follow.
pub(super) const CHILDREN: i16 = 5;

const SCHEMA_ELEMENT: &[Field] = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Binary),
    (CHILDREN, Number),
    (6, Number),
    (7, Number),
    (8, Number),
    (9, Number),
    (10, Struct(LOGICAL_TYPE)),
    (11, Number),
];

const LOGICAL_TYPE: &[Field] = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Struct(&[(1, Number), (2, Number)])), // decimal
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Struct(&[(1, Byte), (2, Bool)])), // integer
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Struct(&[(1, Byte)])),                // variant
    (17, Struct(&[(1, Binary)])),              // geometry
    (18, Struct(&[(1, Binary), (2, Number)])), // geography
    (19, EMPTY),
];

const EMPTY: super::thrift::Type = Struct(&[]);

const TIME: super::thrift::Type = Struct(&[(1, Bool), (2, Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]))]);

const ROW_GROUP: &[Field] = &[
    (1, List(&Struct(COLUMN_CHUNK))),
    (2, Number),
    (3, Number),
    (4, List(&Struct(&[(1, Number), (2, Bool), (3, Bool)]))), // sorting columns
    (5, Number),
    (6, Number),
    (7, Number),
];

const COLUMN_CHUNK: &[Field] = &[
    (1, Binary),
    (2, Number),
    (3, Struct(COLUMN_METADATA)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, Struct(&[(1, EMPTY), (2, Struct(&[(1, List(&Binary)), (2, Binary)]))])), // encryption
    (9, Binary),
];

const COLUMN_METADATA: &[Field] = &[
    (1, Number),
    (2, List(&Number)),
    (3, List(&Binary)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, List(&Struct(KEY_VALUE))),
    (9, Number),
    (10, Number),
    (11, Number),
    (12, Struct(STATISTICS)),
    (13, List(&Struct(&[(1, Number), (2, Number), (3, Number)]))), // pages by encoding
    (14, Number),
    (15, Number),
    (16, Struct(&[(1, Number), (2, List(&Number)), (3, List(&Number))])), // sizes
    (17, Struct(&[(1, Struct(BOUNDING_BOX)), (2, List(&Number))])),
];

const STATISTICS: &[Field] =
    &[(1, Binary), (2, Binary), (3, Number), (4, Number), (5, Binary), (6, Binary), (7, Bool), (8, Bool), (9, Number)];

const BOUNDING_BOX: &[Field] =
    &[(1, Double), (2, Double), (3, Double), (4, Double), (5, Double), (6, Double), (7, Double), (8, Double)];

const KEY_VALUE: &[Field] = &[(1, Binary), (2, Binary)];

const COLUMN_ORDER: &[Field] = &[(1, EMPTY), (2, EMPTY), (3, EMPTY)];

const ENCRYPTION_ALGORITHM: &[Field] = &[(1, Struct(AES_GCM)), (2, Struct(AES_GCM))];

const AES_GCM: &[Field] = &[(1, Binary), (2, Binary), (3, Bool)];

/// `PageHeader`.
pub(super) const PAGE: &[Field] = &[
    (1, Number),
    (2, Number),
    (3, Number),
    (4, Number),
    (DATA, Struct(&[(1, Number), (2, Number), (3, Number), (4, Number), (5, Struct(STATISTICS))])),
    (6, EMPTY),
    (DICTIONARY, Struct(&[(1, Number), (2, Number), (3, Bool)])),
    (DATA_V2, Struct(PAGE_V2)),
];

/// The fields of the header of a page that say of what kind it is; the first field of each is the number of values.
pub(super) const DATA: i16 = 5;
pub(super) const DICTIONARY: i16 = 7;
pub(super) const DATA_V2: i16 = 8;

const PAGE_V2: &[Field] =
    &[(1, Number), (2, Number), (3, Number), (4, Number), (5, Number), (6, Number), (7, Bool), (8, Struct(STATISTICS))];
