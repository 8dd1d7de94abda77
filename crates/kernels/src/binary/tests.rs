//! The table and its broadcasting against plain loops.

use super::*;

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in BinaryKind::ALL.iter().enumerate() {
        assert_eq!(BinaryKind::from_code(i as u8), Some(*kind));
        assert_eq!(BinaryKind::by_name(kind.name()), Some(*kind));
    }
}

#[test]
fn broadcasts_rows_and_columns() {
    for (count, cols) in [(1, 1), (3, 5), (7, 33), (130, 3), (2, 300)] {
        let a: Vec<f32> = (0..count * cols).map(|i| i as f32).collect();
        let row: Vec<f32> = (0..cols).map(|i| 0.5 + i as f32).collect();
        let column: Vec<f32> = (0..count).map(|i| 0.25 + i as f32).collect();
        let mut out = vec![0.0; a.len()];
        rows(BinaryKind::Sub, &a, &row, &mut out);
        for (i, v) in out.iter().enumerate() {
            assert_eq!(*v, a[i] - row[i % cols]);
        }
        columns(BinaryKind::Sub, &a, &column, &mut out);
        for (i, v) in out.iter().enumerate() {
            assert_eq!(*v, a[i] - column[i / cols]);
        }
    }
}
