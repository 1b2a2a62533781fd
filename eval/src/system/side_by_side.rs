//! Work that is done side by side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `work` makes of each of `0..count`, so many at a time, begun in order.
///
/// # Panics
/// If `work` does.
pub fn side_by_side<T: Send>(count: usize, at_a_time: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || (Some(next.fetch_add(1, Ordering::Relaxed))).filter(|&index| index < count);
    let run = || std::iter::from_fn(|| take().map(|index| (index, work(index)))).collect::<Vec<_>>();
    let mut all: Vec<(usize, T)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..at_a_time.clamp(1, count.max(1))).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("work does not panic")).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_done_and_come_in_order() {
        assert_eq!(side_by_side(100, 3, |index| 2 * index), (0..100).map(|index| 2 * index).collect::<Vec<_>>());
        assert_eq!(side_by_side(0, 3, |index| index), Vec::<usize>::new());
        assert_eq!(side_by_side(2, 0, |index| index), [0, 1]);
    }
}
