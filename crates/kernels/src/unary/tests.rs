//! The table against f64, in both kinds of lane, and the slice code around it.

use super::*;

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in UnaryKind::ALL.iter().enumerate() {
        assert_eq!(UnaryKind::from_code(i as u8), Some(*kind));
        assert_eq!(*kind as usize, i);
        assert_eq!(UnaryKind::by_name(kind.name()), Some(*kind));
        assert_eq!(Unary::by_name(kind.name(), &[]), Some(Unary::from(*kind)));
    }
}
