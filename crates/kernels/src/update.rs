//! The optimizer table: each update rule written once over `Lane`.
