//! Batch-normalisation statistics, forward and backward.
