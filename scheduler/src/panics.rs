//! Panics of one piece of work among many, such as the evaluation of one candidate: caught, and told instead of printed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe, PanicHookInfo};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// The panic hook while work is isolated. It is shared by all threads, and it belongs to the program that this library is a part
/// of: ours takes its place only as long as some thread has isolated work, and hands on the panics of all others.
struct Hooked {
    /// How many pieces of work are isolated just now.
    users: usize,
    /// The program's own, while there are some.
    own: Option<Hook>,
}

static HOOKED: RwLock<Hooked> = RwLock::new(Hooked { users: 0, own: None });

thread_local! {
    /// Whether this thread's work is isolated.
    static ISOLATED: Cell<bool> = const { Cell::new(false) };
    /// What its last panic said, and where it was: only the hook learns the place.
    static TOLD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does a piece of work. If it panics, that is all that is lost: the message is the error, with the place in the source, and
/// nothing is printed. What the work may have left half done is for the caller to throw away.
///
/// # Errors
/// What the panic said.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    if ISOLATED.get() {
        return result(catch_unwind(AssertUnwindSafe(work)));
    }
    enter();
    ISOLATED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    ISOLATED.set(false);
    leave();
    result(done)
}

fn result<T>(done: Result<T, Box<dyn Any + Send>>) -> Result<T, String> {
    done.map_err(|panic| TOLD.take().unwrap_or_else(|| said(panic.as_ref()).to_owned()))
}

fn enter() {
    let mut hooked = write();
    hooked.users += 1;
    if hooked.users == 1 {
        hooked.own = Some(take_hook());
        set_hook(Box::new(hook));
    }
}

fn leave() {
    let mut hooked = write();
    hooked.users -= 1;
    if hooked.users == 0 {
        hooked.own.take().into_iter().for_each(set_hook);
    }
}

fn hook(info: &PanicHookInfo<'_>) {
    if ISOLATED.get() {
        let place = info.location().map(|l| format!(" (at {l})")).unwrap_or_default();
        TOLD.set(Some(said(info.payload()).to_owned() + &place));
    } else if let Some(own) = &read().own {
        own(info);
    }
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("unknown panic")
}

fn write() -> RwLockWriteGuard<'static, Hooked> {
    HOOKED.write().unwrap_or_else(PoisonError::into_inner)
}

fn read() -> RwLockReadGuard<'static, Hooked> {
    HOOKED.read().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        assert_eq!(caught(|| 3), Ok(3));
        let none: [u8; 0] = [];
        let told = caught(|| none[std::hint::black_box(1)]).unwrap_err();
        assert!(told.starts_with("index out of bounds") && told.contains("panics.rs:"), "{told}");
        assert_eq!(caught(|| 4), Ok(4));
    }

    #[test]
    fn an_inner_panic_leaves_the_outer_work_alone() {
        let outer = caught(|| caught(|| panic!("inside")).map_err(|told| told.starts_with("inside")));
        assert_eq!(outer, Ok(Err::<(), bool>(true)));
    }

    #[test]
    fn threads_do_not_share_panics() {
        let told = |thread: usize| match caught(|| assert!(thread.is_multiple_of(2), "thread {thread}")) {
            Ok(()) => thread.is_multiple_of(2),
            Err(told) => told.starts_with(&format!("thread {thread}")),
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|t| scope.spawn(move || (0..50).all(|_| told(t)))).collect();
            assert!(threads.into_iter().all(|t| t.join().unwrap()));
        });
    }
}
