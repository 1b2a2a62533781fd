//! How Funcs lie in memory: what a schedule says of it, after where they are computed and stored.

use super::problem::Problem;
use crate::directive::{Directive, LoopVar};
use crate::features::Analysis;
use crate::ir::{FuncId, Name, StorageOrders};
use crate::Error;

/// Rows are padded to whole vectors if they have at least so many: at most a quarter is allocated in vain.
const MIN_VECTORS: i64 = 4;

/// The schedule of a problem whose Funcs have their dimensions in these orders, for the pipeline as it was.
///
/// Rows start where a vector does, so that none of those stored lies across two cache lines: with AVX-512, all would.
///
/// # Errors
/// As [`Analysis::update`].
pub(super) fn laid_out(
    problem: &Problem,
    orders: &StorageOrders,
    directives: Vec<Directive>,
) -> Result<Vec<Directive>, Error> {
    let mut analysis = Analysis::new(problem.pipeline, problem.regions, problem.hardware);
    analysis.update(&directives)?;
    let mut result = Vec::with_capacity(directives.len() + orders.len());
    let mut rest = directives.into_iter().peekable();
    while let Some(directive) = rest.next() {
        let func = directive.subject();
        let again = rest.peek().is_some_and(|next| next.subject() == func && places(next));
        let placed = places(&directive) && !again;
        result.push(directive);
        if placed {
            result.extend(orders.contains_key(&func).then(|| reordered(problem, func)));
            result.extend(padded(problem, &analysis, func));
        }
    }
    Ok(result)
}

/// Whether a call says where a Func is computed or stored.
fn places(directive: &Directive) -> bool {
    matches!(directive, Directive::ComputeRoot { .. } | Directive::ComputeAt { .. } | Directive::StoreAt { .. })
}

fn reordered(problem: &Problem, func: FuncId) -> Directive {
    Directive::ReorderStorage { func, vars: problem.pipeline.func(func).args.iter().map(argument).collect() }
}

/// Pads the rows of a Func, if they are long in the parts that are computed at a time.
fn padded(problem: &Problem, analysis: &Analysis, func: FuncId) -> Option<Directive> {
    let definition = problem.pipeline.func(func);
    let alignment = problem.hardware.vector_bytes / definition.element_bytes().max(1);
    let pads = !problem.pinned[func.index()]
        && definition.is_free()
        && definition.args.len() > 1
        && alignment > 1
        && analysis.realized_extent(func, 0)? >= MIN_VECTORS * i64::from(alignment);
    pads.then(|| Directive::AlignStorage { func, var: argument(&definition.args[0]), alignment })
}

fn argument(name: &Name) -> LoopVar {
    LoopVar { name: name.clone(), rvar: false }
}
