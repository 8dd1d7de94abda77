//! A float32 slab that hands out disjoint views.
