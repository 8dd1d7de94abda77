//! Sums, maxima and norms in a fixed order.
