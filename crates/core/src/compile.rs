//! From a graph to a program: the passes in their order.

use crate::error::Result;
use crate::exec::Program;
use crate::fuse::fuse;
use crate::ir::{Graph, Shape};
use crate::ops::Op;
use crate::order::order;
use crate::simplify::{deduplicate, first_equal, prune};
use crate::train::add_updates;
use crate::verify::verify;
use crate::wire::Message;
use crate::TRAINS;

/// Which passes run that may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Passes {
    /// Move what follows a matrix product into it.
    pub fuse: bool,
}

impl Default for Passes {
    fn default() -> Self {
        Self { fuse: true }
    }
}

/// Makes a program for batches of up to `capacity` rows; `shape_of` knows the store's variables.
///
/// Builds that only predict leave out what exported models have no use for: nothing in them is
/// computed twice or for nothing, and they come in an order that works. What fusing leaves behind
/// are constants.
pub fn compile(
    message: Message,
    capacity: usize,
    shape_of: &dyn Fn(u32) -> Option<Shape>,
    passes: Passes,
) -> Result<Program> {
    let mut g = message.graph;
    check(&g)?;
    if TRAINS {
        deduplicate(&mut g);
    }
    let mut untouched = Vec::new();
    if let Some(mut train) = message.train.filter(|_| TRAINS) {
        train.loss = first_equal(&g, train.loss);
        train.learning_rate = first_equal(&g, train.learning_rate);
        train.momentum = train.momentum.map(|m| first_equal(&g, m));
        untouched = add_updates(&mut g, &train, shape_of)?;
        check(&g)?;
        deduplicate(&mut g);
    }
    if TRAINS {
        prune(&mut g);
        check(&g)?;
    }
    if passes.fuse {
        fuse(&mut g)?;
    }
    if TRAINS {
        prune(&mut g);
        order(&mut g)?;
    }
    check(&g)?;
    let mut program = Program::new(g, capacity)?;
    if !TRAINS {
        return Ok(program);
    }
    for mut graph in message.after {
        leave_alone(&mut graph, &untouched);
        let after = Message {
            graph,
            train: None,
            after: Vec::new(),
        };
        program.then(compile(after, capacity, shape_of, passes)?);
    }
    Ok(program)
}

/// Takes out what is assigned to variables that a step did not update, as in Keras.
fn leave_alone(g: &mut Graph, untouched: &[u32]) {
    let nodes = &g.nodes;
    g.effects.retain(|&effect| {
        let Op::Assign(_) = nodes[effect as usize].op else {
            return true;
        };
        let variable = nodes[effect as usize].inputs[0].node;
        !matches!(&nodes[variable as usize].op, Op::Variable(v) if untouched.contains(&v.id))
    });
    prune(g);
}

/// The verifier runs after every pass in tests; a release build trusts the passes but not the wire.
fn check(g: &Graph) -> Result<()> {
    if cfg!(any(test, debug_assertions)) {
        verify(g)?;
    }
    Ok(())
}
