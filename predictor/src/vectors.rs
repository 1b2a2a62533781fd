//! Use of the widest vector instructions the processor has, chosen at run time.

/// Something to run with the widest vectors. A type and not a closure, because only a method can be marked
/// `#[inline(always)]`, and what is not inlined is compiled for the narrowest vectors.
pub(crate) use pulp::NullaryFnOnce as Work;

/// Runs `work` compiled for the widest vectors of this processor. Only the width differs between processors: nothing
/// is reassociated or fused, so results are the same bit for bit.
pub(crate) fn widest_vectors<W: Work>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}
