//! Rules against a plain f64 oracle.

use super::*;

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in UpdateKind::ALL.iter().enumerate() {
        assert_eq!(UpdateKind::from_code(i as u8), Some(*kind));
        assert_eq!(UpdateKind::by_name(kind.name()), Some(*kind));
        assert!(kind.slots().len() <= MAX_SLOTS);
    }
}
