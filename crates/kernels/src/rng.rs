//! Counter-based random numbers (Philox 4x32-10): uniform, normal, dropout masks.
