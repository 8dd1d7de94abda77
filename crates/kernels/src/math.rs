//! Transcendental functions over `Lane`: exp, log, tanh, erf and friends, each within 2 ulp.
