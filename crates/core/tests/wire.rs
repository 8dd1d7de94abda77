//! The wire format: a real graph is read, damaged ones are refused, none makes the reader panic.

mod support;
#[path = "support/wire.rs"]
mod writer;

use gradus_core::engine::Engine;
use proptest::prelude::*;
use writer::{small_training_graph, Writer};

fn engine() -> Engine {
    let mut engine = Engine::default();
    for extents in [&[4, 6][..], &[6], &[6, 3]] {
        engine.store.create(extents).unwrap();
    }
    for extents in [&[4, 6][..], &[4, 6], &[6], &[6], &[6, 3], &[6, 3]] {
        engine.store.create(extents).unwrap();
    }
    engine
}

#[test]
fn a_training_graph_compiles_to_this() {
    let mut engine = engine();
    let program = engine.compile(&small_training_graph(), 8).unwrap();
    let dump = engine.program(program).unwrap().to_string();
    insta::assert_snapshot!(dump);
}

#[test]
fn every_prefix_is_refused() {
    let bytes = small_training_graph();
    for end in 0..bytes.len() {
        let mut engine = engine();
        assert!(
            engine.compile(&bytes[..end], 8).is_err(),
            "{end} bytes were taken for a graph"
        );
    }
}

#[test]
fn errors_say_where_and_what() {
    let refused = |bytes: Writer| engine().compile(&bytes.0, 8).unwrap_err().to_string();
    let none = || Writer::graph().u(0);
    assert_eq!(
        refused(none().u(1).node(99, &[])),
        "graph, byte 9: expected an operation, received code 99."
    );
    let tail = |w: Writer| w.u(0).u(0).b(0).u(0).u(0);
    assert!(refused(tail(none().u(1).node(99, &[]))).contains("an operation, received code 99"));
    assert!(refused(tail(none().u(1).node(4, &[0]))).contains("a value of an earlier node"));
    let unary = tail(none().u(2).node(3, &[]).f(1.0).node(6, &[0]).s("rely").u(0));
    assert!(refused(unary).contains("an elementwise function, received rely"));
    let variable = tail(none().u(1).node(2, &[]).u(77));
    assert!(refused(variable).contains("a variable, received 77"));
    let product = none().u(2).node(2, &[]).u(1).node(5, &[0, 0]).b(0);
    let message = refused(tail(product));
    assert!(
        message.contains("expected a second factor with 6 rows, received [4, 6] and [4, 6]"),
        "{message}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_bytes_never_panic(
        at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let mut bytes = small_training_graph();
        for (index, byte) in at {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = engine().compile(&bytes, 8);
    }

    #[test]
    fn random_bytes_never_panic(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = b"GRA1".to_vec();
        bytes.extend(rest);
        let _ = engine().compile(&bytes, 8);
    }
}

#[test]
fn what_follows_sees_what_the_step_wrote() {
    let mut engine = engine();
    let program = engine.compile(&small_training_graph(), 8).unwrap();
    engine.write_input(program, "learningRate", &[1.0]).unwrap();
    engine.write_input(program, "x", &[0.5; 32]).unwrap();
    engine.store.data_mut(1).unwrap().fill(0.05);
    engine.store.data_mut(3).unwrap().copy_from_slice(&[
        0.3, 0.1, -0.2, 0.5, -0.1, 0.2, 0.4, 0.3, -0.3, 0.1, 0.6, 0.2, -0.4, 0.1, 0.2, 0.3, -0.2,
        0.1,
    ]);
    let clock = gradus_core::ops::Clock {
        step: 1,
        seed: 1,
        draw: 0,
        batch: 5,
        row: 0,
    };
    engine.run(program, clock).unwrap();
    // Adam's first step is as long as the learning rate, 1; the limit is 0.1.
    let weights = engine.store.data(1).unwrap();
    assert!(weights
        .iter()
        .all(|w| (w.abs() - 0.1).abs() < 1e-6 || *w == 0.05));
    assert!(weights.iter().any(|w| *w != 0.05));
}
