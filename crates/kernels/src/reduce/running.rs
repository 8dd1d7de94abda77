//! A weighted mean over a whole epoch, kept in four floats of program memory.
//!
//! The state is `[sum, its rest, weight, its rest]`: each number is a pair of float32 that together
//! hold 48 bits, so that adding a million batches loses nothing. All zeros is the empty mean.

/// Adds `value` with `weight` to the mean in `state`. Panics unless `state` holds four floats.
#[inline(never)]
pub fn accumulate(state: &mut [f32], value: f64, weight: f64) {
    add_sums(state, value * weight, weight);
}

/// Adds each sample's value with its weight, or 1, to the mean in `state`.
///
/// Panics unless `state` holds four floats and there are as many weights as values.
#[inline(never)]
pub fn accumulate_all(state: &mut [f32], values: &[f32], weights: Option<&[f32]>) {
    let (sum, weight) = weighted_sum(values, weights);
    add_sums(state, sum, weight);
}

/// The mean in `state`; 0 while the weight is 0, as in Keras.
pub fn running_mean(state: &[f32]) -> f64 {
    let weight = read(&state[2..4]);
    if weight == 0.0 {
        0.0
    } else {
        read(&state[..2]) / weight
    }
}

/// Sum of value times weight, and sum of the weights; without weights each is 1.
///
/// Panics unless there are as many weights as values.
pub fn weighted_sum(values: &[f32], weights: Option<&[f32]>) -> (f64, f64) {
    let Some(weights) = weights else {
        let sum = values.iter().map(|&v| f64::from(v)).sum();
        return (sum, values.len() as f64);
    };
    assert_eq!(values.len(), weights.len());
    values
        .iter()
        .zip(weights)
        .fold((0.0, 0.0), |(sum, weight), (&v, &w)| {
            (sum + f64::from(v) * f64::from(w), weight + f64::from(w))
        })
}

fn add_sums(state: &mut [f32], sum: f64, weight: f64) {
    assert_eq!(state.len(), 4);
    for (pair, add) in state.chunks_exact_mut(2).zip([sum, weight]) {
        let total = read(pair) + add;
        pair[0] = total as f32;
        let rest = total - f64::from(pair[0]);
        pair[1] = if rest.is_finite() { rest as f32 } else { 0.0 };
    }
}

fn read(pair: &[f32]) -> f64 {
    f64::from(pair[0]) + f64::from(pair[1])
}
