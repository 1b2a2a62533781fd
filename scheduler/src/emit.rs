//! Prints a schedule as the body of Halide's `apply_schedule_<name>(Pipeline pipeline, Target target)`.
//!
//! Pure arguments and RVars are taken from the Funcs (`args()`, `rvars()`), not spelled by name: Halide numbers RDoms
//! per process, so a spelled name would not survive an edit of the generator.

use crate::directive::{AtLeast, Directive, LoopVar, Memory, Tail};
use crate::ir::{Func, FuncId, Name, Pipeline, StageRef};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The schedule as C++ source, one block per Func. Needs only the names that Halide's `-e schedule` header brings in:
/// `Func`, `MemoryType`, `RVar`, `TailStrategy`, `Var`.
pub fn emit(pipeline: &Pipeline, directives: &[Directive]) -> String {
    let names = identifiers(pipeline);
    let mut source = String::new();
    for id in used_funcs(directives) {
        let func = pipeline.func(id);
        let _ = writeln!(source, "Func {} = pipeline.get_func({});  // {}", names[&id], id.index(), func.name);
    }
    let mut start = 0;
    while start < directives.len() {
        let subject = directives[start].subject();
        let end =
            directives[start..].iter().position(|d| d.subject() != subject).map_or(directives.len(), |n| start + n);
        Block::new(pipeline, &names, subject).print(&directives[start..end], &mut source);
        start = end;
    }
    source
}

impl Directive {
    /// The Func it schedules.
    pub fn subject(&self) -> FuncId {
        match self {
            Self::ComputeRoot { func }
            | Self::ComputeAt { func, .. }
            | Self::StoreAt { func, .. }
            | Self::StoreRoot { func }
            | Self::StoreIn { func, .. }
            | Self::FoldStorage { func, .. }
            | Self::AlignStorage { func, .. }
            | Self::Bound { func, .. }
            | Self::AlignBounds { func, .. }
            | Self::ReorderStorage { func, .. } => *func,
            _ => self.stage().expect("every other directive schedules a stage").func,
        }
    }

    /// The stage whose loops it changes; `None` for directives of the whole Func.
    pub fn stage(&self) -> Option<StageRef> {
        match self {
            Self::ComputeWith { stage, .. }
            | Self::Split { stage, .. }
            | Self::Fuse { stage, .. }
            | Self::Reorder { stage, .. }
            | Self::Vectorize { stage, .. }
            | Self::Unroll { stage, .. }
            | Self::Parallel { stage, .. }
            | Self::NeverPartition { stage, .. }
            | Self::Atomic { stage }
            | Self::Rfactor { stage, .. }
            | Self::Specialize { stage, .. }
            | Self::Unscheduled { stage } => Some(*stage),
            _ => None,
        }
    }
}

fn used_funcs(directives: &[Directive]) -> BTreeSet<FuncId> {
    let mut used = BTreeSet::new();
    for d in directives {
        used.insert(d.subject());
        match d {
            Directive::ComputeAt { consumer, .. } | Directive::StoreAt { consumer, .. } => used.insert(*consumer),
            Directive::ComputeWith { with, .. } => used.insert(with.func),
            _ => continue,
        };
    }
    used
}

/// A distinct C++ identifier for every Func.
fn identifiers(pipeline: &Pipeline) -> BTreeMap<FuncId, String> {
    let mut taken: BTreeSet<String> = ["pipeline", "target"].map(String::from).into();
    pipeline
        .func_ids()
        .map(|id| {
            let mut name = identifier(&pipeline.func(id).name);
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            (id, name)
        })
        .collect()
}

/// The name with everything C++ forbids replaced. A trailing underscore keeps clear of keywords and of `using` names.
fn identifier(name: &str) -> String {
    let legal: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let prefix = if legal.starts_with(|c: char| c.is_ascii_digit()) { "f" } else { "" };
    format!("{prefix}{legal}_")
}

/// The directives of one Func, with the variables they need declared in front.
struct Block<'a> {
    pipeline: &'a Pipeline,
    names: &'a BTreeMap<FuncId, String>,
    func: FuncId,
    /// C++ identifiers by loop variable; RVars of different updates may share a Halide name, hence the stage.
    vars: BTreeMap<(Option<usize>, Name), String>,
    declarations: Vec<String>,
}

impl<'a> Block<'a> {
    fn new(pipeline: &'a Pipeline, names: &'a BTreeMap<FuncId, String>, func: FuncId) -> Self {
        Self { pipeline, names, func, vars: BTreeMap::new(), declarations: Vec::new() }
    }

