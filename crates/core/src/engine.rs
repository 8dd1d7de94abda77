//! Everything behind the door: the store and the programs over it, by number.

use crate::compile::{compile, Passes};
use crate::error::{Error, Result};
use crate::exec::Program;
use crate::ops::{Clock, Variable};
use crate::store::Store;
use crate::wire::{self, Message};
use gradus_kernels::rng;

/// The kernels' register-only loop: what the machine can do at most, for benchmarks.
pub use gradus_kernels::gemm::{multiply_add_limit, MULTIPLY_ADD_LIMIT_FLOPS};

/// The threads that help, in builds with shared memory.
#[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
pub use gradus_kernels::par::POOL;

/// The indices in an order drawn from seed and epoch.
pub fn shuffled(indices: &[u32], seed: u64, epoch: u32) -> Vec<u32> {
    let mut shuffled = indices.to_vec();
    rng::shuffle(&mut shuffled, seed, epoch);
    shuffled
}

/// One store and any number of programs that share its variables and its arena.
#[derive(Default)]
pub struct Engine {
    /// The variables.
    pub store: Store,
    programs: Vec<Option<Program>>,
}

impl Engine {
    /// Makes a program of a graph in wire format that names variables by their numbers in the store;
    /// returns its number.
    pub fn compile(&mut self, bytes: &[u8], capacity: usize) -> Result<u32> {
        self.compile_over(bytes, capacity, None)
    }

    /// As [`Engine::compile`]; the graph names variables by their places in `variables`, if given.
    pub fn compile_over(
        &mut self,
        bytes: &[u8],
        capacity: usize,
        variables: Option<&[u32]>,
    ) -> Result<u32> {
        let number = |id| variables.map_or(Some(id), |ids| ids.get(id as usize).copied());
        let variable = |id| {
            let id = number(id)?;
            let shape = self.store.shape(id)?;
            Some(Variable { id, shape })
        };
        let message = wire::read(bytes, &variable)?;
        self.insert(message, capacity, Passes::default())
    }

    /// Makes a program of a graph; returns its number.
    pub fn insert(&mut self, message: Message, capacity: usize, passes: Passes) -> Result<u32> {
        if capacity == 0 {
            return Err(Error::new("compile", "room for at least 1 row", "0"));
        }
        let program = compile(message, capacity, &|id| self.store.shape(id), passes)?;
        self.store.reserve_arena(program.arena())?;
        let free = self.programs.iter().position(Option::is_none);
        let id = free.unwrap_or_else(|| {
            self.programs.push(None);
            self.programs.len() - 1
        });
        self.programs[id] = Some(program);
        Ok(id as u32)
    }

    /// Forgets a program.
    pub fn free_program(&mut self, id: u32) {
        if let Some(place) = self.programs.get_mut(id as usize) {
            *place = None;
        }
    }

    /// A program by number.
    pub fn program(&self, id: u32) -> Result<&Program> {
        let program = self.programs.get(id as usize).and_then(Option::as_ref);
        program.ok_or_else(|| Error::new("engine", "the number of a program", id.to_string()))
    }

    /// Runs a program.
    pub fn run(&mut self, id: u32, clock: Clock) -> Result<()> {
        self.program(id)?;
        match &mut self.programs[id as usize] {
            Some(program) => program.run(self.store.memory(), clock),
            None => Ok(()),
        }
    }

    /// Address of an input of a program, void once the arena grows.
    pub fn input_address(&self, id: u32, name: &str) -> Result<usize> {
        let place = self.program(id)?.input(name);
        let place = place.ok_or_else(|| Error::new("run", "the name of an input", name))?;
        Ok(self.address(place.slab, place.offset))
    }

    /// Length in floats of an input of a program, at its capacity.
    pub fn input_len(&self, id: u32, name: &str) -> Result<usize> {
        let len = self.program(id)?.input_len(name);
        len.ok_or_else(|| Error::new("run", "the name of an input", name))
    }

    /// Address of an output of a program after its run.
    pub fn output_address(&self, id: u32, name: &str) -> Result<usize> {
        let found = self.program(id)?.output(name);
        let (place, _) = found.ok_or_else(|| Error::new("run", "the name of an output", name))?;
        Ok(self.address(place.slab, place.offset))
    }

    /// Copies numbers into an input. For callers in Rust; JavaScript writes to the address.
    pub fn write_input(&mut self, id: u32, name: &str, words: &[f32]) -> Result<()> {
        let place = self.program(id)?.input(name).cloned();
        let place = place.ok_or_else(|| Error::new("run", "the name of an input", name))?;
        let slab = &mut self.store.memory().slabs[place.slab as usize];
        slab.as_mut_slice()[place.offset..][..words.len()].copy_from_slice(words);
        Ok(())
    }

    /// Copies an output of the last run. For callers in Rust; JavaScript reads at the address.
    pub fn read_output(&mut self, id: u32, name: &str) -> Result<Vec<f32>> {
        let program = self.program(id)?;
        let found = program.output(name).map(|(place, _)| place.clone());
        let size = program.output_dims(name).map(|dims| dims.iter().product());
        match (found, size) {
            (Some(place), Some(size)) => {
                let slab = &self.store.memory().slabs[place.slab as usize];
                let words: &[f32] = &slab.as_slice()[place.offset..];
                Ok(words[..size].to_vec())
            }
            _ => Err(Error::new("run", "the name of an output", name)),
        }
    }

    fn address(&self, slab: u32, offset: usize) -> usize {
        let start = match slab {
            0 => self.store.arena().as_ptr(),
            id => self
                .store
                .data(id)
                .map_or(std::ptr::null(), <[f32]>::as_ptr),
        };
        start as usize + 4 * offset
    }
}
