//! The order of execution: inputs before uses, readers of a variable before its writers, writers
//! as early as that allows (so that gradients die soon).

use crate::error::{error, Result};
use crate::ir::{Graph, NodeId};
use crate::simplify::renumber;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Sorts the graph. Fails when there is a cycle, which no pass may produce.
pub fn order(g: &mut Graph) -> Result<()> {
    let count = g.nodes.len();
    let mut before: Vec<usize> = vec![0; count];
    let mut after: Vec<Vec<NodeId>> = vec![Vec::new(); count];
    let mut edge = |from: NodeId, to: NodeId| {
        before[to as usize] += 1;
        after[from as usize].push(to);
    };
    for (id, node) in g.nodes.iter().enumerate() {
        for value in &node.inputs {
            edge(value.node, id as NodeId);
        }
    }
    let views = views_of(g);
    for (nth, &writer) in g.effects.iter().enumerate() {
        let written: Vec<NodeId> = writes(g, writer).collect();
        for (id, node) in g.nodes.iter().enumerate() {
            let reads = node
                .inputs
                .iter()
                .any(|v| written.contains(&views[v.node as usize]));
            if reads && node.op.rule().writes().is_empty() {
                edge(id as NodeId, writer);
            }
        }
        for &earlier in &g.effects[..nth] {
            let shared = g
                .node(earlier)
                .inputs
                .iter()
                .any(|v| written.contains(&v.node))
                || writes(g, earlier).any(|v| g.node(writer).inputs.iter().any(|w| w.node == v));
            if shared {
                edge(earlier, writer);
            }
        }
    }
    // Ready nodes: effects first, then the order of construction.
    let mut ready = BinaryHeap::new();
    let urgency = |g: &Graph, id: NodeId| Reverse((!g.node(id).outs.is_empty(), id));
    for id in (0..count as NodeId).filter(|&id| before[id as usize] == 0) {
        ready.push(urgency(g, id));
    }
    let mut sorted = Vec::with_capacity(count);
    while let Some(Reverse((_, id))) = ready.pop() {
        sorted.push(id);
        for &next in &after[id as usize] {
            before[next as usize] -= 1;
            if before[next as usize] == 0 {
                ready.push(urgency(g, next));
            }
        }
    }
    if sorted.len() != count {
        return Err(error!("graph", "nodes that can be put in order", "a cycle",));
    }
    renumber(g, &sorted);
    Ok(())
}

/// Variable nodes that an effect writes.
fn writes(g: &Graph, effect: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let node = g.node(effect);
    node.op
        .rule()
        .writes()
        .iter()
        .map(|&at| node.inputs[at].node)
}

/// For each node the one whose memory it shows: itself, or through views a variable, say.
fn views_of(g: &Graph) -> Vec<NodeId> {
    // Fusion may leave a node's inputs at higher numbers, so chains are followed one by one.
    (0..g.nodes.len() as NodeId)
        .map(|mut id| {
            while g.node(id).op.rule().is_view() {
                id = g.node(id).inputs[0].node;
            }
            id
        })
        .collect()
}
