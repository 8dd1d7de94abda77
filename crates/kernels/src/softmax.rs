//! Softmax and cross-entropy over rows, stable, from logits.
