//! Two-operand elementwise arithmetic with broadcasting.
