//! The store: variables (weights, statistics, optimizer slots, metric sums), each in memory
//! of its own, beside the arena that all programs share.

use crate::error::{error, Cause, Error, Result};
use crate::ir::Shape;
use crate::text::Number;
use gradus_kernels::mem::{Memory, Slab};
use gradus_kernels::reduce;
use gradus_kernels::rng::{fill_normal, fill_orthogonal, fill_truncated_normal, fill_uniform, Key};
use std::fmt;

/// All variables and the arena.
pub struct Store {
    memory: Memory,
    /// Shapes by number; number 0 is the arena and never a variable.
    variables: Vec<Option<Shape>>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            memory: Memory {
                slabs: vec![Slab::default()],
            },
            variables: vec![None],
        }
    }
}

impl Store {
    /// Makes a variable of zeros; returns its number.
    ///
    /// The place of an error is empty: whom to name, the caller knows.
    pub fn create(&mut self, extents: &[usize]) -> Result<u32> {
        let size = extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let mut slab = Slab::default();
        let made = size.is_some_and(|size| slab.try_grow(size).is_ok());
        if !made {
            let floats: f64 = extents.iter().map(|&d| d as f64).product();
            return Err(out_of_memory("", floats));
        }
        let variable = Some(Shape::fixed(extents));
        let free = (1..self.variables.len()).find(|&id| self.variables[id].is_none());
        Ok(match free {
            Some(id) => {
                self.variables[id] = variable;
                self.memory.slabs[id] = slab;
                id as u32
            }
            None => {
                self.variables.push(variable);
                self.memory.slabs.push(slab);
                self.variables.len() as u32 - 1
            }
        })
    }

    /// Gives a variable's memory back. Programs over it must be gone.
    pub fn free(&mut self, id: u32) -> Result<()> {
        self.check(id)?;
        self.variables[id as usize] = None;
        self.memory.slabs[id as usize] = Slab::default();
        Ok(())
    }

    /// The shape of a variable.
    pub fn shape(&self, id: u32) -> Option<Shape> {
        self.variables.get(id as usize)?.clone()
    }

    /// The numbers of a variable.
    pub fn data(&self, id: u32) -> Result<&[f32]> {
        self.check(id)?;
        Ok(self.memory.slabs[id as usize].as_slice())
    }

    /// The numbers of a variable, to change.
    pub fn data_mut(&mut self, id: u32) -> Result<&mut [f32]> {
        self.check(id)?;
        Ok(self.memory.slabs[id as usize].as_mut_slice())
    }

    /// Index of the first NaN or infinite number of a variable.
    pub fn first_non_finite(&self, id: u32) -> Result<Option<usize>> {
        Ok(reduce::first_non_finite(self.data(id)?))
    }

    /// Fills a variable: "constant" (a), "uniform" (a <= x < b), "normal" and "truncatedNormal"
    /// (mean a, standard deviation b before cutting at two of them), "orthogonal" and "identity"
    /// (a times such a matrix; all axes but the last count as rows).
    pub fn fill(
        &mut self,
        id: u32,
        kind: &str,
        a: f32,
        b: f32,
        seed: u64,
        stream: u32,
    ) -> Result<()> {
        let cols = self.check(id)?.last().factor;
        let out = self.data_mut(id)?;
        let key = Key::init(seed, stream);
        match kind {
            "constant" => out.fill(a),
            "uniform" => fill_uniform(key, a, b, 0, out),
            "normal" => fill_normal(key, a, b, 0, out),
            "truncatedNormal" => fill_truncated_normal(key, a, b, 0, out),
            "identity" => {
                out.fill(0.0);
                out.iter_mut()
                    .step_by(cols + 1)
                    .take(cols)
                    .for_each(|v| *v = a);
            }
            "orthogonal" => {
                let mut scratch = Slab::default();
                let size = out.len();
                let grown = scratch.try_grow(size);
                grown.map_err(|_| out_of_memory("an orthogonal matrix", size as f64))?;
                let matrix = [size / cols.max(1), cols];
                fill_orthogonal(key, a, matrix, scratch.as_mut_slice(), out);
            }
            other => {
                let expected = "the name of a distribution";
                return Err(error!("initializer", expected, other));
            }
        }
        Ok(())
    }

    /// Makes the arena at least `floats` long.
    pub fn reserve_arena(&mut self, floats: usize) -> Result<()> {
        let grown = self.memory.slabs[0].try_grow(floats);
        grown.map_err(|_| out_of_memory("activations and gradients of a batch", floats as f64))
    }

    /// The arena.
    pub fn arena(&self) -> &Slab {
        &self.memory.slabs[0]
    }

    /// All memory, for a run.
    pub fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    fn check(&self, id: u32) -> Result<&Shape> {
        let known = self.variables.get(id as usize).and_then(Option::as_ref);
        known.ok_or_else(|| error!("store", "the number of a variable", id.to_string()))
    }
}

fn out_of_memory(what: &str, floats: f64) -> Error {
    error!(
        what,
        "a size that fits into memory (WebAssembly has 4 GB at most)",
        format!("{} ({} float32 values)", Bytes(floats * 4.0), floats as u64),
    )
    .hint("make the layers or the batch smaller")
    .because(Cause::Memory)
}

struct Bytes(f64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, unit) = match self.0 {
            b if b >= 1e9 => (b / 1e9, "GB"),
            b => (b / 1e6, "MB"),
        };
        write!(
            f,
            "{} {unit}",
            Number(((size * 10.0).round() / 10.0) as f32)
        )
    }
}