    fn print(mut self, directives: &[Directive], out: &mut String) {
        // Statements, each a receiver and the calls chained to it.
        let mut statements: Vec<Vec<String>> = Vec::new();
        let mut chain: Option<Option<StageRef>> = None;
        for directive in directives {
            let target = directive.stage().filter(|s| s.stage > 0);
            let name = &self.names[&self.func];
            let receiver = target.map_or_else(|| name.clone(), |stage| receiver(name, stage));
            if let Directive::Specialize { when, then, .. } = directive {
                let condition = self.condition(when);
                let calls = then.iter().map(|d| self.call(d));
                statements.push([receiver, format!("specialize({condition})")].into_iter().chain(calls).collect());
                chain = None;
                continue;
            }
            if let Directive::Rfactor { stage, rvar, var, then } = directive {
                let name = name.clone();
                statements.extend(self.rfactor(&name, &receiver, *stage, [rvar, var], then));
                chain = None;
                continue;
            }
            let call = self.call(directive);
            if chain != Some(target) {
                statements.push(vec![receiver]);
                chain = Some(target);
            }
            statements.last_mut().expect("a statement was started").push(call);
        }
        let _ = writeln!(out, "{{");
        for declaration in &self.declarations {
            let _ = writeln!(out, "    {declaration}");
        }
        for statement in &statements {
            let _ = writeln!(out, "    {};", statement.join("\n        ."));
        }
        let _ = writeln!(out, "}}");
    }

    /// The statements that make an intermediate Func of an update of `owner` and schedule it.
    fn rfactor(
        &mut self,
        owner: &str,
        receiver: &str,
        stage: StageRef,
        [rvar, var]: [&LoopVar; 2],
        then: &[Directive],
    ) -> Vec<Vec<String>> {
        let name = format!("{}_partial{}", owner.trim_end_matches('_'), stage.stage - 1);
        let vars = [self.var(stage, rvar), self.var(stage, var)].join(", ");
        let mut statements = vec![vec![format!("Func {name} = {receiver}"), format!("rfactor({vars})")]];
        if !then.iter().any(|d| matches!(d, Directive::ComputeAt { .. })) {
            statements.push(vec![name.clone(), "compute_root()".into()]);
        }
        let update = format!("{name}.update(0)");
        for directive in then {
            match directive {
                Directive::ComputeAt { consumer, var, .. } => {
                    let level = format!("compute_at({owner}, {})", self.level_var(owner, *consumer, var));
                    statements.push(vec![name.clone(), level]);
                }
                Directive::Rfactor { stage, rvar, var, then } => {
                    statements.extend(self.rfactor(&name, &update, *stage, [rvar, var], then));
                }
                _ => {
                    let on_update = directive.stage().is_some_and(|s| s.stage > 0);
                    let receiver = if on_update { &update } else { &name };
                    statements.push(vec![receiver.clone(), self.call(directive)]);
                }
            }
        }
        statements
    }

    fn condition(&self, when: &[AtLeast]) -> String {
        let name = &self.names[&self.func];
        let at_least = |c: &AtLeast| format!("{name}.output_buffers()[0].dim({}).extent() >= {}", c.dim, c.extent);
        when.iter().map(at_least).collect::<Vec<_>>().join(" && ")
    }

    fn call(&mut self, directive: &Directive) -> String {
        match directive {
            Directive::ComputeRoot { .. } => "compute_root()".into(),
            Directive::StoreRoot { .. } => "store_root()".into(),
            Directive::ComputeAt { consumer, var, .. } => {
                format!("compute_at({})", self.level(*consumer, var))
            }
            Directive::StoreAt { consumer, var, .. } => {
                format!("store_at({})", self.level(*consumer, var))
            }
            Directive::StoreIn { memory, .. } => {
                format!("store_in(MemoryType::{})", memory_name(*memory))
            }
            Directive::FoldStorage { func, var, factor } => {
                format!("fold_storage({}, {factor})", self.argument(*func, var))
            }
            Directive::AlignStorage { func, var, alignment } => {
                format!("align_storage({}, {alignment})", self.argument(*func, var))
            }
            Directive::Bound { func, var, min, extent } => {
                format!("bound({}, {min}, {extent})", self.argument(*func, var))
            }
            Directive::AlignBounds { func, var, modulus, remainder } => {
                format!("align_bounds({}, {modulus}, {remainder})", self.argument(*func, var))
            }
            Directive::ComputeWith { stage, with, var } => {
                format!("compute_with({}, {})", receiver(&self.names[&with.func], *with), self.var(*stage, var))
            }
            Directive::ReorderStorage { func, vars } => {
                format!("reorder_storage({})", self.list(StageRef { func: *func, stage: 0 }, vars))
            }
            Directive::Split { stage, old, outer, inner, factor, tail } => {
                let [old, outer, inner] = [old, outer, inner].map(|v| self.var(*stage, v));
                format!("split({old}, {outer}, {inner}, {factor}, TailStrategy::{})", tail_name(*tail))
            }
            Directive::Fuse { stage, inner, outer, fused } => {
                let [inner, outer, fused] = [inner, outer, fused].map(|v| self.var(*stage, v));
                format!("fuse({inner}, {outer}, {fused})")
            }
            Directive::Reorder { stage, vars } => {
                format!("reorder({})", self.list(*stage, vars))
            }
            Directive::Vectorize { stage, var } => format!("vectorize({})", self.var(*stage, var)),
            Directive::Unroll { stage, var } => format!("unroll({})", self.var(*stage, var)),
            Directive::Parallel { stage, var } => format!("parallel({})", self.var(*stage, var)),
            Directive::NeverPartition { stage, vars } => {
                format!("never_partition({})", self.list(*stage, vars))
            }
            Directive::Atomic { .. } => "atomic()".into(),
            Directive::Unscheduled { .. } => "unscheduled()".into(),
            Directive::Specialize { .. } | Directive::Rfactor { .. } => unreachable!("they do not nest"),
        }
    }

