//! Everything behind the door: the store and the programs over it, by number.

use crate::compile::{compile, Passes};
use crate::error::{error, Result};
use crate::exec::Program;
use crate::ir::{Dims, Type};
use crate::ops::{Clock, Variable};
use crate::plan::Place;
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
            return Err(error!("compile", "room for at least 1 row", "0"));
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
        program.ok_or_else(|| error!("engine", "the number of a program", id.to_string()))
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
    pub fn input_address(&self, id: u32, number: u32) -> Result<usize> {
        self.input(id, number).map(|(place, _)| self.address(place))
    }

    /// Extents of an input of a program at the batch of its last run, before the first at its
    /// capacity.
    pub fn input_dims(&self, id: u32, number: u32) -> Result<Dims> {
        let (_, ty) = self.input(id, number)?;
        Ok(self.program(id)?.dims(ty))
    }

    /// Address of an output of a program after its run.
    pub fn output_address(&self, id: u32, number: u32) -> Result<usize> {
        self.output(id, number)
            .map(|(place, _)| self.address(place))
    }

    /// Extents of an output, as those of inputs.
    pub fn output_dims(&self, id: u32, number: u32) -> Result<Dims> {
        let (_, ty) = self.output(id, number)?;
        Ok(self.program(id)?.dims(ty))
    }

    fn input(&self, id: u32, number: u32) -> Result<(&Place, &Type)> {
        let input = self.program(id)?.input(number);
        input.ok_or_else(|| error!("run", "the number of an input", number.to_string()))
    }

    fn output(&self, id: u32, number: u32) -> Result<(&Place, &Type)> {
        let output = self.program(id)?.output(number);
        output.ok_or_else(|| error!("run", "the number of an output", number.to_string()))
    }

    /// Copies numbers into an input. For callers in Rust; JavaScript writes to the address.
    pub fn write_input(&mut self, id: u32, name: &str, words: &[f32]) -> Result<()> {
        let number = self.program(id)?.input_named(name);
        let number = number.ok_or_else(|| error!("run", "the name of an input", name))?;
        let Place { slab, offset } = *self.input(id, number)?.0;
        let slab = &mut self.store.memory().slabs[slab as usize];
        slab.as_mut_slice()[offset..][..words.len()].copy_from_slice(words);
        Ok(())
    }

    /// Copies an output of the last run. For callers in Rust; JavaScript reads at the address.
    pub fn read_output(&mut self, id: u32, name: &str) -> Result<Vec<f32>> {
        let number = self.program(id)?.output_named(name);
        let number = number.ok_or_else(|| error!("run", "the name of an output", name))?;
        let size = self.output_dims(id, number)?.size();
        let Place { slab, offset } = *self.output(id, number)?.0;
        let slab = &self.store.memory().slabs[slab as usize];
        Ok(slab.as_slice()[offset..][..size].to_vec())
    }

    fn address(&self, &Place { slab, offset }: &Place) -> usize {
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
