//! A run allocates nothing.

mod support;
#[path = "support/wire.rs"]
mod writer;

use gradus_core::engine::Engine;
use gradus_core::ops::Clock;
#[test]
fn a_training_step_allocates_nothing() {
    let mut engine = Engine::default();
    for extents in [&[4, 6][..], &[6], &[6, 3]] {
        engine.store.create(extents).unwrap();
    }
    for extents in [&[4, 6][..], &[4, 6], &[6], &[6], &[6, 3], &[6, 3]] {
        engine.store.create(extents).unwrap();
    }
    let program = engine.compile(&writer::small_training_graph(), 8).unwrap();
    engine
        .write_input(program, "learningRate", &[0.01])
        .unwrap();
    let steps = allocation_counter::measure(|| {
        for step in 1..100 {
            // Short batches in between: binding to another size allocates nothing either.
            let batch = if step % 3 == 0 { 5 } else { 8 };
            engine
                .run(
                    program,
                    Clock {
                        step,
                        seed: 1,
                        draw: step,
                        batch,
                        row: 0,
                    },
                )
                .unwrap();
        }
    });
    assert_eq!(steps.count_total, 0);
    // The counter counts: one box is one allocation.
    let boxed = allocation_counter::measure(|| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(boxed.count_total, 1);
}