    fn list(&mut self, stage: StageRef, vars: &[LoopVar]) -> String {
        vars.iter().map(|v| self.var(stage, v)).collect::<Vec<_>>().join(", ")
    }

    /// `consumer, var` of a loop level: the loop of another Func, so not among this block's variables.
    fn level(&self, consumer: FuncId, var: &LoopVar) -> String {
        let name = &self.names[&consumer];
        format!("{name}, {}", self.level_var(name, consumer, var))
    }

    /// A loop of a Func called `name`, which has the arguments of `func`.
    fn level_var(&self, name: &str, func: FuncId, var: &LoopVar) -> String {
        match self.pipeline.func(func).args.iter().position(|a| *a == var.name) {
            Some(dim) => format!("{name}.args()[{dim}]"),
            None => format!("{}(\"{}\")", kind(var), var.name),
        }
    }

    /// The identifier of a pure argument.
    fn argument(&mut self, func: FuncId, var: &LoopVar) -> String {
        self.var(StageRef { func, stage: 0 }, var)
    }

    /// The identifier of a loop variable, declared on first use.
    fn var(&mut self, stage: StageRef, var: &LoopVar) -> String {
        let func = self.pipeline.func(self.func);
        let scope = rvar_index(func, stage, var).is_some().then_some(stage.stage);
        if let Some(known) = self.vars.get(&(scope, var.name.clone())) {
            return known.clone();
        }
        let base = identifier(var.name.rsplit('$').next().unwrap_or(&var.name));
        let base = base.trim_end_matches('_').to_string() + if scope.is_some() { "_r" } else { "" };
        let mut name = base.clone();
        let mut suffix = 1;
        while self.vars.values().any(|n| *n == name) || self.names.values().any(|n| *n == name) {
            suffix += 1;
            name = format!("{base}{suffix}");
        }
        self.declarations.push(self.declaration(func, stage, var, &name));
        self.vars.insert((scope, var.name.clone()), name.clone());
        name
    }

    fn declaration(&self, func: &Func, stage: StageRef, var: &LoopVar, name: &str) -> String {
        let owner = &self.names[&self.func];
        if let Some(dim) = func.args.iter().position(|a| *a == var.name) {
            format!("Var {name} = {owner}.args()[{dim}];")
        } else if let Some(index) = rvar_index(func, stage, var) {
            format!("RVar {name} = {owner}.rvars({})[{index}];", stage.stage - 1)
        } else {
            format!("{} {name}(\"{}\");", kind(var), var.name)
        }
    }
}

/// The stage of the Func called `name`.
fn receiver(name: &str, stage: StageRef) -> String {
    match stage.stage {
        0 => name.to_owned(),
        update => format!("{name}.update({})", update - 1),
    }
}

/// Position of the variable among the RVars of its stage; `None` if it is no original RVar.
fn rvar_index(func: &Func, stage: StageRef, var: &LoopVar) -> Option<usize> {
    func.stages.get(stage.stage)?.loops.iter().filter(|l| l.reduction.is_some()).position(|l| l.var == var.name)
}

fn kind(var: &LoopVar) -> &'static str {
    if var.rvar {
        "RVar"
    } else {
        "Var"
    }
}

fn tail_name(tail: Tail) -> &'static str {
    match tail {
        Tail::RoundUp => "RoundUp",
        Tail::GuardWithIf => "GuardWithIf",
        Tail::ShiftInwards => "ShiftInwards",
        Tail::Predicate => "Predicate",
    }
}

fn memory_name(memory: Memory) -> &'static str {
    match memory {
        Memory::Heap => "Heap",
        Memory::Stack => "Stack",
        Memory::Register => "Register",
    }
}
