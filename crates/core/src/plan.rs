//! The memory plan: every value gets a place, and places are used again once their value is dead.

use crate::error::{error, Result};
use crate::ir::{Bindings, Dims, Graph, Shape, Value};
use crate::ops::Op;
use crate::text::sorted;

/// Places start at multiples of this many floats: a cache line.
const ALIGN: usize = 16;

/// Where a value lies; extents of its shape may still be symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Slab 0 is the arena; a variable's slab has the variable's number.
    pub slab: u32,
    /// First float.
    pub offset: usize,
}

/// The plan of a graph for calls up to a capacity.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// For each node the places of its results.
    pub places: Vec<Vec<Place>>,
    /// For each node its working memory: offset and length in floats.
    pub scratch: Vec<(usize, usize)>,
    /// Floats of the arena.
    pub arena: usize,
}

/// A stretch of the arena that is taken from step `from` to step `to`, both included.
#[derive(Clone, Copy, Debug)]
struct Block {
    from: usize,
    to: usize,
    len: usize,
}

/// Plans a graph whose nodes are in the order of execution.
pub fn plan(g: &Graph, capacity: &Bindings) -> Result<Plan> {
    let end = g.nodes.len();
    let roots = roots(g);
    let mut blocks: Vec<Block> = Vec::new();
    // Which block a root value or a node's working memory has.
    let mut block_of: Vec<Vec<usize>> = Vec::with_capacity(end);
    let mut scratch_of: Vec<Option<usize>> = Vec::with_capacity(end);
    for (id, node) in g.nodes.iter().enumerate() {
        // An input is written before the first step.
        let from = if matches!(node.op, Op::Input(_)) {
            0
        } else {
            id
        };
        let mut own = Vec::new();
        for (port, ty) in node.outs.iter().enumerate() {
            let value = Value {
                node: id as u32,
                port: port as u32,
            };
            let placed = matches!(node.op, Op::Variable(_)) || roots[id][port] != value;
            let len = if placed {
                0
            } else {
                ty.dtype.words(elements(g, &ty.shape, id, capacity)?)
            };
            own.push(blocks.len());
            blocks.push(Block { from, to: id, len });
        }
        block_of.push(own);
        let ins: Vec<Dims> = node
            .inputs
            .iter()
            .map(|&v| g.ty(v).shape.resolve(capacity))
            .collect();
        let outs: Vec<Dims> = node
            .outs
            .iter()
            .map(|t| t.shape.resolve(capacity))
            .collect();
        let len = node.op.rule().scratch(&ins, &outs);
        scratch_of.push((len > 0).then(|| {
            blocks.push(Block {
                from: id,
                to: id,
                len,
            });
            blocks.len() - 1
        }));
    }
    let mut use_at = |value: Value, at: usize| {
        let root = roots[value.node as usize][value.port as usize];
        let block = &mut blocks[block_of[root.node as usize][root.port as usize]];
        block.to = block.to.max(at);
    };
    for (id, node) in g.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|&v| use_at(v, id));
    }
    g.outputs.iter().for_each(|&(_, v)| use_at(v, end));
    let (offsets, arena) =
        pack(&blocks).ok_or_else(|| error!("model", "sizes that fit an address", "larger ones"))?;
    let places = (0..end).map(|id| {
        let ports = 0..g.nodes[id].outs.len();
        ports
            .map(|port| {
                let root = roots[id][port];
                match &g.node(root.node).op {
                    Op::Variable(v) => Place {
                        slab: v.id,
                        offset: 0,
                    },
                    _ => {
                        let block = block_of[root.node as usize][root.port as usize];
                        Place {
                            slab: 0,
                            offset: offsets[block],
                        }
                    }
                }
            })
            .collect()
    });
    let scratch = scratch_of
        .iter()
        .map(|s| s.map_or((0, 0), |b| (offsets[b], blocks[b].len)));
    Ok(Plan {
        places: places.collect(),
        scratch: scratch.collect(),
        arena,
    })
}

fn elements(g: &Graph, shape: &Shape, id: usize, capacity: &Bindings) -> Result<usize> {
    let product = shape.0.iter().try_fold(1usize, |n, d| {
        n.checked_mul(d.factor)?
            .checked_mul(capacity[d.symbol as usize])
    });
    product
        .filter(|&n| n <= isize::MAX as usize / 8)
        .ok_or_else(|| {
            let place = || g.origins.get(g.nodes[id].origin as usize).cloned();
            error!(
                place().unwrap_or_default(),
                "a size that fits an address",
                shape.to_string()
            )
        })
}

/// For each value the one whose memory it shows.
fn roots(g: &Graph) -> Vec<Vec<Value>> {
    let mut roots: Vec<Vec<Value>> = Vec::with_capacity(g.nodes.len());
    for (id, node) in g.nodes.iter().enumerate() {
        let own = (0..node.outs.len() as u32).map(|port| Value {
            node: id as u32,
            port,
        });
        roots.push(match node.op.rule().is_view() {
            true => vec![roots[node.inputs[0].node as usize][node.inputs[0].port as usize]],
            false => own.collect(),
        });
    }
    roots
}

/// Offsets such that blocks alive at one time never overlap: large ones first, each at the lowest
/// place that is free for all of its life.
fn pack(blocks: &[Block]) -> Option<(Vec<usize>, usize)> {
    let filled = (0..blocks.len()).filter(|&b| blocks[b].len > 0);
    // The same kind of pairs as below: sorting is code.
    let order = sorted(filled.map(|b| (usize::MAX - blocks[b].len, b)).collect());
    let mut offsets = vec![0; blocks.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut arena = 0usize;
    for (_, b) in order {
        let block = blocks[b];
        let taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&p| blocks[p].from <= block.to && block.from <= blocks[p].to)
            .map(|&p| (offsets[p], offsets[p] + blocks[p].len))
            .collect();
        let mut at = 0usize;
        for (start, stop) in sorted(taken) {
            if at.checked_add(block.len)? <= start {
                break;
            }
            at = at.max(stop.checked_next_multiple_of(ALIGN)?);
        }
        offsets[b] = at;
        arena = arena.max(at.checked_add(block.len)?);
        placed.push(b);
    }
    Some((offsets, arena))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(from: usize, to: usize, len: usize) -> Block {
        Block { from, to, len }
    }

    #[test]
    fn a_dead_block_makes_room() {
        let blocks = [block(0, 1, 32), block(1, 2, 32), block(2, 3, 32)];
        let (offsets, arena) = pack(&blocks).unwrap();
        assert_eq!(offsets[0], offsets[2]);
        assert_eq!(arena, 64);
    }

    #[test]
    fn blocks_alive_together_never_overlap() {
        let mut state = 7u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (state >> 8) % below
        };
        for _ in 0..200 {
            let blocks: Vec<Block> = (0..30)
                .map(|_| {
                    let from = random(20) as usize;
                    block(from, from + random(6) as usize, 1 + random(100) as usize)
                })
                .collect();
            let (offsets, arena) = pack(&blocks).unwrap();
            for (i, a) in blocks.iter().enumerate() {
                assert!(offsets[i] + a.len <= arena && offsets[i] % ALIGN == 0);
                for (j, b) in blocks.iter().enumerate().take(i) {
                    let together = a.from <= b.to && b.from <= a.to;
                    let apart =
                        offsets[i] + a.len <= offsets[j] || offsets[j] + b.len <= offsets[i];
                    assert!(!together || apart);
                }
            }
        }
    }
}
