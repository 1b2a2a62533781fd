//! The program's panic hook, which this test has a process of its own to change.

use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn the_hook_is_left_as_it_was() {
    static PRINTED: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|_| _ = PRINTED.fetch_add(1, Ordering::Relaxed)));
    let printed = || PRINTED.load(Ordering::Relaxed);
    for _ in 0..3 {
        scheduler::caught(|| panic!("isolated")).unwrap_err();
    }
    assert_eq!(printed(), 0);
    // A thread that isolates nothing tells the program, meanwhile, too.
    scheduler::caught(|| std::thread::spawn(|| panic!("loud")).join().unwrap_err()).unwrap();
    assert_eq!(printed(), 1);
    std::panic::catch_unwind(|| panic!("loud")).unwrap_err();
    assert_eq!(printed(), 2);
}
